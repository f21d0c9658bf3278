"""Hosts that failed the check before a live migration: named by the conductor, or told by their own log.

The conductor names each host with its reason at DEBUG. At INFO the host's own ERROR is left, and the further pass of the
scheduler that excludes the host (nova/conductor/tasks/live_migrate.py ``_find_destination``: what failed is ignored in
the next try). The source may log the same error; no later pass excludes it that the first did not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from novatrace.analysis.hosts import HostMap
from novatrace.analysis.requests import Request
from novatrace.model.event import Event
from novatrace.model.parts import changed

_CLASS = re.compile(r"^(?:nova\.)?exception\.\w+: ")


def failed_checks(request: Request, action: str, hosts: HostMap) -> list[Event]:
    """The lines that tell of a failed check, in time order, each with ``host`` and ``reason``."""
    named = request.of("live-host-skipped")
    if named or action != "live-migrate":
        return list(named)
    return list(_told_by_hosts(request, hosts))


def _told_by_hosts(request: Request, hosts: HostMap) -> Iterator[Event]:
    first, *further = [set(event.values["hosts"]) for event in request.of("hosts-ignored")] or [set()]
    failed = {hosts.host(name).host for name in set().union(*further) - first}
    for event in request.of("rpc-failed"):
        machine = hosts.of_machine(event) if event.service == "nova-compute" else None
        if machine is not None and machine.host in failed:
            failed.remove(machine.host)
            reason = _CLASS.sub("", event.values.get("detail") or "not logged")
            yield changed(event, values={"host": machine.host, "reason": reason})
