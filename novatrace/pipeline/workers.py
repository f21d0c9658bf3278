"""Inputs in pieces, and how a piece is read: a task is a pure function of what can be pickled, whatever process reads it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from novatrace import __version__
from novatrace.model.evidence import Evidence
from novatrace.model.scanned import KeptPiece, Scanned
from novatrace.parsing import definitions
from novatrace.parsing.manner import Manner
from novatrace.parsing.records import INHERIT_WITHIN_BYTES
from novatrace.parsing.scan_task import Scanner, first_record
from novatrace.sources.interface import Source
from novatrace.sources.nodes import names_in
from novatrace.sources.reading import Reading

RANGE_BYTES = 16 << 20
_BORDER_BYTES = (1 << 15, 1 << 20)
# A file that has grown is read again from its last piece on, which is short.
_TAIL_BYTES = 64 << 10
_TAIL_FROM_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of an input: all of it, or the bytes from ``start`` to ``end``.

    ``kept`` gets what an older case holds of it, so that it is not read again.
    """

    source: Source
    evidence: Evidence
    manner: Manner
    messages: tuple[Path, ...]
    start: int = 0
    end: int | None = None
    kept: Callable[[], Scanned] | None = None

    @property
    def manner_key(self) -> str:
        """Everything beside the input's bytes that its events depend on."""
        manner, evidence = self.manner, self.evidence
        return repr((__version__, scanner_of(self.messages).digest, evidence.node, evidence.service, manner.key))

    @property
    def piece(self) -> KeptPiece:
        """What a case file says of it."""
        return KeptPiece(self.evidence, self.manner_key, self.start, self.end, -1)


@cache
def scanner_of(messages: tuple[Path, ...]) -> Scanner:
    """The catalogue made ready; once in a process."""
    return Scanner(definitions.load_catalogue(messages), names_in)


def blocks_of(task: Task) -> tuple[Reading, bytes]:
    """The blocks of a piece, and what stands before it."""
    source, before, size_bytes = task.source, b"", None
    if task.end is not None and source.read_range is not None:
        with suppress(OSError):  # who reads the piece before will say so
            before = b"".join(source.read_range(max(0, task.start - 2 * INHERIT_WITHIN_BYTES), task.start))
        source = Source(task.evidence, partial(source.read_range, task.start, task.end), asked_for=True)
        size_bytes = task.end - task.start
    return Reading(source, size_bytes=size_bytes, start=task.start), before


def run(task: Task, step: Callable[[], None] | None = None) -> Scanned:
    """Reads a piece; what went wrong while reading becomes notices. ``step`` is called for each block of it."""
    reading, before = blocks_of(task)
    blocks = reading.blocks() if step is None else _each(reading.blocks(), step)
    scanner = scanner_of(task.messages)
    scanned = scanner.scan(blocks, task.evidence, task.manner, offset=task.start, before=before, again=reading.again)
    scanned.notices = (*scanned.notices, *reading.notices)
    scanned.cut = reading.cut
    return scanned


def _each(blocks: Iterator[bytes], step: Callable[[], None]) -> Iterator[bytes]:
    for block in blocks:
        step()
        yield block


def pieces(source: Source, evidence: Evidence, manner: Manner, messages: tuple[Path, ...]) -> Iterator[Task]:
    """The tasks of one input: big plain files are cut where a record begins."""
    size = evidence.size_bytes
    if source.read_range is None or not manner.can_be_cut or size < _TAIL_FROM_BYTES:
        yield Task(source, evidence, manner, messages)
        return
    borders = [*range(RANGE_BYTES, size - RANGE_BYTES // 2, RANGE_BYTES), size - _TAIL_BYTES]
    start = 0
    for border in borders:
        found = _record_behind(source.read_range, border, size, manner)
        if found is not None and border + found > start:
            yield Task(source, evidence, manner, messages, start, border + found)
            start = border + found
    yield Task(source, evidence, manner, messages, start, size)


def _record_behind(
    read_range: Callable[[int, int], Iterator[bytes]], border: int, size: int, manner: Manner
) -> int | None:
    """How far behind a border the next record begins; most begin close to it."""
    with suppress(OSError):  # whoever reads it will say so
        for reach in _BORDER_BYTES:
            found = first_record(b"".join(read_range(border, min(size, border + reach))), manner)
            if found is not None:
                return found
    return None


def usable_jobs() -> int:
    """How many processes this machine lets us use."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
