"""Shares work with copies of this process: each has all that was read at hand, and nothing has to be sent to it.

A copy writes what it finds, and what it keeps aside, into files without names that both processes have open.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, Generic, NoReturn, TypeVar

from novatrace.errors import WorkerLostError
from novatrace.model.kept import KeptTogether
from novatrace.model.migration import Attempt, Claim, Closing, Migration, Pass, PlacementClaim, Stamp
from novatrace.model.parts import fields_of
from novatrace.store.shelf import Shelf
from novatrace.store.spool import Spool, nameless

T = TypeVar("T")
_Work = Callable[[str, Any], Iterable[T]]
# Fewer are done sooner than another process is at work.
_WORTHWHILE = 300
_TOGETHER = 500


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

    def share(self, work: _Work[T], items: Sequence[str]) -> list[T]:
        """See ``Hands``.

        Raises:
            WorkerLostError: a process was ended from outside.
        """
        count = max(1, min(self._jobs, len(items) // _WORTHWHILE))
        size = max(1, -(-len(items) // count))
        own, *others = [items[start : start + size] for start in range(0, len(items), size)] or [items]
        copies: list[_Copy[T]] = []
        try:
            copies += (_Copy(work, part, self._folder) for part in others)
            found = list(_done(work, own, self._shelf))
            for copy in copies:
                found += copy.found()
        finally:
            for copy in copies:
                copy.end()
        return found


def _done(work: _Work[T], items: Iterable[str], shelf: Shelf) -> Iterator[T]:
    for item in items:
        yield from work(item, shelf)


class _Copy(Generic[T]):
    """A copy of this process at work on some items."""

    def __init__(self, work: _Work[T], items: Sequence[str], folder: Path | None) -> None:
        self._spool = Spool(folder)
        self._spool.open()
        self._found = os.fdopen(nameless(folder), "w+b")
        gc.freeze()  # nothing of what is there now needs to be looked through in the copy
        self._pid = os.fork()
        if self._pid == 0:
            _work_and_end(partial(_done, work, items, Shelf(self._spool, held_bytes=0)), self._spool, self._found)
        gc.unfreeze()

    def found(self) -> Iterator[T]:
        """What it found, once it is done."""
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
            yield from batch

    def end(self) -> None:
        """Ends it where it is still at work, and forgets what it found."""
        self._found.close()
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def _work_and_end(work: Callable[[], Iterator[object]], spool: Spool, file: BinaryIO) -> NoReturn:
    """All that a copy does; whatever else this process had begun is none of its business."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process hears of it, and ends this one
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        _write(work(), file)
        spool.flush()
        code = 0
    finally:
        os._exit(code)


def _write(found: Iterator[object], file: BinaryIO) -> None:
    """What was found in batches, and behind them an empty one, or what went wrong."""
    end: object = []
    try:
        while batch := list(islice(found, _TOGETHER)):
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
        kind: _taken_apart(kind) for kind in (Attempt, Claim, Closing, Migration, Pass, PlacementClaim, Stamp)
    } | {KeptTogether: lambda kept: (KeptTogether, (kept.kind, kept.place, len(kept)))}


class _Unpickler(pickle.Unpickler):
    """Reads what a copy of this process wrote; nobody else can have written it."""

    def __init__(self, file: BinaryIO, shelf: Shelf) -> None:
        super().__init__(file)
        self._shelf = shelf

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - pickle's signature
        """What is kept aside is looked up on the copy's shelf."""
        return self._shelf.together if name == KeptTogether.__name__ else super().find_class(module, name)
