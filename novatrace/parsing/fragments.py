"""Events folded where they are found: the lines of one context (request, process) of a piece are one fragment.

A fragment says once what all its lines share; as bytes it passes between processes and lies in the case file. The pieces
of an input, and the inputs of a request, come together by the request id when the case is analysed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter
from sys import intern
from typing import Any

from msgspec import Struct, msgpack

from novatrace.model.event import Event
from novatrace.model.evidence import Provenance
from novatrace.model.host_states import HostStates
from novatrace.parsing.values import listed_pairs, listed_states

_HOST_STATES = 1
_BY_OFFSET = attrgetter("provenance.byte_offset")


class Line(Struct, frozen=True, gc=False, array_like=True):
    """What an event does not share with its fragment; ``kind`` and ``values`` count in the lists of the piece."""

    kind: int
    when_us: int | None
    values: int
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
    instance_uuid: str | None


class Fragment(Struct, frozen=True, gc=False, array_like=True):
    """The events of one context."""

    context: Context
    lines: list[Line]


class Folded(Struct, frozen=True, gc=False, array_like=True):
    """The events of a piece.

    Texts that come again and again have one set of values (``one_liners``); it is kept once here, and shared by the
    events again when they are unfolded.
    """

    kinds: list[tuple[str, str]]
    values: list[dict[str, Any]]
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
    kinds: dict[tuple[str, str], int] = {}
    values: list[dict[str, Any]] = []
    known: dict[int, int] = {}
    fragments: dict[Context, list[Line]] = {}
    for e in events:
        context = Context(
            e.node, e.service, e.pid, e.request_id, e.global_request_id, e.user_id, e.project_id, e.instance_uuid
        )
        lines = fragments.get(context)
        if lines is None:
            lines = fragments[context] = []
        kind = kinds.setdefault((e.kind, e.level), len(kinds))
        said = known.setdefault(id(e.values), len(values))
        if said == len(values):
            values.append(e.values)  # also keeps it alive, so that its id is no other's
        at = e.provenance
        lines.append(Line(kind, e.when_us, said, e.inherited, at.byte_offset, at.length, at.line_no))
    folded = Folded(list(kinds), values, [Fragment(context, lines) for context, lines in fragments.items()])
    return _ENCODER.encode(folded)


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
    values = folded.values
    # What comes in many pieces is one object in all of them.
    kinds = [(intern(kind), intern(level)) for kind, level in folded.kinds]
    once: dict[str | None, str | None] = {}
    for f in folded.fragments:
        c = f.context
        node, service, user, project = (
            text if text is None else intern(text) for text in (c.node, c.service, c.user_id, c.project_id)
        )
        request_id, global_id, instance = (
            once.setdefault(text, text) for text in (c.request_id, c.global_request_id, c.instance_uuid)
        )
        for e in f.lines:
            kind, level = kinds[e.kind]
            yield Event(
                kind, e.when_us, node, service, c.pid, level, request_id, global_id, user, project, instance,
                values[e.values], e.inherited,
                Provenance(evidence_id, e.byte_offset, e.length, e.line_no + lines_before),
            )  # fmt: skip
