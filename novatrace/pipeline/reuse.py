"""What an older case holds of the inputs, so that the same bytes are not read again.

An input is told by its bytes, not by its name: a rotated file is known under its new one. Size, head and tail must agree;
a file that has grown agrees with its old head and, where it ended, with its old tail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from novatrace.errors import CaseError
from novatrace.model.scanned import KeptPiece, Scanned
from novatrace.pipeline.workers import Task, pieces, run
from novatrace.sources.excerpts import ended_here
from novatrace.store.case_reader import CaseReader

_Inputs = dict[tuple[str, str], list[list[KeptPiece]]]


def reused(tasks: Sequence[Task], older: CaseReader) -> list[Task]:
    """The tasks with what an older case holds of them; of inputs that have grown, only the new end is left to read."""
    try:
        known = _by_head(older.pieces())
    except CaseError:
        return list(tasks)
    found: list[Task] = []
    for _, group in groupby(tasks, key=lambda task: task.evidence.id):
        found += _of_input(list(group), known, older)
    return found


def _by_head(kept: list[KeptPiece]) -> _Inputs:
    """Kept inputs (their pieces in order) by manner and head."""
    inputs: _Inputs = defaultdict(list)
    for (evidence, manner), group in groupby(kept, key=lambda piece: (piece.evidence, piece.manner)):
        inputs[manner, evidence.head_hash].append(list(group))
    return inputs


def _of_input(tasks: list[Task], known: _Inputs, older: CaseReader) -> Iterator[Task]:
    first = tasks[0]
    now = first.evidence
    for kept in known.get((first.manner_key, now.head_hash), ()):
        if not _is_whole(kept):
            continue
        then = kept[0].evidence
        if (then.size_bytes, then.tail_hash) == (now.size_bytes, now.tail_hash):
            yield from (_held(first, piece, older) for piece in kept)
            return
        if len(kept) > 1 and then.size_bytes < now.size_bytes and ended_here(then, first.source):
            *whole, last = kept
            yield from (_held(first, piece, older) for piece in whole)
            yield from (replace(task, start=max(task.start, last.start)) for task in _behind(first, last.start))
            return
    yield from tasks


def _is_whole(kept: list[KeptPiece]) -> bool:
    """True when no piece is missing that could not be read then."""
    last = kept[-1].end
    ends = [0, *(piece.end for piece in kept[:-1])]
    return [piece.start for piece in kept] == ends and last in (None, kept[-1].evidence.size_bytes)


def _behind(task: Task, start: int) -> Iterator[Task]:
    """The pieces of an input that end behind an offset."""
    cut = pieces(task.source, task.evidence, task.manner, task.messages)
    yield from (piece for piece in cut if piece.end is None or piece.end > start)


def _held(task: Task, piece: KeptPiece, older: CaseReader) -> Task:
    task = replace(task, start=piece.start, end=piece.end)
    return replace(task, kept=partial(_scanned, task, piece, older))


def _scanned(task: Task, piece: KeptPiece, older: CaseReader) -> Scanned:
    """What an older case holds of a piece; a damaged one is read again."""
    try:
        return older.scanned(piece)
    except CaseError:
        return run(task)
