"""One view of a host's capacity out of one line, and the allocation ratios that the lines tell.

Free = total × allocation ratio − used, per resource. A scheduler's ComputeNode is the database row of that moment: it
knows what happened until ``updated_at``, which may be a minute earlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from novatrace.model.capacity import View
from novatrace.model.event import Event
from novatrace.model.migration import Claim, HostNode, Resources

RESOURCES = ("vcpus", "ram_mb", "disk_gb")
OF_CLASS = {"VCPU": "vcpus", "MEMORY_MB": "ram_mb", "DISK_GB": "disk_gb"}
_RATIOS = {
    "vcpus": "cpu_allocation_ratio",
    "ram_mb": "ram_allocation_ratio",
    "disk_gb": "disk_allocation_ratio",
}
# A row older than this is none that the audits of a living host still write; the clock or the zone is wrong then.
_OLDEST_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Ratios:
    """Allocation ratios of a host; None where no line says, 0.0 (Nova's "not set") is never kept."""

    vcpus: float | None = None
    ram_mb: float | None = None
    disk_gb: float | None = None


def ratios_of_node(fields: dict[str, Any]) -> Ratios:
    """The ratios of a ComputeNode line."""
    return Ratios(**{name: fields.get(key) or None for name, key in _RATIOS.items()})


def ratios_of_inventory(inventory: dict[str, dict[str, float]]) -> Ratios:
    """The ratios of a provider's inventory."""
    return Ratios(**{
        OF_CLASS[rc]: data.get("allocation_ratio") or None for rc, data in inventory.items() if rc in OF_CLASS
    })  # fmt: skip


def kept_back(inventory: dict[str, dict[str, float]]) -> Resources:
    """How much less a provider's inventory allows than its tracker has free: reserved × (ratio - 1).

    Placement multiplies what is left after the reserve, (total - reserved) × ratio (placement/objects/allocation.py); the
    tracker counts the reserve among what is used, once (nova/compute/resource_tracker.py).
    """
    return Resources(**{
        OF_CLASS[rc]: max(0.0, data.get("reserved", 0.0) * ((data.get("allocation_ratio") or 1.0) - 1))
        for rc, data in inventory.items() if rc in OF_CLASS
    })  # fmt: skip


def less(free: Resources, taken: Resources) -> Resources:
    """What is left of each amount; an unknown amount takes nothing."""
    return Resources(*(
        None if was is None else was - (gone or 0) for was, gone in zip(amounts(free), amounts(taken), strict=True)
    ))  # fmt: skip


def of_compute_node(event: Event, ratios: Ratios) -> View:
    """The scheduler's ComputeNode, with the ratios of its host."""
    fields: dict[str, Any] = event.values["compute_node"]
    total = Resources(fields.get("vcpus"), fields.get("memory_mb"), fields.get("local_gb"))
    used = Resources(fields.get("vcpus_used"), fields.get("memory_mb_used"), fields.get("local_gb_used"))
    limit, free = limited(total, used, ratios)
    target = HostNode(fields["host"], fields.get("node"))
    return View(
        target, event.when_us, "scheduler", total, used, limit, free, event.provenance, known_us(event.when_us, fields)
    )


def known_us(when_us: int | None, fields: dict[str, Any]) -> int | None:
    """Until when a ComputeNode's row includes what happened: when it was written, as far as that can be believed."""
    updated = fields.get("updated_us")
    if updated is None or when_us is None or not 0 <= when_us - updated <= _OLDEST_US:
        return when_us
    return int(updated)


def of_tracker(event: Event, host: HostNode, ratios: Ratios) -> View:
    """The resource tracker's audit on the host itself."""
    v = event.values
    total = Resources(v.get("total_vcpus"), v.get("total_ram_mb"), v.get("total_disk_gb"))
    used = Resources(v.get("used_vcpus"), v.get("used_ram_mb"), v.get("used_disk_gb"))
    limit, free = limited(total, used, ratios)
    return View(host, event.when_us, "tracker", total, used, limit, free, event.provenance, event.when_us)


def of_claim(claim: Claim, target: HostNode, ratios: Ratios) -> View:
    """What the tracker had before a claim, and the limits that came with the request."""
    by_name = {r.resource: r for r in claim.resources}

    def pick(field: str) -> Resources:
        return Resources(*(getattr(by_name[n], field) if n in by_name else None for n in RESOURCES))

    total, used = pick("total"), pick("used")
    limit, free = limited(total, used, ratios)
    limit, free = merged(pick("limit"), limit), merged(pick("free"), free)
    where = claim.citations[0].provenance if claim.citations else None
    return View(target, claim.when_us, "claim", total, used, limit, free, where, claim.when_us)


def of_placement(event: Event, host: HostNode) -> View:
    """Placement's own numbers when it refused an allocation."""
    v = event.values
    name = OF_CLASS.get(v["resource_class"])
    used = Resources(**({} if name is None else {name: v["used"]}))
    limit = Resources(**({} if name is None else {name: v["capacity"]}))
    free = Resources(**({} if name is None else {name: v["capacity"] - v["used"]}))
    return View(host, event.when_us, "placement", Resources(), used, limit, free, event.provenance, event.when_us)


def limited(total: Resources, used: Resources, ratios: Ratios) -> tuple[Resources, Resources]:
    """Limits (total × ratio) and what is free of them."""
    limit = Resources(*(
        None if t is None or r is None else t * r
        for t, r in zip(amounts(total), (ratios.vcpus, ratios.ram_mb, ratios.disk_gb), strict=True)
    ))  # fmt: skip
    free = Resources(*(
        None if most is None or taken is None else most - taken
        for most, taken in zip(amounts(limit), amounts(used), strict=True)
    ))  # fmt: skip
    return limit, free


def merged(first: Resources, second: Resources) -> Resources:
    """The first amounts, completed by the second."""
    return Resources(*(a if a is not None else b for a, b in zip(amounts(first), amounts(second), strict=True)))


def amounts(resources: Resources) -> tuple[float | None, float | None, float | None]:
    """vCPUs, RAM and disk of a set of amounts."""
    return resources.vcpus, resources.ram_mb, resources.disk_gb
