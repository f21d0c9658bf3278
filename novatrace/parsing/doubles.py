"""The same line in two sources is one event: in a file and in a journal, a syslog or a container's log; in a log and an
excerpt of it.

Sources tell the same where events of one node, process, request and text agree in time. They are matched one to one, the
first with the first and the second with the second, so that what a service wrote twice stays twice. The lines stay in
each input's account; which other input has them too is said there.
"""  # noqa: D205

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from novatrace.model.event import Event
from novatrace.model.events import Extended, Extent
from novatrace.model.evidence import Coverage, Evidence, Notice
from novatrace.model.hostname import short

# How much later a journal, a syslog daemon or a container runtime may stamp what a service has stamped itself.
_DELIVERY_US = 100_000
_SECOND_US = 1_000_000
_DISTINCT = 2
_Key = tuple[str, str | None, str | None]
_Pair = tuple[int, int]
_Near = dict[int, Event]
_Groups = list[tuple[list[int], list[int]]]


@dataclass(frozen=True, slots=True)
class _Source:
    """What is to be known of an input to tell whether another one has its lines too."""

    evidence: Evidence
    coverage: Coverage
    resolution_us: int

    @property
    def carried(self) -> bool:
        """True when something carried the lines that a service wrote."""
        layouts = self.coverage.layouts
        return "/" in max(layouts, key=lambda name: (layouts[name], name), default="")

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The source that counts comes first: what the service itself wrote, then the finer clock."""
        return self.carried, self.resolution_us, self.evidence.id

    @property
    def nodes(self) -> set[str]:
        """Short names of the machines that wrote it; none where nothing tells."""
        names = [self.evidence.node] if self.evidence.node else list(self.coverage.nodes)
        return {short(name) for name in names}

    @property
    def services(self) -> set[str]:
        """The services that wrote it."""
        return {self.evidence.service} if self.evidence.service else set(self.coverage.services)

    def may_share(self, other: _Source) -> bool:
        """True when lines of one may stand in the other, too."""
        return (
            _meet(self.nodes, other.nodes)
            and _meet(self.services, other.services)
            and self._begins_before_end(other)
            and other._begins_before_end(self)
        )

    def _begins_before_end(self, other: _Source) -> bool:
        first, last = self.coverage.first_us, other.coverage.last_us
        return first is None or last is None or first <= last + _SECOND_US

    def tolerance_us(self, other: _Source) -> int:
        """How far apart two stamps of one line may be; copies of a file have the same one."""
        coarse = max(self.resolution_us, other.resolution_us)
        if set(self.coverage.layouts) == set(other.coverage.layouts):
            return coarse - 1 if self.resolution_us != other.resolution_us else 0
        return max(coarse, _DELIVERY_US)


def doubles_of(
    events: Extended, evidence: Sequence[Evidence], coverage: Sequence[Coverage], notices: list[Notice]
) -> set[int]:
    """The positions (in all events) of those whose line another input has, too.

    Args:
        events: input after input; those alone are looked at that may have a double.
        evidence: the inputs.
        coverage: their accounts; what is told elsewhere is added to them.
        notices: told of every pair of inputs.
    """
    sources = {c.evidence_id: _Source(evidence[c.evidence_id], c, _SECOND_US) for c in coverage}
    pairs = set(_candidates(sources.values()))
    if not pairs:
        return set()
    spans = _spans(events.extents(), {number for pair in pairs for number in pair})
    sources |= {n: _Source(sources[n].evidence, sources[n].coverage, span.resolution_us) for n, span in spans.items()}
    near = _near(events, pairs, spans)
    dropped: set[int] = set()
    groups = _groups(near, pairs)
    for pair in sorted(groups, key=lambda p: sorted(sources[n].rank for n in p)):
        first, second = sorted((sources[n] for n in pair), key=lambda s: s.rank)
        matched = list(_matched(near, groups[pair], first, second, dropped))
        counts = (spans[first.evidence.id].events, spans[second.evidence.id].events)
        if not _tell_the_same(near, matched, first, second, counts):
            continue
        dropped |= {later for _, later in matched}
        place = first.evidence.place
        second.coverage.also_in[place] = len(matched)
        text = f"{len(matched)} of its events are in {place}, too; counted once"
        notices.append(Notice("I-IN-SAME", "sources", second.evidence.place, text))
    return dropped


def _candidates(sources: Collection[_Source]) -> Iterator[_Pair]:
    """Pairs of inputs of one node, service and time."""
    by_node: dict[str, list[_Source]] = defaultdict(list)
    unnamed = [source for source in sources if not source.nodes]
    for source in sources:
        for node in source.nodes:
            by_node[node].append(source)
    seen: set[_Pair] = set()
    for named in (*by_node.values(), []):
        for one, other in combinations([*named, *unnamed], 2):
            pair = (one.evidence.id, other.evidence.id)
            if pair not in seen and one.may_share(other):
                seen.add(pair)
                yield pair


@dataclass(slots=True)
class _Span:
    """What the events of an input tell of its clock.

    ``resolution_us``: the finest part of a second that its stamps tell; ``timeless``: one of them has none that can be read.
    """

    events: int = 0
    first_us: int | None = None
    last_us: int | None = None
    timeless: bool = False
    resolution_us: int = _SECOND_US

    def add(self, extent: Extent) -> None:
        """Adds some events."""
        self.events += extent.events
        self.timeless |= extent.timeless
        self.resolution_us = min(self.resolution_us, extent.resolution_us)
        if extent.first_us is not None and extent.last_us is not None:
            self.first_us = extent.first_us if self.first_us is None else min(extent.first_us, self.first_us)
            self.last_us = extent.last_us if self.last_us is None else max(extent.last_us, self.last_us)

    def reaches(self, when_us: int | None) -> bool:
        """True when an event of this moment may have a double here."""
        if self.timeless or when_us is None:
            return True
        if self.first_us is None or self.last_us is None:
            return False
        return self.first_us - _SECOND_US <= when_us <= self.last_us + _SECOND_US

    def meets(self, extent: Extent) -> bool:
        """True when it may reach any of some events."""
        if self.timeless or extent.timeless:
            return True
        if self.first_us is None or self.last_us is None or extent.first_us is None or extent.last_us is None:
            return False
        return self.first_us - _SECOND_US <= extent.last_us and extent.first_us <= self.last_us + _SECOND_US


def _spans(extents: Iterable[Extent], concerned: Collection[int]) -> dict[int, _Span]:
    spans = {number: _Span() for number in concerned}
    for extent in extents:
        if extent.evidence_id in spans:
            spans[extent.evidence_id].add(extent)
    return spans


def _near(events: Extended, pairs: Collection[_Pair], spans: dict[int, _Span]) -> _Near:
    """The events, by position, at whose time another input of a pair has events, too."""
    others: dict[int, list[_Span]] = defaultdict(list)
    for one, other in pairs:
        others[one].append(spans[other])
        others[other].append(spans[one])
    met = events.reaching(lambda extent: any(span.meets(extent) for span in others.get(extent.evidence_id, ())))
    return {
        position: event
        for position, event in met
        if any(span.reaches(event.when_us) for span in others[event.provenance.evidence_id])
    }


def _groups(events: _Near, pairs: Collection[_Pair]) -> dict[_Pair, _Groups]:
    """For each pair of inputs, the events of both that are about the same, in the order of lines."""
    buckets: dict[_Key, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, event in events.items():
        buckets[event.kind, event.request_id, event.instance_uuid][event.provenance.evidence_id].append(index)
    groups: dict[_Pair, _Groups] = defaultdict(list)
    for found in buckets.values():
        for pair in combinations(sorted(found), 2):
            if pair in pairs:
                groups[pair].append((found[pair[0]], found[pair[1]]))
    return groups


def _matched(
    events: _Near, groups: _Groups, first: _Source, second: _Source, dropped: Collection[int]
) -> Iterator[tuple[int, int]]:
    """(event of the first source, the same event in the second one), each event at most once."""
    tolerance_us = first.tolerance_us(second)
    in_order = first.evidence.id < second.evidence.id
    for one, other in groups:
        mine, theirs = (one, other) if in_order else (other, one)
        yield from _paired(events, _alive(events, mine, dropped), _alive(events, theirs, dropped), tolerance_us)


def _alive(events: _Near, numbers: list[int], dropped: Collection[int]) -> list[int]:
    return sorted((n for n in numbers if n not in dropped), key=lambda n: (_when(events[n]), n))


def _paired(events: _Near, mine: list[int], theirs: list[int], tolerance_us: int) -> Iterator[tuple[int, int]]:
    moments = [_when(events[number]) for number in mine]
    used: set[int] = set()
    for number in theirs:
        event = events[number]
        timeless = event.when_us is None
        at = 0 if timeless else bisect_left(moments, _when(event) - tolerance_us)
        if not timeless and moments and moments[0] < 0:
            at = 0  # those without a time come first
        for index in range(at, len(mine)):
            if not timeless and moments[index] > _when(event) + tolerance_us:
                break
            if index not in used and _agree(events[mine[index]], event, tolerance_us):
                used.add(index)
                yield mine[index], number
                break


def _agree(one: Event, other: Event, tolerance_us: int) -> bool:
    """True when two events of the same kind, request and instance may be one line."""
    if one.when_us is None or other.when_us is None:
        if one.request_id is None:
            return False
    elif abs(one.when_us - other.when_us) > tolerance_us:
        return False
    return (
        _same(one.pid, other.pid)
        and _same(one.service, other.service)
        and _same(one.level or None, other.level or None)
        and _same(one.node and short(one.node), other.node and short(other.node))
        and _said(one.values) == _said(other.values)
    )


def _tell_the_same(
    events: _Near, matched: list[tuple[int, int]], first: _Source, second: _Source, counts: tuple[int, int]
) -> bool:
    """True when matches are no chance: at the cut of a split log, a line that was written twice in one moment may stand
    on both sides."""  # noqa: D205, D209
    if len({events[one].when_us for one, _ in matched}) >= _DISTINCT:
        return True
    if not matched or set(first.coverage.layouts) == set(second.coverage.layouts):
        return False
    return len(matched) in counts


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if k != "line_host"} if "line_host" in values else values


def _same(one: object, other: object) -> bool:
    return one is None or other is None or one == other


def _meet(one: set[str], other: set[str]) -> bool:
    return not one or not other or not one.isdisjoint(other)


def _when(event: Event) -> int:
    return -1 if event.when_us is None else event.when_us
