"""Moves whose filter chain the logs cannot show, because the scheduler did not log at DEBUG or its log is missing."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Migration


def find(case: Case) -> Iterator[Finding]:
    """One finding when moves were scheduled and no filter of theirs is in the logs."""
    blind = [m for m in case.migrations if m.action != "create" and m.request_id and _blind(m) and m.citations]
    if not blind:
        return
    count = len(blind)
    yield Finding(
        slug="chain-not-logged",
        severity="info",
        title=f"{count} move{'' if count == 1 else 's'} without a logged filter chain",
        subject="nova-scheduler",
        measures=(Measure("moves", count, None, "moves"),),
        basis="observed",
        evidence=tuple(m.citations[0] for m in blind),
        advice=(
            "A successful pass leaves its filter chain at DEBUG only. Add the nova-scheduler logs of all controllers; for the "
            "next batch set debug = true in [DEFAULT] of nova.conf on the schedulers."
        ),
    )


def _blind(migration: Migration) -> bool:
    """True when it reached a target and none of its passes shows a filter."""
    reached = any(a.selected is not None for a in migration.attempts)
    return reached and not any(a.schedule and (a.schedule.filters or a.schedule.candidates) for a in migration.attempts)
