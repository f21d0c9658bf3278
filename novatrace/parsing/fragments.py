"""Events folded where they are found: the lines of one context (request, process) of a piece are one fragment.

A fragment says once what all its lines share; as bytes it passes between processes and lies in the case file. The pieces
of an input, and the inputs of a request, come together by the request id when the case is analysed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any

from msgspec import Struct, msgpack

from novatrace.model.event import Event
from novatrace.model.evidence import Provenance
from novatrace.model.host_states import HostStates
from novatrace.parsing.values import listed_pairs, listed_states

_HOST_STATES = 1
_BY_OFFSET = attrgetter("provenance.byte_offset")


class Line(Struct, frozen=True, gc=False, array_like=True):
    """What an event does not share with its fragment; ``kind`` counts in the list of the piece."""

    kind: int
    when_us: int | None
    level: str
    instance_uuid: str | None
    values: dict[str, Any]
    inherited: bool
    byte_offset: int
    length: int
    line_no: int


class Context(Struct, frozen=True, gc=False, array_like=True):
    """What the lines of a fragment share."""

    node: str | None
    service: str | None
    pid: int | None
    request_id: str | None
    global_request_id: str | None
    user_id: str | None
    project_id: str | None


class Fragment(Struct, frozen=True, gc=False, array_like=True):
    """The events of one context."""

    context: Context
    lines: list[Line]


class Folded(Struct, frozen=True, gc=False, array_like=True):
    """The events of a piece."""

    kinds: list[str]
    fragments: list[Fragment]


def _packed(value: object) -> msgpack.Ext:
    if isinstance(value, HostStates):
        return msgpack.Ext(_HOST_STATES, value.text.encode("utf-8", "surrogatepass"))
    raise TypeError(f"{type(value)} in an event")


def _unpacked(_code: int, data: memoryview) -> HostStates:
    return HostStates(bytes(data).decode("utf-8", "surrogatepass"), listed_states, listed_pairs)


_ENCODER = msgpack.Encoder(enc_hook=_packed)
_DECODER = msgpack.Decoder(Folded, ext_hook=_unpacked)


def fold(events: Iterable[Event]) -> bytes:
    """The events of a piece as bytes."""
    kinds: dict[str, int] = {}
    fragments: dict[Context, list[Line]] = {}
    for e in events:
        context = Context(e.node, e.service, e.pid, e.request_id, e.global_request_id, e.user_id, e.project_id)
        lines = fragments.get(context)
        if lines is None:
            lines = fragments[context] = []
        kind = kinds.setdefault(e.kind, len(kinds))
        at = e.provenance
        lines.append(
            Line(
                kind, e.when_us, e.level, e.instance_uuid, e.values, e.inherited, at.byte_offset, at.length, at.line_no
            )
        )
    return _ENCODER.encode(Folded(list(kinds), [Fragment(context, lines) for context, lines in fragments.items()]))


def unfold(data: bytes, evidence_id: int, lines_before: int) -> list[Event]:
    """The events of a piece, in file order.

    Args:
        data: what ``fold`` gave.
        evidence_id: number of the input in this case.
        lines_before: lines of the input before the piece.
    """
    folded: Folded = _DECODER.decode(data)
    events = list(_events(folded, evidence_id, lines_before))
    events.sort(key=_BY_OFFSET)
    return events


def _events(folded: Folded, evidence_id: int, lines_before: int) -> Iterator[Event]:
    kinds = folded.kinds
    for f in folded.fragments:
        c = f.context
        node, service, pid, request_id = c.node, c.service, c.pid, c.request_id
        global_id, user, project = c.global_request_id, c.user_id, c.project_id
        for e in f.lines:
            yield Event(
                kinds[e.kind], e.when_us, node, service, pid, e.level, request_id, global_id, user, project,
                e.instance_uuid, e.values, e.inherited,
                Provenance(evidence_id, e.byte_offset, e.length, e.line_no + lines_before),
            )  # fmt: skip
