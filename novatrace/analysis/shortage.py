"""Batches that were larger than what all the hosts that passed had room for: no order of choices would have placed them.

The room is counted from above (the smallest demand, of the resources that are known), the batch from below (only moves whose
lists of hosts are logged), so that what is called too many was too many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from novatrace.analysis.capacity import Ledger
from novatrace.analysis.choices import Decision, Key, decisions
from novatrace.analysis.order import CLOCKS_APART_US
from novatrace.analysis.slots import fitting
from novatrace.analysis.views import RESOURCES
from novatrace.model.capacity import Arrival, Burst, Capacity
from novatrace.model.insight import Shortage
from novatrace.model.migration import Citation, HostNode, Migration

_SEVERAL = 2


def shortages(
    flagged: Sequence[Burst], every: Sequence[Burst], known: Mapping[Key, Migration], ledger: Ledger
) -> tuple[Shortage, ...]:
    """One for each batch behind the flagged bursts that was too large for its hosts; each burst belongs to one batch."""
    found, seen = [], set()
    for burst in flagged:
        if id(burst) in seen:
            continue
        batch = _Batch(burst, every, known, ledger)
        seen |= {id(b) for b in batch.bursts}
        shortage = batch.shortage()
        if shortage is not None:
            found.append(shortage)
    return tuple(found)


class _Batch:
    """The bursts that run at the same time for hosts of the same lists, with those lists."""

    def __init__(self, first: Burst, every: Sequence[Burst], known: Mapping[Key, Migration], ledger: Ledger) -> None:
        self.bursts = [first]
        self._ledger = ledger
        self._taken: list[Decision] = []
        # By room: nodes of one service host have rooms of their own.
        self._hosts: dict[str, HostNode] = {}
        self._add(first, known)
        left = [b for b in every if b is not first]
        for burst in self.bursts:  # grows while it is gone through
            moves = _moves(burst)
            more = [b for b in left if ledger.room(b.target) in self._hosts and _of_one_batch(b, burst, moves)]
            for found in more:
                self._add(found, known)
            self.bursts += more
            left = [b for b in left if not any(b is found for found in more)]

    def _add(self, burst: Burst, known: Mapping[Key, Migration]) -> None:
        taken = decisions(burst, known)
        self._taken += taken
        self._hosts.setdefault(self._ledger.room(burst.target), burst.target)
        for decision in taken:
            for candidate in decision.schedule.candidates:
                self._hosts.setdefault(self._ledger.room(candidate.host), candidate.host)

    def shortage(self) -> Shortage | None:
        """None where there was room for all, one host alone, or something that the sum needs is not known."""
        arrivals = [a for burst in self.bursts for a in burst.arrivals]
        moves = set().union(*map(_moves, self.bursts))
        listed = {(d.arrival.instance_uuid, d.arrival.request_id) for d in self._taken}
        least = _least(arrivals)
        first_us, last_us = min(b.first_us or 0 for b in self.bursts), max(b.last_us or 0 for b in self.bursts)
        if len(self._hosts) < _SEVERAL or moves != listed or not least:
            return None
        capacities = [(h, self._ledger.before(room, first_us)) for room, h in self._hosts.items()]
        rooms = [
            (h, c, _slots(c, least)) for h, c in capacities if c is not None and _holds(h, c, last_us, self._ledger)
        ]
        counted = [(h, c, slots) for h, c, slots in rooms if slots is not None]
        room = sum(slots for _, _, slots in counted)
        let_in = {(a.instance_uuid, a.request_id) for a in arrivals if a.outcome == "admitted"}
        if len(counted) < len(self._hosts) or room >= len(moves) or len(let_in) > room:
            return None
        return Shortage(
            targets=tuple(dict.fromkeys(b.target for b in self.bursts)),
            hosts=tuple((h, slots) for h, _, slots in counted),
            moves=len(moves),
            short_of=tuple(name for name in RESOURCES if _of_one(counted, least, name) < len(moves)),
            apart_us=last_us - first_us,
            citations=tuple(
                dict.fromkeys([*_views(counted), *(c for d in self._taken if (c := d.citation) is not None)])
            ),
        )


def _of_one_batch(one: Burst, other: Burst, moves_of_other: set[Key]) -> bool:
    """True for bursts at the same time, and for two of one VM's attempts."""
    if one.first_us is None or one.last_us is None or other.first_us is None or other.last_us is None:
        return False
    if one.first_us <= other.last_us and other.first_us <= one.last_us:
        return True
    return not moves_of_other.isdisjoint((a.instance_uuid, a.request_id) for a in one.arrivals)


def _moves(burst: Burst) -> set[Key]:
    return {(a.instance_uuid, a.request_id) for a in burst.arrivals}


def _least(arrivals: Sequence[Arrival]) -> dict[str, float]:
    """The smallest demand of each resource; of those only that are known of all."""
    found: dict[str, float] = {}
    asked = [a.demand for a in arrivals if a.demand_basis != "assumed"]
    for name in RESOURCES:
        known = [need for demand in asked if (need := getattr(demand, name))]
        if known and len(known) == len(arrivals):
            found[name] = min(known)
    return found


def _holds(host: HostNode, capacity: Capacity, until_us: int, ledger: Ledger) -> bool:
    """True when what was free is known of the host itself and nothing left it until the batch was through."""
    if capacity.basis == "assumed" or capacity.source in ("host-state", "placement") or capacity.when_us is None:
        return False
    change = ledger.changed(host, capacity.when_us - CLOCKS_APART_US, until_us + CLOCKS_APART_US)
    return not change.left and not change.unknown


def _slots(capacity: Capacity, least: Mapping[str, float]) -> int | None:
    counts = [
        fitting(free, [amount]) for name, amount in least.items() if (free := getattr(capacity.free, name)) is not None
    ]
    return min(counts) if counts else None


def _of_one(counted: Iterable[tuple[HostNode, Capacity, int]], least: Mapping[str, float], name: str) -> float:
    """How many there is room for by one resource alone; unlimited where it is not known of every host."""
    frees = [getattr(capacity.free, name) for _, capacity, _ in counted]
    if name not in least or None in frees:
        return float("inf")
    return sum(fitting(free, [least[name]]) for free in frees)


def _views(counted: Iterable[tuple[HostNode, Capacity, int]]) -> Iterator[Citation]:
    for _, capacity, _ in counted:
        if capacity.provenance is not None:
            yield Citation(capacity.provenance, f"free before the batch ({capacity.source})")
