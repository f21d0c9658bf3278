"""Bursts: the attempts that were in flight to one target at the same time, in arrival order.

An attempt is in flight from its selection (or cast) until its claim was answered or it ended. Where no log tells the end,
it is taken to last one audit period of the resource tracker (60 s), after which the target's own usage shows the VM.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from novatrace.analysis.views import OF_CLASS, merged
from novatrace.model.capacity import Arrival
from novatrace.model.migration import Attempt, Citation, HostNode, Migration, PlacementClaim, Resources, Stamp

AUDIT_PERIOD_US = 60_000_000
#: How the reason of an arrival begins that placement turned away.
PLACEMENT_REFUSED = "placement refused "


@dataclass(frozen=True, slots=True)
class Reached:
    """An attempt that reached for a target, and how the target answered."""

    arrival: Arrival
    attempt: Attempt
    migration: Migration
    conflict: PlacementClaim | None

    @property
    def stamp(self) -> Stamp | None:
        """Whose clock tells when the target was picked, or refused by placement."""
        if self.conflict is not None:
            return Stamp("refusal", self.conflict.node, self.conflict.provenance)
        return self.attempt.stamp

    @property
    def begin_us(self) -> int | None:
        """From when on the decision for the target was under way.

        That is when its scheduler pass began to look at hosts; where the target alone tells of it (INFO), when
        the action was accepted, or the target before it refused.
        """
        attempt = self.attempt
        if attempt.schedule is not None:
            started = attempt.schedule.started_us
        else:
            blind = attempt.stamp is not None and attempt.stamp.what == "claim"
            started = self._free_us() if blind else None
        picked = self.arrival.selected_us
        return picked if started is None or (picked is not None and picked < started) else started

    def _free_us(self) -> int | None:
        """When the conductor could send the VM to this target: from Queens on it takes an alternate without a pass."""
        if self.attempt.number == 1:
            return self.migration.accepted_us
        before = self.migration.attempts[self.attempt.number - 2].claim
        return before.when_us if before is not None and before.granted is False else None

    @property
    def end_us(self) -> int | None:
        """When it was no longer in flight."""
        if self.arrival.ended_us is not None:
            return self.arrival.ended_us
        return None if self.begin_us is None else self.begin_us + AUDIT_PERIOD_US


def find(migrations: Sequence[Migration], room: Callable[[HostNode], str]) -> list[tuple[HostNode, list[Reached]]]:
    """Each target's bursts, in the order in which they began; ``room`` tells whose resources a target has."""
    by_host: dict[str, list[Reached]] = defaultdict(list)
    nodes: dict[str, HostNode] = {}
    for migration in migrations:
        for target, reached in _reached(migration):
            key = room(target)
            by_host[key].append(reached)
            known = nodes.get(key)
            nodes[key] = target if known is None or known.node is None else known
    bursts = [
        (nodes[host], in_arrival_order(kept))
        for host in sorted(by_host)
        for burst in _overlapping(by_host[host])
        if (kept := _who_took_room(burst))
    ]
    return sorted(bursts, key=lambda item: (began_us(item[1]) or 0, item[0].host, item[0].node or ""))


def _who_took_room(burst: list[Reached]) -> list[Reached]:
    """A burst without those whom the check before a live migration passed over: the target never took them.

    Where placement refused others meanwhile they count: until the check their allocations held the room.
    """
    if any(r.conflict is not None for r in burst):
        return burst
    return [r for r in burst if r.attempt.check is None]


def began_us(burst: list[Reached]) -> int | None:
    """When the first decision of a burst was under way."""
    return min((r.begin_us for r in burst if r.begin_us is not None), default=None)


def _reached(migration: Migration) -> Iterable[tuple[HostNode, Reached]]:
    for attempt in migration.attempts:
        conflicts = [c for c in attempt.schedule.placement_claims if c.target is not None] if attempt.schedule else []
        for conflict in conflicts:
            if conflict.target is not None and conflict.resource_class is not None:
                yield conflict.target, _turned_away(migration, attempt, conflict)
        if attempt.selected is not None:
            yield attempt.selected, _arrived(migration, attempt)


def _turned_away(migration: Migration, attempt: Attempt, conflict: PlacementClaim) -> Reached:
    numbers = ""
    if conflict.needed is not None:
        numbers = f": needed {conflict.needed:g}, used {conflict.used:g}, capacity {conflict.capacity:g}"
    name = OF_CLASS.get(conflict.resource_class or "")
    needed = {} if name is None or conflict.needed is None else {name: conflict.needed}
    arrival = Arrival(
        instance_uuid=migration.instance_uuid,
        request_id=migration.request_id,
        action=migration.action,
        selected_us=conflict.when_us,
        ended_us=conflict.when_us,
        demand=merged(attempt.demand, Resources(**needed)),
        demand_basis=attempt.demand_basis or ("observed" if needed else None),
        outcome="victim",
        outcome_basis="proven",
        reason=f"{PLACEMENT_REFUSED}{conflict.resource_class}{numbers}",
        citations=(Citation(conflict.provenance, "placement-claim-refused"),),
    )
    return Reached(arrival, attempt, migration, conflict)


def _arrived(migration: Migration, attempt: Attempt) -> Reached:
    claim = attempt.claim
    outcome, reason = "unknown", None
    if claim is not None and claim.granted is not None:
        outcome = "admitted" if claim.granted else "victim"
        reason = "; ".join(claim.reasons) or None
    elif attempt.outcome == "succeeded":
        outcome = "admitted"
    elif attempt.check is not None:
        reason = f"failed the check before the move: {attempt.check}"
    arrival = Arrival(
        instance_uuid=migration.instance_uuid,
        request_id=migration.request_id,
        action=migration.action,
        selected_us=attempt.selected_us,
        ended_us=claim.when_us if claim is not None and claim.granted is not None else attempt.ended_us,
        demand=attempt.demand,
        demand_basis=attempt.demand_basis,
        outcome=outcome,
        outcome_basis="proven" if outcome != "unknown" else None,
        reason=reason,
        citations=attempt.citations[-2:],
    )
    return Reached(arrival, attempt, migration, None)


def _overlapping(reached: list[Reached]) -> Iterable[list[Reached]]:
    """Splits a target's arrivals where nobody was in flight."""
    ordered = sorted(
        reached, key=lambda r: (r.begin_us or 0, r.arrival.request_id or "", r.arrival.instance_uuid or "")
    )
    burst: list[Reached] = []
    until = 0
    for item in ordered:
        if burst and (item.begin_us or 0) > until:
            yield burst
            burst = []
        burst.append(item)
        until = max(until, item.end_us or 0) if len(burst) > 1 else item.end_us or 0
    if burst:
        yield burst


def in_arrival_order(burst: list[Reached]) -> list[Reached]:
    """A burst's arrivals by the moment at which each target was picked (or refused by placement).

    Without DEBUG who was let in is known by its claim alone, which comes after its allocation: placement refuses for want of
    room when that is taken, so that they stand before the first refusal.
    """
    refused = min((r.arrival.selected_us or 0 for r in burst if r.conflict is not None), default=None)

    def key(item: Reached) -> tuple[int, int, int, str, str]:
        when = item.arrival.selected_us or 0
        late = item.stamp is not None and item.stamp.what == "claim" and item.arrival.outcome == "admitted"
        before = late and refused is not None and when >= refused and (item.begin_us or 0) <= refused
        place = (refused or 0) if before else when
        return (place, 0 if before else 1, when, item.arrival.request_id or "", item.arrival.instance_uuid or "")

    return sorted(burst, key=key)
