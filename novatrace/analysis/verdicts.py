"""The verdict on each burst: who fitted, who did not, on which resource, and how sure that is.

Up to Stein the compute claim arbitrates, where a filter sent a limit; from Pike placement does for vCPU, RAM and disk, so
that arithmetic over HostState proves nothing there and only a witness counts: a refused claim, placement's own
``Over capacity``, a late affinity error, or a view with more used than total × ratio.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from novatrace.analysis.bursts import Reached, began_us, find
from novatrace.analysis.capacity import Ledger
from novatrace.analysis.causes import cause, unguarded_beyond_total, unknown_because
from novatrace.analysis.order import Clocks, ranks, unknown_pairs
from novatrace.analysis.reasons import short_of
from novatrace.analysis.views import OF_CLASS, RESOURCES, amounts, merged
from novatrace.model.capacity import Arrival, Burst, Capacity, Slots
from novatrace.model.migration import Citation, HostNode, Migration, Resources

# Clocks of one cloud that differ by more than this are told of by the clock findings.
_CLOCKS_APART_US = 5_000_000


@dataclass(frozen=True, slots=True)
class Overload:
    """More used on a target than total × ratio allows, at or after a burst."""

    resource: str
    used: float
    limit: float
    basis: str
    citation: Citation | None


def judge(
    migrations: Sequence[Migration], ledger: Ledger, clocks: Clocks, *, claims_in_placement: bool | None
) -> tuple[Burst, ...]:
    """Every burst with its verdict, in the order in which they began."""
    found = find(migrations, ledger.room)
    starts: dict[str, list[int]] = {}
    for target, burst in found:
        starts.setdefault(ledger.room(target), []).append(began_us(burst) or 0)
    bursts = []
    for target, burst in found:
        following = [s for s in starts[ledger.room(target)] if s > (began_us(burst) or 0)]
        until = min(following) if following else None
        bursts.append(_judged(target, burst, ledger, clocks, until, claims_in_placement=claims_in_placement))
    return tuple(bursts)


def _judged(
    target: HostNode,
    reached: list[Reached],
    ledger: Ledger,
    clocks: Clocks,
    until_us: int | None,
    *,
    claims_in_placement: bool | None,
) -> Burst:
    picked = [r.arrival.selected_us for r in reached if r.arrival.selected_us is not None]
    capacity = ledger.before(ledger.room(target), min(picked, default=None), began_us(reached))
    capacity = _at_first_claim(reached, capacity)
    overloads = _overloads(target, reached, ledger, until_us)
    refused = [r for r in reached if r.arrival.outcome == "victim"]
    slots = _slots(reached, capacity)
    basis: str | None
    effect: str | None
    if refused:
        verdict, basis, effect, binding = "overcommitted", "proven", "refused", _binding(refused)
        slots = _proven_slots(slots, reached, binding)
    elif overloads:
        verdict, effect, binding = "overcommitted", "overloaded", tuple(o.resource for o in overloads)
        basis = "proven" if any(o.basis == "proven" for o in overloads) else "computed"
    else:
        sound = claims_in_placement is not True and _sound(target, reached, capacity, ledger)
        verdict, basis, binding = _computed(reached, capacity, sound=sound)
        effect = "refused" if verdict == "overcommitted" and _refusals_expected(reached) else None
    arrivals = _arrivals(reached, verdict, basis, slots, clocks)
    burst = Burst(
        target=target,
        first_us=min(picked, default=None),
        last_us=max(picked, default=None),
        arrivals=arrivals,
        capacity=capacity,
        slots=slots,
        binding=binding,
        verdict=verdict,
        basis=basis,
        effect=effect,
        candidates_most=_candidates_most(reached),
        cause="",
        unknown_because=unknown_because(reached, capacity, verdict),
        citations=_citations(reached, overloads, capacity),
        order_unknown=unknown_pairs(reached, clocks, room=slots.all),
    )
    return replace(burst, cause=cause(burst, overloads))


def _at_first_claim(reached: list[Reached], capacity: Capacity | None) -> Capacity | None:
    """The first claim of the burst is the most trusted view of what was free before it, though it comes later."""
    claims = [
        r.attempt.claim for r in reached
        if r.attempt.claim is not None and r.attempt.claim.resources and r.conflict is None
    ]  # fmt: skip
    if not claims:
        return capacity
    # Whose claim is not logged may have been there before the first logged one: then the view before the burst is the better.
    untold = any(r.arrival.outcome == "unknown" for r in reached)
    if untold and capacity is not None and capacity.source in ("claim", "tracker", "scheduler"):
        return capacity
    claim = min(claims, key=lambda c: c.when_us or 0)
    free = {r.resource: r.free for r in claim.resources if r.free is not None}
    if not free:
        return capacity
    own = Resources(**free)
    whole = merged(own, capacity.free) if capacity is not None else own
    where = claim.citations[0].provenance if claim.citations else None
    return Capacity(whole, "claim", "observed", claim.when_us, where)


def _overloads(target: HostNode, reached: list[Reached], ledger: Ledger, until_us: int | None) -> list[Overload]:
    """Resources that were used beyond total × ratio by what the burst brought; each once, the worst view of it."""
    first = began_us(reached) or 0
    worst: dict[str, Overload] = {}
    for view in ledger.during(target, first, until_us):
        if view.whose not in ("claim", "tracker", "scheduler"):
            continue
        ratios = ledger.ratios(target)
        for name in RESOURCES:
            total, used, ratio = getattr(view.total, name), getattr(view.used, name), getattr(ratios, name)
            if total is None or used is None or ratio is None or used <= total * ratio:
                continue
            place = (
                Citation(view.provenance, f"{view.whose}: used {used:g} of {total * ratio:g}")
                if view.provenance
                else None
            )
            seen = worst.get(name)
            if seen is None or used > seen.used:
                worst[name] = Overload(name, used, total * ratio, "proven", place)
    if not any(r.arrival.outcome == "admitted" for r in reached):
        return []
    return _with_granted(target, reached, ledger, worst)


def _with_granted(
    target: HostNode, reached: list[Reached], ledger: Ledger, worst: dict[str, Overload]
) -> list[Overload]:
    """Overloads with the VM of each granted claim added to the use that the claim itself printed before it."""
    ratios = ledger.ratios(target)
    for item in reached:
        claim = item.attempt.claim
        if claim is None or not claim.granted or item.conflict is not None:
            continue
        for resource in claim.resources:
            name = resource.resource
            need, ratio = getattr(claim.demand, name), getattr(ratios, name)
            if resource.used is None or resource.total is None or need is None or ratio is None:
                continue
            after, limit = resource.used + need, resource.total * ratio
            seen = worst.get(name)
            if after > limit and (seen is None or after > seen.used):
                place = claim.citations[-1] if claim.citations else None
                worst[name] = Overload(name, after, limit, seen.basis if seen else "computed", place)
    return list(worst.values())


def _binding(refused: list[Reached]) -> tuple[str, ...]:
    """The resources that refusals name, most often named first."""
    counts: dict[str, int] = {}
    for item in refused:
        if item.conflict is not None:
            named = [OF_CLASS.get(item.conflict.resource_class or "", item.conflict.resource_class or "unknown")]
        else:
            named = [*short_of([item.arrival.reason or ""])]
        for name in dict.fromkeys(named):
            counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def _slots(reached: list[Reached], capacity: Capacity | None) -> Slots:
    """How many VMs of the largest demand in the burst the free capacity allowed, per resource."""
    if capacity is None:
        return Slots()
    counts: dict[str, int] = {}
    for name in RESOURCES:
        free = getattr(capacity.free, name)
        needs = [getattr(r.arrival.demand, name) for r in reached]
        known = [need for need in needs if need]
        if free is not None and known and len(known) == len([n for n in needs if n is not None]):
            counts[name] = max(0, math.floor(free / max(known)))
    return Slots(counts.get("vcpus"), counts.get("ram_mb"), counts.get("disk_gb"), min(counts.values(), default=None))


def _proven_slots(slots: Slots, reached: list[Reached], binding: tuple[str, ...]) -> Slots:
    """Where a resource that has no count of its own refused (NUMA, PCI, affinity), those admitted are the slots."""
    admitted = sum(r.arrival.outcome == "admitted" for r in reached)
    resolved = all(r.arrival.outcome != "unknown" for r in reached)
    if resolved and (slots.all is None or not set(binding) & set(RESOURCES)):
        return replace(slots, all=admitted)
    return slots


def _computed(
    reached: list[Reached], capacity: Capacity | None, *, sound: bool
) -> tuple[str, str | None, tuple[str, ...]]:
    """Verdict by arithmetic, where no witness spoke.

    That somebody fitted is never computed: the three amounts say nothing of NUMA cells, devices and groups.
    """
    if all(r.arrival.outcome == "admitted" for r in reached):
        unguarded = tuple(unguarded_beyond_total(reached))
        return ("contended", "inferred", unguarded) if unguarded else ("fits", "proven", ())
    free = capacity.free if capacity else Resources()
    exceeded = tuple(
        name
        for name, need, room in zip(RESOURCES, amounts(_sum(reached)), amounts(free), strict=True)
        if need is not None and room is not None and need > room
    )
    if exceeded and sound:
        return "overcommitted", "computed", exceeded
    if len(reached) == 1 and not exceeded:
        return "unknown", None, ()
    return "contended", "inferred", exceeded


def _sound(target: HostNode, reached: list[Reached], capacity: Capacity | None, ledger: Ledger) -> bool:
    """True when demand above the free capacity proves that somebody did not fit.

    The view must be of before the burst whatever the clocks say, nobody of the burst may be in it already, and nobody
    may have left the host since. What the user states of a host is taken at its word.
    """
    if capacity is None or capacity.source == "host-state" or not ledger.one_node(target):
        return False
    if capacity.source.endswith("inventory-file"):
        return True
    first, last = began_us(reached), max((r.arrival.selected_us or 0 for r in reached), default=0)
    if first is None or capacity.age_us is None or capacity.when_us is None or capacity.age_us < _CLOCKS_APART_US:
        return False
    change = ledger.changed(target, first - capacity.age_us - _CLOCKS_APART_US, last + _CLOCKS_APART_US)
    if change.left or change.unknown:
        return False
    return capacity.source != "scheduler" or ledger.steady(target, capacity.when_us, last + _CLOCKS_APART_US)


def _sum(reached: list[Reached]) -> Resources:
    totals = []
    for name in RESOURCES:
        needs = [getattr(r.arrival.demand, name) for r in reached]
        totals.append(sum(need for need in needs if need is not None) if any(n is not None for n in needs) else None)
    return Resources(*totals)


def _candidates_most(reached: list[Reached]) -> int | None:
    counts = [
        len(r.attempt.schedule.candidates) for r in reached if r.attempt.schedule and r.attempt.schedule.candidates
    ]
    return max(counts, default=None)


def _refusals_expected(reached: list[Reached]) -> bool:
    return any(r.migration.outcome == "failed" for r in reached)


def _arrivals(
    reached: list[Reached], verdict: str, basis: str | None, slots: Slots, clocks: Clocks
) -> tuple[Arrival, ...]:
    """Arrivals with the outcome that arithmetic gives where no log tells: the first that fit are admitted.

    Only for a computed verdict, and only as far as clocks tell who was first: who may have been on either side of the
    border stays unknown.
    """
    if verdict != "overcommitted" or basis != "computed" or slots.all is None:
        return tuple(r.arrival for r in reached)
    room = slots.all - sum(r.arrival.outcome == "admitted" for r in reached)
    # Who is known to have failed is not given a place; the others take theirs in the order in which they came.
    waiting = [n for n, r in enumerate(reached) if r.arrival.outcome == "unknown" and r.migration.outcome != "failed"]
    told: dict[int, str] = {n: "victim" for n, r in enumerate(reached) if r.arrival.outcome == "unknown"}
    for n, (before, behind) in zip(waiting, ranks([reached[n] for n in waiting], clocks), strict=True):
        if before >= room:
            continue
        if len(waiting) - 1 - behind < room:
            told[n] = "admitted"
        else:
            del told[n]
    return tuple(
        replace(r.arrival, outcome=told[n], outcome_basis="computed") if n in told else r.arrival
        for n, r in enumerate(reached)
    )


def _citations(reached: list[Reached], overloads: list[Overload], capacity: Capacity | None) -> tuple[Citation, ...]:
    found = [o.citation for o in overloads if o.citation is not None]
    found += [c for r in reached for c in r.arrival.citations[:1]]
    if capacity is not None and capacity.provenance is not None:
        found.append(Citation(capacity.provenance, f"capacity before the burst ({capacity.source})"))
    return tuple(found)
