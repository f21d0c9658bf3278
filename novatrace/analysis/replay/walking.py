"""The weighed list of a decision, walked down in placement until a host has room.

``nova/scheduler/manager.py`` 31.3.1, ``_get_sorted_hosts`` (``filter_scheduler.py`` up to 23.2.2; the same from 17.0.13 to 34.0.0): the
chosen host comes first; with ``shuffle_best_same_weighed_hosts`` those of equal best weight follow in an order that is drawn once for
each request, then the rest in weighed order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from novatrace.analysis.replay.board import Board, VmClass
from novatrace.analysis.replay.chance import Chance
from novatrace.analysis.replay.own_lists import OwnLists
from novatrace.analysis.replay.ranking import best, ordered
from novatrace.analysis.replay.view import NOBODY, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Amounts = NDArray[np.float64]
    Hosts = NDArray[np.intp]

_ABOVE = 1e300  # beyond any weight
_SPARSE = 4  # runs for each one that asks, before it is worth while to remember how far each has come
_TRIES = 8  # draws of equal hosts before all of them are listed, …
_WIDE = 16  # … where there are more of them; of fewer the list costs less


class Refusals(Protocol):
    """Where refusals are noted."""

    def refuse(self, hosts: Hosts) -> None:
        """One refusal by each of these."""


class Ledger(Protocol):
    """Who was walked past."""

    def told(self, refused: NDArray[np.int64]) -> None:
        """Adds the refusals of hosts that were walked past."""


class SharedLedger:
    """By how many runs each place of a list that all runs share was walked past."""

    def __init__(self, order: Hosts, size: int) -> None:
        self._order, self._passed = order, np.zeros(size + 1, dtype=np.int64)

    def passed(self, full: Hosts) -> None:
        """So many from the top are full, in each run that walked."""
        self._passed += np.bincount(full, minlength=len(self._passed))

    def told(self, refused: NDArray[np.int64]) -> None:
        """Adds the refusals of hosts that were walked past."""
        beyond = self._passed[::-1].cumsum()[::-1][1 : len(self._order) + 1]
        np.add.at(refused, self._order, beyond)


class Weighed:
    """The weighed list of a decision.

    Each run remembers how far down nobody fits any more: room only gets less.

    Attributes:
        scores: by which hosts are in order, a row for each run or one for all.
        ledger: of refusals by full hosts that were walked past.
        tied: True where the hosts of equal best weight are shuffled, and there may be more than one.
    """

    def __init__(self, scores: Amounts, cls: VmClass, board: Board, runs: int, *, shuffled: bool = False) -> None:
        self.scores, self._cls, self._board = scores, cls, board
        self._own = OwnLists(scores, cls, board) if len(scores) > 1 else None
        self._order: Hosts = np.array(ordered(scores[0]) if self._own is None else [], dtype=np.intp)
        self._equal = int(_of_best(scores).sum()) if self._own is None else 0
        self.tied = shuffled and (self._own is not None or self._equal > 1)
        self._full = np.zeros(runs, dtype=np.intp)
        self._asked = 0
        self._shared = SharedLedger(self._order, board.size)
        self.ledger: Ledger = self._shared if self._own is None else self._own.ledger

    def rows(self, runs: Hosts) -> Amounts:
        """The scores in these runs, in an array of their own."""
        return self.scores[runs if len(self.scores) > 1 else np.zeros_like(runs)]

    def first_with_room(
        self, truth: View, runs: Hosts, chosen: Hosts, told: Refusals, shuffle: Shuffle | None
    ) -> Hosts:
        """For runs whose chosen host is full: the best one that is not, or ``NOBODY``."""
        if shuffle is not None and (shuffle.followed or self._own is not None):
            return self._best(truth, runs, chosen, told, shuffle.rows(runs))
        if self._own is not None:
            self._asked += len(runs)
            if _SPARSE * self._asked < len(self.scores):
                return self._best(truth, runs, chosen, told, self.rows(runs))
            return self._own.walked(truth, runs, chosen, told)
        if shuffle is None:
            return self._walked(truth, runs, chosen, told)
        hosts = self._among_equal(truth, self._order[: self._equal], runs, chosen, told, shuffle.chance)
        left = np.flatnonzero(hosts < 0)
        if len(left):
            hosts[left] = self._walked(truth, runs[left], chosen[left], told)
        return hosts

    def _best(self, truth: View, runs: Hosts, chosen: Hosts, told: Refusals, scores: Amounts) -> Hosts:
        """The same by rows of scores, whoever they are of."""
        fitting = truth.passing(self._board.numbers, self._cls, runs)
        hosts, found = best(np.where(fitting, scores, -np.inf))
        lines = np.arange(len(runs))
        least = np.where(found, scores[lines, hosts], -np.inf)[:, None]
        before = (scores > least) | ((scores == least) & (np.arange(self._board.size) < hosts[:, None]))
        before &= ~fitting & (scores > -np.inf)
        before[lines, chosen] = True
        told.refuse(np.nonzero(before)[1])
        return np.where(found, hosts, NOBODY)

    def _walked(self, truth: View, runs: Hosts, chosen: Hosts, told: Refusals) -> Hosts:
        walking, size, order = np.arange(len(runs)), self._board.size, self._order
        full = self._full[runs]
        while len(walking):
            walking = walking[full[walking] < len(order)]
            places = runs[walking] * size + order[full[walking]]
            walking = walking[~truth.fits(self._board.numbers, places, self._cls)]
            full[walking] += 1
        self._full[runs] = full
        place_of = np.full(size, -1, dtype=np.intp)
        place_of[order] = np.arange(len(order))
        self._shared.passed(full)
        told.refuse(chosen[place_of[chosen] >= full])
        if not len(order):
            return np.full(len(runs), NOBODY, dtype=np.intp)
        return np.where(full < len(order), order[np.minimum(full, len(order) - 1)], NOBODY)

    def _among_equal(
        self, truth: View, equal: Hosts, runs: Hosts, chosen: Hosts, told: Refusals, chance: Chance
    ) -> Hosts:
        """One of the equal hosts that has room, as a shuffled order gives it; ``NOBODY`` where none has: that is remembered.

        A full one that is drawn before it refuses, once. The order is drawn no further than to the first with room.
        """
        hosts = np.full(len(runs), NOBODY, dtype=np.intp)
        waiting = np.flatnonzero(self._full[runs] < len(equal))
        drawn: list[Hosts] = [chosen]
        for _ in range(_TRIES if len(equal) > _WIDE else 0):
            picked = equal[(chance.draws(len(waiting)) * len(equal)).astype(np.intp)]
            fitting = truth.fits(self._board.numbers, runs[waiting] * self._board.size + picked, self._cls)
            hosts[waiting[fitting]] = picked[fitting]
            waiting, picked = waiting[~fitting], picked[~fitting]
            drawn.append(np.full(len(runs), NOBODY, dtype=np.intp))
            drawn[-1][waiting] = picked
        found = np.flatnonzero(hosts >= 0)
        for number, one in enumerate(drawn):
            fresh = one[found] >= 0
            for other in drawn[:number]:
                fresh &= one[found] != other[found]
            told.refuse(one[found[fresh]])
        hosts[waiting] = self._listed(truth, equal, runs[waiting], [one[waiting] for one in drawn], told, chance)
        return hosts

    def _listed(
        self, truth: View, equal: Hosts, runs: Hosts, drawn: list[Hosts], told: Refusals, chance: Chance
    ) -> Hosts:
        """The same where all equal hosts are put in order, behind those that were drawn."""
        fitting = truth.fits(self._board.numbers, runs[:, None] * self._board.size + equal, self._cls)
        some = np.asarray(fitting.any(axis=1))
        self._full[runs[~some]] = len(equal)
        runs, fitting, drawn = runs[some], fitting[some], [one[some] for one in drawn]
        hosts = np.full(len(some), NOBODY, dtype=np.intp)
        if len(runs):
            places = chance.draws(fitting.size).reshape(fitting.shape)
            for one in drawn:
                places[equal == one[:, None]] = -1.0
            first = np.where(fitting, places, np.inf).argmin(axis=1)
            before = ~fitting & (places < places[np.arange(len(runs)), first, None])
            told.refuse(equal[np.nonzero(before)[1]])
            told.refuse(drawn[0][(equal != drawn[0][:, None]).all(axis=1)])  # chosen from beyond the equal ones
            hosts[some] = equal[first]
        return hosts


class Shuffle:
    """The order of the equal best hosts for one VM.

    Attributes:
        chance: what it is drawn by.
        followed: True where the order is asked for again, for alternates, so that it has to be kept.
    """

    def __init__(self, weighed: Weighed, chance: Chance, *, followed: bool) -> None:
        self.chance, self.followed = chance, followed
        self._weighed = weighed
        self._kept: Amounts | None = None

    def rows(self, runs: Hosts) -> Amounts:
        """What hosts are ordered by in these runs: the equal best before all others, in an order drawn once."""
        if not self.followed:
            return self._drawn(runs)
        if self._kept is None:
            self._kept = self._drawn(np.arange(max(1, self.chance.runs), dtype=np.intp))
        return self._kept[runs]

    def _drawn(self, runs: Hosts) -> Amounts:
        scores = self._weighed.rows(runs)
        equal = _of_best(scores)
        if np.count_nonzero(equal, axis=1).max(initial=0) > 1:
            scores[equal] = _ABOVE * (1.0 + self.chance.draws(int(equal.sum())))
        return scores


def _of_best(scores: Amounts) -> NDArray[np.bool_]:
    """True for the hosts of the best weight of each run."""
    of_best: NDArray[np.bool_] = (scores == scores.max(axis=1, initial=-np.inf)[:, None]) & (scores > -np.inf)
    return of_best
