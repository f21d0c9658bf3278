"""What becomes of the chosen hosts: claims on the compute host with retries, or in placement with alternates.

``nova/compute/claims.py`` and ``nova/scheduler/filters/retry_filter.py`` 15.1.5; ``nova/scheduler/manager.py`` (``_schedule``,
``_get_alternate_hosts``) and ``nova/conductor/tasks/migrate.py`` (``_reschedule``) 31.3.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.board import VmClass
from novatrace.analysis.replay.chance import Chance
from novatrace.analysis.replay.choosing import Chooser, Choosers
from novatrace.analysis.replay.ranking import best, excluded
from novatrace.analysis.replay.view import View
from novatrace.analysis.replay.walking import Ledger, Shuffle, Weighed
from novatrace.model.replay import ReplayVm

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
    walks: list[Ledger] = field(default_factory=list)

    def refuse(self, hosts: Hosts) -> None:
        """One refusal by each of these."""
        if len(hosts):
            self.refused += np.bincount(hosts, minlength=len(self.refused))

    def settle(self) -> None:
        """Adds the refusals of full hosts that were walked past."""
        for walk in self.walks:
            walk.told(self.refused)
        self.walks.clear()


class Arbiter:
    """Grants or refuses, by the truth; knows how often a VM is tried again and where."""

    def __init__(self, truth: View, choosers: Choosers, chance: Chance) -> None:
        self.truth, self._choosers, self._chance = truth, choosers, chance
        self._rules, self._board = choosers.rules, choosers.board
        self._checks = (*self._board.numbers, *self._board.others)
        sure = set(self._board.numbers) <= set(self._board.filters)
        self._later = () if sure else self._checks  # what is chosen by the truth has room in all that filters look at

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
            checks = self._later if attempt else self._checks
            refused = self._answer(vm, runs, hosts, self._granted(vm, runs, hosts, checks), outcome)
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
        followed = self._rules.max_attempts > 1 and bool(self._board.others or self._vm(vm).refused_by)
        shuffle = Shuffle(weighed, self._chance, followed=followed) if weighed.tied else None
        full = ~self.truth.fits(self._board.numbers, runs * self._board.size + hosts, self._cls(vm))
        first = hosts
        if full.any():
            first = hosts.copy()
            hosts[full] = weighed.first_with_room(self.truth, runs[full], hosts[full], outcome, shuffle)
        left = hosts >= 0
        runs, hosts, first = runs[left], hosts[left], first[left]
        refused = self._answer(vm, runs, hosts, self._granted(vm, runs, hosts, self._board.others), outcome)
        if followed and len(refused):
            asked = (hosts[refused], first[refused])
            self._alternates(vm, runs[refused], asked, shuffle or weighed, outcome)
        self._take(vm, outcome)

    def _alternates(
        self, vm: int, runs: Hosts, tried: tuple[Hosts, Hosts], order: Shuffle | Weighed, outcome: Outcome
    ) -> None:
        """The hosts that the conductor tries next: from the top of the list, without the one that refused.

        ``_get_alternate_hosts`` begins anew at the top, with what had no room when the scheduler asked for it; the chosen one,
        the second of ``tried``, is there.
        """
        asked = [tried[0]]
        hosts, ahead = tried[1], tried[1] != tried[0]
        for _ in range(self._rules.max_attempts - 1):
            others, found = best(excluded(order.rows(runs), asked))
            hosts, found = np.where(ahead, hosts, others), ahead | found
            runs, hosts, asked = runs[found], hosts[found], [one[found] for one in asked]
            allocated = self.truth.fits(self._board.numbers, runs * self._board.size + hosts, self._cls(vm))
            granted = allocated & self._granted(vm, runs, hosts, self._board.others)
            refused = self._answer(vm, runs, hosts, granted, outcome)
            if not len(refused):
                return
            runs, asked = runs[refused], [one[refused] for one in (*asked, hosts)]
            hosts, ahead = hosts[refused], np.zeros(len(refused), dtype=np.bool_)

    def _cls(self, vm: int) -> VmClass:
        return self._board.classes[self._board.of_vm[vm]]

    def _vm(self, vm: int) -> ReplayVm:
        return self._board.scenario.vms[vm]

    def _granted(self, vm: int, runs: Hosts, hosts: Hosts, checks: tuple[int, ...] | list[int]) -> NDArray[np.bool_]:
        granted = self.truth.fits(checks, runs * self._board.size + hosts, self._cls(vm))
        for host in self._vm(vm).refused_by:
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
