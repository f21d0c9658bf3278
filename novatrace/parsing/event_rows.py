"""Events that wait for the analysis, as bytes: a few that belong together, all that is said of each beside it.

A fragment says once what its lines share, and has to be put together again; these are looked at several times.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from msgspec import msgpack

from novatrace.model.event import Event
from novatrace.model.host_states import HostStates
from novatrace.parsing.values import listed_pairs, listed_states

_HOST_STATES = 1
_COUNT = struct.Struct("<i")
_NOT_COUNTED = -1


def _packed(value: object) -> msgpack.Ext:
    """A list of hosts as its text, with their number where somebody has counted them: stories tell it of each."""
    if isinstance(value, HostStates):
        count = _NOT_COUNTED if value.number is None else value.number
        return msgpack.Ext(_HOST_STATES, _COUNT.pack(count) + value.text.encode("utf-8", "surrogatepass"))
    raise TypeError(f"{type(value)} in an event")


def _unpacked(_code: int, data: memoryview) -> HostStates:
    (count,) = _COUNT.unpack_from(data)
    text = str(data[_COUNT.size :], "utf-8", "surrogatepass")
    return HostStates(text, listed_states, listed_pairs, None if count == _NOT_COUNTED else count)


_ENCODER = msgpack.Encoder(enc_hook=_packed)
_DECODER = msgpack.Decoder(list[Event], ext_hook=_unpacked)


def packed(events: Sequence[Event]) -> bytes:
    """Events as bytes, for ``unpacked``."""
    return _ENCODER.encode(events)


def unpacked(row: bytes | memoryview) -> list[Event]:
    """The events of a row."""
    events: list[Event] = _DECODER.decode(row)
    return events
