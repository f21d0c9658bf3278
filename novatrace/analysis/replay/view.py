"""What schedulers, or the truth itself, hold of all hosts at a moment, for many runs at once.

Every array has a run in each row and a host in each column. As long as nothing random has reached a view, all runs share one
row; the first thing that differs spreads it. Room only gets less while a batch is replayed: nothing leaves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from novatrace.analysis.replay.board import Board, VmClass, seen_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Amounts = NDArray[np.float64]
    Hosts = NDArray[np.intp]

NOBODY = -1
_SHARE = 8  # hosts for each change that is worth following
LOWEST = -1e300  # for a host whose weight was not logged; -inf is kept for hosts that do not pass


class Touch(NamedTuple):
    """That a VM came to a host, in these runs: flat places in the arrays, and what was weighed there before.

    ``shared``: from the time when all runs had one row; ``left``: the room there in each row, None where it took nothing of it.
    """

    shared: bool
    runs: Hosts
    hosts: Hosts
    places: Hosts
    before: dict[str, Amounts]
    left: tuple[Amounts | None, ...] = ()


class View:
    """Room in rows (as ``Board.rows``) and what is weighed of HostStates, for ``runs`` runs.

    Attributes:
        touched: the newest changes; rankings keep up with the view by what was added since they last looked.
        forgotten: how many changes are no longer kept; who has not seen them weighs everything anew.
    """

    __slots__ = ("board", "forgotten", "lines", "rows", "runs", "seen", "touched")

    def __init__(self, board: Board, weighed: Sequence[str]) -> None:
        self.board, self.runs = board, 1
        self.rows: list[Amounts] = [np.array([row], dtype=np.float64) for row in board.rows]
        known = {name: seen_of(board.scenario, name) for name in weighed}
        self.seen: dict[str, Amounts] = {
            name: np.array([[max(value, LOWEST) for value in row]]) for name, row in known.items() if row is not None
        }
        self.touched: list[Touch] = []
        self.forgotten = 0
        self.lines: Hosts = np.zeros(1, dtype=np.intp)

    @property
    def kept(self) -> int:
        """So many changes are followed one by one; after more of them it is less work to weigh every host."""
        return max(1, self.board.size // _SHARE)

    def spread(self, runs: int) -> None:
        """From one row for all runs to a row for each."""
        if self.runs == runs:
            return
        self.rows = [np.repeat(row, runs, axis=0) for row in self.rows]
        self.seen = {name: np.repeat(row, runs, axis=0) for name, row in self.seen.items()}
        self.runs, self.lines = runs, np.arange(runs, dtype=np.intp)

    def take(self, hosts: Hosts, cls: VmClass) -> None:
        """The view learns that a VM of the class is on these hosts, one for each run (``NOBODY``: nowhere).

        ``HostState.consume_from_request`` does the same.
        """
        if len(hosts) > self.runs:
            self.spread(len(hosts))
        if len(hosts) < self.runs:
            hosts = np.repeat(hosts, self.runs)
        runs = self.lines
        if hosts.min() < 0:
            runs = np.flatnonzero(hosts >= 0)
            hosts = hosts[runs]
        if not len(runs):
            return
        places = runs * self.board.size + hosts
        left: list[Amounts | None] = []
        for row, need in zip(self.rows, cls.needs, strict=True):
            left.append(None)
            if need:
                flat = row.reshape(-1)
                left[-1] = room = flat[places] - need
                flat[places] = room
        before = {}
        for name, row in self.seen.items():
            flat = row.reshape(-1)
            before[name] = old = flat[places]
            flat[places] = old + cls.changes[name]
        self.touched.append(Touch(self.runs == 1, runs, hosts, places, before, tuple(left)))
        if len(self.touched) > 2 * self.kept:
            self.forgotten += self.kept
            del self.touched[: self.kept]

    def fits(self, indexes: Sequence[int], places: Hosts, cls: VmClass) -> NDArray[np.bool_]:
        """True for the places (flat) that have room for a VM of the class in all of these rows."""
        fitting: NDArray[np.bool_] | None = None
        for i in indexes:
            enough = self.rows[i].reshape(-1)[places] >= cls.needs[i]
            fitting = enough if fitting is None else fitting & enough
        return np.ones(len(places), dtype=np.bool_) if fitting is None else fitting

    def passing(self, indexes: Sequence[int], cls: VmClass, runs: Hosts | slice = slice(None)) -> NDArray[np.bool_]:
        """The same for every host of these runs, those left out that VMs of the class may not go to."""
        number = self.runs if isinstance(runs, slice) else len(runs)
        fitting = np.zeros((number, self.board.size), dtype=np.bool_)
        fitting[:, list(cls.hosts)] = True
        for i in indexes:
            fitting &= self.rows[i][runs] >= cls.needs[i]
        return fitting

    def slots(self, cls: VmClass, runs: Hosts | slice = slice(None)) -> Amounts:
        """How many VMs of the class each host has room for, at most as many as there are VMs in all."""
        most = float(len(self.board.of_vm))
        number = self.runs if isinstance(runs, slice) else len(runs)
        slots = np.full((number, self.board.size), most)
        for row, need in zip(self.rows, cls.needs, strict=True):
            if need:
                np.minimum(slots, np.floor(np.minimum(row[runs], most * need) / need), out=slots)
        np.maximum(slots, 0.0, out=slots)
        return slots


def slots_of(view: View, host: int, cls: VmClass) -> float:
    """How many VMs of the class a host of a view that all runs share has room for; infinite when nothing is known."""
    counts = [
        math.inf if math.isinf(row[0, host]) else row[0, host] // need
        for row, need in zip(view.rows, cls.needs, strict=True)
        if need
    ]
    return max(0.0, min(counts, default=math.inf))
