"""Hosts with room for the VMs of a burst that no pass of it weighed, and what kept them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from novatrace.analysis.capacity import Ledger
from novatrace.analysis.choices import Decision
from novatrace.analysis.views import OF_CLASS, RESOURCES
from novatrace.analysis.why import why_not
from novatrace.model.capacity import Burst, Capacity
from novatrace.model.insight import Idle, IdleHost
from novatrace.model.migration import Citation, HostNode, Resources
from novatrace.model.subject import Subject

_EXPLAINED = 3


def idle(burst: Burst, taken: Sequence[Decision], ledger: Ledger) -> Idle | None:
    """The hosts left out of a burst's passes that had room for its largest VM; None where there is none or it is not known.

    Of what NUMA cells, devices and groups have room for a host's amounts say nothing.
    """
    demand = _largest(burst, taken)
    if not taken or demand.ram_mb is None or not set(burst.binding) <= set(RESOURCES):
        return None
    known = _known(burst, taken)
    found = []
    for host in ledger.hosts():
        capacity = None if host in known else ledger.placeable(host, burst.first_us)
        if capacity is not None and _room(capacity, demand):
            found.append(_host(host, capacity))
    if not found:
        return None
    found.sort(key=lambda h: (-(h.free.ram_mb or 0), h.host))
    explained = [_explained(h, taken[0], ledger) for h in found[:_EXPLAINED]]
    return Idle(burst.target, len(taken), demand, (*explained, *found[_EXPLAINED:]))


def _largest(burst: Burst, taken: Sequence[Decision]) -> Resources:
    """The most of each resource that a VM of the burst is known to ask for, by placement's refusals too."""
    most: dict[str, float] = {}
    asked = [(name, getattr(a.demand, name)) for a in burst.arrivals for name in RESOURCES]
    asked += [
        (OF_CLASS[claim.resource_class], claim.needed)
        for decision in taken
        for claim in decision.schedule.placement_claims
        if claim.resource_class in OF_CLASS
    ]
    for name, amount in asked:
        if amount is not None:
            most[name] = max(amount, most.get(name, amount))
    return Resources(**most)


def _known(burst: Burst, taken: Sequence[Decision]) -> set[str]:
    """Hosts that took part: the target, whatever was weighed or tried, where the VMs came from, what requests excluded."""
    hosts = {burst.target.host}
    for decision in taken:
        hosts.update(c.host.host for c in decision.schedule.candidates)
        hosts.update(decision.schedule.ignored)
        hosts.update(a.selected.host for a in decision.migration.attempts if a.selected is not None)
        if decision.migration.source is not None:
            hosts.add(decision.migration.source.host)
    return hosts


def _room(capacity: Capacity, demand: Resources) -> bool:
    """True when RAM is known to suffice and nothing else is known not to."""
    if capacity.free.ram_mb is None or capacity.basis == "assumed":
        return False
    pairs = ((getattr(capacity.free, name), getattr(demand, name)) for name in RESOURCES)
    return all(free is None or need is None or free >= need for free, need in pairs)


def _host(host: str, capacity: Capacity) -> IdleHost:
    cited = (
        ()
        if capacity.provenance is None
        else (Citation(capacity.provenance, f"free before the burst ({capacity.source})"),)
    )
    return IdleHost(HostNode(host), capacity.free, capacity.source, capacity.basis, capacity.age_us, "", "", cited)


def _explained(idle_host: IdleHost, first: Decision, ledger: Ledger) -> IdleHost:
    """With why the first pass did not choose it."""
    only = replace(first.migration, attempts=tuple(a for a in first.migration.attempts if a.schedule is first.schedule))
    answer = why_not(
        Subject("host", idle_host.host.host, (only,), ()), idle_host.host.host, ledger.views_about(idle_host.host.host)
    )
    cited = tuple(dict.fromkeys([*idle_host.citations, *answer.citations]))
    return replace(idle_host, excluded=answer.sentence, excluded_basis=answer.basis, citations=cited)
