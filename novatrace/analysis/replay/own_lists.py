"""Weighed lists that every run has for itself, walked down in placement: each run remembers the first host that still had room.

What stands before it is full for good, since room only gets less; so a walk begins there, and the refusals of those before it are
counted by the number of walks that went past them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.board import Board, VmClass
from novatrace.analysis.replay.ranking import best
from novatrace.analysis.replay.view import NOBODY, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from novatrace.analysis.replay.walking import Refusals

    Amounts = NDArray[np.float64]
    Hosts = NDArray[np.intp]


class OwnLedger:
    """Who was walked past, by how many walks.

    Attributes:
        walks: of each run so far.
    """

    def __init__(self, runs: int) -> None:
        self.walks = np.zeros(runs, dtype=np.int32)
        self._full: list[tuple[NDArray[np.int32], ...]] = []  # runs, hosts, and the walks before each was found full

    def found_full(self, runs: Hosts, hosts: Hosts) -> None:
        """From this walk on these are walked past."""
        self._full.append((runs.astype(np.int32), hosts.astype(np.int32), self.walks[runs]))

    def told(self, refused: NDArray[np.int64]) -> None:
        """Adds the refusals of hosts that were walked past."""
        for runs, hosts, before in self._full:
            refused += np.bincount(hosts, weights=self.walks[runs] - before, minlength=len(refused)).astype(np.int64)


class OwnLists:
    """The weighed lists of a decision, one for each run.

    Attributes:
        ledger: of refusals.
        looked: rows that were looked through for the next host, for tests of how the work grows.
    """

    def __init__(self, scores: Amounts, cls: VmClass, board: Board) -> None:
        self._scores, self._cls, self._board = scores, cls, board
        self._left: Amounts = np.empty((0, 0))  # the scores without hosts that are known to be full
        self._heads: Hosts = np.empty(0, dtype=np.intp)
        self.ledger = OwnLedger(len(scores))
        self.looked = 0

    def walked(self, truth: View, runs: Hosts, chosen: Hosts, told: Refusals) -> Hosts:
        """For runs whose chosen host is full: the best one that is not, or ``NOBODY``."""
        if not self._left.size:
            self._left = self._scores.copy()
            self._heads = _heads(self._left)
        size = self._board.size
        hosts = self._heads[runs]
        waiting = np.flatnonzero(hosts >= 0)
        while len(waiting):
            places = runs[waiting] * size + hosts[waiting]
            waiting = waiting[~truth.fits(self._board.numbers, places, self._cls)]
            if len(waiting):
                some = runs[waiting]
                self.ledger.found_full(some, hosts[waiting])
                self._left[some, hosts[waiting]] = -np.inf
                hosts[waiting] = _heads(self._left[some])
                self.looked += len(some)
                waiting = waiting[hosts[waiting] >= 0]
        self._heads[runs] = hosts
        self.ledger.walks[runs] += 1
        told.refuse(chosen[self._left[runs, chosen] > -np.inf])  # those that were walked past are in the ledger
        return hosts


def _heads(scores: Amounts) -> Hosts:
    hosts, found = best(scores)
    return np.where(found, hosts, NOBODY)
