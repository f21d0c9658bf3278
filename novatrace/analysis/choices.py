"""The choices behind a burst side by side: which rested on one view of the target, which had other hosts with room.

``HostState`` prints free RAM and disk, no vCPU, in every release (nova/scheduler/host_manager.py), and is made anew from the
database row for each request or kept and reduced by each own choice, so that equal numbers in two decisions mean that the
later one did not know of the earlier.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from novatrace.analysis.bursts import AUDIT_PERIOD_US
from novatrace.analysis.capacity import Ledger
from novatrace.model.capacity import Arrival, Burst
from novatrace.model.insight import Herd, SharedView
from novatrace.model.migration import Attempt, Candidate, Citation, Migration, Pass, Resources

_AT_LEAST = 2
_MB_OF_GB = 1024
_LISTS = ("hosts-weighed", "hosts-filtered")
Key = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Decision:
    """A pass that took a burst's target, or tried it in placement, with what it saw of it."""

    arrival: Arrival
    migration: Migration
    schedule: Pass
    seen: Candidate | None

    @property
    def when_us(self) -> int:
        """When the target was taken."""
        return self.arrival.selected_us or self.schedule.ended_us or 0

    @property
    def citation(self) -> Citation | None:
        """The list in which the target stands."""
        listed = [c for c in self.schedule.citations if c.what in _LISTS]
        return listed[-1] if listed else None


class _Vcpus:
    """Free vCPUs of hosts before a burst, which no HostState tells; each host is asked for once."""

    def __init__(self, burst: Burst, ledger: Ledger) -> None:
        self._first_us = burst.first_us
        self._ledger = ledger
        self._free: dict[str, float | None] = {}

    def of(self, candidate: Candidate) -> float | None:
        """Of a candidate; None where it is not known."""
        host = self._ledger.room(candidate.host)
        if host not in self._free:
            capacity = self._ledger.before(host, self._first_us)
            self._free[host] = None if capacity is None else capacity.free.vcpus
        return self._free[host]


def by_request(migrations: Iterable[Migration]) -> dict[Key, Migration]:
    """Migrations by VM and request, as arrivals name them."""
    return {(m.instance_uuid, m.request_id): m for m in migrations}


def decisions(burst: Burst, known: Mapping[Key, Migration]) -> list[Decision]:
    """The decisions for the target of a burst whose passes are logged, in the order in which they were taken."""
    found: dict[int, Decision] = {}
    for arrival in burst.arrivals:
        migration = known.get((arrival.instance_uuid, arrival.request_id))
        for schedule in _passes(migration, burst) if migration is not None else ():
            if migration is not None and schedule.candidates:
                seen = next((c for c in schedule.candidates if c.host.host == burst.target.host), None)
                found.setdefault(id(schedule), Decision(arrival, migration, schedule, seen))
    return sorted(found.values(), key=lambda d: (d.when_us, d.arrival.request_id or "", d.arrival.instance_uuid or ""))


def _passes(migration: Migration, burst: Burst) -> Iterator[Pass]:
    for attempt in migration.attempts:
        schedule = attempt.schedule
        if schedule is None:
            continue
        tried = [attempt.selected, *(claim.target for claim in schedule.placement_claims)]
        if any(place is not None and place.host == burst.target.host for place in tried):
            yield schedule


def shared_view(burst: Burst, taken: Sequence[Decision], ledger: Ledger) -> SharedView | None:
    """The view of the target on which most decisions of the burst rested; None where no two did."""
    by_numbers: dict[tuple[int | None, ...], list[Decision]] = defaultdict(list)
    for decision in taken:
        seen = decision.seen
        if seen is not None and seen.free_ram_mb is not None and decision.arrival.demand.ram_mb != 0:
            by_numbers[seen.free_ram_mb, seen.free_disk_mb, seen.io_ops, seen.instances].append(decision)
    groups = [_unaware(listed) for listed in by_numbers.values()]
    largest = max(groups, key=len, default=[])
    if len(largest) < _AT_LEAST or largest[0].seen is None:
        return None
    first, seen = largest[0], largest[0].seen
    disk_gb = None if seen.free_disk_mb is None else seen.free_disk_mb // _MB_OF_GB
    row = ledger.row(ledger.room(burst.target), first.when_us)
    age_us = None if row is None or row.known_us in (None, row.when_us) else first.when_us - (row.known_us or 0)
    cited = [d.citation for d in largest]
    if row is not None and row.provenance is not None and age_us is not None:
        cited.append(Citation(row.provenance, "ComputeNode as the scheduler read it"))
    return SharedView(
        target=burst.target,
        free=Resources(ram_mb=seen.free_ram_mb, disk_gb=disk_gb),
        decisions=len(largest),
        schedulers=len({d.schedule.scheduler_node for d in largest}),
        first_us=first.when_us,
        last_us=largest[-1].when_us,
        age_us=None if age_us is None else max(0, age_us),
        citations=tuple(dict.fromkeys(c for c in cited if c is not None)),
    )


def _unaware(listed: list[Decision]) -> list[Decision]:
    """The first decision, and those that an earlier one of them was not known to: still under way, or let in."""
    kept = listed[:1]
    for decision in listed[1:]:
        if any(_still_counts(earlier.arrival, decision.when_us) for earlier in kept):
            kept.append(decision)
    return kept


def _still_counts(earlier: Arrival, when_us: int) -> bool:
    return earlier.outcome != "victim" or earlier.ended_us is None or earlier.ended_us >= when_us


def best_passed_over(attempt: Attempt) -> bool:
    """True where a pass first took another host than the one that weighed most: no scheduler with one choice does."""
    schedule = attempt.schedule
    if schedule is None or not schedule.weighed or not schedule.candidates:
        return False
    refused = schedule.placement_claims
    tried = refused[0].target if refused else attempt.selected
    own = next((c for c in schedule.candidates if tried is not None and c.host.host == tried.host), None)
    best = schedule.candidates[0].weight
    return own is not None and own.weight is not None and best is not None and own.weight < best


def among_several(bursts: Sequence[Burst], migrations: Iterable[Migration]) -> tuple[Burst, ...]:
    """Marks the bursts in whose time a pass took another host than the best: an option may change during a log."""
    when = sorted(
        a.selected_us for m in migrations for a in m.attempts if a.selected_us is not None and best_passed_over(a)
    )

    def passed_over(burst: Burst) -> bool:
        since = bisect_left(when, (burst.first_us or 0) - AUDIT_PERIOD_US)
        return since < len(when) and when[since] <= (burst.last_us or 0) + AUDIT_PERIOD_US

    return tuple(replace(b, best_passed_over=True) if passed_over(b) else b for b in bursts)


def herd(burst: Burst, taken: Sequence[Decision], ledger: Ledger) -> Herd | None:
    """Decisions that took the first of their weighed lists while others on it had room; None where fewer than two did.

    Where Nova chose among several of the best, the weigher sent nobody to the first.
    """
    if burst.best_passed_over:
        return None
    vcpus = _Vcpus(burst, ledger)
    found = [(decision, room) for decision in taken if (room := _others(burst, decision, vcpus))]
    if len(found) < _AT_LEAST:
        return None
    first, others = found[0]
    best = max(others, key=lambda c: (c.free_ram_mb or 0, c.host))
    counts = [len(room) for _, room in found]
    known = all(vcpus.of(c) is not None for _, room in found for c in room)
    counted = (
        ("vcpus", "ram_mb", "disk_gb") if known and first.arrival.demand.vcpus is not None else ("ram_mb", "disk_gb")
    )
    return Herd(
        target=burst.target,
        decisions=len(found),
        arrivals=len(burst.arrivals),
        others_least=min(counts),
        others_most=max(counts),
        next_host=best.host,
        next_free_ram_mb=best.free_ram_mb or 0,
        counted=counted,
        citations=tuple(dict.fromkeys(c for d, _ in found if (c := d.citation) is not None)),
    )


def _others(burst: Burst, decision: Decision, vcpus: _Vcpus) -> list[Candidate]:
    """The hosts behind the target in a weighed list that had room for the VM."""
    listed, demand = decision.schedule.candidates, decision.arrival.demand
    first = bool(listed) and listed[0].host.host == burst.target.host
    if not decision.schedule.weighed or not first or demand.ram_mb is None or demand.disk_gb is None:
        return []
    return [c for c in listed[1:] if _fits(c, demand, vcpus.of(c))]


def _fits(candidate: Candidate, demand: Resources, free_vcpus: float | None) -> bool:
    ram, disk = candidate.free_ram_mb, candidate.free_disk_mb
    enough = (
        ram is not None
        and ram >= (demand.ram_mb or 0)
        and disk is not None
        and disk >= (demand.disk_gb or 0) * _MB_OF_GB
    )
    return enough and (free_vcpus is None or demand.vcpus is None or free_vcpus >= demand.vcpus)
