"""Events that wait for the analysis, as bytes: a few that belong together, all that is said of each beside it.

A fragment says once what its lines share, and has to be put together again; these are looked at several times.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import msgpack

from novatrace.model.event import Event
from novatrace.parsing.fragments import states_packed, states_unpacked

_ENCODER = msgpack.Encoder(enc_hook=states_packed)
_DECODER = msgpack.Decoder(list[Event], ext_hook=states_unpacked)


def packed(events: Sequence[Event]) -> bytes:
    """Events as bytes, for ``unpacked``."""
    return _ENCODER.encode(events)


def unpacked(row: bytes | memoryview) -> list[Event]:
    """The events of a row."""
    events: list[Event] = _DECODER.decode(row)
    return events
