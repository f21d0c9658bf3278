"""Processes that read: one that dies or gets stuck costs the piece that it had, and never the run.

A piece whose process is gone is read once more by a process that has the machine to itself (what was taken for want of
memory is most often there then); after that it is set aside, its lines are counted as unread, and the rest is read.
"""

from __future__ import annotations

import gc
import signal
from collections import deque
from collections.abc import Iterable, Iterator, MutableSequence
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self, cast

from novatrace.model.scanned import Scanned
from novatrace.pipeline.set_aside import Loss, alone, left_out, lines_of, mistaken, set_aside
from novatrace.pipeline.workers import Task, run

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess as Process

PATIENCE_S = 300.0
_ALONE_BELOW_BYTES = 24 << 20
_AHEAD = 2
# How many blocks of each piece that is being read are read, told by who reads it.
_Pulse = MutableSequence[int]
_PULSE: list[_Pulse] = []
# Where the piece begins that is the last of an input whose lines have numbers, by the input.
_Ends = dict[int, int]


@dataclass(slots=True)
class _Turn:
    """A task that is being read, or that waits for it; ``place`` is where its process tells how far it has come."""

    task: Task
    place: int
    coming: Future[Scanned] | None = None
    result: Scanned | None = None


def results(
    tasks: Iterable[Task], jobs: int, size_bytes: int, patience_s: float | None = None
) -> Iterator[tuple[Task, Scanned]]:
    """Every task with its result, in order; in this process where the input is small.

    Args:
        tasks: what to read.
        jobs: how many processes may read at once.
        size_bytes: how much there is to read in all.
        patience_s: how long a process may take without reading a block; None: as long as ``PATIENCE_S``.
    """
    ends: _Ends = {}
    for task, scanned in _read_all(
        tasks, jobs if size_bytes >= _ALONE_BELOW_BYTES else 1, patience_s or PATIENCE_S, ends
    ):
        if scanned.cut:
            ends.setdefault(task.evidence.id, task.start)
        yield task, left_out(task) if _is_behind(task, ends) else scanned


def _read_all(tasks: Iterable[Task], jobs: int, patience_s: float, ends: _Ends) -> Iterator[tuple[Task, Scanned]]:
    if jobs == 1:
        for task in tasks:
            yield task, task.kept() if task.kept else _here(task)
        return
    with _Readers(jobs, patience_s, ends) as readers:
        yield from readers.in_order(tasks)


def _is_behind(task: Task, ends: _Ends) -> bool:
    """True for what stands behind a piece whose lines are not all known: none of its lines has a number."""
    return task.start > ends.get(task.evidence.id, task.start)


def _here(task: Task) -> Scanned:
    try:
        return run(task)
    except Exception as error:  # noqa: BLE001 - a mistake of ours costs an input, not the run
        return mistaken(task, error)


class _Readers:
    """Reading processes, begun anew where one of them is gone."""

    def __init__(self, jobs: int, patience_s: float, ends: _Ends) -> None:
        self._jobs = jobs
        self._ahead = jobs * _AHEAD
        self._patience_s = patience_s
        self._executor: Executor | None = None
        self._pulse: _Pulse = _shared(self._ahead)
        self._ends = ends
        self._not_ours: set[Process] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        if self._executor is not None:
            if kind is not None:  # nobody waits for what is being read: a packed gigabyte may be
                self._end()
            self._executor.shutdown(cancel_futures=True)

    def _end(self) -> None:
        for process in _children() - self._not_ours:
            process.kill()

    def in_order(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Scanned]]:
        """Every task with its result; a few tasks ahead, so that results that nobody has asked for yet do not pile up."""
        waiting: deque[_Turn] = deque()
        coming = enumerate(tasks)
        more = True
        while more or waiting:
            while more and len(waiting) < self._ahead:
                number, task = next(coming, (0, None))
                more = task is not None
                if task is not None:
                    waiting.append(self._begun(_Turn(task, number % self._ahead)))
            if waiting:
                turn = waiting.popleft()
                yield turn.task, self._result(turn, waiting)

    def _begun(self, turn: _Turn) -> _Turn:
        if turn.task.kept is None:
            if self._executor is None:
                self._not_ours = _children()
                self._executor = _processes(self._jobs, self._pulse)
            try:
                turn.coming = self._executor.submit(_read, turn.task, turn.place)
            except BrokenExecutor as error:  # it is mended when it is the turn of what was being read
                turn.coming = Future()
                turn.coming.set_exception(error)
        return turn

    def _result(self, turn: _Turn, others: Iterable[_Turn]) -> Scanned:
        if turn.coming is not None:
            self._watch(turn)
            error = turn.coming.exception()
            if error is None:
                turn.result = turn.coming.result()
            elif isinstance(error, (BrokenExecutor, MemoryError)):
                self._mend([turn, *others])
            else:
                turn.result = mistaken(turn.task, error)
        return turn.result or (turn.task.kept() if turn.task.kept else _here(turn.task))

    def _watch(self, turn: _Turn) -> None:
        """Waits for a result; where no block is read for too long, the processes are ended: the oldest piece is being read, or
        would be if they were sound."""  # noqa: D205, D209
        came_to = -1
        while turn.coming is not None and not wait([turn.coming], self._patience_s).done:
            comes_to = self._pulse[turn.place]
            if comes_to == came_to:
                self._end()
            came_to = comes_to

    def _mend(self, turns: list[_Turn]) -> None:
        """Reads what was being read when a process was gone, each piece with the machine to itself."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None
        for turn in turns:
            coming, turn.coming = turn.coming, None
            if coming is None:
                continue
            if not coming.cancelled() and coming.exception() is None:
                turn.result = coming.result()
            else:
                turn.result = left_out(turn.task) if _is_behind(turn.task, self._ends) else self._read_alone(turn.task)

    def _read_alone(self, task: Task) -> Scanned:
        read = alone(run, task, self._patience_s)
        if not isinstance(read, Loss):
            return read
        lines = alone(lines_of, task, self._patience_s)
        if isinstance(lines, Loss):
            self._ends[task.evidence.id] = task.start
            return set_aside(task, read, None)
        return set_aside(task, read, lines)


def _shared(size: int) -> _Pulse:
    """Numbers that all processes see."""
    from multiprocessing.sharedctypes import RawArray  # noqa: PLC0415 - slow to import

    return cast("_Pulse", RawArray("q", size))


def _children() -> set[Process]:
    """The processes that this one has begun and that have not ended."""
    from multiprocessing import active_children  # noqa: PLC0415 - slow to import

    return set(active_children())


def _processes(jobs: int, pulse: _Pulse) -> Executor:
    from concurrent.futures.process import ProcessPoolExecutor  # noqa: PLC0415 - slow to import

    return ProcessPoolExecutor(jobs, initializer=_obedient, initargs=(pulse,))


def _read(task: Task, place: int) -> Scanned:
    """Reads a piece in a process of its own, and leaves nothing of it behind: what refers to itself would pile up there."""
    scanned = run(task, partial(_step, place))
    gc.collect()
    return scanned


def _step(place: int) -> None:
    """Tells that a block is read."""
    for pulse in _PULSE:
        pulse[place] += 1


def _obedient(pulse: _Pulse) -> None:
    """A reading process ends when it is told to; the interrupt of a terminal is the first process's affair."""
    _PULSE[:] = [pulse]
    gc.freeze()  # what was there before any piece stays; there is no need to look through it after each of them
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
