"""What becomes of the chosen hosts: claims on the compute host with retries, or in placement with alternates.

``nova/compute/claims.py`` and ``nova/scheduler/filters/retry_filter.py`` 15.1.5; ``nova/scheduler/manager.py`` (``_schedule``,
``_get_alternate_hosts``) and ``nova/conductor/tasks/migrate.py`` (``_reschedule``) 31.3.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.board import Board, VmClass
from novatrace.analysis.replay.chance import Chance
from novatrace.analysis.replay.choosing import Chooser, Choosers
from novatrace.analysis.replay.ranking import best, excluded, ordered
from novatrace.analysis.replay.view import NOBODY, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Amounts = NDArray[np.float64]
    Hosts = NDArray[np.intp]


@dataclass(slots=True)
class Outcome:
    """What came of a block of runs.

    Attributes:
        placed: for each VM its host in each run (``NOBODY``: it failed).
        refused: how often each host refused somebody, over all runs.
        overloads: VMs let in beyond the room of a target, over all runs.
    """

    placed: list[Hosts]
    refused: NDArray[np.int64]
    overloads: int = 0
    walks: list[Weighed] = field(default_factory=list)

    def refuse(self, hosts: Hosts) -> None:
        """One refusal by each of these."""
        if len(hosts):
            self.refused += np.bincount(hosts, minlength=len(self.refused))

    def settle(self) -> None:
        """Adds the refusals of full hosts that were walked past."""
        for walk in self.walks:
            walk.told(self.refused)
        self.walks.clear()


class Weighed:
    """The weighed list of a decision, walked down in placement until a host has room.

    While all runs share the list, each run remembers how far down nobody fits any more: room only gets less.
    """

    def __init__(self, scores: Amounts, cls: VmClass, board: Board, runs: int) -> None:
        self.scores, self._cls, self._board = scores, cls, board
        self._order = np.array(ordered(scores[0]), dtype=np.intp) if len(scores) == 1 else None
        self._full = np.zeros(runs, dtype=np.intp)
        self._passed = np.zeros(board.size + 1, dtype=np.int64)

    def rows(self, runs: Hosts) -> Amounts:
        """The scores in these runs."""
        return self.scores[runs if len(self.scores) > 1 else np.zeros_like(runs)]

    def first_with_room(self, truth: View, runs: Hosts, chosen: Hosts, outcome: Outcome) -> Hosts:
        """For runs whose chosen host is full: the best one that is not, or ``NOBODY``."""
        if self._order is not None:
            return self._walked(truth, runs, chosen, outcome)
        scores = self.rows(runs)
        fitting = truth.passing(self._board.numbers, self._cls, runs)
        hosts, found = best(np.where(fitting, scores, -np.inf))
        lines = np.arange(len(runs))
        least = np.where(found, scores[lines, hosts], -np.inf)[:, None]
        before = (scores > least) | ((scores == least) & (np.arange(self._board.size) < hosts[:, None]))
        before &= ~fitting & (scores > -np.inf)
        before[lines, chosen] = True
        outcome.refused += before.sum(axis=0)
        return np.where(found, hosts, NOBODY)

    def _walked(self, truth: View, runs: Hosts, chosen: Hosts, outcome: Outcome) -> Hosts:
        order = self._order if self._order is not None else np.empty(0, dtype=np.intp)
        walking, size = np.arange(len(runs)), self._board.size
        full = self._full[runs]
        while len(walking):
            walking = walking[full[walking] < len(order)]
            places = runs[walking] * size + order[full[walking]]
            walking = walking[~truth.fits(self._board.numbers, places, self._cls)]
            full[walking] += 1
        self._full[runs] = full
        self._passed += np.bincount(full, minlength=size + 1)
        place_of = np.full(size, -1, dtype=np.intp)
        place_of[order] = np.arange(len(order))
        outcome.refuse(chosen[place_of[chosen] >= full])
        if not len(order):
            return np.full(len(runs), NOBODY, dtype=np.intp)
        return np.where(full < len(order), order[np.minimum(full, len(order) - 1)], NOBODY)

    def told(self, refused: NDArray[np.int64]) -> None:
        """Adds the refusals of hosts that were walked past."""
        if self._order is not None:
            beyond = self._passed[::-1].cumsum()[::-1][1 : len(self._order) + 1]
            np.add.at(refused, self._order, beyond)


class Arbiter:
    """Grants or refuses, by the truth; knows how often a VM is tried again and where."""

    def __init__(self, truth: View, choosers: Choosers, chance: Chance) -> None:
        self.truth, self._choosers, self._chance = truth, choosers, chance
        self._rules, self._board = choosers.rules, choosers.board
        self._checks = (*self._board.numbers, *self._board.others)

    def once(self, vm: int, chosen: Hosts, outcome: Outcome) -> None:
        """A claim of which a refusal is final, in the fewest steps: most of a replay's time is spent here."""
        truth, cls = self.truth, self._board.classes[self._board.of_vm[vm]]
        runs = truth.lines if chosen.min() >= 0 else np.flatnonzero(chosen >= 0)
        hosts = chosen[runs]
        places = runs * self._board.size + hosts
        fitting = truth.fits(self._checks, places, cls)
        granted = places[fitting]
        for i in self._checks:
            if cls.needs[i]:
                truth.rows[i].reshape(-1)[granted] -= cls.needs[i]
        outcome.refuse(hosts[~fitting])
        outcome.placed[vm][runs[fitting]] = hosts[fitting]

    def with_retries(self, vm: int, chosen: Hosts, outcome: Outcome) -> None:
        """Claims on compute hosts: a refused VM is scheduled again on a fresh view, without the hosts that were tried."""
        runs, hosts = _sent(self.truth, chosen)
        tried: list[Hosts] = []
        for attempt in range(self._rules.max_attempts):
            refused = self._answer(vm, runs, hosts, self._granted(vm, runs, hosts, self._checks), outcome)
            tried = [one[refused] for one in (*tried, hosts)]
            runs = runs[refused]
            if not len(runs) or attempt + 1 == self._rules.max_attempts:
                break
            hosts = self._chooser(vm).one(self._chance, runs, tried)
            if hosts.min() < 0:
                left = hosts >= 0
                runs, hosts, tried = runs[left], hosts[left], [one[left] for one in tried]
        self._take(vm, outcome)

    def in_placement(self, vm: int, chosen: Hosts, weighed: Weighed, outcome: Outcome) -> None:
        """Host after host down the list until placement grants; the compute host may refuse what only it can tell."""
        runs, hosts = _sent(self.truth, chosen)
        full = ~self.truth.fits(self._board.numbers, runs * self._board.size + hosts, self._cls(vm))
        if full.any():
            hosts[full] = weighed.first_with_room(self.truth, runs[full], hosts[full], outcome)
        runs, hosts = runs[hosts >= 0], hosts[hosts >= 0]
        asked = [hosts]
        allocated = np.ones(len(runs), dtype=np.bool_)
        for attempt in range(self._rules.max_attempts):
            granted = allocated & self._granted(vm, runs, hosts, self._board.others)
            refused = self._answer(vm, runs, hosts, granted, outcome)
            if not len(refused) or attempt + 1 == self._rules.max_attempts:
                break
            runs, asked = runs[refused], [one[refused] for one in asked]
            hosts, found = best(excluded(weighed.rows(runs), asked))
            runs, hosts = runs[found], hosts[found]
            asked = [*(one[found] for one in asked), hosts]
            allocated = self.truth.fits(self._board.numbers, runs * self._board.size + hosts, self._cls(vm))
        self._take(vm, outcome)

    def _cls(self, vm: int) -> VmClass:
        return self._board.classes[self._board.of_vm[vm]]

    def _granted(self, vm: int, runs: Hosts, hosts: Hosts, checks: tuple[int, ...] | list[int]) -> NDArray[np.bool_]:
        granted = self.truth.fits(checks, runs * self._board.size + hosts, self._cls(vm))
        for host in self._board.scenario.vms[vm].refused_by:
            granted &= hosts != host
        return granted

    def _answer(self, vm: int, runs: Hosts, hosts: Hosts, granted: NDArray[np.bool_], outcome: Outcome) -> Hosts:
        """Notes who was let in and who was not; gives the places of the latter."""
        if granted.all():
            placed, refused = (runs, hosts), np.empty(0, dtype=np.intp)
        else:
            placed, refused = (runs[granted], hosts[granted]), np.flatnonzero(~granted)
            outcome.refuse(hosts[refused])
        outcome.placed[vm][placed[0]] = placed[1]
        if self._board.loose:
            at = placed[0] * self._board.size + placed[1]
            outcome.overloads += int((~self.truth.fits(self._board.loose, at, self._cls(vm))).sum())
        return refused

    def _take(self, vm: int, outcome: Outcome) -> None:
        """The truth learns where a VM went: once, for nobody is placed twice."""
        self.truth.take(outcome.placed[vm], self._cls(vm))

    def _chooser(self, vm: int) -> Chooser:
        return self._choosers.of(self.truth, self._board.of_vm[vm], self.truth)


def _sent(truth: View, chosen: Hosts) -> tuple[Hosts, Hosts]:
    """The runs in which a host was chosen, and the host of each; arrays that may be written to."""
    if chosen.min() >= 0:
        return truth.lines, chosen.copy()
    runs = np.flatnonzero(chosen >= 0)
    return runs, chosen[runs]
