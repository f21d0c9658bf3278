"""Keeps a case while something else is done with it: to write a long one takes as long as to make its report."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

from novatrace.analysis import subjects
from novatrace.errors import CaseError
from novatrace.model.case import Case
from novatrace.pipeline.hands import beside
from novatrace.pipeline.workers import usable_jobs
from novatrace.store.case_reader import CaseReader
from novatrace.store.case_writer import CaseWriter

T = TypeVar("T")
# A case of fewer moves is written sooner than a copy of this process is made.
_LONG_MOVES = 100


def older_case(path: Path) -> CaseReader | None:
    """The case of the same paths, if there is one that can be read; a damaged one is made anew."""
    try:
        return CaseReader(path)
    except CaseError:
        return None


def unchanged(older: CaseReader, run: str) -> Case | None:
    """The older case where nothing is new since."""
    try:
        return older.case() if older.run == run else None
    except CaseError:
        return None


def kept(  # noqa: PLR0913 - a case, what is said of it, and how it is kept
    writer: CaseWriter, case: Case, about: str, run: str, then: Callable[[Case], T], folder: Path, jobs: int | None
) -> Callable[[], T]:
    """Writes a case, and does with it what is to be done ``then``.

    Args:
        writer: of the case file.
        case: all of it.
        about: its description.
        run: what it depends on.
        then: what is done meanwhile.
        folder: for files without a name.
        jobs: how many processes there may be; None: one for each processor.

    Returns:
        What gives the result, or raises what was raised instead, once the case is in its place: that a report is
        withheld takes no case with it.

    Raises:
        WorkerLostError: the process that wrote was ended from outside.
    """
    writer.hand_over()
    finish = partial(writer.finish, case, subjects.index(case), about, run)
    alone = (jobs or usable_jobs()) == 1 or len(case.migrations) < _LONG_MOVES
    with beside(finish, folder, alone=alone):
        result = _done(then, case)
    writer.finished = True
    return result


def _done(then: Callable[[Case], T], case: Case) -> Callable[[], T]:
    try:
        made = then(case)
    except Exception as error:  # noqa: BLE001 - it is raised when the case is in its place
        return partial(_raised, error)
    return lambda: made


def _raised(error: Exception) -> NoReturn:
    raise error
