"""Groups events by the nova request that caused them, in the tiers of certainty of the design.

1. the same local request id; 2. named in the text: placement's consumer, its global id, an instance; 3. instance and
time, for lines without any id. What fits several requests is left out and counted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter

from novatrace.analysis.sketches import Loose, Sketch, Sketches
from novatrace.model.event import Event
from novatrace.model.events import Events

_AFTER_ACTION_US = 3_600_000_000
# So long a request may ask placement from another machine before placement's own has a line of it.
_HEARD_WITHIN_US = 5_000_000
_BUSY_US = 5_000_000
_IN_TIME = attrgetter("sort_key")
_IN_ORDER = itemgetter(0)
_FIRST = attrgetter("first")
_Place = tuple[int, int]


@dataclass(slots=True)
class Request:
    """All events of one nova request id, in time order.

    ``tiers`` holds the tier of events that were not joined by the request id itself, by provenance.
    """

    request_id: str
    global_request_id: str | None = None
    user_id: str | None = None
    project_id: str | None = None
    events: list[Event] = field(default_factory=list)
    tiers: dict[tuple[int, int], str] = field(default_factory=dict)
    _by_kind: dict[str, list[Event]] = field(default_factory=dict, repr=False, compare=False)
    _indexed: int = field(default=0, repr=False, compare=False)

    def of(self, *kinds: str) -> list[Event]:
        """Its events of these kinds."""
        by_kind = self._kinds()
        present = [kind for kind in kinds if kind in by_kind]
        if len(present) > 1:
            return [event for event in self.events if event.kind in present]
        return by_kind[present[0]] if present else []

    def has(self, *kinds: str) -> bool:
        """True when it has an event of these kinds."""
        by_kind = self._kinds()
        return any(kind in by_kind for kind in kinds)

    def _kinds(self) -> dict[str, list[Event]]:
        """Its events by kind; made when nothing is added any more, for questions are asked often."""
        if len(self.events) != self._indexed:
            self._by_kind = {}
            for event in self.events:
                self._by_kind.setdefault(event.kind, []).append(event)
            self._indexed = len(self.events)
        return self._by_kind

    def tier(self, event: Event) -> str:
        """How the event was joined to the request."""
        if event.inherited:
            return "named"
        return self.tiers.get((event.provenance.evidence_id, event.provenance.byte_offset), "request-id")


@dataclass(frozen=True, slots=True)
class _Joined:
    """What belongs to a request beside its own events: those of a key, or of them those at some places."""

    key: str
    tier: str
    places: frozenset[_Place] | None = None


class Requests:
    """All requests of a case by local request id, the oldest first; each is put together anew whenever it is asked for.

    Placement's events join the request that called placement; lines without a request id that of their VM under way.
    """

    def __init__(self, events: Events, sketched: Sketches) -> None:
        self._events = events
        sketches, calls = _in_time(sketched.requests), _in_time(sketched.calls)
        self._joined: dict[str, list[_Joined]] = defaultdict(list)
        self._join_placement(calls, sketches)
        self._join_by_instance(sorted(sketched.loose, key=_IN_ORDER), sketches)
        self._ids = [sketch.key for sketch in sketches.values()]

    def values(self) -> Iterator[Request]:
        """Every request."""
        return map(self.of, self._ids)

    def of(self, request_id: str) -> Request:
        """The request of this id."""
        own = sorted(self._events.of(request_id), key=_IN_TIME)
        request = Request(
            request_id,
            next((e.global_request_id for e in own if e.global_request_id), None),
            next((e.user_id for e in own if e.user_id), None),
            next((e.project_id for e in own if e.project_id), None),
            own,
        )
        for joined in self._joined.get(request_id, ()):
            for event in self._events.of(joined.key):
                place = (event.provenance.evidence_id, event.provenance.byte_offset)
                if joined.places is None or place in joined.places:
                    own.append(event)
                    request.tiers[place] = joined.tier
        if request.tiers:
            own.sort(key=_IN_TIME)
        return request

    def _join_placement(self, calls: dict[str, Sketch], requests: dict[str, Sketch]) -> None:
        """What placement did for a request: by the global id that nova sent, else by consumer and time."""
        by_global: dict[str, list[Sketch]] = defaultdict(list)
        for request in requests.values():
            if request.global_request_id:
                by_global[request.global_request_id].append(request)
        by_instance = _by_instance(requests.values())
        for call in calls.values():
            found = _caller(call, requests, by_global, by_instance)
            if found is not None:
                self._joined[found.key].append(_Joined(call.key, "named"))
                found.absorb(call)

    def _join_by_instance(self, events: Iterable[Loose], requests: dict[str, Sketch]) -> None:
        """Lines without request id that name an instance, to the request of that instance under way."""
        by_instance = _by_instance(requests.values())
        found: dict[tuple[str, str], set[_Place]] = defaultdict(set)
        for (when_us, evidence_id, byte_offset), instance, key in events:
            request = _open_request(by_instance.get(instance, []), when_us)
            if request is not None:
                found[request.key, key].add((evidence_id, byte_offset))
        for (request_id, key), places in found.items():
            self._joined[request_id].append(_Joined(key, "instance-time", frozenset(places)))


def _in_time(sketches: dict[str, Sketch]) -> dict[str, Sketch]:
    return {sketch.key: sketch for sketch in sorted(sketches.values(), key=_FIRST)}


def _caller(
    call: Sketch,
    requests: dict[str, Sketch],
    by_global: dict[str, list[Sketch]],
    by_instance: dict[str, list[tuple[int, Sketch]]],
) -> Sketch | None:
    caller, consumer, when_us = call.global_request_id, call.consumer_uuid, call.began_us
    if caller in requests:
        return requests[caller]
    if caller in by_global:
        sharing = by_global[caller]
        if len(sharing) > 1 and consumer:
            sharing = [request for request in sharing if consumer in request.instances]
        return sharing[0] if len(sharing) == 1 else None
    if caller is None and consumer and when_us is not None:
        starts = by_instance.get(consumer, [])
        # A scheduler tells of a refusal just after placement does, and may be the first to tell of the request.
        told = [request for _, request in starts if request.refused_at(consumer, when_us)]
        if told:
            return told[0] if len(told) == 1 else None
        found = _open_request(starts, when_us)
        if found is None or not _asks_placement(found, when_us):
            return None
        return None if len(starts) > 1 and _heard_later(found, call) else found
    return None


def _heard_later(request: Sketch, call: Sketch) -> bool:
    """True where the machine of a call, by its own clock, heard of the request only well after the call.

    Then the call is another one's of the same VM, and the clocks of other machines have brought it to this one.
    """
    return any(when + _HEARD_WITHIN_US < request.heard.get(node, when) for node, when in call.heard.items())


def _asks_placement(request: Sketch, when_us: int) -> bool:
    """True while a request may still ask placement for room: it is not done, and was not silent for long."""
    if request.done_us is not None and request.done_us <= when_us:
        return False
    return when_us <= (request.last_us or 0) + _BUSY_US


def _by_instance(requests: Iterable[Sketch]) -> dict[str, list[tuple[int, Sketch]]]:
    starts: dict[str, list[tuple[int, Sketch]]] = defaultdict(list)
    for request in requests:
        for vm, when_us in request.starts.items():
            starts[vm].append((when_us, request))
    for listed in starts.values():
        listed.sort(key=lambda item: (item[0], item[1].key))
    return starts


def _open_request(starts: list[tuple[int, Sketch]], when_us: int) -> Sketch | None:
    position = bisect_right(starts, when_us, key=itemgetter(0))
    if not position:
        return None
    when, request = starts[position - 1]
    return request if when_us - when <= _AFTER_ACTION_US else None
