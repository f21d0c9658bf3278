"""The k best hosts of each run, kept as a set: a random one of them needs no order.

Beside the set a reserve of the next best is kept, so that a change asks for a look at the reserve and not at all hosts. What is
in neither is known to be no better than a bound; when the reserve falls below it, both are made anew from all hosts.
Of equal weights the host that comes first is better, as in Nova's stable sort; so the places of a run (set and
reserve together) stand in the order of hosts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.chance import Chance
from novatrace.analysis.replay.ranking import Ranking, excluded
from novatrace.analysis.replay.view import NOBODY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Amounts = NDArray[np.float64]
    Hosts = NDArray[np.intp]
    Flags = NDArray[np.bool_]

_RESERVE = 128  # hosts beside the set: a look at them costs little, and they last for about as many changes


class TopSet:
    """The ``size`` best hosts.

    Attributes:
        made: rows that were made anew from all hosts so far, for tests of how the work grows.
    """

    def __init__(self, size: int) -> None:
        self._wanted = size
        self._size = self._width = self._number = 0
        self._lines: Hosts = np.empty(0, dtype=np.intp)
        self.made = 0

    def members(self) -> Hosts:
        """The hosts of the set, for each run; those that do not pass may be among them where there are no others."""
        return np.take_along_axis(self._hosts, self._places, axis=1)

    def pick(self, ranking: Ranking, chance: Chance, runs: Hosts, tried: Sequence[Hosts] = ()) -> Hosts:
        """A random one of the best in each of these runs, without those that were tried there."""
        scores = self.update(ranking)
        lines = runs if len(scores) > 1 else np.zeros_like(runs)
        odd = still_passing(scores, lines, tried)
        if odd is None and not self._short.any():
            if self._size == 1:
                places: Hosts = self._places.reshape(-1)[lines]
            else:
                wanted = (chance.draws(len(runs)) * self._size).astype(np.intp)
                places = self._places.reshape(-1)[lines * self._size + wanted]
            chosen: Hosts = self._hosts.reshape(-1)[lines * self._width + places]
            return chosen
        return self._pick_some(scores, chance, lines, tried, odd)

    def _pick_some(
        self, scores: Amounts, chance: Chance, lines: Hosts, tried: Sequence[Hosts], odd: Hosts | None
    ) -> Hosts:
        """The same where some sets hold fewer, or hosts that were tried still pass."""
        places = self._places[lines]
        left = self._inside[lines] > -np.inf
        hosts = self._hosts[lines[:, None], places]
        if odd is not None:
            rows = excluded(scores[lines[odd]], [one[odd] for one in tried])
            hosts[odd] = first_best(rows, self._size)
            left[odd] = np.take_along_axis(rows, hosts[odd], axis=1) > -np.inf
        counts = left.sum(axis=1)
        at = np.arange(len(lines))
        if counts.max(initial=0) <= 1:  # nobody has a choice
            return np.where(counts > 0, hosts[at, left.argmax(axis=1)], NOBODY)
        wanted = (chance.draws(len(lines)) * counts).astype(np.intp)
        chosen = wanted if left.all() else (left.cumsum(axis=1) > wanted[:, None]).argmax(axis=1)
        return np.where(counts > 0, hosts[at, np.minimum(chosen, hosts.shape[1] - 1)], NOBODY)

    def tied(self, ranking: Ranking, runs: Hosts) -> tuple[Flags, Amounts, Flags]:
        """In each of these runs: members as good as the best, the best weight, and where there may be more of that weight."""
        scores = self.update(ranking)
        inside = self._inside
        if len(scores) == 1 or len(runs) < len(inside):
            inside = inside[runs if len(scores) > 1 else np.zeros_like(runs)]
        best = inside[np.arange(len(runs)), inside.argmax(axis=1)]
        alike = (inside == best[:, None]) & (best > -np.inf)[:, None]
        return alike, best, alike.all(axis=1) & (self._size < self._number)

    def member(self, runs: Hosts, columns: Hosts) -> Hosts:
        """The hosts of members, one in each of these runs, as ``tied`` has them."""
        lines = runs if len(self._lines) > 1 else np.zeros_like(runs)
        hosts: Hosts = self._hosts[lines, self._places[lines, columns]]
        return hosts

    def update(self, ranking: Ranking) -> Amounts:
        """The scores as they are, with the set and the reserve as they give them."""
        scores = ranking.refresh()
        news = ranking.told()
        if news is None or len(scores) != len(self._lines):
            self._start(scores)
            return scores
        changes, whole = news
        anew = [*whole, *(self._change(scores, *change) for change in changes)]
        if any(map(len, anew)):
            self._make(scores, np.unique(np.concatenate(anew)))
        return scores

    def _start(self, scores: Amounts) -> None:
        runs, hosts = scores.shape
        self._size = min(self._wanted, hosts)
        width = self._size + _RESERVE
        self._width, self._number = (width if 2 * width < hosts else hosts), hosts
        self._lines = np.arange(runs, dtype=np.intp)
        self._hosts: Hosts = np.empty((runs, self._width), dtype=np.intp)
        self._outside: Amounts = np.empty((runs, self._width))  # weights of the reserve; -inf at places of the set
        self._places: Hosts = np.empty((runs, self._size), dtype=np.intp)
        self._inside: Amounts = np.empty((runs, self._size))
        self._place_of: NDArray[np.int16] = np.empty((runs, hosts), dtype=np.int16)  # of a host; -1: it is in neither
        self._member_of: NDArray[np.int16] = np.empty((runs, self._width), dtype=np.int16)  # of a place; -1: reserve
        self._bound: Amounts = np.empty(runs)  # no host that is in neither is better than this weight, …
        self._last: Hosts = np.empty(runs, dtype=np.intp)  # … and of that weight, than the one at this place
        self._short: Flags = np.empty(runs, dtype=np.bool_)  # True where the set holds some that do not pass
        self._make(scores, self._lines)

    def _make(self, scores: Amounts, runs: Hosts) -> None:
        """Set, reserve and bound of these runs from all hosts."""
        rows = scores[runs]
        self.made += len(runs)
        at = np.arange(len(runs))[:, None]
        hosts = first_best(rows, self._width)
        weights = rows[at, hosts]
        places = first_best(weights, self._size)
        self._hosts[runs], self._places[runs] = hosts, places
        self._inside[runs] = weights[at, places]
        self._short[runs] = (self._inside[runs] == -np.inf).any(axis=1)
        self._place_of[runs] = -1
        self._place_of[runs[:, None], hosts] = np.arange(self._width, dtype=np.int16)
        self._member_of[runs] = -1
        self._member_of[runs[:, None], places] = np.arange(self._size, dtype=np.int16)
        least = weights.min(axis=1) if self._width < self._number else np.full(len(runs), -np.inf)
        last = self._width - 1 - (weights == least[:, None])[:, ::-1].argmax(axis=1)
        self._bound[runs] = least
        self._last[runs] = np.where(least > -np.inf, last, self._width)
        weights[at, places] = -np.inf
        self._outside[runs] = weights

    def _change(self, scores: Amounts, runs: Hosts, hosts: Hosts) -> Hosts:
        """A host in each of these runs is weighed otherwise than before; gives the runs that are to be made anew."""
        at = runs * self._number + hosts
        now = scores.reshape(-1)[at]
        places = self._place_of.reshape(-1)[at]
        members = self._member_of.reshape(-1)[runs * self._width + places]
        if len(runs) and places.min() >= 0 and members.min() >= 0:
            return self._exchange(runs, members, places, now)
        known = places >= 0
        risen = ~known & (now >= self._bound[runs]) & (now > -np.inf)
        waits = known & (members < 0)
        flat, row = self._outside.reshape(-1), runs[waits] * self._width + places[waits]
        risen[waits] = now[waits] > flat[row]
        flat[row] = now[waits]
        inside = known & (members >= 0)
        below: Hosts = runs[risen]
        if inside.any():
            more = self._exchange(runs[inside], members[inside], places[inside], now[inside])
            below = np.concatenate((below, more))
        return below

    def _exchange(self, runs: Hosts, members: Hosts, places: Hosts, now: Amounts) -> Hosts:
        """Members give way to the best of the reserve where that is better; gives the runs that are to be made anew.

        The members are at these ``places``, and weigh this ``now``.
        """
        outside, every = self._outside, len(runs) == len(self._lines)
        row = runs * self._width
        coming = (outside if every else outside[runs]).argmax(axis=1)
        flat, there = outside.reshape(-1), row + places
        other = flat[row + coming]
        better = (other > now) | ((other == now) & (coming < places) & (other > -np.inf))
        stays = np.where(better, coming, places)
        weight = np.where(better, other, now)
        kept = row + stays
        flat[there] = now
        flat[kept] = -np.inf
        member_of = self._member_of.reshape(-1)
        member_of[there] = -1
        member_of[kept] = members
        at = runs * self._size + members
        self._places.reshape(-1)[at] = stays
        self._inside.reshape(-1)[at] = weight
        gone = weight == -np.inf
        if gone.any():
            self._short[runs[gone]] = True
        bound, last = (self._bound, self._last) if every else (self._bound[runs], self._last[runs])
        below: Hosts = runs[(weight < bound) | ((weight == bound) & (stays > last))]
        return below


def first_best(weights: Amounts, number: int) -> Hosts:
    """The columns of the ``number`` greatest of each row, in their order; of equal ones the first."""
    rows, columns = weights.shape
    if number >= columns:
        return np.tile(np.arange(columns, dtype=np.intp), (rows, 1))
    if number == 1:
        best: Hosts = weights.argmax(axis=1)[:, None]
        return best
    edge = np.partition(weights, columns - number, axis=1)[:, columns - number, None]
    inside, alike = weights > edge, weights == edge
    room = number - np.count_nonzero(inside, axis=1)
    many = np.flatnonzero(np.count_nonzero(alike, axis=1) > room)
    if len(many):
        some = alike[many]
        alike[many] = some & (some.cumsum(axis=1, dtype=np.int16) <= room[many, None])
    inside |= alike
    columns_of: Hosts = np.nonzero(inside)[1].reshape(rows, number)
    return columns_of


def still_passing(scores: Amounts, lines: Hosts, tried: Sequence[Hosts]) -> Hosts | None:
    """Where a host that was tried would be chosen again; None: nowhere."""
    found: Flags | None = None
    for hosts in tried:
        odd = (hosts >= 0) & (scores.reshape(-1)[lines * scores.shape[1] + hosts] > -np.inf)
        found = odd if found is None else found | odd
    return np.flatnonzero(found) if found is not None and found.any() else None
