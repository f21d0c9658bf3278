"""Which hosts' resource trackers count a move: its target, and the source that holds the VM's old room.

Each tracker names the migration record of a VM (nova/compute/resource_tracker.py ``_update_usage_from_migration``, an INFO
line, Stein and later), the target under the move's request, the source in its audits: the record joins the two where no other
line does. Up to Queens the line names the VM, in Rocky nothing: neither tells one move of a VM from another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from novatrace.analysis.hosts import HostMap
from novatrace.analysis.requests import Request
from novatrace.model.event import Event
from novatrace.model.events import Events
from novatrace.model.migration import HostNode

_KIND = "migration-usage"


class Tracked:
    """The hosts that count each migration record of a VM."""

    def __init__(self, events: Events, hosts: HostMap) -> None:
        self._hosts: dict[tuple[str, str], set[HostNode]] = defaultdict(set)
        for event in events.of_kinds([_KIND]):
            host = hosts.of_machine(event) if event.service == "nova-compute" else None
            for record in _records([event], event.instance_uuid):
                if host is not None:
                    self._hosts[record].add(host)

    def source(self, request: Request, instance_uuid: str | None, tried: set[str]) -> HostNode | None:
        """The one host beside those tried that counts the record which a target counts under the request."""
        others: set[HostNode] = set()
        for record in _records(request.of(_KIND), instance_uuid):
            others |= {place for place in self._hosts[record] if place.host not in tried}
        return others.pop() if len(others) == 1 else None


def _records(events: Iterable[Event], instance_uuid: str | None) -> set[tuple[str, str]]:
    """The migration records of the VM that these lines name."""
    return {
        (instance_uuid, str(record))
        for event in events
        if instance_uuid is not None and event.instance_uuid == instance_uuid
        if (record := event.values.get("migration")) and record != instance_uuid
    }
