"""What the batch, and what came beside it, had taken on each host by a moment: the arithmetic behind "it would have fitted".

Made once for a batch, since every refused claim and every pass that left no host asks it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from novatrace.analysis.replay.batch import Batch
from novatrace.analysis.replay.hosts import NUMBERED
from novatrace.model.migration import Attempt, Migration, Pass, Resources
from novatrace.model.replay import Load, ReplayHost

_BY_CAPACITY = ("RamFilter", "CoreFilter", "DiskFilter", "RetryFilter", "NUMATopologyFilter", "PciPassthroughFilter")
_NOT_PLACED = ("claim-refused", "placement-conflict")


@dataclass(slots=True)
class _Taken:
    """Moments at which VMs were placed on a host, and the sums up to each."""

    moments: list[int] = field(default_factory=list)
    sums: list[tuple[float, ...]] = field(default_factory=lambda: [(0.0,) * len(NUMBERED)])


class Placements:
    """What was placed where and when, and whether more would have fitted."""

    def __init__(self, batch: Batch, hosts: Sequence[ReplayHost], loads: Sequence[tuple[int, Load]] = ()) -> None:
        self._hosts = {host.target.host: host for host in hosts}
        self._taken: dict[str, _Taken] = defaultdict(_Taken)
        placed = [
            (a.selected_us or 0, a.selected.host, a.demand)
            for m in batch.moves
            for a in m.attempts
            if a.selected is not None and a.outcome not in _NOT_PLACED
        ]
        placed += [(when, hosts[load.host].target.host, load.demand) for when, load in loads]
        for when, host, demand in sorted(placed, key=lambda row: (row[0], row[1])):
            taken = self._taken[host]
            taken.moments.append(when)
            more = (getattr(demand, name) or 0 for name in NUMBERED)
            taken.sums.append(tuple(a + b for a, b in zip(taken.sums[-1], more, strict=True)))

    def fits(self, name: str, demand: Resources, names: Sequence[str], when_us: int) -> bool:
        """True when the demand fits, in these resources, beside what the batch had placed on the host before a moment."""
        host, taken = self._hosts[name], self._taken[name]
        number = bisect_left(taken.moments, when_us)
        if host.other_slots is not None and number >= host.other_slots:
            return False
        for resource, used in zip(NUMBERED, taken.sums[number], strict=True):
            room, need = getattr(host.room, resource), getattr(demand, resource)
            if resource in names and room is not None and need and room - used < need:
                return False
        return True

    def unexplained(self, attempt: Attempt) -> bool:
        """True when a claim was refused although, by all that is known, the VM fitted."""
        claim = attempt.claim
        if claim is None or claim.granted is not False or attempt.selected is None:
            return False
        name = attempt.selected.host
        if self._hosts[name].other_slots is not None:
            return False
        return self.fits(name, attempt.demand, NUMBERED, claim.when_us or attempt.ended_us or 0)

    def for_want_of_room(self, move: Migration, schedule: Pass, demand: Resources, filtered: Sequence[str]) -> bool:
        """True when a pass that left no host may have done so because others had taken the room."""
        if schedule.outcome == "filtered-out":
            last = schedule.filters[-1].name if schedule.filters else ""
            if not last.endswith(_BY_CAPACITY):
                return False
        elif schedule.outcome != "placement-empty":
            return True
        when = schedule.ended_us or schedule.started_us or 0
        source = move.source.host if move.source is not None else None
        others = [name for name in self._hosts if name != source]
        return bool(others) and not any(self.fits(name, demand, filtered, when) for name in others)
