"""One piece of reading work: a range of an input, or all of it; pure, so that it can run in any process.

An input is cut where a record begins. The pieces come together again in ``Joined``: line numbers go on from the piece
before, and the accounts are added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from novatrace.model.activity import runs_of
from novatrace.model.event import Event
from novatrace.model.evidence import Coverage, Evidence, Notice
from novatrace.model.scanned import Scanned
from novatrace.parsing.anchors import Anchors
from novatrace.parsing.block_scanner import Again, BlockScanner
from novatrace.parsing.certainty import rival_of
from novatrace.parsing.definitions import Catalogue
from novatrace.parsing.events import MessageMatcher, events_of, undecided_of
from novatrace.parsing.followers import Followers
from novatrace.parsing.fragments import unfold
from novatrace.parsing.layout_reader import LayoutReader
from novatrace.parsing.lines import physical_lines
from novatrace.parsing.manner import Manner
from novatrace.parsing.one_liners import Understood
from novatrace.parsing.record import Naming
from novatrace.parsing.records import RecordReader
from novatrace.parsing.repetitions import Periodic
from novatrace.parsing.sieve import Sieve

_HEAD_BYTES = 1 << 15  # less than what is asked for again (``block_scanner``)


class Scanner:
    """The catalogue, made ready for reading; made once in a process."""

    def __init__(self, catalogue: Catalogue, naming: Naming | None = None) -> None:
        self._catalogue = catalogue
        self.naming = naming
        self._matcher = MessageMatcher(catalogue)
        self._understood = Understood(self._matcher)
        self._anchors = Anchors(catalogue)
        #: What is understood; events that another catalogue gave are of no use.
        self.digest = catalogue.digest
        self.periodic = frozenset(message.kind for message in catalogue.messages if message.repeats is not None)

    def scan(
        self,
        chunks: Iterable[bytes],
        evidence: Evidence,
        manner: Manner,
        *,
        offset: int = 0,
        before: bytes = b"",
        again: Again | None = None,
    ) -> Scanned:
        """Reads a piece that begins at ``offset``, where a record begins; ``before`` is what stands before it.

        ``again``: see ``BlockScanner.scan``.
        """
        coverage = Coverage(evidence_id=evidence.id)
        coverage.clock_basis = manner.clock_basis
        self._matcher.undecided.clear()
        sieve = Sieve(Followers(self._catalogue), Periodic(self.periodic))
        if manner.own_names and not manner.same:
            evidence = replace(evidence, node=None)
        if offset == 0:
            first, chunks = _first(iter(chunks))
            coverage.rival = rival_of(b"".join(first)[:_HEAD_BYTES], manner)
            chunks = chain(first, chunks)
        reader = RecordReader(coverage, manner, service=evidence.service, naming=self.naming)
        if manner.line_by_line or manner.wrap_width is not None:
            lines = physical_lines(chunks, offset=offset)
            for event in events_of(reader.records(lines), evidence, self._matcher, manner.node, coverage):
                sieve.take(event)
        else:
            scanner = BlockScanner(evidence, self._understood, self._anchors, reader, sieve, before=before)
            scanner.scan(chunks, offset=offset, again=again)
        # It refers to who has the reader; without it nothing of a piece waits until garbage is looked for.
        del reader.find_head
        coverage.active = runs_of(reader.minutes)
        undecided = undecided_of(self._matcher, evidence)
        return Scanned(sieve.folding.packed(), coverage, reader.invalid_utf8_lines, undecided)


def _first(chunks: Iterator[bytes]) -> tuple[list[bytes], Iterator[bytes]]:
    """The chunks that hold the head of an input, and the others."""
    found: list[bytes] = []
    while sum(map(len, found)) < _HEAD_BYTES and (chunk := next(chunks, b"")):
        found.append(chunk)
    return found, chunks


def first_record(data: bytes, manner: Manner) -> int | None:
    """Where the first record begins that follows an end of line in the data, or None."""
    layouts = LayoutReader(first=manner.layouts, carrier=manner.carrier)
    start = data.find(b"\n") + 1
    while start > 0:
        end = data.find(b"\n", start)
        if end < 0:
            return None
        line = layouts.read(data[start:end].decode("utf-8", "replace"))
        if line is not None and line.begins:
            return start
        start = end + 1
    return None


@dataclass(slots=True)
class Joined:
    """The account of an input, put together from its pieces, in their order."""

    coverage: Coverage | None = None
    invalid_utf8_lines: int = 0
    notices: list[Notice] = field(default_factory=list)

    def add(self, piece: Scanned, evidence: Evidence) -> list[Event]:
        """Adds the next piece, and returns its events; one that was read for another case gets the input's number in this."""
        self.invalid_utf8_lines += piece.invalid_utf8_lines
        self.notices += piece.notices
        lines_before = 0 if self.coverage is None else self.coverage.lines.total
        if self.coverage is None:
            self.coverage = replace(piece.coverage, evidence_id=evidence.id)
        else:
            self.coverage.add(piece.coverage)
        return unfold(piece.events, evidence.id, lines_before)
