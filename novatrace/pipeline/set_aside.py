"""What takes the place of a piece that no process could read: its lines counted as unread, and why.

It is read, and its lines are counted, by a process that has nothing else to do and may end as it likes.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from novatrace.model.evidence import Coverage, LineLedger, Notice
from novatrace.model.scanned import Scanned
from novatrace.parsing.fragments import Folding
from novatrace.pipeline.workers import Task, blocks_of

if TYPE_CHECKING:
    from ctypes import c_longlong
    from multiprocessing.connection import Connection

T = TypeVar("T")
_Step = Callable[[], None]
_Work = Callable[[Task, _Step], T]


@dataclass(frozen=True, slots=True)
class Loss:
    """Why a piece could not be read: an id of a notice, and words."""

    id: str
    why: str


def set_aside(task: Task, loss: Loss, lines: int | None) -> Scanned:
    """A piece of which nothing is known but the number of its lines, if that."""
    coverage = Coverage(task.evidence.id, clock_basis=task.manner.clock_basis)
    coverage.lines = LineLedger(total=lines or 0, unread=lines or 0)
    what = "all of it" if task.end is None else f"bytes {task.start} to {task.end - 1}"
    counted = "lines not counted" if lines is None else f"{lines} line{'' if lines == 1 else 's'} not read"
    rest = "nothing behind them was read" if lines is None else "what else there is was read"
    text = f"{what}: {loss.why}; set aside, {counted}; {rest}"
    notice = Notice(loss.id, "sources", task.evidence.place, text, incomplete=True)
    return Scanned(Folding().packed(), coverage, 0, (notice,), cut=lines is None)


def left_out(task: Task) -> Scanned:
    """A piece behind one that could not be read to its end, of which that is told: no line of it has a number."""
    return Scanned(Folding().packed(), Coverage(task.evidence.id, clock_basis=task.manner.clock_basis), 0, cut=True)


def mistaken(task: Task, error: BaseException) -> Scanned:
    """What takes the place of a piece on which the program itself fails; see ``mistake``."""
    return set_aside(task, mistake(error), lines_of(task, lambda: None))


def lines_of(task: Task, step: _Step) -> int:
    """How many lines a piece has, as far as it can be unpacked."""
    lines, last = 0, b"\n"
    for block in blocks_of(task)[0].blocks():
        step()
        lines += block.count(b"\n")
        last = block[-1:] or last
    return lines + (last != b"\n")


def alone(work: _Work[T], task: Task, patience_s: float) -> T | Loss:
    """What work on a piece gives in a process of its own, or why it gives nothing."""
    from multiprocessing import Pipe, Process  # noqa: PLC0415 - slow to import, and seldom needed
    from multiprocessing.sharedctypes import RawValue  # noqa: PLC0415 - see above

    ours, theirs = Pipe(duplex=False)
    steps = RawValue("q", 0)
    process = Process(target=_told, args=(theirs, steps, work, task))
    process.start()
    theirs.close()
    answer: T | BaseException | None = None
    stuck = True
    try:
        stuck = _gets_stuck(ours, steps, patience_s)
        with suppress(EOFError, OSError):
            answer = None if stuck else ours.recv()
    finally:
        if stuck:
            process.kill()
        ours.close()
        process.join()
    if answer is None:
        return _stuck(patience_s) if stuck else _gone(process.exitcode or 0)
    if isinstance(answer, MemoryError):
        return Loss("E-IN-CRASH", "there was not memory enough for reading them, not even with nothing beside")
    if isinstance(answer, BaseException):
        return mistake(answer)
    return answer


def _gets_stuck(answer: Connection, steps: c_longlong, patience_s: float) -> bool:
    """Waits for an answer; True when there is none and nothing goes on."""
    came_to = -1
    while not answer.poll(patience_s):
        if steps.value == came_to:
            return True
        came_to = steps.value
    return False


def _told(answer: Connection, steps: c_longlong, work: _Work[object], task: Task) -> None:
    """All that the process does; the interrupt of a terminal is the first process's affair."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)

    def step() -> None:
        steps.value += 1

    found: object
    try:
        found = work(task, step)
    except Exception as error:  # noqa: BLE001 - it is told by who asked
        found = error
    answer.send(found)


def _gone(code: int) -> Loss:
    how = f"by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"with code {code}"
    return Loss(
        "E-IN-CRASH",
        f"the process that read them was ended twice, {how} although it read alone: most often for want of memory",
    )


def _stuck(patience_s: float) -> Loss:
    return Loss(
        "E-IN-STUCK",
        f"two processes came no further for {patience_s:g} s: copy the file to a local disk, or give --patience",
    )


def mistake(error: BaseException) -> Loss:
    """What is said where the program itself fails.

    Raises:
        BaseException: the error, where it is looked for (``NOVATRACE_DEBUG``).
    """
    if os.environ.get("NOVATRACE_DEBUG"):
        raise error
    return Loss("E-BUG", f"{type(error).__name__}: {error}: please report it with the output of NOVATRACE_DEBUG=1")
