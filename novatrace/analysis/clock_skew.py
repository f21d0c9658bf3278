"""The clocks of nodes, bounded by causality: no effect is older than its cause.

Each cause on one node and its effect on another bound the difference of two clocks. All bounds together are a system of
difference constraints: shortest paths give each node's feasible interval, a negative cycle is a contradiction (a clock
that was set while the logs were written, or a wrong zone). Only pairs joined by a request id count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from novatrace.model.clock import ClockBounds
from novatrace.model.event import Event
from novatrace.model.events import Events
from novatrace.model.hostname import short

_ACCEPTED = frozenset(
    [
        "action-body",
        "flavor-change",
        "live-migrate-requested",
        "evacuate-requested",
        "boot-requested",
        "migration-assumed",
    ]
)
_DISPATCHES = frozenset(["move-dispatch", "boot-dispatch", "unshelve-dispatch"])
_RETRIES = frozenset(["reschedule", "boot-reschedule"])
_MILLISECOND_US, _SECOND_US = 1_000, 1_000_000
_MANY_NODES = 400
_REFERENCES = 32


@dataclass(frozen=True, slots=True)
class _Bound:
    """What must hold: the cause's clock minus the effect's is at most so much."""

    cause: Event
    effect: Event
    at_most_us: int


_Bounds = dict[tuple[str, str], _Bound]
_Far = dict[tuple[str, str], int]


def clocks(events: Events) -> tuple[ClockBounds, ...]:
    """The bounds of every node that takes part in a cause or an effect across nodes, and contradictions."""
    bounds: _Bounds = {}
    counts: dict[str, int] = defaultdict(int)
    for cause, effect in _pairs(events):
        bound = _bound(cause, effect)
        if bound is None:
            continue
        key = (str(cause.node), str(effect.node))
        for node in key:
            counts[node] += 1
        if key not in bounds or bound.at_most_us < bounds[key].at_most_us:
            bounds[key] = bound
    if not bounds or len(counts) > _MANY_NODES:
        return ()
    conflicts = list(_contradictions(bounds))
    nodes = sorted(counts, key=lambda node: (-counts[node], node))
    far = _shortest(bounds, nodes)
    reference, applied = _corrections(far, nodes)
    known = [_interval(node, reference, bounds, far, applied[node], counts[node]) for node in sorted(nodes)]
    return (*known, *(replace(conflict, reference=reference) for conflict in conflicts))


class Corrected:
    """Events with the clocks of their nodes put right, as far as causality demands it; see ``model.events.Events``."""

    def __init__(self, events: Events, known: Iterable[ClockBounds]) -> None:
        self._events = events
        self._shift = {clock.node: clock.applied_us for clock in known if not clock.conflict and clock.applied_us}

    def __iter__(self) -> Iterator[Event]:
        return map(self._later, self._events)

    def of_kinds(self, kinds: Collection[str]) -> Iterator[Event]:
        """See ``Events``."""
        return map(self._later, self._events.of_kinds(kinds))

    def of(self, key: str) -> list[Event]:
        """See ``Events``."""
        return [self._later(event) for event in self._events.of(key)]

    def ids(self) -> Iterable[str]:
        """See ``Events``."""
        return self._events.ids()

    def naming(self, request_id: str) -> list[Event]:
        """See ``Events``."""
        return [self._later(event) for event in self._events.naming(request_id)]

    def _later(self, event: Event) -> Event:
        shift_us = self._shift.get(event.node or "")
        return event if shift_us is None else event.later(shift_us)


def _bound(cause: Event, effect: Event) -> _Bound | None:
    if cause.node is None or effect.node is None or cause.node == effect.node:
        return None
    if cause.when_us is None or effect.when_us is None:
        return None
    # A stamp is cut off, not rounded: the effect may be up to one unit of its clock later than it says.
    unit_us = _SECOND_US if effect.when_us % _SECOND_US == 0 else _MILLISECOND_US
    return _Bound(cause, effect, effect.when_us - cause.when_us + unit_us)


def _pairs(events: Events) -> Iterator[tuple[Event, Event]]:
    """Causes with their effects."""
    for request in events.ids():
        found = events.naming(request)
        if len({e.instance_uuid for e in found if e.instance_uuid}) <= 1:
            own = [e for e in found if e.request_id == request]
            yield from _of_request(own, [e for e in found if e.kind == "placement-request" and e.request_id != request])


def _of_request(own: list[Event], placed: list[Event]) -> Iterator[tuple[Event, Event]]:
    accepted = _first(own, lambda e: e.service == "nova-api" and e.kind in _ACCEPTED)
    started = _first(own, lambda e: e.kind == "schedule-start")
    asked = _first(placed, lambda e: "allocation_candidates" in str(e.values.get("uri", "")))
    filtering = _first(own, lambda e: e.kind == "filter-start")
    selected = _first(own, lambda e: e.kind == "host-selected")
    dispatches = [e for e in own if e.kind in _DISPATCHES]
    yield from _chain(accepted, started, asked, filtering)
    yield from _chain(selected, dispatches[0] if dispatches else None)
    # A compute node hears of a request only after it was accepted, scheduled, and sent there.
    heard = [e for e in own if e.service == "nova-compute" and e.kind != "schedule-start"]
    for node in sorted({str(e.node) for e in heard}):
        claim = _first([e for e in heard if e.node == node], lambda _: True)
        yield from _chain(started, claim)
        yield from _chain(accepted, claim)
        yield from _chain(_first([e for e in dispatches if _names(e, node)], lambda _: True), claim)
    if len({e.node for e in dispatches}) == 1:
        for retry in (e for e in own if e.kind in _RETRIES):
            turn = next((i for i, e in enumerate(dispatches) if _names(e, retry.node)), None)
            if turn is not None and turn + 1 < len(dispatches):
                yield retry, dispatches[turn + 1]


def _chain(*steps: Event | None) -> Iterator[tuple[Event, Event]]:
    known = [step for step in steps if step is not None]
    yield from pairwise(known)


def _first(events: list[Event], wanted: Callable[[Event], bool]) -> Event | None:
    """The first one; where several nodes wrote one each, which of them came first cannot be told, and none counts."""
    found = [event for event in events if wanted(event)]
    if len({event.node for event in found}) != 1:
        return None
    return min(found, key=lambda event: event.sort_key)


def _names(dispatch: Event, node: str | None) -> bool:
    host = dispatch.values.get("host")
    return isinstance(host, str) and node is not None and short(host) == short(node)


def _contradictions(bounds: _Bounds) -> Iterator[ClockBounds]:
    """Takes negative cycles out of the bounds, one after the other."""
    while (cycle := _negative_cycle(bounds)) is not None:
        nodes = tuple(sorted({node for edge in cycle for node in edge}))
        lines = tuple(p for edge in cycle for p in (bounds[edge].cause.provenance, bounds[edge].effect.provenance))
        excess = sum(bounds[edge].at_most_us for edge in cycle)
        for edge in cycle:
            del bounds[edge]
        yield ClockBounds(nodes[0], nodes[0], None, excess, 0, len(cycle), nodes, lines)


def _negative_cycle(bounds: _Bounds) -> list[tuple[str, str]] | None:
    """Edges of a cycle whose bounds sum up to less than nothing."""
    nodes = sorted({node for edge in bounds for node in edge})
    distance = dict.fromkeys(nodes, 0)
    via: dict[str, tuple[str, str]] = {}
    changed: str | None = None
    for _ in range(len(nodes) + 1):
        changed = None
        for (cause, effect), bound in sorted(bounds.items(), key=lambda item: item[0]):
            if distance[effect] + bound.at_most_us < distance[cause]:
                distance[cause] = distance[effect] + bound.at_most_us
                via[cause] = (cause, effect)
                changed = cause
        if changed is None:
            return None
    node = str(changed)
    for _ in nodes:
        node = via[node][1]
    cycle = [via[node]]
    while cycle[-1][1] != node:
        cycle.append(via[cycle[-1][1]])
    return cycle


def _corrections(far: _Far, nodes: list[str]) -> tuple[str, dict[str, int]]:
    """The node that the others are compared with, and what puts all clocks right: where one is wrong, it is compared with
    those that agree, and not they with it."""  # noqa: D205, D209
    best = (nodes[0], _applied(far, nodes, nodes[0]))
    for reference in nodes[1:_REFERENCES]:
        if _moved(best[1]) <= 1:
            break
        applied = _applied(far, nodes, reference)
        if _moved(applied) < _moved(best[1]):
            best = (reference, applied)
    return best


def _moved(applied: dict[str, int]) -> int:
    return sum(offset != 0 for offset in applied.values())


def _applied(far: _Far, nodes: list[str], reference: str) -> dict[str, int]:
    """A correction within all intervals that leaves as many clocks as possible alone."""
    applied = {reference: 0}
    for node in nodes:
        if node != reference:
            applied[node] = _nearest_to_zero(*_range(far, node, applied))
    return applied


def _interval(node: str, reference: str, bounds: _Bounds, far: _Far, applied_us: int, pairs: int) -> ClockBounds:
    upper, lower = far.get((reference, node)), far.get((node, reference))
    lines = tuple(
        place
        for edge in ((reference, node), (node, reference))
        if edge in bounds
        for place in (bounds[edge].cause.provenance, bounds[edge].effect.provenance)
    )
    return ClockBounds(node, reference, None if lower is None else -lower, upper, applied_us, pairs, (), lines)


def _shortest(bounds: _Bounds, nodes: list[str]) -> _Far:
    """(a, b) → the most that b's offset may be above a's."""
    far = {(effect, cause): bound.at_most_us for (cause, effect), bound in bounds.items()}
    far |= {(node, node): 0 for node in nodes}
    for middle in nodes:
        into = [(a, far[a, middle]) for a in nodes if (a, middle) in far]
        out = [(b, far[middle, b]) for b in nodes if (middle, b) in far]
        for a, first in into:
            for b, second in out:
                if first + second < far.get((a, b), first + second + 1):
                    far[a, b] = first + second
    return far


def _range(far: _Far, node: str, applied: dict[str, int]) -> tuple[int | None, int | None]:
    highs = [offset + far[other, node] for other, offset in applied.items() if (other, node) in far]
    lows = [offset - far[node, other] for other, offset in applied.items() if (node, other) in far]
    return max(lows, default=None), min(highs, default=None)


def _nearest_to_zero(low: int | None, high: int | None) -> int:
    if low is not None and low > 0:
        return low
    return high if high is not None and high < 0 else 0
