"""Events folded where they are found: the lines of one context (request, process) of a piece are one fragment.

A fragment says once what all its lines share; as bytes it passes between processes and lies in the case file. The pieces
of an input, and the inputs of a request, come together by the request id when the case is analysed.
"""

from __future__ import annotations

from collections.abc import Iterator
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


class Folding:
    """Takes in the events of a piece, and gives them as bytes."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str], int] = {}
        self._values: list[dict[str, Any]] = []
        self._known: dict[int, int] = {}
        self._fragments: dict[Context, list[Line]] = {}

    def lines_of(self, context: Context) -> list[Line]:
        """The lines of a fragment so far; what is appended belongs to it."""
        return self._fragments.setdefault(context, [])

    def kind(self, kind: str, level: str) -> int:
        """The number of a kind that was logged at a level."""
        return self._kinds.setdefault((kind, level), len(self._kinds))

    def said(self, values: dict[str, Any]) -> int:
        """The number of a set of values."""
        number = self._known.setdefault(id(values), len(self._values))
        if number == len(self._values):
            self._values.append(values)  # also keeps it alive, so that its id is no other's
        return number

    def add(self, e: Event) -> None:
        """Takes in an event."""
        context = Context(
            e.node, e.service, e.pid, e.request_id, e.global_request_id, e.user_id, e.project_id, e.instance_uuid
        )
        at, kind, said = e.provenance, self.kind(e.kind, e.level), self.said(e.values)
        self.lines_of(context).append(Line(kind, e.when_us, said, e.inherited, at.byte_offset, at.length, at.line_no))

    def packed(self) -> bytes:
        """All that was taken in, for ``unfold``."""
        fragments = [Fragment(context, lines) for context, lines in self._fragments.items()]
        return _ENCODER.encode(Folded(list(self._kinds), self._values, fragments))


def unfold(data: bytes, evidence_id: int, lines_before: int) -> list[Event]:
    """The events of a piece, in file order.

    Args:
        data: what ``Folding.packed`` gave.
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
