"""Actions that the API accepted and of which no other service logged anything: the missing log, or a stuck message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from novatrace.findings import _wording
from novatrace.model.case import Case
from novatrace.model.evidence import Coverage
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Migration

_REFUSED = 400
_SCHEDULED = ("migrate", "resize", "live-migrate", "evacuate")
_NEXT = ("nova-conductor", "nova-scheduler")


def find(case: Case) -> Iterator[Finding]:
    """One finding for each log that is missing, and one for actions of which nothing is logged although the logs are there."""
    by_missing: dict[tuple[str, ...], list[Migration]] = defaultdict(list)
    for migration in _wording.moves(case):
        if _orphaned(migration) and migration.accepted_us is not None:
            by_missing[_missing(case, migration.accepted_us)].append(migration)
    for missing, orphans in sorted(by_missing.items()):
        yield _finding(missing, orphans)


def _orphaned(migration: Migration) -> bool:
    """True for an action that is always scheduled (a rebuild or an unshelve may not be) and that only nova-api speaks of."""
    status = migration.http_status
    answered = status is None or status < _REFUSED
    alone = not migration.attempts and migration.outcome == "unknown" and migration.instance_state is None
    heard = {entry.service for entry in migration.timeline} - {None, "nova-api"}
    return migration.action in _SCHEDULED and alone and answered and not heard and bool(migration.citations)


def _missing(case: Case, when_us: int) -> tuple[str, ...]:
    """The logs that would tell and do not reach over a moment; a choice leaves no line in a scheduler without DEBUG."""
    silent = tuple(service for service in _NEXT if not any(_reaches(c, service, when_us) for c in case.coverage))
    at_debug = any(c.levels.get("DEBUG") for c in case.coverage if _reaches(c, "nova-scheduler", when_us))
    return silent if silent or at_debug else ("nova-scheduler at DEBUG",)


def _reaches(coverage: Coverage, service: str, when_us: int) -> bool:
    if coverage.first_us is None or coverage.last_us is None or not coverage.services.get(service):
        return False
    return coverage.first_us <= when_us <= coverage.last_us


def _finding(missing: tuple[str, ...], orphans: list[Migration]) -> Finding:
    count = len(orphans)
    told = f"{_wording.count(count, 'action')} accepted by the API and not found in any other log"
    names = " and ".join(missing)
    if missing:
        why = f": no log of {' or '.join(missing)} here reaches over that time"
        advice = (
            f"Add the {names} logs of every controller for the time of these requests; their fate is open until then."
        )
    else:
        why = ", though logs of nova-conductor and nova-scheduler cover the time"
        advice = (
            "Either the message still waits in its queue, or a node handled it whose log is not here: compare the nodes under "
            "Coverage with `openstack compute service list`, and look at the queues with `rabbitmqctl list_queues name messages`."
        )
    return Finding(
        slug="orphan-action",
        severity="warning",
        title=f"{told}{why}",
        subject=names or "queue or missing node",
        measures=(Measure("actions", count, 0, "actions"),),
        basis="observed" if missing else "inferred",
        evidence=_wording.once(m.citations[0] for m in orphans),
        advice=advice,
    )
