"""Random numbers of a policy: the same seed gives the same runs on every machine and under every hash seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NoChanceError(Exception):
    """A choice is random where none was to be: one run does not stand for all."""


class Chance:
    """Draws for a block of runs; with ``runs`` 0 a draw raises, so that a single run is known to stand for all.

    Only doubles are drawn: that stream of PCG64 is the same in every release of numpy, which is not promised of choices.
    """

    def __init__(self, seed: str, runs: int) -> None:
        number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "big")
        self._bits = np.random.Generator(np.random.PCG64(number))
        self.runs = runs

    def draws(self, number: int) -> NDArray[np.float64]:
        """So many numbers from 0 to below 1.

        Raises:
            NoChanceError: there was to be no chance.
        """
        if not self.runs:
            raise NoChanceError
        return self._bits.random(number)

    def places(
        self, rows: int, size: int, cumulated: Sequence[float] | None, columns: int | None = None
    ) -> NDArray[np.intp]:
        """Places from 0 to below ``size``, in so many rows, a column for each run; by cumulated chances if given."""
        columns = self.runs if columns is None else columns
        drawn = self.draws(rows * columns).reshape(rows, columns)
        if cumulated is None:
            return (drawn * size).astype(np.intp)
        bounds = np.asarray(cumulated)
        places: NDArray[np.intp] = np.searchsorted(bounds, drawn * bounds[-1], side="right")
        places[places == len(bounds)] = len(bounds) - 1
        return places
