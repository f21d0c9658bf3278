"""When an input was written to: runs of minutes that have lines, and the silences between them.

Runs are (first, last) in minutes since 1970 UTC, sorted, at least a minute apart. The longest silences are kept; where
there are more, the runs around the shorter ones count as one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

MINUTE_US = 60_000_000
SILENCES_KEPT = 64
Runs = list[tuple[int, int]]


def runs_of(minutes: Iterable[int]) -> Runs:
    """The runs of a set of minutes."""
    return joined((minute, minute) for minute in minutes)


def joined(runs: Iterable[tuple[int, int]]) -> Runs:
    """Runs of several inputs, or of the pieces of one, as runs of all of them."""
    found: Runs = []
    for first, last in sorted(runs):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    if len(found) > SILENCES_KEPT + 1:
        shortest = sorted(b[0] - a[1] for a, b in itertools.pairwise(found))[-SILENCES_KEPT]
        found = _without_short(found, shortest)
    return found


def _without_short(runs: Runs, least: int) -> Runs:
    kept = [runs[0]]
    for first, last in runs[1:]:
        if first - kept[-1][1] < least:
            kept[-1] = (kept[-1][0], last)
        else:
            kept.append((first, last))
    return kept


def silences(runs: Runs) -> Runs:
    """(first, last) minute of each silence between runs."""
    return [(before[1] + 1, after[0] - 1) for before, after in itertools.pairwise(runs)]
