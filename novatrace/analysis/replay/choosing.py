"""How a host is chosen from those that pass: the best, a random one of the best, a random one of all, or by free slots.

``Chooser`` answers for one class of VMs by one view, for many runs at once. The draws are doubles of one generator; a choice
that is not random draws none.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.board import Board, VmClass
from novatrace.analysis.replay.chance import Chance
from novatrace.analysis.replay.head_set import HeadSet
from novatrace.analysis.replay.levels import Levels, levels_of
from novatrace.analysis.replay.ranking import Ranking, excluded, ordered
from novatrace.analysis.replay.standing import Standing
from novatrace.analysis.replay.top_set import TopSet, still_passing
from novatrace.analysis.replay.view import NOBODY, View
from novatrace.model.replay import Rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Amounts = NDArray[np.float64]
    Hosts = NDArray[np.intp]

KEPT = 64  # rankings that are kept up to date beside each other
_TIES = 48  # so many of the best are kept where ties are shuffled; more that are equal are looked for among all
_TOGETHER = 16  # VMs that are thrown together
_TRIES = 8  # draws from all hosts before those that still fit are listed


class Choosers:
    """Who chooses for which class by which view, kept from one decision to the next while there are not too many."""

    def __init__(self, board: Board, rules: Rules) -> None:
        self.board, self.rules = board, rules
        self._kept: dict[tuple[int, int, int], Chooser] = {}
        self._standings: dict[int, Standing] = {}

    def of(self, view: View, number: int, room: View) -> Chooser:
        """For a class, by a view, among hosts that pass by ``room``."""
        key = (id(view), number, id(room))
        if key not in self._kept:
            if len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            standing = self._standing_of(view) if room is view else None
            self._kept[key] = Chooser(view, self.board.classes[number], self.rules, room, standing)
        return self._kept[key]

    def _standing_of(self, view: View) -> Standing | None:
        if self._levels is not None and id(view) not in self._standings:
            self._standings[id(view)] = Standing(view, self._levels)
        return self._standings.get(id(view))

    @cached_property
    def _levels(self) -> Levels | None:
        rules = self.rules  # placement asks for the whole weighed list
        return None if rules.by_slots or rules.placement or rules.subset_size is None else levels_of(self.board, rules)


class Chooser:
    """Chooses hosts for VMs of a class by a view, as it is at each call.

    Attributes:
        ranking: of the hosts; kept up to date only where weights matter.
    """

    def __init__(
        self, view: View, cls: VmClass, rules: Rules, room: View | None = None, standing: Standing | None = None
    ) -> None:
        self._view, self._cls, self._rules = view, cls, rules
        self._room = room or view
        self.ranking = Ranking(view, cls, rules, room)
        size = rules.subset_size
        self._any = not rules.by_slots and (size is None or size >= len(cls.hosts))
        self._top = (
            None
            if self._any or rules.by_slots
            else TopSet(_TIES if rules.shuffle_ties and (size or 1) == 1 else size or 1)
        )
        self._heads = self._heads_by(standing)
        self._hosts = np.array(cls.hosts, dtype=np.intp)
        self._first: Amounts = np.empty(0)  # slots of each host at the start, …
        self._shares: Amounts | None = None  # … and their sums

    def _heads_by(self, standing: Standing | None) -> HeadSet | None:
        """The best by levels, where there are such and a set of them is all that is asked for."""
        size = self._rules.subset_size or 1
        if standing is None or self._top is None or (self._rules.shuffle_ties and size > 1):
            return None
        return HeadSet(self._view, self._cls, standing, size)

    @property
    def shared(self) -> bool:
        """True while all runs choose from the same."""
        return self._view.runs == 1 and self._room.runs == 1

    def pool(self) -> tuple[list[int], list[float] | None]:
        """The hosts that one is chosen from while all runs see the same, and their cumulated chances where not equal."""
        rules = self._rules
        if rules.by_slots or self._any:
            passing = np.flatnonzero(self._passing()[0])
            hosts = [int(host) for host in passing]
            if not rules.by_slots:
                return hosts, None
            return hosts, [float(v) for v in np.cumsum(self._room.slots(self._cls)[0][passing])]
        row = self.ranking.refresh()[0]
        order = ordered(row)
        size = rules.subset_size or 1
        if rules.shuffle_ties and order:
            size = max(size, int((row == row[order[0]]).sum()))
        return order[:size], None

    def many(self, number: int, chance: Chance) -> list[Hosts]:
        """So many choices by the view as it is: for each VM one host in each run (or one for all runs)."""
        if not self.shared:
            return self._many_apart(number, chance)
        pool, chances = self.pool()
        if not pool or (chances is not None and not chances[-1]):
            return [np.array([NOBODY])] * number
        if len(pool) == 1:
            return [np.array(pool)] * number
        return list(np.array(pool, dtype=np.intp)[chance.places(number, len(pool), chances)])

    def _many_apart(self, number: int, chance: Chance) -> list[Hosts]:
        """The same where runs differ."""
        if self._heads is not None:
            many = self._heads.many_tied if self._rules.shuffle_ties else self._heads.many
            return many(number, chance)
        if self._top is not None and (self._rules.subset_size or 1) == 1 and not self._rules.shuffle_ties:
            return [self.one(chance)] * number
        if self._any or self._rules.by_slots:
            return self._many_thrown(number, chance)
        return [self.one(chance) for _ in range(number)]

    def one(self, chance: Chance, runs: Hosts | None = None, tried: Sequence[Hosts] = ()) -> Hosts:
        """One choice in each run (or in each of ``runs``), without the hosts that were ``tried`` there."""
        if self.shared and runs is None and not tried:
            return self.many(1, chance)[0]
        runs = np.arange(max(self._view.runs, self._room.runs)) if runs is None else runs
        if self._rules.by_slots or self._any:
            return self._thrown(chance, runs, tried)
        if self._heads is not None:
            pick = self._heads.pick_tied if self._rules.shuffle_ties else self._heads.pick
            return pick(chance, runs, tried)
        if self._top is not None and not self._rules.shuffle_ties:
            return self._top.pick(self.ranking, chance, runs, tried)
        if self._top is not None and (self._rules.subset_size or 1) == 1:
            return self._shuffled(self._top, chance, runs, tried)
        return self._tied(self._rows(runs, tried), chance)

    def _rows(self, runs: Hosts, tried: Sequence[Hosts]) -> Amounts:
        scores = self.ranking.refresh()
        left = scores if len(runs) == len(scores) else scores[runs if len(scores) > 1 else np.zeros_like(runs)]
        return excluded(left, tried) if tried else left

    def _shuffled(self, top: TopSet, chance: Chance, runs: Hosts, tried: Sequence[Hosts]) -> Hosts:
        """A random one of those with the best weight: among a few of the best, or of all hosts where there may be more."""
        tied, best, beyond = top.tied(self.ranking, runs)
        chosen = np.full(len(runs), NOBODY, dtype=np.intp)
        few = np.flatnonzero(~beyond)
        columns = _nth(tied[few] if len(few) < len(tied) else tied, chance)
        chosen[few] = np.where(columns >= 0, top.member(runs[few], columns), NOBODY)
        scores = self.ranking.scores
        again = still_passing(scores, runs if len(scores) > 1 else np.zeros_like(runs), tried)
        if again is not None:
            chosen[again] = self._tied(self._rows(runs[again], [one[again] for one in tried]), chance)
            beyond[again] = False
        waiting = np.flatnonzero(beyond)
        for _ in range(_TRIES if chance.runs else 0):
            if not len(waiting):
                return chosen
            drawn = chance.places(1, scores.shape[1], None, len(waiting))[0]
            lines = runs[waiting] if len(scores) > 1 else np.zeros_like(waiting)
            fitting = scores[lines, drawn] == best[waiting]
            chosen[waiting[fitting]] = drawn[fitting]
            waiting = waiting[~fitting]
        if len(waiting):
            chosen[waiting] = self._tied(self._rows(runs[waiting], ()), chance)
        return chosen

    def _tied(self, scores: Amounts, chance: Chance) -> Hosts:
        """A random one of those with the best weight, or of the subset where that is larger."""
        top = scores.max(axis=1)
        size = self._rules.subset_size or 1
        if size > 1:
            last = np.partition(scores, -size, axis=1)[:, -size]
            wide = (scores == top[:, None]).sum(axis=1) >= size
            least = np.where(wide, top, last)[:, None]
            above, equal = scores > least, (scores == least) & (scores > -np.inf)
            free = (size - np.count_nonzero(above, axis=1))[
                :, None
            ]  # of equal ones at the subset's end the first are in it
            return _nth(above | (equal & ((equal.cumsum(axis=1) <= free) | wide[:, None])), chance)
        return _nth((scores == top[:, None]) & (scores > -np.inf), chance)

    def _many_thrown(self, number: int, chance: Chance) -> list[Hosts]:
        """So many choices from all hosts in each run, a few VMs at a time."""
        runs = np.arange(max(self._view.runs, self._room.runs))
        chosen: list[Hosts] = []
        for left in range(number, 0, -_TOGETHER):
            some = min(left, _TOGETHER)
            chosen += list(self._thrown(chance, np.tile(runs, some), ()).reshape(some, len(runs)))
        return chosen

    def _thrown(self, chance: Chance, runs: Hosts, tried: Sequence[Hosts]) -> Hosts:
        """Draws from all hosts until one fits that was not tried; after a few draws those that fit are listed."""
        chosen = np.full(len(runs), NOBODY, dtype=np.intp)
        waiting = np.arange(len(runs))
        for _ in range(_TRIES if chance.runs else 0):
            if not len(waiting):
                return chosen
            hosts, fitting = self._draw(chance, runs[waiting])
            for one in tried:
                fitting &= one[waiting] != hosts
            chosen[waiting[fitting]] = hosts[fitting]
            waiting = waiting[~fitting]
        if len(waiting):
            chosen[waiting] = self._listed(chance, runs[waiting], [one[waiting] for one in tried])
        return chosen

    def _draw(self, chance: Chance, runs: Hosts) -> tuple[Hosts, NDArray[np.bool_]]:
        """A host for each run by chances as they were at the start, kept in proportion to what they are now."""
        if not self._rules.by_slots:
            hosts = self._hosts[chance.places(1, len(self._hosts), None, len(runs))[0]]
            return hosts, self._fits(runs, hosts)
        if self._shares is None:
            self._first = View(self._view.board, ()).slots(self._cls)[0][self._hosts]
            self._shares = np.cumsum(self._first)
        if not self._shares[-1]:
            return np.zeros(len(runs), dtype=np.intp), np.zeros(len(runs), dtype=np.bool_)
        places = np.searchsorted(self._shares, chance.draws(len(runs)) * self._shares[-1], side="right")
        hosts = self._hosts[places]
        fitting = chance.draws(len(runs)) * self._first[places] < self._slots_at(runs, hosts)
        return hosts, fitting & self._fits(runs, hosts)

    def _slots_at(self, runs: Hosts, hosts: Hosts) -> Amounts:
        most = float(len(self._view.board.of_vm))
        slots = np.full(len(runs), most)
        lines = runs if self._room.runs > 1 else np.zeros_like(runs)
        for row, need in zip(self._room.rows, self._cls.needs, strict=True):
            if need:  # unknown room is infinite, which has no whole part
                np.minimum(slots, np.floor(np.minimum(row[lines, hosts], most * need) / need), out=slots)
        return slots

    def _fits(self, runs: Hosts, hosts: Hosts) -> NDArray[np.bool_]:
        board = self._view.board
        fitting = self._room.fits(board.filters, _places(self._room, runs, hosts), self._cls)
        if board.others:
            fitting &= self._view.fits(board.others, _places(self._view, runs, hosts), self._cls)
        return fitting

    def _passing(self, runs: Hosts | slice = slice(None)) -> NDArray[np.bool_]:
        board = self._view.board
        passing = self._room.passing(board.filters, self._cls, _lines(self._room, runs))
        if board.others:
            passing = passing & self._view.passing(board.others, self._cls, _lines(self._view, runs))
        return passing

    def _listed(self, chance: Chance, runs: Hosts, tried: Sequence[Hosts]) -> Hosts:
        """A choice among those that fit, listed host by host."""
        passing = self._passing(runs)
        if len(passing) < len(runs):
            passing = np.repeat(passing, len(runs), axis=0)
        lines = np.arange(len(runs))
        for one in tried:
            passing[lines[one >= 0], one[one >= 0]] = False
        if not self._rules.by_slots:
            return _nth(passing, chance)
        if passing.sum(axis=1).max(initial=0) <= 1:
            return _nth(passing, chance)
        shares = np.where(passing, self._room.slots(self._cls, _lines(self._room, runs)), 0.0).cumsum(axis=1)
        wanted = chance.draws(len(runs)) * shares[:, -1]
        hosts = (shares > wanted[:, None]).argmax(axis=1)
        return np.where(shares[:, -1] > 0, hosts, NOBODY)


def _lines(view: View, runs: Hosts | slice) -> Hosts | slice:
    return slice(None) if view.runs == 1 else runs


def _places(view: View, runs: Hosts, hosts: Hosts) -> Hosts:
    return hosts if view.runs == 1 else runs * view.board.size + hosts


def _nth(pool: NDArray[np.bool_], chance: Chance) -> Hosts:
    """A random one of the hosts of the pool of each run."""
    counts = np.count_nonzero(pool, axis=1)
    if counts.max(initial=0) <= 1:  # nobody has a choice
        return np.where(counts > 0, pool.argmax(axis=1), NOBODY)
    wanted = (chance.draws(len(pool)) * counts).astype(np.intp) + np.cumsum(counts) - counts
    members = np.nonzero(pool)[1]
    return np.where(counts > 0, members[np.minimum(wanted, len(members) - 1)], NOBODY)
