"""Actions that the API accepted and of which no other service, or a scheduler alone, logged anything: a missing log, a stuck message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from novatrace.findings import _wording
from novatrace.model import http_status
from novatrace.model.case import Case
from novatrace.model.evidence import Coverage
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Migration

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
    lost = [m for m in _wording.moves(case) if _untold(m) and _heard(m) == {"nova-scheduler"}]
    if lost:
        yield _lost(lost)


def _orphaned(migration: Migration) -> bool:
    """True for an action that is always scheduled (a rebuild or an unshelve may not be) and that only nova-api speaks of."""
    return migration.action in _SCHEDULED and _untold(migration) and not _heard(migration)


def _untold(migration: Migration) -> bool:
    status = migration.http_status
    answered = status is None or http_status.accepted(status)
    alone = not migration.attempts and migration.outcome == "unknown" and migration.instance_state is None
    return alone and answered and bool(migration.citations)


def _heard(migration: Migration) -> set[str]:
    """The services beside the API that speak of a move."""
    return {entry.service for entry in migration.timeline if entry.service not in (None, "nova-api")}


def _lost(lost: list[Migration]) -> Finding:
    return Finding(
        slug="orphan-action",
        severity="warning",
        title=f"{_wording.count(len(lost), 'action')} for which a scheduler looked for a host, and which no compute log tells of",
        subject="queue or missing node",
        measures=(Measure("actions", len(lost), 0, "actions"),),
        basis="inferred",
        evidence=_wording.once(m.citations[0] for m in lost),
        advice=(
            "The compute log of the target is missing, or the target never took up what it was sent: nova-conductor says at DEBUG where "
            "that was. Look where each VM is and whether its task_state is set (`openstack server show VM`)."
        ),
    )


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
