"""Whose arrival was first, as far as clocks can tell.

Stamps of one clock are compared as they are, and lines of one file by their place. Between two clocks the difference counts
that causality allows; where it leaves more open, clocks of one cloud are assumed to be within a second, as any that a
time service keeps are. A target of which a claim alone tells was picked before the claim.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from novatrace.analysis.bursts import Reached
from novatrace.model.capacity import OrderUnknown
from novatrace.model.clock import ClockBounds
from novatrace.model.migration import Stamp

CLOCKS_ASSUMED_US = 1_000_000
# Clocks of one cloud that differ by more than this are told of by the clock findings.
CLOCKS_APART_US = 5_000_000
_MILLISECOND_US, _SECOND_US = 1_000, 1_000_000
_Range = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Clocks:
    """How far the clocks of nodes may be from the reference's: what must be added to their stamps."""

    offsets: dict[str, _Range]

    @classmethod
    def of(cls, bounds: Iterable[ClockBounds], *, corrected: bool) -> Clocks:
        """The bounds of nodes without contradictions; ``corrected``: the events have been put right by them."""
        found: dict[str, _Range] = {}
        for clock in bounds:
            if not clock.conflict:
                added = clock.applied_us if corrected else 0
                low, high = clock.offset_low_us, clock.offset_high_us
                found[clock.node] = (None if low is None else low - added, None if high is None else high - added)
        return cls(found)

    def apart(self, first: str | None, second: str | None) -> tuple[int, int]:
        """The least and the most that must be added to the second clock's stamps to be of the first clock."""
        if first is not None and first == second:
            return 0, 0
        low1, high1 = self.offsets.get(first or "", (None, None))
        low2, high2 = self.offsets.get(second or "", (None, None))
        least = None if low2 is None or high1 is None else low2 - high1
        most = None if high2 is None or low1 is None else high2 - low1
        # A difference that causality proves stands; what it leaves open is bounded by the assumption.
        if least is not None and least > CLOCKS_ASSUMED_US:
            return least, most if most is not None else least + CLOCKS_ASSUMED_US
        if most is not None and most < -CLOCKS_ASSUMED_US:
            return least if least is not None else most - CLOCKS_ASSUMED_US, most
        return (
            -CLOCKS_ASSUMED_US if least is None else max(least, -CLOCKS_ASSUMED_US),
            CLOCKS_ASSUMED_US if most is None else min(most, CLOCKS_ASSUMED_US),
        )


def certain(first: Reached, second: Reached, clocks: Clocks) -> bool:
    """True when the first was picked before the second whatever the clocks are within their bounds."""
    one, two = first.arrival.selected_us, second.arrival.selected_us
    a, b = first.stamp, second.stamp
    if one is None or two is None or a is None or b is None:
        return False
    if _of_one_file(a, b):
        return a.provenance.byte_offset < b.provenance.byte_offset
    least, _ = clocks.apart(a.node, b.node)
    earliest = second.begin_us if b.what == "claim" != a.what else two
    return earliest is not None and one + _unit(one) <= earliest + least


def unknown_pairs(reached: Sequence[Reached], clocks: Clocks, *, room: int | None) -> tuple[OrderUnknown, ...]:
    """Neighbours in the list whose order is not certain; positions from 1.

    Where there was room and one alone was let in, it was before those who were refused, whatever the clocks say.
    """
    won = bool(room) and sum(item.arrival.outcome == "admitted" for item in reached) == 1
    found = []
    for position, (first, second) in enumerate(pairwise(reached), 1):
        if certain(first, second, clocks) or (won and _won(first, second)):
            continue
        nodes = [stamp.node for stamp in (first.stamp, second.stamp) if stamp is not None and stamp.node is not None]
        one, two = first.arrival.selected_us, second.arrival.selected_us
        apart = None if one is None or two is None else two - one
        least, most = clocks.apart(nodes[0], nodes[1]) if len(nodes) > 1 else (None, None)
        differ = None if least is None or most is None else max(-least, most, 0)
        found.append(OrderUnknown(position, position + 1, apart, differ, tuple(dict.fromkeys(nodes))))
    return tuple(found)


def _won(first: Reached, second: Reached) -> bool:
    return first.arrival.outcome == "admitted" and second.arrival.outcome == "victim"


def ranks(reached: Sequence[Reached], clocks: Clocks) -> list[tuple[int, int]]:
    """How many were certainly picked before each, and how many behind it; ``reached`` is in arrival order.

    Stamps that are farther apart than clocks can be need no look, so that large bursts cost little.
    """
    far = _farthest(reached, clocks)
    times = [item.arrival.selected_us or 0 for item in reached]
    found = []
    for n, item in enumerate(reached):
        low, high = bisect_left(times, times[n] - far), bisect_right(times, times[n] + far)
        near = [other for at, other in enumerate(reached[low:high], low) if at != n]
        before = low + sum(certain(other, item, clocks) for other in near)
        behind = len(reached) - high + sum(certain(item, other, clocks) for other in near)
        found.append((before, behind))
    return found


def _farthest(reached: Sequence[Reached], clocks: Clocks) -> int:
    """From which distance of stamps on the order is certain; all of them where not all moments are alike."""
    stamps = [item.stamp for item in reached]
    if None in stamps or len({stamp.what == "claim" for stamp in stamps if stamp is not None}) > 1:
        return max((item.arrival.selected_us or 0 for item in reached), default=0)
    nodes = {stamp.node for stamp in stamps if stamp is not None}
    apart = [abs(bound) for one in nodes for two in nodes for bound in clocks.apart(one, two)]
    return max(apart, default=0) + _SECOND_US


def _of_one_file(a: Stamp, b: Stamp) -> bool:
    return a.provenance.evidence_id == b.provenance.evidence_id and a.what == b.what


def _unit(when_us: int) -> int:
    """A stamp is cut off, not rounded: what it stands for is up to one unit of its clock later."""
    return _SECOND_US if when_us % _SECOND_US == 0 else _MILLISECOND_US
