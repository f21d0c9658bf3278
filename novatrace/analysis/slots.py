"""For how many VMs of a burst a target had room, resource by resource."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from novatrace.analysis.bursts import Reached
from novatrace.analysis.views import RESOURCES
from novatrace.model.capacity import Capacity, Counted, Slots
from novatrace.model.migration import Resources


def slots_of(reached: list[Reached], capacity: Capacity | None, counted: Sequence[Counted]) -> Slots:
    """How many VMs of the burst the free capacity allowed, per resource; more than came are counted by the largest."""
    counts: dict[str, int] = {}
    left: dict[str, float] = {}
    # Whom the host let in came first, whatever clocks say.
    listed = sorted(reached, key=lambda r: r.arrival.outcome != "admitted")
    for name in RESOURCES:
        free = getattr(capacity.free, name) if capacity is not None else None
        needs = [getattr(r.arrival.demand, name) for r in listed]
        known = [need for need in needs if need is not None]
        if free is not None and any(known):
            counts[name], left[name] = fitting(free, known), free
    both = [together(left, [r.arrival.demand for r in listed])] if len(left) > 1 else []
    least = min([*counts.values(), *both, *(c.room for c in counted if c.room is not None)], default=None)
    return Slots(counts.get("vcpus"), counts.get("ram_mb"), counts.get("disk_gb"), least)


def together(free: dict[str, float], demands: Sequence[Resources]) -> int:
    """How many fit one after the other in all resources at once; then as many more of the largest.

    VMs of different sizes fill each resource with others: two that leave vCPUs to one VM and RAM to another leave room for none.
    """
    left, count = dict(free), 0
    for demand in demands:
        need = {name: getattr(demand, name) or 0 for name in left}
        if all(need[name] <= left[name] for name in left):
            left, count = {name: left[name] - need[name] for name in left}, count + 1
    if count < len(demands):
        return count
    largest = {name: max(getattr(demand, name) or 0 for demand in demands) for name in left}
    return count + min(math.floor(left[name] / most) for name, most in largest.items() if most)


def fitting(free: float, needs: Sequence[float]) -> int:
    """How many fit one after the other, those passed over that are too large; then as many more of the largest."""
    left, count = free, 0
    for need in needs:
        if need <= left:
            left, count = left - need, count + 1
    return count + (math.floor(left / max(needs)) if count == len(needs) else 0)


def proven_slots(slots: Slots, reached: list[Reached], binding: tuple[str, ...], counted: Sequence[Counted]) -> Slots:
    """Where a resource that has no count of its own refused (NUMA, PCI, affinity), those admitted are the slots.

    The three amounts say nothing of such a resource, so that with an end not logged the room for it is not known.
    """
    admitted = sum(r.arrival.outcome == "admitted" for r in reached)
    resolved = all(r.arrival.outcome != "unknown" for r in reached)
    if set(binding) & set(RESOURCES):
        # What somebody of unknown size took is in no count: the refusal, not the arithmetic, says that no more had room.
        if resolved and slots.all is not None and slots.all > admitted and _of_unknown_size(reached, binding):
            over = {name for name in binding if (getattr(slots, name, None) or 0) > admitted}
            return replace(slots, all=admitted, **dict.fromkeys(over, admitted))
        return replace(slots, all=admitted) if resolved and slots.all is None else slots
    if resolved:
        return replace(slots, all=admitted)
    return replace(
        slots, all=min((c.room for c in counted if c.resource in binding and c.room is not None), default=None)
    )


def _of_unknown_size(reached: list[Reached], binding: tuple[str, ...]) -> bool:
    """True when somebody was let in of whom no log tells how much of a binding resource was asked for."""
    inside = [r.arrival.demand for r in reached if r.arrival.outcome == "admitted"]
    return any(getattr(demand, name) is None for demand in inside for name in binding if name in RESOURCES)
