"""One piece of reading work: a range of an input, or all of it; pure, so that it can run in any process.

An input is cut where a record begins. The pieces come together again in ``Joined``: line numbers go on from the piece
before, and the accounts are added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from itertools import islice

from msgspec import msgpack

from novatrace.model.event import Event
from novatrace.model.evidence import Coverage, Evidence, Notice
from novatrace.model.scanned import Scanned
from novatrace.parsing.anchors import Anchors
from novatrace.parsing.block_scanner import BlockScanner
from novatrace.parsing.definitions import Catalogue
from novatrace.parsing.events import MessageMatcher, clock_of, events_of
from novatrace.parsing.followers import Followers
from novatrace.parsing.layouts import LayoutReader
from novatrace.parsing.lines import physical_lines, wrap_width
from novatrace.parsing.records import RecordReader
from novatrace.parsing.repetitions import without_repetitions
from novatrace.parsing.timestamps import Clock

PROBE_LINES = 400
_DECODER = msgpack.Decoder(list[Event])


@dataclass(frozen=True, slots=True)
class Manner:
    """How an input is to be read, found out from its first lines.

    Attributes:
        clock: reads its stamps.
        clock_basis: where zone and year come from.
        wrap_width: the width at which a terminal broke its records, or None.
        line_by_line: True for the reader that takes every line apart (the reference).
    """

    clock: Clock
    clock_basis: str
    wrap_width: int | None
    line_by_line: bool = False

    @property
    def can_be_cut(self) -> bool:
        """True when an input may be read in pieces that begin anywhere at a record."""
        return self.wrap_width is None and not self.line_by_line


class Scanner:
    """The catalogue, made ready for reading; made once in a process."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._matcher = MessageMatcher(catalogue)
        self._anchors = Anchors(catalogue)
        #: What is understood; events that another catalogue gave are of no use.
        self.digest = catalogue.digest
        self.periodic = frozenset(message.kind for message in catalogue.messages if message.repeats is not None)

    def scan(
        self, chunks: Iterable[bytes], evidence: Evidence, manner: Manner, *, offset: int = 0, before: bytes = b""
    ) -> Scanned:
        """Reads a piece that begins at ``offset``, where a record begins; ``before`` is what stands before it."""
        coverage = Coverage(evidence_id=evidence.id)
        coverage.clock_basis = manner.clock_basis
        clock, followers = manner.clock, Followers(self._catalogue)
        if manner.line_by_line or manner.wrap_width is not None:
            reader = RecordReader(coverage, clock, service=evidence.service, wrap_width=manner.wrap_width)
            found = events_of(reader.records(physical_lines(chunks, offset=offset)), evidence, self._matcher)
        else:
            scanner = BlockScanner(evidence, self._matcher, self._anchors, clock, coverage, followers, before=before)
            reader = scanner.reader
            found = scanner.events(chunks, offset=offset)
        kept = filter(followers.keeps, found)
        encoded = msgpack.encode(list(without_repetitions(kept, self.periodic)))
        return Scanned(encoded, coverage, reader.invalid_utf8_lines)


def manner_of(head: bytes, evidence: Evidence, local: tzinfo, zone_basis: str, *, line_by_line: bool = False) -> Manner:
    """How to read an input that begins like this."""
    probe = list(islice(physical_lines([head]), PROBE_LINES))
    if len(probe) < PROBE_LINES and not head.endswith(b"\n") and len(probe) > 1 and evidence.size_bytes > len(head):
        probe.pop()  # cut by the end of the head
    clock, basis = clock_of(probe, evidence, local, zone_basis)
    return Manner(clock, basis, wrap_width(probe), line_by_line)


def first_record(data: bytes) -> int | None:
    """Where the first record begins that follows an end of line in the data, or None."""
    layouts = LayoutReader()
    start = data.find(b"\n") + 1
    while start > 0:
        end = data.find(b"\n", start)
        if end < 0:
            return None
        if layouts.read(data[start:end].decode("utf-8", "replace")) is not None:
            return start
        start = end + 1
    return None


@dataclass(slots=True)
class Joined:
    """An input put together from its pieces, in their order."""

    events: list[Event] = field(default_factory=list)
    coverage: Coverage | None = None
    invalid_utf8_lines: int = 0
    notices: list[Notice] = field(default_factory=list)

    def add(self, piece: Scanned, evidence: Evidence) -> None:
        """Adds the next piece; one that was read for another case gets the input's number in this one."""
        events = _DECODER.decode(piece.events)
        self.invalid_utf8_lines += piece.invalid_utf8_lines
        self.notices += piece.notices
        lines_before = 0 if self.coverage is None else self.coverage.lines.total
        if lines_before or piece.coverage.evidence_id != evidence.id:
            self.events += (event.moved(evidence.id, lines_before) for event in events)
        else:
            self.events += events
        if self.coverage is None:
            self.coverage = replace(piece.coverage, evidence_id=evidence.id)
        else:
            self.coverage.add(piece.coverage)
