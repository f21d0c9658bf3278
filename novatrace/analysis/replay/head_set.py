"""The k best hosts of each run where hosts have levels: heads of their levels, found by going down the one order of all.

A host's head is the level that it is at. What is beyond the place up to which a run has gone is waiting; before it every head that
passes is in the set. So a host that falls is either still before that place, or the next head beyond it takes its turn. A host that
was found not to pass is passed over from then on: room only gets less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.board import VmClass
from novatrace.analysis.replay.chance import Chance
from novatrace.analysis.replay.standing import PART, Standing, after
from novatrace.analysis.replay.view import NOBODY, Touch, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from novatrace.analysis.replay.standing import Rows

    Hosts = NDArray[np.intp]
    Flags = NDArray[np.bool_]
    Places = NDArray[np.int32]


class HeadSet:
    """The ``size`` best hosts that a class of VMs may be sent to by a view, in every run.

    Attributes:
        made: rows that were made anew from all hosts so far, for tests of how the work grows.
    """

    def __init__(self, view: View, cls: VmClass, standing: Standing, size: int) -> None:
        self._view, self._cls, self._standing = view, cls, standing
        self._levels = levels = standing.levels
        board = view.board
        self._size, self._number = min(size, board.size), board.size
        self._rows = () if levels.tells_room else (*board.filters, *board.others)
        self._places: Rows = np.empty((0, 0), dtype=standing.dtype)  # of hosts that pass; others are gone
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
        waiting, hosts, counts = self._tied(lines, first, tried)
        if len(waiting):
            at = np.cumsum(counts) - counts
            if counts.max() > 1:
                at += (chance.draws(len(waiting)) * counts).astype(np.intp)
            chosen[waiting] = hosts[at]
        return chosen

    def many_tied(self, number: int, chance: Chance) -> list[Hosts]:
        """So many choices among equal ones by the view as it is: for each VM one host in each run."""
        self._refresh()
        waiting, hosts, counts = self._tied(np.arange(len(self._heads), dtype=np.intp), self._heads[:, 0], ())
        choices = [self._hosts[:, 0].copy() for _ in range(number)]
        if len(waiting) and counts.max() > 1:
            starts = np.cumsum(counts) - counts
            for chosen in choices:
                chosen[waiting] = hosts[starts + (chance.draws(len(waiting)) * counts).astype(np.intp)]
        return choices

    def _tied(self, lines: Hosts, first: Places, tried: Sequence[Hosts]) -> tuple[Hosts, Hosts, Hosts]:
        """Where others may stand beside the first ones: all that pass there, run after run, and how many in each."""
        widths = np.where(first >= 0, self._levels.ends[first] - first, 0)
        waiting = np.flatnonzero(widths > 1)
        found = [self._alike(lines, first, widths, waiting[at : at + PART]) for at in range(0, len(waiting), PART)]
        at, hosts = (np.concatenate(part) for part in zip(*found, strict=True)) if found else (waiting, waiting)
        for one in tried:
            new = hosts != one[at]
            at, hosts = at[new], hosts[new]
        return waiting, hosts, np.bincount(at, minlength=len(lines))[waiting]

    def _alike(self, lines: Hosts, first: Places, widths: Hosts, some: Hosts) -> tuple[Hosts, Hosts]:
        """The hosts of the same weight as the first ones that pass, in some of the runs: where, and which."""
        runs = lines[some]
        rows = self._places[runs]
        rows -= first[some, None].astype(rows.dtype)  # what stands before the first wraps around, beyond all others
        flat = np.flatnonzero(rows < widths[some, None].astype(rows.dtype))
        at, hosts = np.divmod(flat, self._number)
        return some[at], hosts

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
        self._standing.update()
        unseen = view.forgotten + len(view.touched) - self._looked
        self._looked += unseen
        if len(self._heads) != view.runs:
            self._anew()
        elif unseen > len(view.touched):
            self._places = self._passing()
            self._fill([self._check(column) for column in range(self._size)])
        elif unseen:
            touches = view.touched[-unseen:]
            for touch in touches:
                self._moved(touch)
            few = unseen <= self._size
            self._fill(map(self._follow, touches) if few else map(self._check, range(self._size)))

    def _moved(self, touch: Touch) -> None:
        """Hosts that a VM came to stand further down, or have no room left."""
        there, gone = self._places.reshape(-1), self._standing.gone
        left = there[touch.places] < gone
        for i in self._rows:
            room = touch.left[i]
            if room is not None:
                left &= room >= self._cls.needs[i]
        there[touch.places] = np.where(left, self._standing.at(touch.places), gone)

    def _anew(self) -> None:
        runs = self._view.runs
        self.made += runs
        self._places = self._passing()
        self._heads = self._best(self._places.astype(np.int32))
        self._hosts = np.where(self._heads >= 0, self._levels.hosts[self._heads], NOBODY)
        self._short = bool(self._heads.min() < 0)
        self._upto = self._heads.max(axis=1)
        self._upto[self._heads.min(axis=1) < 0] = self._levels.nowhere - 1

    def _best(self, places: Places) -> Places:
        """The first places of each row."""
        if self._size < self._number:
            places = np.partition(places, self._size - 1, axis=1)[:, : self._size]
        return np.where(places < self._levels.nowhere, places, np.int32(NOBODY))

    def _passing(self) -> Rows:
        """The places of all hosts; gone are those that have no room, or where the VMs may not go."""
        places = self._standing.rows(np.arange(self._view.runs, dtype=np.intp))
        places[~self._view.passing(self._rows, self._cls)] = self._standing.gone
        return places

    def _left(self, lines: Hosts, tried: Sequence[Hosts]) -> Places:
        """The same in these runs, without hosts that were tried."""
        places = self._places[lines].astype(np.int32)
        at = np.arange(len(lines))
        for one in tried:
            places[at[one >= 0], one[one >= 0]] = self._levels.nowhere
        return places

    def _at(self, runs: Hosts, hosts: Hosts) -> Places:
        places: Places = self._places.reshape(-1)[runs * self._number + hosts].astype(np.int32)
        return places

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
        gone = runs[self._at(runs, hosts[runs]) != places[runs]]
        return self._fall(gone, hosts[gone], gone * self._size + column)

    def _fall(self, runs: Hosts, hosts: Hosts, flat: Hosts) -> Hosts:
        """Hosts of the set are lower than before: they stay where they are still before the waiting ones, else leave."""
        places = self._at(runs, hosts)
        stays = places <= self._upto[runs]
        self._heads.reshape(-1)[flat] = np.where(stays, places, np.int32(NOBODY))
        left = flat[~stays]
        self._hosts.reshape(-1)[left] = NOBODY
        return left

    def _fill(self, left: Iterable[Hosts]) -> None:
        """The next heads take the places that are free, once all hosts that fell have left: one may be the next again."""
        for flat in list(left):
            if len(flat):
                places, hosts = self._next(flat // self._size)
                self._heads.reshape(-1)[flat] = places
                self._hosts.reshape(-1)[flat] = hosts

    def _next(self, runs: Hosts) -> tuple[Places, Hosts]:
        """The next head beyond what these runs have looked at, which are different ones; ``NOBODY`` where there is none."""
        nowhere = self._levels.nowhere
        found = after(self._places, runs, self._upto[runs])
        none = found >= nowhere
        self._upto[runs] = np.minimum(found, nowhere - 1)
        chosen = self._levels.hosts[np.minimum(found, nowhere - 1)]
        if none.any():
            self._short = True
            found[none], chosen[none] = NOBODY, NOBODY
        return found, chosen
