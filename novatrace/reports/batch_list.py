"""The batches of a case as a list: number, when, how many moves, how many failed, and where they were sent."""

from __future__ import annotations

from collections.abc import Sequence

from novatrace.model.replay import ListedBatch
from novatrace.reports import words
from novatrace.reports.neutralise import neutral

_TARGETS = 3
_COLUMNS = ("batch", "began (UTC)", "ended", "moves", "failed", "action", "targets")
_RIGHT = (0, 3, 4)


def text(batches: Sequence[ListedBatch]) -> str:
    """One line for each, under a heading; it ends with a newline."""
    rows = [_COLUMNS, *(_row(batch) for batch in batches)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    lines = [
        "  ".join(c.rjust(w) if i in _RIGHT else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _row(batch: ListedBatch) -> tuple[str, ...]:
    more = len(batch.targets) - _TARGETS
    targets = ", ".join(neutral(host) for host in batch.targets[:_TARGETS]) + (f" and {more} more" if more > 0 else "")
    return (
        str(batch.number),
        words.when(batch.first_us)[:19],
        words.clock(batch.last_us)[:8],
        str(batch.moves),
        str(batch.failed),
        ", ".join(batch.actions),
        targets or "-",
    )
