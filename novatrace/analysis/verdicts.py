"""The verdict on each burst: who fitted, who did not, on which resource, and how sure that is.

Up to Stein the compute claim arbitrates, where a filter sent a limit; from Pike placement does for vCPU, RAM and disk, so
that arithmetic over HostState proves nothing there and only a witness counts: a refused claim, placement's own
``Over capacity``, a late affinity error, or a view with more used than total × ratio.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from novatrace.analysis.bursts import Reached, began_us, find
from novatrace.analysis.capacity import Ledger
from novatrace.analysis.causes import cause, unguarded_beyond_total, unknown_because
from novatrace.analysis.choices import among_several
from novatrace.analysis.classes import Classes
from novatrace.analysis.order import CLOCKS_APART_US, Clocks, ranks, unknown_pairs
from novatrace.analysis.overloads import Overload, overloads
from novatrace.analysis.reasons import short_of
from novatrace.analysis.slots import proven_slots, slots_of
from novatrace.analysis.views import OF_CLASS, RESOURCES, amounts, merged
from novatrace.model.capacity import Arrival, Burst, Capacity, Counted, Slots
from novatrace.model.hands import Hands
from novatrace.model.kept import Shelf
from novatrace.model.migration import Citation, HostNode, Migration, Resources
from novatrace.model.parts import changed


def judge(
    migrations: Sequence[Migration],
    ledger: Ledger,
    classes: Classes,
    clocks: Clocks,
    hands: Hands,
    *,
    claims_in_placement: bool | None,
) -> tuple[Burst, ...]:
    """Every burst with its verdict, in the order in which they began."""
    found = find(migrations, ledger.room)
    starts: dict[str, list[int]] = {}
    for target, burst in found:  # in the order in which they began
        starts.setdefault(ledger.room(target), []).append(began_us(burst) or 0)

    def of_burst(number: int, _shelf: Shelf) -> Iterator[Burst]:
        scene = _scene(*found[number], starts, ledger, classes, claims_in_placement=claims_in_placement)
        judged = _judged(scene, clocks)
        told = [a for a, r in zip(judged.arrivals, scene.reached, strict=True) if a is not r.arrival]
        yield judged if told else replace(judged, arrivals=())  # they are known where the work was asked for

    judged = hands.share(of_burst, range(len(found)))
    bursts = [
        burst if burst.arrivals else replace(burst, arrivals=tuple(r.arrival for r in reached))
        for burst, (_, reached) in zip(judged, found, strict=True)
    ]
    return among_several(bursts, migrations)


def _scene(
    target: HostNode,
    burst: list[Reached],
    starts: dict[str, list[int]],
    ledger: Ledger,
    classes: Classes,
    *,
    claims_in_placement: bool | None,
) -> _Scene:
    of_room = starts[ledger.room(target)]
    following = bisect_right(of_room, began_us(burst) or 0)
    picked = [r.arrival.selected_us for r in burst if r.arrival.selected_us is not None]
    first = min(picked, default=None)
    capacity = _at_first_claim(burst, ledger.before(ledger.room(target), first, began_us(burst)))
    held = overloads(target, burst, ledger, of_room[following] if following < len(of_room) else None)
    counted = classes.before(target, burst, first)
    if claims_in_placement and not held:
        capacity = _not_contradicted(burst, capacity)
    if capacity is not None and not capacity.free.known:
        capacity = None
    return _Scene(target, burst, capacity, counted, held, ledger, classes, claims_in_placement)


@dataclass(frozen=True, slots=True)
class _Scene:
    """All that a burst is judged by."""

    target: HostNode
    reached: list[Reached]
    capacity: Capacity | None
    counted: tuple[Counted, ...]
    overloads: list[Overload]
    ledger: Ledger
    classes: Classes
    claims_in_placement: bool | None

    @property
    def unguarded(self) -> dict[str, tuple[float, float]]:
        """See ``unguarded_beyond_total``; what placement lets in is guarded there, though no claim has a limit."""
        if self.claims_in_placement:
            return {}
        return unguarded_beyond_total(self.reached, self.ledger.ratios(self.target))


@dataclass(frozen=True, slots=True)
class _Ruling:
    """The verdict itself; see ``Burst``."""

    verdict: str
    basis: str | None
    effect: str | None
    binding: tuple[str, ...]
    slots: Slots


def _judged(scene: _Scene, clocks: Clocks) -> Burst:
    reached, capacity = scene.reached, scene.capacity
    picked = [r.arrival.selected_us for r in reached if r.arrival.selected_us is not None]
    ruling = _ruled(scene)
    slots = _believed(ruling, scene)
    burst = Burst(
        target=scene.target,
        first_us=min(picked, default=None),
        last_us=max(picked, default=None),
        # Pages and devices are taken in the order of the claims, which no clock of a scheduler tells.
        arrivals=tuple(r.arrival for r in reached)
        if any(c.resource in ruling.binding for c in scene.counted)
        else _arrivals(reached, ruling.verdict, ruling.basis, slots, clocks),
        capacity=capacity,
        slots=slots,
        binding=ruling.binding,
        verdict=ruling.verdict,
        basis=ruling.basis,
        effect=ruling.effect,
        candidates_most=_candidates_most(reached),
        cause="",
        unknown_because=unknown_because(reached, capacity, ruling.verdict, scene.unguarded),
        citations=_citations(reached, scene.overloads, capacity),
        order_unknown=unknown_pairs(reached, clocks, room=slots.all),
        named=sum(_named(r, scene.target) for r in reached),
        passes_logged=sum(bool(r.attempt.schedule and r.attempt.schedule.candidates) for r in reached),
        # What is free of PCI pools tells something where devices were short.
        counted=tuple(c for c in scene.counted if c.resource != "pci" or "pci" in ruling.binding),
    )
    return replace(burst, cause=cause(burst, scene.overloads))


def _believed(ruling: _Ruling, scene: _Scene) -> Slots:
    """The room, unless more were let in where placement lets in no more than fit: then the view of it was old."""
    inside = sum(r.arrival.outcome == "admitted" for r in scene.reached)
    old = ruling.slots.all is not None and ruling.slots.all < inside
    return (
        replace(ruling.slots, all=None) if old and scene.claims_in_placement and not scene.overloads else ruling.slots
    )


def _named(reached: Reached, target: HostNode) -> bool:
    """True when the request itself named the target: forced without the scheduler, or as the one host to look at."""
    attempt = reached.attempt
    limited = attempt.schedule.limited_to if attempt.schedule is not None else ()
    only = bool(limited) and all(name in (target.host, target.node) for name in limited)
    return only or attempt.forced or reached.migration.forced_host == target.host


def _ruled(scene: _Scene) -> _Ruling:
    """Who is heard first: a refusal, then more used than there is, then arithmetic."""
    reached, overloads = scene.reached, scene.overloads
    slots = slots_of(reached, scene.capacity, scene.counted)
    refused = [r for r in reached if r.arrival.outcome == "victim"]
    if refused:
        bound = _binding(refused)
        return _Ruling("overcommitted", "proven", "refused", bound, proven_slots(slots, reached, bound, scene.counted))
    if overloads:
        basis = "proven" if any(o.basis == "proven" for o in overloads) else "computed"
        return _Ruling("overcommitted", basis, "overloaded", tuple(o.resource for o in overloads), slots)
    verdict, computed, bound = _computed(scene)
    effect = "refused" if verdict == "overcommitted" and _refusals_expected(reached) else None
    return _Ruling(verdict, computed, effect, bound, slots)


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


def _not_contradicted(reached: list[Reached], capacity: Capacity | None) -> Capacity | None:
    """Without the amounts that cannot be those of before the burst: placement lets in no more than fit, and more came in.

    Such a view is old: what left the host since is in no log of the case.
    """
    if capacity is None:
        return None
    slots, inside = slots_of(reached, capacity, ()), sum(r.arrival.outcome == "admitted" for r in reached)
    stale = [name for name in RESOURCES if (room := getattr(slots, name)) is not None and room < inside]
    return replace(capacity, free=changed(capacity.free, **dict.fromkeys(stale))) if stale else capacity


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


def _computed(scene: _Scene) -> tuple[str, str | None, tuple[str, ...]]:
    """Verdict by arithmetic, where no witness spoke.

    That somebody fitted is never computed: the amounts do not say all that a host is asked for.
    """
    reached = scene.reached
    if all(r.arrival.outcome == "admitted" for r in reached):
        unguarded = tuple(scene.unguarded)
        return ("contended", "inferred", unguarded) if unguarded else ("fits", "proven", ())
    last = max((r.arrival.selected_us or 0 for r in reached), default=0)
    beyond = [c.resource for c in scene.counted if scene.classes.beyond(c, scene.target, last, CLOCKS_APART_US)]
    if beyond:
        return "overcommitted", "computed", tuple(dict.fromkeys(beyond))
    free = scene.capacity.free if scene.capacity else Resources()
    exceeded = tuple(
        name
        for name, need, room in zip(RESOURCES, amounts(_sum(reached)), amounts(free), strict=True)
        if need is not None and room is not None and need > room
    )
    if exceeded and scene.claims_in_placement is not True and _sound(scene):
        return "overcommitted", "computed", exceeded
    if not exceeded and (len(reached) == 1 or _roomy(scene)):
        return "unknown", None, ()
    return "contended", "inferred", exceeded


def _roomy(scene: _Scene) -> bool:
    """True where all that is counted had room for all: the demands are known, and nothing is left to contend for."""
    asked = [need for r in scene.reached for need in amounts(r.arrival.demand)]
    free = amounts(scene.capacity.free) if scene.capacity else (None,)
    short = any(c.room is not None and c.room < len(scene.reached) for c in scene.counted)
    return None not in (*asked, *free) and not short


def _sound(scene: _Scene) -> bool:
    """True when demand above the free capacity proves that somebody did not fit.

    The view must be of before the burst whatever the clocks say, nobody of the burst may be in it already, and nobody
    may have left the host since. What the user states of a host is taken at its word.
    """
    target, reached, capacity, ledger = scene.target, scene.reached, scene.capacity, scene.ledger
    if capacity is None or capacity.source == "host-state" or not ledger.one_node(target):
        return False
    if capacity.source.endswith("inventory-file"):
        return True
    first, last = began_us(reached), max((r.arrival.selected_us or 0 for r in reached), default=0)
    if first is None or capacity.age_us is None or capacity.when_us is None or capacity.age_us < CLOCKS_APART_US:
        return False
    change = ledger.changed(target, first - capacity.age_us - CLOCKS_APART_US, last + CLOCKS_APART_US)
    if change.left or change.unknown:
        return False
    return capacity.source != "scheduler" or ledger.steady(target, capacity.when_us, last + CLOCKS_APART_US)


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
    # Nor is anybody called a victim whose move succeeded: nothing limited the claims, or it was tried elsewhere.
    lost = {n: "victim" for n, r in enumerate(reached) if r.migration.outcome != "succeeded"}
    told = {n: word for n, word in lost.items() if reached[n].arrival.outcome == "unknown"}
    for n, (before, behind) in zip(waiting, ranks([reached[n] for n in waiting], clocks), strict=True):
        if before >= room:
            continue
        if len(waiting) - 1 - behind < room:
            told[n] = "admitted"
        else:
            told.pop(n, None)
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
