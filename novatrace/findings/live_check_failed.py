"""Hosts that the scheduler chose for live migrations and that failed the check before the move: the VM never came there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from novatrace.findings import _options, _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Attempt, Migration

_CPU = "cpu"


def find(case: Case) -> Iterator[Finding]:
    """One finding for each host and reason."""
    found: dict[tuple[str, str], list[tuple[Migration, Attempt]]] = defaultdict(list)
    for migration in case.migrations:
        for attempt in migration.attempts:
            if attempt.check is not None and attempt.selected is not None and attempt.citations:
                found[attempt.selected.host, _reason(attempt.check)].append((migration, attempt))
    for (host, reason), skipped in sorted(found.items()):
        yield _finding(case, host, reason, skipped)
    untold = [
        m for m in case.migrations if m.action == "live-migrate" and m.stage == "retries-exhausted" and m.citations
    ]
    untold = [m for m in untold if not any(a.check is not None for a in m.attempts)]
    if untold:
        yield _unnamed(case, untold)


def _unnamed(case: Case, failed: list[Migration]) -> Finding:
    """Without DEBUG the conductor tells that the tries were used up, and neither the hosts nor what failed."""
    migrations = _wording.count(len(failed), "live migration")
    return Finding(
        slug="live-check-failed",
        severity="error",
        title=f"{migrations} failed the check on each host tried, and no try was left: hosts and reasons are not logged (DEBUG)",
        subject="hosts not named",
        measures=(Measure("moves_failed", len(failed), 0, "moves"),),
        basis="observed",
        evidence=_wording.once(m.citations[-1] for m in failed),
        advice=(
            "The targets' nova-compute logs have the exceptions under the same request ids; nova-conductor names each host with its "
            f"reason at DEBUG. {_options.named('migrate_max_retries', case)} sets how many hosts one live migration may try."
        ),
    )


def _reason(check: str) -> str:
    return check.removeprefix("Migration pre-check error: ").rstrip(".")


def _finding(case: Case, host: str, reason: str, skipped: list[tuple[Migration, Attempt]]) -> Finding:
    moved = list({id(m): m for m, _ in skipped}.values())
    failed = sum(m.outcome == "failed" for m in moved)
    return Finding(
        slug="live-check-failed",
        severity="error" if failed else "info",
        title=f"{host} failed the check before {_wording.count(len(skipped), 'live migration')} ({reason}): {_wording.ended(moved)}",
        subject=host,
        measures=(
            Measure("checks_failed", len(skipped), 0, "checks"),
            Measure("moves_failed", failed, 0, "moves"),
        ),
        basis="observed",
        evidence=_wording.once(a.citations[-1] for _, a in skipped),
        advice=_advice(case, host, reason),
    )


def _advice(case: Case, host: str, reason: str) -> str:
    most = _options.named("migrate_max_retries", case)
    again = (
        f"The scheduler does not know what the check tests, so that each live migration tries {host} again while it weighs best: keep "
        f"it out of the choice (`openstack compute service set --disable {host} nova-compute`) until that is mended. {most} (-1, the "
        "default: as many as there are) limits how many hosts one may try."
    )
    if _CPU not in reason.lower():
        return f"Mend what the check names. {again}"
    mode = _options.named("cpu_mode", case)
    return (
        f"The guest's CPU is not to be had there. {mode} = custom with a model that every host has makes guests that may move "
        f"between them; it holds for guests started afterwards. {again}"
    )
