"""How time and memory grow with the size of the logs, and what a question to the largest case takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import tables
from contestants import Contestant
from data import Logs, made
from measuring import Median

MIX = "medium"


class Runs(Protocol):
    """What runs contestants on logs."""

    def on(self, logs: Logs, contestants: Sequence[Contestant]) -> dict[str, Median]:
        """The medians of everybody."""


def curve(folder: Path, sizes: Sequence[float], race: Runs, own: Sequence[Contestant], seed: int) -> Iterator[str]:
    """The tables of the growth curve; sizes in million bytes."""
    found = {size: race.on(made(folder, size, MIX, seed=seed), own) for size in sorted(sizes)}
    yield f"Growth, {MIX} mix:"
    yield tables.medians(own, {f"{size:g} MB": results for size, results in found.items()})
    yield tables.table([["growth (goal)", ""], *_asked(found)])


def _asked(found: dict[float, dict[str, Median]]) -> Iterator[list[str]]:
    *smaller, largest = found
    last = found[largest]
    for size in smaller:
        first, name = found[size], f"{largest:g} MB ÷ {size:g} MB"
        wall = last[tables.COLD].wall_s / first[tables.COLD].wall_s
        yield [f"cold correlate, wall, {name}", tables.beside(wall, 3.2 if largest == 3 * size else None)]
        peak = last[tables.COLD].peak_mb / first[tables.COLD].peak_mb
        yield [f"its peak memory, {name}", tables.beside(peak, 1.2 if largest <= 10 * size else None)]
    yield [f"explain, warm, whole process, {largest:g} MB, s", tables.beside(last[tables.EXPLAIN].wall_s, 0.35)]
