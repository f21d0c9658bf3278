"""Sums over the runs of a replay: means, intervals and loads."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.claiming import Outcome
from novatrace.analysis.replay.interval import interval
from novatrace.model.replay import PolicyResult, TargetLoad, Variant

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Tally:
    """Sums over runs."""

    def __init__(self, hosts: int, vms: int) -> None:
        self._vms = vms
        self._errors: list[int] = []
        self._failed: tuple[int, ...] | None = None
        self._overloads = 0
        self._placed, self._most, self._refused = (np.zeros(hosts, dtype=np.int64) for _ in range(3))

    def counted(self, arrivals: NDArray[np.int64], room: NDArray[np.float64]) -> None:
        """Runs of which only the arrivals at each host are known."""
        placed = np.minimum(arrivals, room).astype(np.int64)
        self._add(placed)
        self._refused += (arrivals - placed).sum(axis=0)

    def add(self, outcome: Outcome, runs: int) -> None:
        """A block of whole runs."""
        placed = np.array(outcome.placed)
        lines, size = np.arange(runs), len(self._placed)
        places = (placed + lines * size)[placed >= 0]
        self._add(np.bincount(places, minlength=runs * size).reshape(runs, size))
        self._refused += outcome.refused
        self._overloads += outcome.overloads
        self._failed = tuple(int(vm) for vm in np.flatnonzero(placed[:, 0] < 0))

    def _add(self, placed: NDArray[np.int64]) -> None:
        self._placed += placed.sum(axis=0)
        np.maximum(self._most, placed.max(axis=0), out=self._most)
        self._errors += (self._vms - placed.sum(axis=1)).tolist()

    def result(self, variant: Variant, *, exact: float | None, deterministic: bool, rounds: int) -> PolicyResult:
        """Means, intervals and loads."""
        runs = len(self._errors)
        mean = sum(self._errors) / runs
        low, high = interval(Counter(self._errors), self._vms)
        ordered = sorted(self._errors)
        loads = tuple(
            TargetLoad(h, int(self._placed[h]) / runs, int(self._most[h]), int(self._refused[h]) / runs)
            for h in range(len(self._placed))
            if self._placed[h] or self._refused[h]
        )
        return PolicyResult(
            variant=variant,
            runs=runs,
            deterministic=deterministic,
            histogram=dict(sorted(Counter(ordered).items())),
            mean=mean,
            low=mean if deterministic else low,
            high=mean if deterministic else high,
            exact=exact,
            least=ordered[math.floor(0.025 * (runs - 1))],
            most=ordered[math.ceil(0.975 * (runs - 1))],
            overloads=self._overloads / runs,
            loads=loads,
            rounds=rounds,
            failed=self._failed if deterministic else None,
        )
