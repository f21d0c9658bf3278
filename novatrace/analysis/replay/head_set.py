"""The k best hosts of each run where hosts have levels: heads of their levels, found by going down the one order of all.

A host's head is the level that it is at. What is beyond the place up to which a run has gone is waiting; before it every head that
passes is in the set. So a host that falls is either still before that place, or the next head beyond it takes its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.board import VmClass
from novatrace.analysis.replay.chance import Chance
from novatrace.analysis.replay.levels import Levels
from novatrace.analysis.replay.view import NOBODY, Touch, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Amounts = NDArray[np.float64]
    Hosts = NDArray[np.intp]
    Flags = NDArray[np.bool_]
    Places = NDArray[np.int32]
    AnyPlaces = Hosts | Places

_TRIES = 8  # draws among equal weights before those that pass are listed, …
_WIDE = 64  # … where there are more of these; of fewer the list costs less


class HeadSet:
    """The ``size`` best hosts that a class of VMs may be sent to by a view, in every run.

    Attributes:
        made: rows that were made anew from all hosts so far, for tests of how the work grows.
    """

    def __init__(self, view: View, cls: VmClass, levels: Levels, size: int) -> None:
        self._view, self._cls, self._levels = view, cls, levels
        board = view.board
        self._size, self._number = min(size, board.size), board.size
        self._rows = () if levels.tells_room else (*board.filters, *board.others)
        self._allowed: Flags | None = None
        if len(cls.hosts) < board.size:
            self._allowed = np.zeros(board.size, dtype=np.bool_)
            self._allowed[list(cls.hosts)] = True
        self._looked = 0
        self._heads: Places = np.empty((0, 0), dtype=np.int32)  # NOBODY where fewer pass
        self._hosts: Hosts = np.empty((0, 0), dtype=np.intp)  # which these are of
        self._upto: Places = np.empty(0, dtype=np.int32)  # the last place that each run has looked at
        self._short = False
        self.made = 0

    def members(self) -> Hosts:
        """The hosts of the set, for each run; ``NOBODY`` where fewer pass."""
        self._refresh()
        return self._hosts

    def pick(self, chance: Chance, runs: Hosts, tried: Sequence[Hosts] = ()) -> Hosts:
        """A random one of the best in each of these runs, without those that were tried there."""
        self._refresh()
        lines = runs if len(self._heads) > 1 else np.zeros_like(runs)
        odd = self._again(lines, tried)
        if odd is not None or self._short:
            return self._some(lines, odd, tried, chance)
        if self._size == 1:
            wanted: Hosts = lines
        else:
            wanted = lines * self._size + (chance.draws(len(runs)) * self._size).astype(np.intp)
        chosen: Hosts = self._hosts.reshape(-1)[wanted]
        return chosen

    def many(self, number: int, chance: Chance) -> list[Hosts]:
        """So many choices by the view as it is: for each VM one host in each run."""
        self._refresh()
        lines = np.arange(len(self._heads), dtype=np.intp)
        if self._short:
            return [self.pick(chance, lines) for _ in range(number)]
        if self._size == 1:
            return [self._hosts[:, 0].copy()] * number
        places = chance.places(number, self._size, None, len(lines)) + lines * self._size
        return list(self._hosts.reshape(-1)[places])

    def pick_tied(self, chance: Chance, runs: Hosts, tried: Sequence[Hosts] = ()) -> Hosts:
        """A random one of all that weigh what the best does, for a set of one."""
        self._refresh()
        lines = runs if len(self._heads) > 1 else np.zeros_like(runs)
        first, chosen = self._heads.reshape(-1)[lines], self._hosts.reshape(-1)[lines]
        odd = self._again(lines, tried)
        if odd is not None:
            heads = self._best(self._left(lines[odd], [one[odd] for one in tried]))
            first[odd], chosen[odd] = heads[:, 0], self._levels.hosts[heads[:, 0]]
        widths = np.where(first >= 0, self._levels.ends[first] - first, 0)
        waiting = np.flatnonzero(widths > _WIDE)
        for _ in range(_TRIES if chance.runs and len(waiting) else 0):
            places = first[waiting] + (chance.draws(len(waiting)) * widths[waiting]).astype(np.intp)
            hosts = self._levels.hosts[places]
            found = self._are_heads(lines[waiting], places, hosts) & _new(hosts, [one[waiting] for one in tried])
            chosen[waiting[found]] = hosts[found]
            widths[waiting[found]] = 0
            waiting = waiting[~found]
        waiting = np.flatnonzero(widths > 1)
        if len(waiting):
            left = [one[waiting] for one in tried]
            chosen[waiting] = self._listed(chance, lines[waiting], first[waiting], widths[waiting], left)
        return chosen

    def _listed(self, chance: Chance, lines: Hosts, first: Places, widths: Hosts, tried: Sequence[Hosts]) -> Hosts:
        """A random one of the heads at so many places from the first on, in each of these runs."""
        of = np.repeat(np.arange(len(lines)), widths)
        starts = np.cumsum(widths) - widths
        places = np.arange(len(of)) - starts[of] + first[of]
        hosts = self._levels.hosts[places]
        passing = np.flatnonzero(self._are_heads(lines[of], places, hosts) & _new(hosts, [one[of] for one in tried]))
        counts = np.bincount(of[passing], minlength=len(lines))
        at = np.cumsum(counts) - counts
        if counts.max() > 1:
            at += (chance.draws(len(lines)) * counts).astype(np.intp)
        chosen: Hosts = hosts[passing[at]]
        return chosen

    def _some(self, lines: Hosts, odd: Hosts | None, tried: Sequence[Hosts], chance: Chance) -> Hosts:
        """The same as ``pick`` where sets hold fewer than others, or hosts that were tried."""
        heads = self._heads[lines]
        if odd is not None:
            heads[odd] = self._best(self._left(lines[odd], [one[odd] for one in tried]))
        left = heads >= 0
        counts = np.count_nonzero(left, axis=1)
        at = np.arange(len(heads))
        if counts.max(initial=0) <= 1:  # nobody has a choice
            chosen = heads[at, left.argmax(axis=1)]
        else:
            wanted = (chance.draws(len(heads)) * counts).astype(np.intp)
            chosen = heads[at, (left.cumsum(axis=1) > wanted[:, None]).argmax(axis=1)]
        return np.where(counts > 0, self._levels.hosts[chosen], NOBODY)

    def _again(self, lines: Hosts, tried: Sequence[Hosts]) -> Hosts | None:
        """Where a host that was tried is in the set again; None: nowhere."""
        found: Flags | None = None
        for hosts in tried:
            odd = (self._hosts[lines] == hosts[:, None]).any(axis=1)
            found = odd if found is None else found | odd
        return np.flatnonzero(found & (self._hosts[lines, 0] >= 0)) if found is not None and found.any() else None

    def _refresh(self) -> None:
        """The set as the view now gives it."""
        view = self._view
        unseen = view.forgotten + len(view.touched) - self._looked
        self._looked += unseen
        if len(self._heads) != view.runs:
            self._anew()
        elif unseen > min(self._size, len(view.touched)):
            self._fill([self._check(column) for column in range(self._size)])
        elif unseen:
            self._fill([self._follow(touch) for touch in view.touched[-unseen:]])

    def _anew(self) -> None:
        runs = self._view.runs
        self.made += runs
        self._heads = self._best(self._left(np.arange(runs, dtype=np.intp), ()))
        self._hosts = np.where(self._heads >= 0, self._levels.hosts[self._heads], NOBODY)
        self._short = bool(self._heads.min() < 0)
        self._upto = self._heads.max(axis=1)
        self._upto[self._heads.min(axis=1) < 0] = self._levels.nowhere - 1

    def _best(self, places: Places) -> Places:
        """The first places of each row."""
        if self._size < self._number:
            places = np.partition(places, self._size - 1, axis=1)[:, : self._size]
        return np.where(places < self._levels.nowhere, places, np.int32(NOBODY))

    def _left(self, lines: Hosts, tried: Sequence[Hosts]) -> Places:
        """The places of all hosts in these runs; nowhere for those that do not pass or were tried."""
        rows = self._seen().reshape(-1, self._number)[lines]
        hosts = np.broadcast_to(np.arange(self._number, dtype=np.intp), rows.shape)
        places = self._levels.place(hosts, rows)
        places[~self._view.passing(self._rows, self._cls, lines)] = self._levels.nowhere
        at = np.arange(len(lines))
        for one in tried:
            places[at[one >= 0], one[one >= 0]] = self._levels.nowhere
        return places

    def _seen(self) -> Amounts:
        return self._view.seen[self._levels.name].reshape(-1)

    def _pass(self, at: Hosts, hosts: Hosts) -> Flags:
        """True for hosts (with their flat places in the view) that have room and may be sent to."""
        passing = self._view.fits(self._rows, at, self._cls)
        return passing if self._allowed is None else passing & self._allowed[hosts]

    def _are_heads(self, lines: Hosts, places: AnyPlaces, hosts: Hosts) -> Flags:
        """True where a host stands at this place in the order, and passes."""
        at = lines * self._number + hosts
        heads: Flags = self._seen()[at] == self._levels.values[places]
        if self._rows or self._allowed is not None:
            some = np.flatnonzero(heads)
            heads[some] = self._pass(at[some], hosts[some])
        return heads

    def _follow(self, touch: Touch) -> Hosts:
        """A VM came to a host in some runs; where the host is in the set, it falls. Gives the places in the set that are free."""
        hosts = self._hosts if len(touch.runs) == len(self._heads) else self._hosts[touch.runs]
        found = np.flatnonzero(hosts == touch.hosts[:, None])
        at = found // self._size if self._size > 1 else found
        runs = touch.runs[at]
        return self._fall(runs, touch.hosts[at], runs * self._size + found % self._size)

    def _check(self, column: int) -> Hosts:
        """The same for a column of the set, of which it is not known what came to the hosts in it."""
        places, hosts = self._heads[:, column], self._hosts[:, column]
        runs = np.flatnonzero(places >= 0)
        gone = runs[~self._are_heads(runs, places[runs], hosts[runs])]
        return self._fall(gone, hosts[gone], gone * self._size + column)

    def _fall(self, runs: Hosts, hosts: Hosts, flat: Hosts) -> Hosts:
        """Hosts of the set are lower than before: they stay where they are still before the waiting ones, else leave."""
        at = runs * self._number + hosts
        places = self._levels.place(hosts, self._seen()[at])
        stays = places <= self._upto[runs]
        stays &= self._pass(at, hosts)
        self._heads.reshape(-1)[flat] = np.where(stays, places, np.int32(NOBODY))
        left = flat[~stays]
        self._hosts.reshape(-1)[left] = NOBODY
        return left

    def _fill(self, left: Sequence[Hosts]) -> None:
        """The next heads take the places that are free, once all hosts that fell have left: one may be the next again."""
        for flat in left:
            if len(flat):
                places, hosts = self._next(flat // self._size)
                self._heads.reshape(-1)[flat] = places
                self._hosts.reshape(-1)[flat] = hosts

    def _next(self, runs: Hosts) -> tuple[Places, Hosts]:
        """The next head beyond what these runs have looked at, which are different ones; ``NOBODY`` where there is none.

        Ever more places are looked at together, since few heads are left where VMs are of many sizes.
        """
        nowhere = self._levels.nowhere
        found, waiting, width = self._upto[runs] + 1, np.arange(len(runs)), 1
        while len(waiting):
            places = np.add(found[waiting][:, None], np.arange(width), dtype=np.int32)
            heads = self._heads_at(runs[waiting], places)
            first = heads.argmax(axis=1)
            hit = heads[np.arange(len(waiting)), first]
            found[waiting] += np.where(hit, first, width).astype(np.int32)
            waiting, width = waiting[~hit], 2 * width
        none = found >= nowhere
        self._upto[runs] = np.minimum(found, nowhere - 1)
        chosen = self._levels.hosts[np.minimum(found, nowhere - 1)]
        if none.any():
            self._short = True
            found[none], chosen[none] = NOBODY, NOBODY
        return found, chosen

    def _heads_at(self, runs: Hosts, places: AnyPlaces) -> Flags:
        """The same for several places of each run; True beyond the last place."""
        within = np.minimum(places, self._levels.nowhere - 1)
        hosts = self._levels.hosts[within]
        at = runs[:, None] * self._number + hosts
        heads: Flags = self._seen()[at] == self._levels.values[within]
        if self._rows or self._allowed is not None:
            some = np.flatnonzero(heads)
            heads.reshape(-1)[some] = self._pass(at.reshape(-1)[some], hosts.reshape(-1)[some])
        return heads | (places >= self._levels.nowhere)


def _new(hosts: Hosts, tried: Sequence[Hosts]) -> Flags:
    """True for hosts that were not tried."""
    new = np.ones(len(hosts), dtype=np.bool_)
    for one in tried:
        new &= hosts != one
    return new
