"""The batches of a case as a list: number, when, how many moves, how many failed, and where they were sent."""

from __future__ import annotations

from collections.abc import Sequence

from novatrace.model.replay import ListedBatch
from novatrace.reports import words
from novatrace.reports.document import Cell, Column, Document, Section, cell, table

_TARGETS = 3
_COLUMNS = (
    Column("batch", right=True),
    Column("began (UTC)"),
    Column("ended"),
    Column("moves", right=True),
    Column("failed", right=True),
    Column("action", whole=False),
    Column("targets", whole=False),
)


def document(batches: Sequence[ListedBatch]) -> Document:
    """One row for each."""
    return Document("novatrace simulate", (Section("BATCHES", (table(_COLUMNS, [_row(batch) for batch in batches]),)),))


def _row(batch: ListedBatch) -> list[Cell]:
    more = len(batch.targets) - _TARGETS
    targets = ", ".join(batch.targets[:_TARGETS]) + (f" and {more} more" if more > 0 else "")
    return [
        cell(str(batch.number)),
        cell(words.when(batch.first_us)[:19]),
        cell(words.clock(batch.last_us)[:8]),
        cell(str(batch.moves)),
        cell(str(batch.failed), "bad" if batch.failed else ""),
        cell(", ".join(batch.actions)),
        cell(targets or "-"),
    ]
