"""Which resource trackers count a migration: only those of its source and of its target do.

Every audit of a host logs the unfinished migrations that it counts (``_update_usage_from_migration`` in
nova/compute/resource_tracker.py), at INFO and under a request id of the audit's own. It is often the one line of an INFO
log that names the source: the scheduler's list of ignored hosts leaves out a source that is disabled or full.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from novatrace.analysis.hosts import HostMap
from novatrace.model.event import Event
from novatrace.model.events import Events
from novatrace.model.migration import HostNode

# VM and migration → the hosts on which a tracker counts it.
Trackers = dict[tuple[str, str], set[HostNode]]


def trackers(events: Events, hosts: HostMap) -> Trackers:
    """Where each migration is counted, from all lines of all hosts."""
    found: Trackers = defaultdict(set)
    for event in events.of_kinds(["migration-usage"]):
        host, key = hosts.of_machine(event), _key(event)
        if host is not None and key is not None:
            found[key].add(host)
    return found


def tracked_source(events: Iterable[Event], action: str, target: HostNode | None, tracked: Trackers) -> HostNode | None:
    """The one other host whose tracker counts the migration that the target's own began to count for these events."""
    if target is None or action not in ("migrate", "resize"):
        return None
    keys = {key for event in events if event.kind == "migration-usage" and (key := _key(event))}
    others = {host for key in keys for host in tracked.get(key, ()) if host.host != target.host}
    return next(iter(others)) if len(others) == 1 else None


def _key(event: Event) -> tuple[str, str] | None:
    """VM and migration; Rocky names no migration."""
    migration = event.values.get("migration")
    return (event.instance_uuid, str(migration)) if event.instance_uuid and migration else None
