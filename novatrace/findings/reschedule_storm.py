"""Several moves that went from host to host because one after the other turned them away."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.findings import _options, _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Attempt, Migration

_AT_LEAST = 3
_MOVES = 2


def find(case: Case) -> Iterator[Finding]:
    """One finding when at least 2 moves were rescheduled at least 3 times together."""
    again = [(m, tries) for m in _wording.moves(case) if (tries := _repeated(m))]
    tries = [attempt for _, listed in again for attempt in listed]
    if len(again) < _MOVES or len(tries) < _AT_LEAST:
        return
    moved = [m for m, _ in again]
    most = max(len(listed) for _, listed in again) + 1
    yield Finding(
        slug="reschedule-storm",
        severity="warning",
        title=f"{len(tries)} reschedules of {len(again)} moves, at most {most} hosts tried by one: {_wording.ended(moved)}",
        subject="reschedules",
        measures=(
            Measure("reschedules", len(tries), 0, "reschedules"),
            Measure("moves", len(again), None, "moves"),
            Measure("most_hosts_tried", most, None, "hosts"),
            Measure("moves_failed", sum(m.outcome == "failed" for m in moved), 0, "moves"),
        ),
        basis="observed",
        evidence=_wording.once(citation for attempt in tries for citation in attempt.citations[:1]),
        advice=(
            "Each reschedule claims on one host more, while the others of the batch do the same: start fewer moves at a time, and "
            f"look at what the first refusals name before {_options.named('max_attempts', case)} is raised."
        ),
    )


def _repeated(migration: Migration) -> list[Attempt]:
    """Attempts that followed a refusal or a failure on another host."""
    pairs = zip(migration.attempts, migration.attempts[1:], strict=False)
    return [
        later
        for earlier, later in pairs
        if earlier.outcome in ("claim-refused", "failed")
        and earlier.check is None
        and later.selected is not None
        and later.citations
    ]
