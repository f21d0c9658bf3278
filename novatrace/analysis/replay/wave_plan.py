"""A wave plan: which VMs to move at once, so that no target is over-committed whichever host the scheduler picks.

A wave is the longest run of the waiting VMs for which every host that may be picked (the best one, or all of the
``host_subset_size`` best) has room for all of the wave that may go there. So the plan holds although all of a wave choose on
one view. Between waves the claims must be in the views; with several possible hosts the plan takes turns among them.
"""

from __future__ import annotations

from collections import defaultdict

from novatrace.analysis.replay.batch import counted
from novatrace.analysis.replay.board import Board, View
from novatrace.model.replay import Rules, Scenario, Wave, WavePlan


def plan(scenario: Scenario) -> WavePlan:
    """The waves, by the rules of the batch, and the VMs that no host has room for."""
    board = Board(scenario)
    rules = scenario.rules
    view = View(board, [weigher.name for weigher in rules.weighers])
    waiting = list(range(len(scenario.vms)))
    waves: list[Wave] = []
    unplaceable: list[int] = []
    while waiting:
        wave, pools, never = _wave(waiting, board, view, rules)
        unplaceable += never
        if not wave:
            break
        waves.append(_settled(wave, pools, board, view))
        gone = {*wave, *never}
        waiting = [vm for vm in waiting if vm not in gone]
    return WavePlan(tuple(waves), tuple(sorted(unplaceable)))


def _wave(
    waiting: list[int], board: Board, view: View, rules: Rules
) -> tuple[list[int], dict[int, list[int]], list[int]]:
    """The next wave, the hosts that each of it may be sent to, and the VMs for which no host is left."""
    wave: list[int] = []
    never: list[int] = []
    pools: dict[int, list[int]] = {}
    promised: dict[int, list[float]] = defaultdict(lambda: [0.0] * len(board.rows))
    for vm in waiting:
        cls = board.classes[board.of_vm[vm]]
        pool = view.ranking(board.of_vm[vm], rules).pool
        pool = [host for host in pool if board.fits(view.rows, range(len(board.rows)), host, cls)]
        if not pool:
            never.append(vm)
            continue
        after = {host: [p + n for p, n in zip(promised[host], cls.needs, strict=True)] for host in pool}
        if any(need > view.rows[i][host] for host, needs in after.items() for i, need in enumerate(needs)):
            break
        promised.update(after)
        pools[vm] = pool
        wave.append(vm)
    return wave, pools, never


def _settled(wave: list[int], pools: dict[int, list[int]], board: Board, view: View) -> Wave:
    """The wave with its likely targets, once the view has learnt of them."""
    expected: list[int | None] = []
    taken: list[tuple[int, int]] = []
    for turn, vm in enumerate(wave):
        pool = pools[vm]
        taken.append((pool[turn % len(pool)], board.of_vm[vm]))
        expected.append(pool[0] if len(pool) == 1 else None)
    reason = _reason(wave, pools, board, view)
    for host, number in taken:
        view.take(host, board.classes[number])
    return Wave(tuple(wave), tuple(expected), reason)


def _reason(wave: list[int], pools: dict[int, list[int]], board: Board, view: View) -> str:
    """Why these and no more: the hosts that may be picked, and their room."""
    hosts = board.scenario.hosts
    possible = sorted({host for vm in wave for host in pools[vm]})
    cls = board.classes[board.of_vm[wave[0]]]
    rooms = {host: board.slots(host, cls, view.rows) for host in possible}
    tightest = min(possible, key=lambda host: (rooms[host], host))
    room = rooms[tightest]
    name = hosts[tightest].target.host
    slots = "enough room, as far as is known" if room == float("inf") else f"room for {counted(int(room), 'such VM')}"
    if len(possible) == 1:
        return f"all of it will be sent to {name}, which has {slots}"
    return f"any of {len(possible)} hosts may be picked; the tightest, {name}, has {slots}"
