"""What a VM asks for: its own claim, what was asked of placement for it, else its flavor as seen or given.

A claim's numbers are the flavor's (``Attempting claim: memory …``); so are the amounts of the allocation candidates
query, which placement's access log shows even without DEBUG.
"""

from __future__ import annotations

from novatrace.analysis.requests import Request
from novatrace.model.case import Flavor, Inventory
from novatrace.model.migration import Claim, Resources


class Demands:
    """Demands of all VMs of a case; every request is to be learnt from, the oldest first, before any is asked about."""

    def __init__(self, inventory: Inventory | None) -> None:
        self._inventory = inventory or Inventory()
        self._seen: dict[str, Resources] = {}
        self._first: dict[str, tuple[str, Resources]] = {}

    def of(self, request: Request, instance_uuid: str | None, claim: Claim | None) -> tuple[Resources, str | None]:
        """The demand and its basis: ``observed``, ``computed`` (seen at another action of this VM), ``assumed``."""
        if claim is not None and claim.demand.known:
            return _completed(claim.demand, _asked_of_placement(request)), "observed"
        placed = _asked_of_placement(request)
        if placed is not None:
            return placed, "observed"
        resized = _changes_flavor(request)
        if instance_uuid in self._seen and not resized:
            return self._seen[instance_uuid], "computed"
        return self.assumed(instance_uuid)

    def changes(self, request: Request, instance_uuid: str) -> bool:
        """True when the request asks placement for other amounts than an earlier one of this VM did."""
        placed, before = _asked_of_placement(request), self._first.get(instance_uuid)
        return placed is not None and before is not None and before[0] != request.request_id and before[1] != placed

    def assumed(self, instance_uuid: str | None) -> tuple[Resources, str | None]:
        """The demand that the inventory file gives for a VM, or its default flavor."""
        named = self._inventory.server_flavors.get(instance_uuid or "")
        for flavor in self._inventory.flavors:
            if flavor.name == named or (named is None and flavor.default):
                return _flavor(flavor), "assumed"
        return Resources(), None

    def learn(self, request: Request) -> None:
        """What a request tells of demands."""
        placed = _asked_of_placement(request)
        instances = {e.instance_uuid for e in request.events if e.instance_uuid}
        if placed is not None and len(instances) == 1:
            self._seen.setdefault(next(iter(instances)), placed)
            self._first.setdefault(next(iter(instances)), (request.request_id, placed))
        for event in request.of("claim-attempt"):
            if event.instance_uuid:
                v = event.values
                self._seen[event.instance_uuid] = Resources(v.get("vcpus"), v.get("memory_mb"), v.get("disk_gb"))


def _flavor(flavor: Flavor) -> Resources:
    return Resources(flavor.vcpus, flavor.ram_mb, flavor.disk_gb)


def _changes_flavor(request: Request) -> bool:
    return any(e.values["old_flavor"] != e.values["new_flavor"] for e in request.of("flavor-change"))


def _asked_of_placement(request: Request) -> Resources | None:
    for event in request.of("placement-request"):
        amounts = event.values.get("requested")
        if amounts:
            cpus = amounts.get("VCPU", 0) + amounts.get("PCPU", 0)
            return Resources(cpus or None, amounts.get("MEMORY_MB"), amounts.get("DISK_GB", 0))
    return None


def _completed(demand: Resources, other: Resources | None) -> Resources:
    """Juno and Kilo print no vCPU in a claim: take it from elsewhere where it is known."""
    if other is None:
        return demand
    return Resources(
        demand.vcpus if demand.vcpus is not None else other.vcpus,
        demand.ram_mb if demand.ram_mb is not None else other.ram_mb,
        demand.disk_gb if demand.disk_gb is not None else other.disk_gb,
    )
