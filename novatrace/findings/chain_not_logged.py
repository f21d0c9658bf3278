"""Moves whose filter chain the logs cannot show, because the log of the scheduler that ran it is missing."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.findings import _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure


def find(case: Case) -> Iterator[Finding]:
    """One finding when moves were scheduled and no filter of theirs is in the logs, though what is here is at DEBUG."""
    schedulers = [c for c in case.coverage if c.services.get("nova-scheduler")]
    blind = [m for m in _wording.moves(case) if m.blind and m.citations]
    if not blind or any(not c.levels.get("DEBUG") for c in schedulers):
        return  # debug-off tells it
    here = f"{_wording.count(len(schedulers), 'log')} of nova-scheduler" if schedulers else "no log of nova-scheduler"
    yield Finding(
        slug="chain-not-logged",
        severity="info",
        title=f"{_wording.count(len(blind), 'move')} without a logged filter chain: {here} in this case",
        subject="nova-scheduler",
        measures=(
            Measure("moves", len(blind), None, "moves"),
            Measure("scheduler_logs", len(schedulers), None, "logs"),
        ),
        basis="observed",
        evidence=tuple(m.citations[0] for m in blind),
        advice=(
            "Add the nova-scheduler logs of all controllers for the time of these moves. A successful pass leaves its filter chain "
            "at DEBUG only: for the next batch set debug = true in [DEFAULT] of nova.conf on the schedulers."
        ),
    )
