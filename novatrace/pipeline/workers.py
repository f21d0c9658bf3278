"""Reads inputs in pieces, in this process or in several; the order of results is the order of the inputs.

Nothing else knows where a piece was read. An executor of another library (a cluster's, say) does as well as the local
processes: a task is a pure function of what can be pickled.
"""

from __future__ import annotations

import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from novatrace import __version__
from novatrace.errors import WorkerLostError
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
_ALONE_BELOW_BYTES = 24 << 20
_BORDER_BYTES = (1 << 15, 1 << 20)
# A file that has grown is read again from its last piece on, which is short.
_TAIL_BYTES = 64 << 10
_TAIL_FROM_BYTES = 8 << 20
_AHEAD = 2


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


def run(task: Task) -> Scanned:
    """Reads a piece; what went wrong while reading becomes notices."""
    source, before, size_bytes = task.source, b"", None
    if task.end is not None and source.read_range is not None:
        before = b"".join(source.read_range(max(0, task.start - 2 * INHERIT_WITHIN_BYTES), task.start))
        source = Source(task.evidence, partial(source.read_range, task.start, task.end), asked_for=True)
        size_bytes = task.end - task.start
    reading = Reading(source, size_bytes=size_bytes)
    scanner = scanner_of(task.messages)
    scanned = scanner.scan(reading.blocks(), task.evidence, task.manner, offset=task.start, before=before)
    scanned.notices = (*scanned.notices, *reading.notices)
    return scanned


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
    for reach in _BORDER_BYTES:
        found = first_record(b"".join(read_range(border, min(size, border + reach))), manner)
        if found is not None:
            return found
    return None


def results(tasks: Iterable[Task], jobs: int, size_bytes: int) -> Iterator[tuple[Task, Scanned]]:
    """Every task with its result, in order; alone where the input is small.

    Raises:
        WorkerLostError: a process was killed from outside (most often for want of memory).
    """
    if jobs < 2 or size_bytes < _ALONE_BELOW_BYTES:  # noqa: PLR2004 - one other makes two
        for task in tasks:
            yield task, task.kept() if task.kept else run(task)
        return
    with _processes(jobs) as executor:
        yield from _ordered(tasks, executor, jobs * _AHEAD)


def _ordered(tasks: Iterable[Task], executor: Executor, ahead: int) -> Iterator[tuple[Task, Scanned]]:
    """Keeps a few tasks ahead, so that results that nobody has asked for yet do not pile up."""
    waiting: deque[tuple[Task, Callable[[], Scanned]]] = deque()
    coming = iter(tasks)
    more = True
    while more or waiting:
        while more and len(waiting) < ahead:
            task = next(coming, None)
            more = task is not None
            if task is not None:
                waiting.append((task, task.kept or executor.submit(_alone, task).result))
        if waiting:
            done, result = waiting.popleft()
            yield done, result()


@contextmanager
def _processes(jobs: int) -> Iterator[Executor]:
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor  # noqa: PLC0415 - slow to import

    try:
        with ProcessPoolExecutor(jobs, initializer=_obedient) as executor:
            try:
                yield executor
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise
    except BrokenProcessPool as error:
        raise WorkerLostError(
            "a reading process was ended from outside, most often for want of memory; nothing was kept",
            next_step="run with --jobs 1",
        ) from error


def _alone(task: Task) -> Scanned:
    """Reads a piece in a process of its own, and leaves nothing of it behind: what refers to itself would pile up there."""
    scanned = run(task)
    gc.collect()
    return scanned


def _obedient() -> None:
    """A reading process ends when it is told to; the interrupt of a terminal is the first process's affair."""
    gc.freeze()  # what was there before any piece stays; there is no need to look through it after each of them
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def usable_jobs() -> int:
    """How many processes this machine lets us use."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
