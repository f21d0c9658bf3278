"""Anti-affinity groups of which more VMs are on one host than they allow, though no line says so.

The filter and the late check look at the hosts that members are on (nova/objects/instance_group.py ``get_hosts``), not at those
they are moving to, so that moves which run at the same time may pass both. The filter names the group of each request at DEBUG
(nova/scheduler/filters/affinity_filter.py, Rocky and later).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from novatrace.model.event import Event
from novatrace.model.insight import CrowdedGroup
from novatrace.model.migration import Citation, Migration

_Came = tuple[Migration, Event]


def crowded(asked: Iterable[Event], migrations: Sequence[Migration]) -> tuple[CrowdedGroup, ...]:
    """One for each group and host; ``asked`` are the filter's lines, the moves in the order in which they began.

    A VM is counted on the host that its last action in the logs brought it to. One whose last action did not end well, was
    reverted, or whose VM was deleted is counted nowhere.
    """
    lines: dict[str, Event] = {}
    for event in asked:
        if event.request_id is not None:
            lines.setdefault(event.request_id, event)
    if not lines:
        return ()
    last = {m.instance_uuid: m for m in migrations if m.instance_uuid is not None}
    came: dict[tuple[str, str], list[_Came]] = defaultdict(list)
    for migration in last.values():
        line = lines.get(migration.request_id or "")
        place = migration.attempts[-1].selected if migration.attempts else None
        if line is not None and place is not None and _stays(migration):
            came[line.values["group_uuid"], place.host].append((migration, line))
    found = (_group(group, listed) for (group, _), listed in sorted(came.items(), key=lambda item: item[0]))
    return tuple(group for group in found if group is not None)


def _stays(migration: Migration) -> bool:
    return migration.outcome == "succeeded" and (migration.closing is None or migration.closing.kind == "confirmed")


def _group(group_uuid: str, came: list[_Came]) -> CrowdedGroup | None:
    most = max(line.values["most"] for _, line in came)
    place = came[0][0].attempts[-1].selected
    if len(came) <= most or place is None:
        return None
    cited = [Citation(line.provenance, line.kind) for _, line in came]
    cited += [citation for migration, _ in came for citation in migration.attempts[-1].citations[-1:]]
    return CrowdedGroup(
        group_uuid,
        place,
        tuple(migration.instance_uuid or "" for migration, _ in came),
        most,
        all(migration.outcome_basis == "observed" for migration, _ in came),
        tuple(dict.fromkeys(cited)),
    )
