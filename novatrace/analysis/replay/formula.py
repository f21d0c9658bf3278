"""Closed forms: the expected errors where all decide alike on one view."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

_MOST_TERMS = 2_000_000


def expected_errors(
    number: int, pool: Sequence[int], chances: Sequence[float] | None, room: Sequence[float]
) -> float | None:
    """Arrivals at each host of the pool are binomial; None where the sum would take too long.

    Args:
        number: VMs that choose.
        pool: hosts that one is chosen from.
        chances: their cumulated chances; None: all alike.
        room: slots of each host.
    """
    if len(pool) * number > _MOST_TERMS:
        return None
    if not pool or (chances is not None and not chances[-1]):
        return float(number)
    steps = [float(i + 1) for i in range(len(pool))] if chances is None else list(chances)
    parts = [(b - a) / steps[-1] for a, b in itertools.pairwise([0.0, *steps])]
    return sum(surplus(number, part, room[host]) for host, part in zip(pool, parts, strict=True))


def surplus(number: int, chance: float, room: float) -> float:
    """How many arrivals beyond the room are to be expected: E[max(0, X − room)], X binomial."""
    if number <= room or not chance:
        return 0.0
    if chance >= 1.0:
        return number - room
    log_p, log_q = math.log(chance), math.log1p(-chance)
    whole = math.lgamma(number + 1)
    terms = (
        (k - room)
        * math.exp(whole - math.lgamma(k + 1) - math.lgamma(number - k + 1) + k * log_p + (number - k) * log_q)
        for k in range(int(room) + 1, number + 1)
    )
    return math.fsum(terms)
