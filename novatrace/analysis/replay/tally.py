"""Sums over the runs of a replay: means, intervals and loads."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from novatrace.analysis.replay.board import Ranking
from novatrace.model.replay import Load, PolicyResult, Variant

_Z95 = 1.959964


@dataclass(slots=True)
class Walk:
    """A walk down a weighed list, past hosts that are full for the VMs of its class: room only gets less in a run.

    ``full``: so many at the top have no room; ``passed``: how many VMs were refused by so many of them.
    """

    order: list[int]
    full: int = 0
    passed: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Outcome:
    """What came of one run: the host of each VM (None: it failed), refusals of each host, VMs let in beyond room."""

    placed: list[int | None]
    refused: Counter[int] = field(default_factory=Counter)
    overloads: int = 0
    walks: dict[int, Walk] = field(default_factory=dict)

    def walk(self, ranking: Ranking) -> Walk:
        """How far down a ranking nobody fits any more in this run."""
        found = self.walks.get(id(ranking))
        if found is None:
            found = self.walks[id(ranking)] = Walk(ranking.order)
        return found

    def refusals(self) -> Counter[int]:
        """Refusals of each host, those of full hosts that were walked past included."""
        total = Counter(self.refused)
        for walk in self.walks.values():
            passing = 0
            for place in range(max(walk.passed, default=0) - 1, -1, -1):
                passing += walk.passed[place + 1]
                total[walk.order[place]] += passing
        return total


class Tally:
    """Sums over runs."""

    def __init__(self, hosts: int, vms: int) -> None:
        self._vms = vms
        self._errors: list[int] = []
        self._failed: tuple[int, ...] | None = None
        self._overloads = 0
        self._placed, self._most, self._refused = [0] * hosts, [0] * hosts, [0] * hosts

    def counted(self, arrivals: Counter[int], room: list[float]) -> None:
        """A run of which only the arrivals are known."""
        placed_all = 0
        for host, number in arrivals.items():
            placed = int(min(number, room[host]))
            placed_all += placed
            self._placed[host] += placed
            self._refused[host] += number - placed
            self._most[host] = max(self._most[host], placed)
        self._errors.append(self._vms - placed_all)

    def add(self, outcome: Outcome) -> None:
        """A whole run."""
        counts = Counter(host for host in outcome.placed if host is not None)
        for host, number in counts.items():
            self._placed[host] += number
            self._most[host] = max(self._most[host], number)
        for host, number in outcome.refusals().items():
            self._refused[host] += number
        self._overloads += outcome.overloads
        self._failed = tuple(vm for vm, host in enumerate(outcome.placed) if host is None)
        self._errors.append(self._vms - counts.total())

    def result(self, variant: Variant, *, exact: float | None, deterministic: bool, rounds: int) -> PolicyResult:
        """Means, intervals and loads."""
        runs = len(self._errors)
        mean = sum(self._errors) / runs
        variance = sum((e - mean) ** 2 for e in self._errors) / (runs - 1) if runs > 1 else 0.0
        half = _Z95 * math.sqrt(variance / runs)
        ordered = sorted(self._errors)
        loads = tuple(
            Load(h, self._placed[h] / runs, self._most[h], self._refused[h] / runs)
            for h in range(len(self._placed))
            if self._placed[h] or self._refused[h]
        )
        return PolicyResult(
            variant=variant,
            runs=runs,
            deterministic=deterministic,
            histogram=dict(sorted(Counter(ordered).items())),
            mean=mean,
            low=max(0.0, mean - half),
            high=min(float(self._vms), mean + half),
            exact=exact,
            least=ordered[math.floor(0.025 * (runs - 1))],
            most=ordered[math.ceil(0.975 * (runs - 1))],
            overloads=self._overloads / runs,
            loads=loads,
            rounds=rounds,
            failed=self._failed if deterministic else None,
        )
