"""Groups events by the nova request that caused them, in the tiers of certainty of the design.

1. the same local request id; 2. named in the text: placement's consumer, its global id, an instance; 3. instance and
time, for lines without any id. What fits several requests is left out and counted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from novatrace.model.event import Event

PLACEMENT = "placement-api"
_AFTER_ACTION_US = 3_600_000_000
_BUSY_US = 5_000_000
_SAME_CALL_US = 1_000_000
_DONE = (
    "boot-took", "instance-spawned", "spawn-took", "guest-running", "finish-migration-done", "live-migration-done",
    "host-instances-updated",
)  # fmt: skip


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


def group(events: Iterable[Event]) -> dict[str, Request]:
    """Requests by local request id; placement's events join the request that called placement."""
    ordered = sorted(events, key=lambda event: event.sort_key)
    requests: dict[str, Request] = {}
    for event in ordered:
        if event.request_id is None or event.service == PLACEMENT:
            continue
        request = requests.setdefault(event.request_id, Request(event.request_id))
        request.events.append(event)
        request.global_request_id = request.global_request_id or event.global_request_id
        request.user_id = request.user_id or event.user_id
        request.project_id = request.project_id or event.project_id
    _join_placement([event for event in ordered if event.service == PLACEMENT], requests)
    _join_by_instance([event for event in ordered if event.request_id is None], requests)
    for request in requests.values():
        request.events.sort(key=lambda event: event.sort_key)
    return requests


def _join_placement(events: list[Event], requests: dict[str, Request]) -> None:
    """Adds what placement did for a request: by the global id that nova sent, else by consumer and time."""
    by_global: dict[str, list[Request]] = defaultdict(list)
    for request in requests.values():
        if request.global_request_id:
            by_global[request.global_request_id].append(request)
    by_instance = _by_instance(requests)
    calls: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        calls[event.request_id or f"{event.provenance}"].append(event)
    for call in calls.values():
        caller = next((event.global_request_id for event in call if event.global_request_id), None)
        consumer = next((e.values["consumer_uuid"] for e in call if e.values.get("consumer_uuid")), None)
        found = _caller(caller, consumer, call[0], requests, by_global, by_instance)
        if found is not None:
            _add(found, call, "named")


def _caller(
    caller: str | None,
    consumer: str | None,
    first: Event,
    requests: dict[str, Request],
    by_global: dict[str, list[Request]],
    by_instance: dict[str, list[tuple[int, Request]]],
) -> Request | None:
    if caller in requests:
        return requests[caller]
    if caller in by_global:
        sharing = by_global[caller]
        if len(sharing) > 1 and consumer:
            sharing = [request for request in sharing if any(consumer == e.instance_uuid for e in request.events)]
        return sharing[0] if len(sharing) == 1 else None
    if caller is None and consumer and first.when_us is not None:
        starts = by_instance.get(consumer, [])
        # A scheduler tells of a refusal just after placement does, and may be the first to tell of the request.
        told = [request for _, request in starts if _refused_at(request, consumer, first.when_us)]
        if told:
            return told[0] if len(told) == 1 else None
        found = _open_request(starts, first.when_us)
        return found if found is not None and _asks_placement(found, first.when_us) else None
    return None


def _refused_at(request: Request, consumer: str, when_us: int) -> bool:
    return any(
        event.values.get("consumer_uuid") == consumer and abs((event.when_us or 0) - when_us) <= _SAME_CALL_US
        for event in request.of("placement-claim-refused")
    )


def _asks_placement(request: Request, when_us: int) -> bool:
    """True while a request may still ask placement for room: it is not done, and was not silent for long."""
    if any((event.when_us or 0) <= when_us for event in request.of(*_DONE)):
        return False
    last = max((event.when_us for event in request.events if event.when_us is not None), default=0)
    return when_us <= last + _BUSY_US


def _join_by_instance(events: list[Event], requests: dict[str, Request]) -> None:
    """Adds lines without request id that name an instance, to the request of that instance under way."""
    by_instance = _by_instance(requests)
    for event in events:
        if event.instance_uuid and event.when_us is not None and event.service in (None, "nova-compute"):
            request = _open_request(by_instance.get(event.instance_uuid, []), event.when_us)
            if request is not None:
                _add(request, [event], "instance-time")


def _by_instance(requests: dict[str, Request]) -> dict[str, list[tuple[int, Request]]]:
    starts: dict[str, dict[str, int]] = defaultdict(dict)
    for request in requests.values():
        for event in request.events:
            vm = event.instance_uuid or event.values.get("consumer_uuid")
            if vm and event.when_us is not None and event.kind in STARTS_WORK:
                known = starts[vm].get(request.request_id, event.when_us)
                starts[vm][request.request_id] = min(known, event.when_us)
    return {
        uuid: sorted(
            ((when, requests[rid]) for rid, when in firsts.items()),
            key=lambda item: (item[0], item[1].request_id),
        )
        for uuid, firsts in starts.items()
    }


STARTS_WORK = frozenset(
    [
        "api-request",
        "migration-assumed",
        "flavor-change",
        "live-migrate-requested",
        "evacuate-requested",
        "schedule-start",
        "move-dispatch",
        "boot-dispatch",
        "placement-claim-start",
        "placement-claim-refused",
        "claim-attempt",
        "claim-granted",
        "claim-refused",
        "stash-state",
        "boot-start",
        "rebuild-start",
    ]
)


def _open_request(starts: list[tuple[int, Request]], when_us: int) -> Request | None:
    position = bisect_right([when for when, _ in starts], when_us)
    if not position:
        return None
    when, request = starts[position - 1]
    return request if when_us - when <= _AFTER_ACTION_US else None


def _add(request: Request, events: list[Event], tier: str) -> None:
    for event in events:
        request.events.append(event)
        request.tiers[(event.provenance.evidence_id, event.provenance.byte_offset)] = tier
