"""Finds groups of anchors that are rarely taken for each other in given logs; see ``novatrace/parsing/anchor_groups.py``.

    python tests/benchmarks/anchor_groups.py LOG… --seconds 120

Prints the table, and how often a place of the logs has to be looked at more closely with it, with the one that is in use,
and at the least. Needs numpy.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path
from typing import Any

from novatrace.parsing.anchor_groups import grouped
from novatrace.parsing.definitions import load_catalogue

_BYTES_OF_A_FILE = 3 << 20
_GROUPS = 16
_LOOKED_AT = 4  # the first bytes of an anchor


class Places:
    """What stands at the places of a log: how often each four bytes do."""

    def __init__(self, paths: list[Path]) -> None:
        import numpy as np  # noqa: PLC0415 - nothing else here needs it

        data = b"\n".join(path.open("rb").read(_BYTES_OF_A_FILE) for path in paths)
        each = np.frombuffer(data, dtype=np.uint8).astype(np.uint32)
        four = each[:-3] | each[1:-2] << 8 | each[2:-1] << 16 | each[3:] << 24
        different, counts = np.unique(four, return_counts=True)
        self._np = np
        self._bytes = [(different >> shift) & 255 for shift in range(0, 32, 8)]
        self._share = counts / counts.sum()

    def taken(self, group: list[bytes]) -> float:
        """The share of places that could begin an anchor of a group."""
        maybe: Any = True
        for position in range(_LOOKED_AT):
            low, high = self._np.zeros(16, bool), self._np.zeros(16, bool)
            low[[anchor[position] & 15 for anchor in group]] = True
            high[[anchor[position] >> 4 for anchor in group]] = True
            maybe &= low[self._bytes[position] & 15] & high[self._bytes[position] >> 4]
        return float(self._share[maybe].sum())


def improved(groups: list[list[bytes]], places: Places, seconds: float) -> list[list[bytes]]:
    """The groups after swapping anchors for so long, where that makes them better."""
    dice, shares, end = random.Random(1), [places.taken(group) for group in groups], time.monotonic() + seconds
    while time.monotonic() < end:
        one, other = dice.sample(range(len(groups)), 2)
        first, second = list(groups[one]), list(groups[other])
        here, there = dice.randrange(len(first)), dice.randrange(len(second))
        first[here], second[there] = second[there], first[here]
        tried = places.taken(first), places.taken(second)
        if sum(tried) < shares[one] + shares[other]:
            (groups[one], groups[other]), (shares[one], shares[other]) = (first, second), tried
    return groups


def _written(begins: bytes) -> str:
    return f'b"{begins.decode()}"' if b'"' not in begins else repr(begins)


def main() -> None:
    """Prints the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("logs", nargs="+", type=Path)
    options.add_argument("--seconds", type=float, default=120)
    given = options.parse_args()
    anchors = {message.anchor.encode() for message in load_catalogue().messages}
    begins = {anchor[:_LOOKED_AT] for anchor in anchors}
    places = Places(given.logs)
    used = [grouped(anchors)[number::_GROUPS] for number in range(_GROUPS)]
    alike = sorted(begins)
    size = -(-len(alike) // _GROUPS)
    found = improved([alike[at : at + size] for at in range(0, len(alike), size)], places, given.seconds)
    for name, groups in (("in use", used), ("found", found), ("at the least", [[each] for each in begins])):
        sys.stdout.write(f"# {name}: {1024 * sum(map(places.taken, groups)):.2f} places of 1024\n")
    for group in sorted(sorted({anchor[:_LOOKED_AT] for anchor in group}) for group in found):
        sys.stdout.write(f"    ({', '.join(map(_written, group))},),\n")


if __name__ == "__main__":
    main()
