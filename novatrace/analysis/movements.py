"""What came to a host and what left it: claims granted, moves confirmed, reverted or done, VMs deleted.

Between two views of a host its free room changes by these alone, so that a view and the movements since give the room at
any moment. Movements are summed once for each host; a question costs a search, whatever their number.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from novatrace.analysis.hosts import HostMap
from novatrace.model.migration import Attempt, HostNode, Migration, Resources

AMOUNTS = ("vcpus", "ram_mb", "disk_gb")
_Sum = tuple[float, float, float]
_NOTHING: _Sum = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Movement:
    """What a host holds more (or less, negative) from a moment on; an amount is None where no line tells it."""

    when_us: int
    place: HostNode
    amounts: Resources
    comes: bool


@dataclass(frozen=True, slots=True)
class Change:
    """The sum of movements between two moments; ``unknown`` names the resources whose sum is not known."""

    taken: _Sum
    movements: int
    left: int
    unknown: frozenset[str]


class Movements:
    """All movements by the room that they take or leave (see ``HostMap.room``), summed up."""

    def __init__(self, migrations: Sequence[Migration], hosts: HostMap) -> None:
        by_host: dict[str, list[Movement]] = defaultdict(list)
        for movement in _all(migrations):
            by_host[hosts.room(movement.place)].append(movement)
        self._times: dict[str, list[int]] = {}
        self._sums: dict[str, list[tuple[_Sum, int, tuple[int, int, int]]]] = {}
        for host, listed in by_host.items():
            listed.sort(key=lambda movement: movement.when_us)
            self._times[host] = [movement.when_us for movement in listed]
            self._sums[host] = list(_summed(listed))

    def between(self, host: str, after_us: int, before_us: int, *, first_too: bool = False) -> Change:
        """What changed after one moment and before another; ``first_too`` counts what happened at the first."""
        times = self._times.get(host, [])
        start = bisect_left(times, after_us) if first_too else bisect_right(times, after_us)
        end = max(start, bisect_left(times, before_us))
        if start == end:
            return Change(_NOTHING, 0, 0, frozenset())
        sums = self._sums[host]
        (taken, left, unknown), (taken0, left0, unknown0) = sums[end], sums[start]
        missing = frozenset(n for n, a, b in zip(AMOUNTS, unknown, unknown0, strict=True) if a != b)
        vcpus, ram_mb, disk_gb = (a - b for a, b in zip(taken, taken0, strict=True))
        return Change((vcpus, ram_mb, disk_gb), end - start, left - left0, missing)


def _summed(listed: list[Movement]) -> Iterable[tuple[_Sum, int, tuple[int, int, int]]]:
    """The state before each movement and after the last: taken, how many left, how many amounts were unknown."""
    taken, left, unknown = [0.0, 0.0, 0.0], 0, [0, 0, 0]
    yield _NOTHING, 0, (0, 0, 0)
    for movement in listed:
        for at, name in enumerate(AMOUNTS):
            amount = getattr(movement.amounts, name)
            if amount is None:
                unknown[at] += 1
            else:
                taken[at] += amount if movement.comes else -amount
        left += not movement.comes
        yield (taken[0], taken[1], taken[2]), left, (unknown[0], unknown[1], unknown[2])


def _all(migrations: Sequence[Migration]) -> Iterable[Movement]:
    """Every movement; a VM's old size is what its last move or boot asked for."""
    held: dict[str, Resources] = {}
    for migration in migrations:
        last = _held_by(migration)
        old = held.get(migration.instance_uuid or "")
        if last is not None:
            yield from _of(migration, last, old)
            if migration.instance_uuid is not None:
                held[migration.instance_uuid] = last.demand


def _held_by(migration: Migration) -> Attempt | None:
    """The attempt whose target took the VM in, if one did."""
    for attempt in reversed(migration.attempts):
        if attempt.selected is None:
            continue
        granted = attempt.claim is not None and attempt.claim.granted is True
        if granted or attempt.outcome == "succeeded":
            return attempt
    return None


def _of(migration: Migration, attempt: Attempt, old: Resources | None) -> Iterable[Movement]:
    target = attempt.selected
    when = attempt.ended_us if attempt.ended_us is not None else attempt.selected_us
    if target is None or when is None:
        return
    yield Movement(when, target, attempt.demand, comes=True)
    closing = migration.closing
    done_us = closing.done_us if closing is not None else None
    if migration.outcome == "failed":
        yield Movement(_ended_us(migration, when), target, attempt.demand, comes=False)
    elif closing is not None and done_us is not None and closing.kind in ("reverted", "deleted"):
        yield Movement(max(when, done_us), target, attempt.demand, comes=False)
    if migration.source is None or migration.outcome == "failed":
        return
    leaves = _left_source_us(migration, when)
    if leaves is not None:
        before = attempt.demand if migration.action != "resize" else old or Resources()
        yield Movement(leaves, migration.source, before, comes=False)


def _left_source_us(migration: Migration, when_us: int) -> int | None:
    """When the source let go: a live migration at its end, a cold one when it is confirmed (or the VM deleted)."""
    if migration.action in ("live-migrate", "evacuate"):
        return _ended_us(migration, when_us)
    closing = migration.closing
    if closing is not None and closing.kind in ("confirmed", "deleted"):
        return max(when_us, closing.done_us)
    return None


def _ended_us(migration: Migration, after_us: int) -> int:
    """When the last line of a move was written, as far as it was after a moment."""
    last = migration.timeline[-1].when_us if migration.timeline else None
    return after_us if last is None else max(after_us, last)
