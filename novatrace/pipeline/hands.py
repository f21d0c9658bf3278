"""Shares work with copies of this process: each has all that was read at hand, and nothing has to be sent to it.

A copy writes what it finds, and what it keeps aside, into files without names that both processes have open.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, Generic, NoReturn, TypeVar

from novatrace.errors import WorkerLostError
from novatrace.model.capacity import Arrival, Burst, Capacity, Counted, OrderUnknown, Slots
from novatrace.model.kept import KeptTogether
from novatrace.model.migration import Attempt, Claim, Closing, Migration, Pass, PlacementClaim, Stamp
from novatrace.model.parts import fields_of
from novatrace.store.shelf import Shelf
from novatrace.store.spool import Spool, nameless

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item
_Work = Callable[[I, Any], Iterable[T]]
_Number = struct.Struct("<I")
# As many at a time as are done sooner than they are worth waiting for, and no other process for fewer.
_TOGETHER = 100
_MOST_BATCHES = 500  # their numbers fit into the smallest pipe


class SharedHands:
    """See ``model.hands``.

    Args:
        shelf: where this process keeps what is long.
        folder: for the files of other processes; None: where the system keeps such files.
        jobs: how many processes there may be.
    """

    def __init__(self, shelf: Shelf, folder: Path | None, jobs: int) -> None:
        self._shelf = shelf
        self._folder = folder
        self._jobs = jobs if sys.platform == "linux" else 1  # elsewhere a copy of a process is not safe to work with

    def share(self, work: _Work[I, T], items: Sequence[I], meanwhile: Callable[[], None] | None = None) -> list[T]:
        """See ``Hands``.

        Raises:
            WorkerLostError: a process was ended from outside.
        """
        size = max(_TOGETHER, -(-len(items) // _MOST_BATCHES))
        batches = [items[start : start + size] for start in range(0, len(items), size)]
        found: dict[int, list[T]] = {}
        copies: list[_Copy[T]] = []
        with _Turns(len(batches)) as turns:
            try:
                for _ in range(min(self._jobs, len(batches)) - 1):
                    copies.append(_Copy(partial(_done, work, batches, turns), self._folder))  # noqa: PERF401 - all or none
                if meanwhile is not None:
                    meanwhile()
                found.update(_done(work, batches, turns, self._shelf))
                for copy in copies:
                    found.update(copy.found())
            finally:
                for copy in copies:
                    copy.end()
        return [each for number in range(len(batches)) for each in found[number]]


@contextmanager
def beside(work: Callable[[], None], folder: Path | None, *, alone: bool) -> Iterator[None]:
    """Work that a copy of this process does while this one does what the block says.

    Args:
        work: of which nothing but its effects outside of the process is wanted.
        folder: for the file in which the copy tells how it ended.
        alone: this process does it first, and then what the block says.

    Raises:
        WorkerLostError: the copy was ended from outside; and whatever the work raised.
    """
    if alone or sys.platform != "linux":
        work()
        yield
        return
    copy: _Copy[None] = _Copy(lambda _shelf: _nothing_of(work), folder)
    try:
        yield
        for _ in copy.found():
            pass
    finally:
        copy.end()


def _nothing_of(work: Callable[[], None]) -> Iterator[tuple[int, list[None]]]:
    work()
    yield from ()


class _Turns:
    """The numbers of all batches in a pipe; whoever has time takes the next one."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __enter__(self) -> Iterator[int]:
        self._reader, writer = os.pipe()
        with os.fdopen(writer, "wb") as file:
            file.writelines(map(_Number.pack, range(self._count)))
        return self._each()

    def __exit__(self, *_ended: object) -> None:
        os.close(self._reader)

    def _each(self) -> Iterator[int]:
        while number := os.read(self._reader, _Number.size):
            yield _Number.unpack(number)[0]


def _done(
    work: _Work[I, T], batches: Sequence[Sequence[I]], turns: Iterator[int], shelf: Shelf
) -> Iterator[tuple[int, list[T]]]:
    for number in turns:
        yield number, [each for item in batches[number] for each in work(item, shelf)]


class _Copy(Generic[T]):
    """A copy of this process at work; it keeps what is long on a shelf of its own."""

    def __init__(self, work: Callable[[Shelf], Iterator[tuple[int, list[T]]]], folder: Path | None) -> None:
        self._spool = Spool(folder)
        self._spool.open()
        self._found = os.fdopen(nameless(folder), "w+b")
        gc.freeze()  # nothing of what is there now needs to be looked through in the copy
        self._pid = os.fork()
        if self._pid == 0:
            _work_and_end(work(Shelf(self._spool, held_bytes=0)), self._spool, self._found)
        gc.unfreeze()

    def found(self) -> Iterator[tuple[int, list[T]]]:
        """What it found, by batch, once it is done."""
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        if os.waitstatus_to_exitcode(status) != 0:
            raise WorkerLostError(
                "a process of the analysis was ended from outside, most often for want of memory; nothing was kept",
                next_step="run with --jobs 1",
            )
        self._spool.written_by_another()
        shelf = Shelf(self._spool, held_bytes=0)
        self._found.seek(0)
        while batch := _Unpickler(self._found, shelf).load():
            if isinstance(batch, BaseException):
                raise batch
            yield batch

    def end(self) -> None:
        """Ends it where it is still at work, and forgets what it found."""
        self._found.close()
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def _work_and_end(found: Iterator[object], spool: Spool, file: BinaryIO) -> NoReturn:
    """All that a copy does; whatever else this process had begun is none of its business."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process hears of it, and ends this one
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        _write(found, file)
        spool.flush()
        code = 0
    finally:
        os._exit(code)


def _write(found: Iterator[object], file: BinaryIO) -> None:
    """What was found, batch by batch, and behind it None, or what went wrong."""
    end: object = None
    try:
        for batch in found:
            _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(batch)
    except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
        end = error
    _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(end)
    file.flush()


def _taken_apart(kind: Any) -> Callable[[Any], tuple[type[Any], tuple[object, ...]]]:  # noqa: ANN401 - a class
    """How a part of the model is written: a dataclass's own way takes five times as long."""
    values = attrgetter(*fields_of(kind))
    return lambda part: (kind, values(part))


class _Pickler(pickle.Pickler):
    """Writes moves; what is kept aside is named by its place."""

    dispatch_table = {
        kind: _taken_apart(kind)
        for kind in (
            Arrival,
            Attempt,
            Burst,
            Capacity,
            Claim,
            Closing,
            Counted,
            Migration,
            OrderUnknown,
            Pass,
            PlacementClaim,
            Slots,
            Stamp,
        )
    } | {KeptTogether: lambda kept: (KeptTogether, (kept.kind, kept.place, len(kept)))}


class _Unpickler(pickle.Unpickler):
    """Reads what a copy of this process wrote; nobody else can have written it."""

    def __init__(self, file: BinaryIO, shelf: Shelf) -> None:
        super().__init__(file)
        self._shelf = shelf

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - pickle's signature
        """What is kept aside is looked up on the copy's shelf."""
        return self._shelf.together if name == KeptTogether.__name__ else super().find_class(module, name)
