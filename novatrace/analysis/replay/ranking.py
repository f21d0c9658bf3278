"""Hosts ranked by weight for one class of VMs, in many runs at once, kept up to date by what changed.

The weight of a host changes when a VM comes to it, and all weights of a run change when the greatest (or least) value that
a weigher is normalised by changes; nothing else is computed anew. The sums are those of ``weighing.weights``, operation by
operation, so that ties are the same ties.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.board import VmClass
from novatrace.analysis.replay.view import Touch, View
from novatrace.analysis.replay.weighing import FROM_ZERO
from novatrace.model.replay import Rules, Weigher

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Amounts = NDArray[np.float64]
    Hosts = NDArray[np.intp]


class Ranking:
    """Weights of all hosts for a class of VMs by a view.

    Attributes:
        scores: a run in each row, a host in each column; -inf for hosts that do not pass.
        weighed: hosts that were weighed anew so far, for tests of how the work grows.
    """

    # What a follower has not yet been told: runs and hosts of changes, runs of which all is new; None: all runs.
    _news: tuple[list[tuple[Hosts, Hosts]], list[Hosts]] | None

    def __init__(self, view: View, cls: VmClass, rules: Rules, room: View | None = None) -> None:
        self._view, self._cls = view, cls
        self._room = room or view  # what filters look at: placement's own room, where it gives the candidates
        self._weighers = [w for w in rules.weighers if w.multiplier and w.name in view.seen]
        self._keeps = rules.kept_bounds
        self._high: dict[str, Amounts] = {}
        self._low: dict[str, Amounts] = {}
        self._looked = [0, 0]
        self._lent = False
        self._news = None
        self.scores: Amounts = np.empty((0, 0))
        self.weighed = 0

    def lend(self) -> Amounts:
        """The scores as they are now; they stay so in the hands of whoever has them."""
        self._lent = True
        return self.scores

    def refresh(self) -> Amounts:
        """The scores by the view as it is now."""
        changes = self._changes()
        if not self.scores.size or changes is None:
            self._all_anew()
        elif changes:
            self._own(max(self._view.runs, self._room.runs))
            alike: dict[bool, list[Touch]] = {}
            for touch, own in changes:
                alike.setdefault(own, []).append(self._spread(touch))
            for own, touches in alike.items():
                self._follow(_joined(touches), own=own)
                if self._news is not None:
                    self._news[0].extend((touch.runs, touch.hosts) for touch in touches)
        return self.scores

    def told(self) -> tuple[list[tuple[Hosts, Hosts]], list[Hosts]] | None:
        """What has changed since this was last asked: runs and hosts, and runs of which all is new; None: all runs."""
        news, self._news = self._news, ([], [])
        return news

    def _spread(self, touch: Touch) -> Touch:
        """A change from the time when all runs had one row, as one in each run."""
        if not touch.shared or len(self.scores) == 1:
            return touch
        runs = np.arange(len(self.scores), dtype=np.intp)
        hosts = np.repeat(touch.hosts, len(runs))
        before = {name: np.repeat(values, len(runs)) for name, values in touch.before.items()}
        return Touch(False, runs, hosts, runs * self.scores.shape[1] + hosts, before)

    def _changes(self) -> list[tuple[Touch, bool]] | None:
        """What happened since the last look, and whether it was in the view itself (else in placement); None: too much."""
        sources = (self._view,) if self._room is self._view else (self._view, self._room)
        found: list[tuple[Touch, bool]] = []
        many = False
        for i, source in enumerate(sources):
            unseen = source.forgotten + len(source.touched) - self._looked[i]
            self._looked[i] += unseen
            many |= unseen > source.kept
            found += [(touch, not i) for touch in source.touched[len(source.touched) - unseen :]] if not many else []
        return None if many else found

    def _own(self, runs: int) -> None:
        """A row for each run, in an array that nobody else holds."""
        if len(self.scores) != runs:
            self.scores = np.repeat(self.scores, runs, axis=0)
            self._high = {name: np.repeat(bound, runs) for name, bound in self._high.items()}
            self._low = {name: np.repeat(bound, runs) for name, bound in self._low.items()}
            self._news = None
        elif self._lent:
            self.scores = self.scores.copy()
        self._lent = False

    def _all_anew(self) -> None:
        passing = self._passing()
        for weigher in self._weighers:
            if weigher.name != "logged":
                high, low = self._bounds(weigher, self._view.seen[weigher.name], passing)
                if self._keeps:
                    high, low = self._kept(weigher.name, high, low)
                self._high[weigher.name], self._low[weigher.name] = high, low
        self.scores = self._summed(passing, slice(None))
        self.weighed += passing.size
        self._lent, self._news = False, None

    def _passing(self) -> NDArray[np.bool_]:
        board = self._view.board
        passing = self._room.passing(board.filters, self._cls)
        if board.others:
            passing = passing & self._view.passing(board.others, self._cls)
        return passing if len(passing) >= self._view.runs else np.repeat(passing, self._view.runs, axis=0)

    def _kept(self, name: str, high: Amounts, low: Amounts) -> tuple[Amounts, Amounts]:
        """The bounds together with those that were seen before: at first by all hosts, since the process is old."""
        values = self._view.seen[name]
        least = np.minimum(values.min(axis=1), 0.0 if name in FROM_ZERO else np.inf)
        return np.maximum(high, self._high.get(name, values.max(axis=1))), np.minimum(low, self._low.get(name, least))

    def _bounds(self, weigher: Weigher, values: Amounts, passing: NDArray[np.bool_]) -> tuple[Amounts, Amounts]:
        """The greatest and the least of what passes; 0 is the least of most weighers, unless one that keeps has seen less."""
        if weigher.name in FROM_ZERO:
            within = np.where(passing, values, 0.0)
            high = within.max(axis=1)
            return high, within.min(axis=1) if self._keeps else np.zeros_like(high)
        none = ~passing.any(axis=1)
        high = np.where(passing, values, -np.inf).max(axis=1)
        low = np.where(passing, values, np.inf).min(axis=1)
        return np.where(none, 0.0, high), np.where(none, 0.0, low)

    def _summed(self, passing: NDArray[np.bool_], runs: Hosts | slice) -> Amounts:
        """The weights of whole runs."""
        total = np.zeros(passing.shape)
        for weigher in self._weighers:
            values = self._view.seen[weigher.name]
            values = values[runs] if len(values) > 1 else values
            total += self._part(weigher, values, runs, across=True)
        total[~passing] = -np.inf
        return total

    def _part(self, weigher: Weigher, values: Amounts, runs: Hosts | slice, *, across: bool = False) -> Amounts:
        """What a weigher adds: normalised, then multiplied, as Nova does."""
        if weigher.name == "logged":
            return weigher.multiplier * values
        high, low = self._high[weigher.name][runs], self._low[weigher.name][runs]
        span = high - low
        if across:
            span, low = span[:, None], low[:, None]
        normal = np.maximum(values, 0.0) if weigher.name in FROM_ZERO and not self._keeps else values - low
        level = span == 0.0
        normal = normal / np.where(level, 1.0, span)
        if level.any():
            normal = np.where(level, 0.0, normal)
        return normal if weigher.multiplier == 1.0 else weigher.multiplier * normal

    def _follow(self, touch: Touch, *, own: bool) -> None:
        """Changes: their hosts are weighed anew, or whole runs where a bound moved. A host may be among them more than once."""
        runs, places = touch.runs, touch.places
        flat = self.scores.reshape(-1)
        passed = flat[places] > -np.inf
        still = passed & self._still(places)
        fresh = np.zeros(len(runs))
        for weigher in self._weighers:
            now = self._at(self._view.seen[weigher.name], places)
            if weigher.name != "logged":
                before = touch.before[weigher.name] if own else now
                moved = passed & self._moved(weigher.name, runs, (before, now), passed & ~still)
                if moved.any():
                    flat[places] = np.where(still, flat[places], -np.inf)
                    self._rebound(weigher, np.unique(runs[moved]))
            fresh += self._part(weigher, now, runs)
        flat[places] = np.where(still, fresh, -np.inf)
        self.weighed += len(runs)

    @staticmethod
    def _at(values: Amounts, places: Hosts) -> Amounts:
        if len(values) == 1:
            places = places % values.shape[1]
        return values.reshape(-1)[places]

    def _still(self, places: Hosts) -> NDArray[np.bool_]:
        board = self._view.board
        size = board.size
        room = places % size if self._room.runs == 1 else places
        still = self._room.fits(board.filters, room, self._cls)
        if board.others:
            still &= self._view.fits(board.others, places % size if self._view.runs == 1 else places, self._cls)
        return still

    def _moved(
        self, name: str, runs: Hosts, values: tuple[Amounts, Amounts], leaves: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """True for runs in which the host held a bound that it no longer holds, or goes beyond one.

        One that leaves may hold a bound by what it is now, where another change has already moved the bound to that.
        """
        before, now = values
        high = self._high[name][runs]
        moved = now > high
        if not self._keeps:
            moved |= ((before >= high) & (now < high)) | (leaves & (np.maximum(before, now) >= high))
        low = self._low[name][runs]
        if self._keeps:
            moved |= now < low
        elif name not in FROM_ZERO:
            moved |= (now < low) | ((before <= low) & (now > low)) | (leaves & (np.minimum(before, now) <= low))
        return moved

    def _rebound(self, weigher: Weigher, runs: Hosts) -> None:
        """The bounds of a weigher in these runs anew, and all weights where they are others than before."""
        passing = self.scores[runs] > -np.inf
        name = weigher.name
        values = self._view.seen[name]
        high, low = self._bounds(weigher, values[runs] if len(values) > 1 else values, passing)
        if self._keeps:
            high, low = np.maximum(high, self._high[name][runs]), np.minimum(low, self._low[name][runs])
        other = (high != self._high[name][runs]) | (low != self._low[name][runs])
        self._high[name][runs], self._low[name][runs] = high, low
        if other.any():
            some = runs[other]
            self.scores[some] = self._summed(passing[other], some)
            self.weighed += len(some) * self.scores.shape[1]
            if self._news is not None:
                self._news[1].append(some)


def _joined(touches: Sequence[Touch]) -> Touch:
    """Several changes as one."""
    if len(touches) == 1:
        return touches[0]
    runs, hosts, places = (np.concatenate([touch[at] for touch in touches]) for at in (1, 2, 3))
    before = {name: np.concatenate([touch.before[name] for touch in touches]) for name in touches[0].before}
    return Touch(touches[0].shared, runs, hosts, places, before)


def best(scores: Amounts) -> tuple[Hosts, NDArray[np.bool_]]:
    """The first of the best hosts of each run, and whether there is one at all."""
    hosts = scores.argmax(axis=1)
    return hosts, scores[np.arange(len(hosts)), hosts] > -np.inf


def ordered(row: Amounts) -> list[int]:
    """Hosts of a run that pass, best first, equal ones as they come (Nova sorts stably)."""
    order = np.argsort(-row, kind="stable")
    return [int(host) for host in order[: int((row > -np.inf).sum())]]


def excluded(scores: Amounts, tried: Sequence[Hosts]) -> Amounts:
    """Scores without the hosts that were tried; ``tried`` has one host for each run."""
    left = scores.copy()
    lines = np.arange(len(left))
    for hosts in tried:
        left[lines[hosts >= 0], hosts[hosts >= 0]] = -np.inf
    return left
