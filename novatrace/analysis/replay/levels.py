"""All states that hosts can come to, in one order, where a host's weight depends on nothing but what came to it.

With one weigher the normalising bounds scale all weights alike, so the order is that of the raw values. A host that takes VMs
falls from level to level; where every VM makes its host weigh less (or the same), the best hosts are found by going down
this order once, not by weighing hosts again and again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.board import Board, VmClass, seen_of
from novatrace.analysis.replay.view import LOWEST
from novatrace.analysis.replay.weighing import FROM_ZERO
from novatrace.model.replay import Rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Amounts = NDArray[np.float64]
    Hosts = NDArray[np.intp]
    Places = NDArray[np.int32]

_MOST = 1_000_000  # levels of all hosts together; beyond that the table would take more than it saves
_WHOLE = 2.0**40  # raw values are whole and below this: then no two of them are normalised to one weight


class Levels:
    """The levels of all hosts, best first; equal ones as their hosts come, which is Nova's stable sort.

    Attributes:
        name: of the weigher.
        hosts: the host of each place in the order; ``values``: the raw value that it has there.
        ends: behind the last place of the same weight.
        nowhere: the place of a host that has left its levels: no VM fits it any more.
        tells_room: True when a host that has a level fits every VM, so that room need not be asked.
    """

    def __init__(self, name: str, first: Amounts, step: float, numbers: Hosts, keys: Amounts) -> None:
        self.name = name
        self._first, self._step, self._last = first, step, numbers
        counts = numbers + 1
        self._start = np.concatenate(([0], np.cumsum(counts + 1)[:-1]))  # one more for each host: nowhere
        hosts = np.repeat(np.arange(len(first), dtype=np.intp), counts)
        steps = np.arange(len(hosts)) - np.repeat(np.cumsum(counts) - counts, counts)
        order = np.lexsort((steps, hosts, -keys))
        self.nowhere = len(order)
        self.hosts = hosts[order]
        self.values = first[self.hosts] + steps[order] * step
        ranked = keys[order]
        edges = np.flatnonzero(np.diff(ranked)) + 1
        self.ends = np.append(edges, self.nowhere)[np.searchsorted(edges, np.arange(self.nowhere), side="right")]
        self._place = np.full(self.nowhere + len(first), self.nowhere, dtype=np.int32)
        self._place[(self._start[hosts] + steps)[order]] = np.arange(self.nowhere, dtype=np.int32)
        self.tells_room = False

    def place(self, hosts: Hosts, values: Amounts) -> Places:
        """Where hosts stand that have these raw values."""
        if not self._step:
            steps: Hosts = np.zeros(hosts.shape, dtype=np.intp)
        else:
            steps = ((values - self._first[hosts]) / self._step).astype(np.intp)
        places: Places = self._place[self._start[hosts] + np.minimum(steps, self._last[hosts] + 1)]
        return places


def levels_of(board: Board, rules: Rules) -> Levels | None:
    """The levels by the rules' weigher; None where weights depend on more, or would rise, or there would be too many."""
    weighers = [
        (w, seen) for w in rules.weighers if w.multiplier and (seen := seen_of(board.scenario, w.name)) is not None
    ]
    if len(weighers) != 1 or board.loads:
        return None
    weigher, seen = weighers[0]
    first = np.maximum(seen, LOWEST)
    changes = [cls.changes[weigher.name] for cls in board.classes]
    whole = weigher.name == "logged" or all(abs(v) < _WHOLE and v == int(v) for v in (*first.tolist(), *changes))
    if not whole or max(weigher.multiplier * change for change in changes) > 0:
        return None
    step = math.gcd(*(int(change) for change in changes)) * (1.0 if weigher.multiplier < 0 else -1.0)
    numbers = _numbers(board, changes, step)
    if not 0 < (numbers + 1).sum() <= _MOST:
        return None
    values = np.repeat(first, numbers + 1) + step * np.concatenate([np.arange(n + 1) for n in numbers])
    clamped = weigher.name in FROM_ZERO and not rules.kept_bounds
    keys = weigher.multiplier * (np.maximum(values, 0.0) if clamped else values)
    levels = Levels(weigher.name, first, step, numbers, keys)
    levels.tells_room = bool(step) and board.uniform and board.filters == [0] and not board.others
    return levels


def _numbers(board: Board, changes: list[float], step: float) -> Hosts:
    """How many steps down each host can go and still have room for the least of the VMs; -1 where it has none at all.

    It never goes further than all VMs of the batch would take it.
    """
    if not step:
        return np.zeros(board.size, dtype=np.intp)
    units = [change / step for change in changes]
    most = sum(units[number] for number in board.of_vm)
    numbers = np.full(board.size, most)
    for i in (*board.filters, *board.others):
        needs = [cls.needs[i] for cls in board.classes]
        share = min(_share(cls, i, unit) for cls, unit in zip(board.classes, units, strict=True))
        if share:
            numbers = np.minimum(numbers, (np.array(board.rows[i]) - min(needs)) / share)
    steps: Hosts = np.floor(np.maximum(numbers, -1.0)).astype(np.intp)
    return steps


def _share(cls: VmClass, row: int, units: float) -> float:
    """The room in a row that goes with a step; infinite for VMs that take no step."""
    return cls.needs[row] / units if units else math.inf
