"""Lists of hosts that a request can come to, with their chances, written down from ``_get_sorted_hosts`` and ``_schedule``."""

from __future__ import annotations

import itertools
from collections import Counter

EQUAL, LOWER = (0, 2, 3, 5), (4, 1)  # hosts of equal best weight, and those below in weighed order


def orders(size):
    """Every list that ``_get_sorted_hosts`` can give, with its chance: shuffled, one of the subset taken to the front."""
    lists = Counter()
    for shuffled in itertools.permutations(EQUAL):
        listed = [*shuffled, *LOWER]
        for chosen in listed[:size]:
            lists[chosen, *(h for h in listed if h != chosen)] += 1
    return {order: number / lists.total() for order, number in lists.items()}


def within(counts, runs, chances):
    """Each count within five standard deviations, and none of what cannot be."""
    assert set(counts) <= set(chances)
    for key, chance in chances.items():
        assert abs(counts[key] / runs - chance) <= 5 * (chance * (1 - chance) / runs) ** 0.5 + 1e-9, key


def selections(size, full, attempts):
    """The host that placement grants and the alternates, where those in ``full`` have no room left by then."""
    found = Counter()
    for order, chance in orders(size).items():
        selected = next(h for h in order if h not in full)
        found[selected, *[h for h in order if h != selected][: attempts - 1]] += chance
    return found
