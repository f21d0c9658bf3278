"""A wave plan: which VMs to move at once, so that no target is over-committed whichever host the scheduler picks.

A wave is the longest run of the waiting VMs for which every host that may be picked (the best one, or all of the
``host_subset_size`` best) has room for all of the wave that may go there. So the plan holds although all of a wave choose on
one view. Where nothing looks at a resource, a host that is full in it may be picked all the same: then the VM is in no wave, and it is
said which host and which resource. What else came during the batch is on its host before the first wave. Between waves the claims
must be in the views; with several possible hosts the plan takes turns among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.batch import counted
from novatrace.analysis.replay.board import Board
from novatrace.analysis.replay.choosing import Chooser
from novatrace.analysis.replay.hosts import NUMBERED
from novatrace.analysis.replay.view import View, slots_of
from novatrace.model.replay import Rules, Scenario, Wave, WavePlan
from novatrace.model.resource import NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NAMED = 3  # hosts that are named in a reason


class _Planner:
    """Makes wave after wave on a view that learns of each."""

    def __init__(self, scenario: Scenario, rules: Rules) -> None:
        self.board = Board(scenario, enforced=rules.enforced)
        self.view = View(self.board, [weigher.name for weigher in rules.weighers])
        for load, taken in zip(scenario.loads, self.board.loads, strict=True):
            self.view.take(np.array([load.host], dtype=np.intp), taken)
        self._choosers = [Chooser(self.view, cls, rules) for cls in self.board.classes]
        self._pools: dict[int, NDArray[np.intp]] = {}
        self._picked: dict[int, set[int]] = {}

    def pool(self, vm: int) -> NDArray[np.intp]:
        """The hosts that a VM may be sent to now; none where one of them has no room for it in what no filter looks at."""
        number = self.board.of_vm[vm]
        if number not in self._pools:
            pool = np.array(self._choosers[number].pool()[0], dtype=np.intp)
            full = pool[~self.view.fits(range(len(self.board.rows)), pool, self.board.classes[number])]
            self._pools[number] = pool[: 0 if len(full) else len(pool)]
            self._picked[number] = {int(host) for host in full}
        return self._pools[number]

    def wave(self, waiting: list[int]) -> tuple[list[int], list[int]]:
        """The next wave, and the VMs for which no host is left."""
        wave: list[int] = []
        never: list[int] = []
        promised = np.zeros((len(self.board.rows), self.board.size))
        for vm in waiting:
            pool = self.pool(vm)
            if not len(pool):
                never.append(vm)
                continue
            needs = self.board.classes[self.board.of_vm[vm]].needs
            if any((promised[i, pool] + n > self.view.rows[i][0, pool]).any() for i, n in enumerate(needs) if n):
                break
            for i, need in enumerate(needs):
                promised[i, pool] += need
            wave.append(vm)
        return wave, never

    def settled(self, wave: list[int]) -> Wave:
        """The wave with its likely targets, once the view has learnt of them."""
        pools = [self.pool(vm) for vm in wave]
        expected = tuple(int(pool[0]) if len(pool) == 1 else None for pool in pools)
        reason = self._reason(wave, sorted({int(host) for pool in pools for host in pool}))
        for turn, (vm, pool) in enumerate(zip(wave, pools, strict=True)):
            host = pool[turn % len(pool)]
            self.view.take(np.array([host], dtype=np.intp), self.board.classes[self.board.of_vm[vm]])
        self._pools.clear()
        return Wave(tuple(wave), expected, reason)

    def _reason(self, wave: list[int], possible: list[int]) -> str:
        """Why these and no more: the hosts that may be picked, and their room."""
        hosts = self.board.scenario.hosts
        cls = self.board.classes[self.board.of_vm[wave[0]]]
        rooms = {host: slots_of(self.view, host, cls) for host in possible}
        tightest = min(possible, key=lambda host: (rooms[host], host))
        room = rooms[tightest]
        name = hosts[tightest].target.host
        slots = "enough room, as far as is known"
        if room != float("inf"):
            slots = f"room for {counted(int(room), 'such VM')}"
        if len(possible) == 1:
            return f"all of it will be sent to {name}, which has {slots}"
        return f"any of {len(possible)} hosts may be picked; the tightest, {name}, has {slots}"

    def because(self, never: list[int]) -> str:
        """Why these VMs are in no wave."""
        full = sorted({host for vm in never for host in self._picked.get(self.board.of_vm[vm], ())})
        loose = [NAMES[name] for name in NUMBERED if name not in self.board.scenario.filtered]
        if not full or not loose or len(full) > _NAMED:
            return "no host that these rules would pick has room for them"
        hosts = self.board.scenario.hosts
        names, resources = ", ".join(hosts[host].target.host for host in full), " or ".join(loose)
        return f"they would be sent to {names} all the same, which is full, for no filter looks at {resources}"


def plan(scenario: Scenario, rules: Rules | None = None) -> WavePlan:
    """The waves, by the rules of the batch or others, and the VMs that no host has room for."""
    planner = _Planner(scenario, rules or scenario.rules)
    waiting = list(range(len(scenario.vms)))
    waves: list[Wave] = []
    unplaceable: list[int] = []
    while waiting:
        wave, never = planner.wave(waiting)
        unplaceable += never
        if not wave:
            break
        waves.append(planner.settled(wave))
        gone = {*wave, *never}
        waiting = [vm for vm in waiting if vm not in gone]
    because = planner.because(unplaceable) if unplaceable else None
    return WavePlan(tuple(waves), tuple(sorted(unplaceable)), because)
