"""The k best hosts of each run, kept as a set: a random one of them needs no order.

From one decision to the next few members change: the best host outside is exchanged for the worst inside as long as it is
better. Of equal weights the host that comes first is better, as in Nova's stable sort.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.chance import Chance
from novatrace.analysis.replay.ranking import Ranking
from novatrace.analysis.replay.view import NOBODY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Amounts = NDArray[np.float64]
    Hosts = NDArray[np.intp]


class TopSet:
    """The ``size`` best hosts, and ``spare`` more in place of those that were tried in vain."""

    def __init__(self, size: int, *, spare: int) -> None:
        self._size, self._spare = size, spare
        self.members: Hosts = np.empty((0, 0), dtype=np.intp)
        self._inside: Amounts = np.empty((0, 0))
        self._version = -1

    def pick(self, ranking: Ranking, chance: Chance, runs: Hosts, tried: Sequence[Hosts] = ()) -> Hosts:
        """A random one of the best in each of these runs, without those that were tried there."""
        scores = ranking.refresh()
        if ranking.version != self._version:
            self._inside, self._version = self.update(scores), ranking.version
        lines = runs if len(scores) > 1 else np.zeros_like(runs)
        members, weights = self.members[lines], self._inside[lines]
        for one in tried:
            weights = np.where(members == one[:, None], -np.inf, weights)
        left = weights > -np.inf
        over = left.sum(axis=1) - self._size
        while (over > 0).any():
            some = np.flatnonzero(over > 0)
            worst = _worst(np.where(left[some], weights[some], np.inf), members[some])
            left[some, worst] = False
            over[some] -= 1
        counts = left.sum(axis=1)
        if counts.max(initial=0) <= 1:  # nobody has a choice
            return np.where(counts > 0, members[np.arange(len(runs)), left.argmax(axis=1)], NOBODY)
        wanted = (chance.draws(len(runs)) * counts).astype(np.intp)
        places = wanted if left.all() else (left.cumsum(axis=1) > wanted[:, None]).argmax(axis=1)
        return np.where(counts > 0, members[np.arange(len(runs)), np.minimum(places, members.shape[1] - 1)], NOBODY)

    def update(self, scores: Amounts) -> Amounts:
        """Makes ``members`` the best of these scores, and gives their weights."""
        runs, hosts = scores.shape
        size = min(self._size + self._spare, hosts)
        lines = np.arange(runs)
        if len(self.members) == 1 < runs:
            self.members = np.repeat(self.members, runs, axis=0)
        if len(self.members) != runs:
            self.members = np.argsort(-scores, axis=1, kind="stable")[:, :size]
            return np.take_along_axis(scores, self.members, axis=1)
        inside = np.take_along_axis(scores, self.members, axis=1)
        outside = scores.copy()
        outside[lines[:, None], self.members] = -np.inf
        some = lines
        while len(some):
            some = self._exchange(outside, inside, some)
        return inside

    def _exchange(self, outside: Amounts, inside: Amounts, some: Hosts) -> Hosts:
        """Exchanges one host in each of these runs where one outside is better; the runs in which that was so."""
        rows = outside if len(some) == len(outside) else outside[some]
        coming = rows.argmax(axis=1)
        better = rows[np.arange(len(some)), coming]
        worst = _worst(inside[some], self.members[some])
        least, leaving = inside[some, worst], self.members[some, worst]
        swap = (better > least) | ((better == least) & (coming < leaving) & (better > -np.inf))
        some, coming, leaving, worst = some[swap], coming[swap], leaving[swap], worst[swap]
        outside[some, coming], outside[some, leaving] = -np.inf, least[swap]
        inside[some, worst], self.members[some, worst] = better[swap], coming
        return some


def _worst(weights: Amounts, members: Hosts) -> Hosts:
    """The place of the least weight; of equal ones that of the host that comes last."""
    least = weights.min(axis=1)
    last: Hosts = np.where(weights == least[:, None], members, -1).argmax(axis=1)
    return last
