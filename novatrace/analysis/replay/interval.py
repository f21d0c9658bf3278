"""The 95 % interval of an expected number of errors, from how many runs had how many.

Where enough runs differ it is that of the normal distribution. Where nearly all runs have the same number, the spread of the
sample says nothing: then the share of runs that differ has the exact interval of Clopper and Pearson (1934), and those runs
differ as far as was seen, or as far as can be where none was seen. So no run in 1000 with an error does not mean: 0 … 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

_Z95 = 1.959964
_TAIL = 0.025
_FEW = 30
_STEPS = 60


def interval(errors: Counter[int], most: int) -> tuple[float, float]:
    """Bounds of the mean, within 0 and ``most``.

    Args:
        errors: errors → runs with so many; at least one run.
        most: the number of VMs.
    """
    runs = errors.total()
    mean = sum(e * n for e, n in errors.items()) / runs
    usual, often = max(errors.items(), key=lambda item: (item[1], -item[0]))
    apart = runs - often
    if apart >= _FEW:
        variance = sum(n * (e - mean) ** 2 for e, n in errors.items()) / (runs - 1)
        half = _Z95 * math.sqrt(variance / runs)
        return max(0.0, mean - half), min(float(most), mean + half)
    below = _side(runs, {usual - e: n for e, n in errors.items() if e < usual}, usual)
    above = _side(runs, {e - usual: n for e, n in errors.items() if e > usual}, most - usual)
    return usual + above[0] - below[1], usual + above[1] - below[0]


def _side(runs: int, differences: dict[int, int], furthest: int) -> tuple[float, float]:
    """How far the mean lies to one side of what is usual: at least, and at most."""
    number = sum(differences.values())
    low, high = share(number, runs)
    if not number:
        return 0.0, high * furthest
    size = sum(d * n for d, n in differences.items()) / number
    return low * size, high * size


def share(number: int, runs: int) -> tuple[float, float]:
    """The exact 95 % interval of a share of which ``number`` of ``runs`` were seen, fewer than all."""
    low = 0.0 if not number else _least(lambda chance: 1 - _up_to(number - 1, runs, chance) >= _TAIL)
    return low, _least(lambda chance: _up_to(number, runs, chance) <= _TAIL)


def _least(true_of: Callable[[float], bool]) -> float:
    """The least chance of which something is true, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if true_of(middle) else (middle, high)
    return high


def _up_to(number: int, runs: int, chance: float) -> float:
    """P(X ≤ number), X binomial."""
    if not 0 < chance < 1:
        return float(chance <= 0 or number >= runs)
    whole, log_p, log_q = math.lgamma(runs + 1), math.log(chance), math.log1p(-chance)
    return math.fsum(
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(runs - k + 1) + k * log_p + (runs - k) * log_q)
        for k in range(number + 1)
    )
