"""At which place of the order of levels each host stands, in every run of a view: shared by all classes of VMs.

A row is looked through whole, a few hundred small numbers at once: that costs less than to go down the order place by place, of
which most have been left or are of hosts that do not pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from novatrace.analysis.replay.levels import Levels
from novatrace.analysis.replay.view import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hosts = NDArray[np.intp]
    Rows = NDArray[np.unsignedinteger[Any]]
    Places = NDArray[np.int32]

PART = 256  # runs that are looked through together: what is made of them stays in the cache


class Standing:
    """The places of all hosts.

    Attributes:
        levels: whose order it is.
        dtype: of the numbers: as small as the order allows.
        gone: the number of hosts that are not to be found: behind all places.
    """

    def __init__(self, view: View, levels: Levels) -> None:
        self._view, self.levels = view, levels
        self.dtype: type[np.unsignedinteger[Any]] = np.uint16 if levels.nowhere < np.iinfo(np.uint16).max else np.uint32
        self.gone = int(np.iinfo(self.dtype).max)
        self._places: Rows = np.empty((0, view.board.size), dtype=self.dtype)
        self._seen_until = 0

    def update(self) -> None:
        """The places as the view now gives them."""
        view = self._view
        unseen = view.forgotten + len(view.touched) - self._seen_until
        self._seen_until += unseen
        seen = view.seen[self.levels.name]
        if len(self._places) != view.runs or unseen > len(view.touched):
            every = np.broadcast_to(np.arange(view.board.size, dtype=np.intp), seen.shape)
            self._places = self.levels.place(every, seen).astype(self.dtype)
            return
        for touch in view.touched[len(view.touched) - unseen :]:
            self._places.reshape(-1)[touch.places] = self.levels.place(touch.hosts, seen.reshape(-1)[touch.places])

    def at(self, flat: Hosts) -> Rows:
        """The places of hosts, by their flat places in the view."""
        found: Rows = self._places.reshape(-1)[flat]
        return found

    def rows(self, runs: Hosts) -> Rows:
        """The places of all hosts in these runs, in an array of their own."""
        return self._places[runs]


def after(places: Rows, runs: Hosts, upto: Places) -> Places:
    """The first place beyond this one that is taken, in each of these runs (in order); where there is none, one beyond all places.

    Args:
        places: where every host stands, in every run of a view.
        runs: which.
        upto: the place to begin after; -1 for the first of all.
    """
    least = np.empty(len(runs), dtype=places.dtype)
    first = (upto + 1).astype(places.dtype)
    for start in range(0, len(runs), PART):
        part = slice(start, start + PART)
        some = runs[part]
        low, high = some[0], some[-1] + 1
        if high - low == len(some):
            rows = places[low:high] - first[part, None]
        else:
            rows = places[some]
            rows -= first[part, None]  # what stands before the first wraps around, beyond all others
        rows.min(axis=1, out=least[part])
    return least.astype(np.int32) + upto + 1
