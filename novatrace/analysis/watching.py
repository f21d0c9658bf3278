"""For how long after a granted claim the logs would have told of a failure, and how long such moves take here.

A failure after the claim is an ERROR line of the target or the source. And the compute services then give the VM's
allocation back under the move's own request (nova/compute/manager.py: ``unshelve_instance`` from Pike, ``_revert_allocation``,
``finish_resize`` and ``rebuild_instance`` from Queens), which placement's log shows even where theirs ends too early.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from novatrace.analysis.attempts import Draft
from novatrace.analysis.hosts import HostMap
from novatrace.analysis.requests import Request
from novatrace.model import http_status
from novatrace.model.event import PLACEMENT, Event
from novatrace.model.evidence import Coverage
from novatrace.model.migration import HostNode, Watch

_ALIKE = {"resize": "migrate", "rebuild": "evacuate"}
_WRITES = ("PUT", "POST", "DELETE")


class Durations:
    """The longest time from a granted claim to the end of the move, by kind, of the moves whose end is logged."""

    def __init__(self) -> None:
        self._longest: dict[str, int] = {}

    def learn(self, request: Request, action: str, done: Sequence[str]) -> None:
        """Takes in a request that moves one VM; ``done`` are the kinds of lines that tell of its success."""
        granted = _last(request.of("claim-granted"))
        ended = _last(request.of(*done)) if done else None
        if granted is not None and ended is not None and ended >= granted:
            kind = _ALIKE.get(action, action)
            self._longest[kind] = max(self._longest.get(kind, 0), ended - granted)

    def longest_us(self, action: str) -> int | None:
        """The slowest that is known of the kind."""
        return self._longest.get(_ALIKE.get(action, action))


class Watchers:
    """Who would have told of a failure: the logs that were read, and how long moves took."""

    def __init__(self, durations: Durations, coverage: Sequence[Coverage], hosts: HostMap) -> None:
        self._durations = durations
        self._coverage = coverage
        self._hosts = hosts
        self._last_us = max((c.last_us for c in coverage if c.last_us is not None), default=0)
        self._ends: dict[str, int] | None = None

    def of(
        self, request: Request, action: str, drafts: Sequence[Draft], places: Sequence[HostNode | None]
    ) -> Watch | None:
        """What would have told of a failure for as long as such moves take; None where nothing goes on for so long.

        The least sure are compute logs that go on, if not for so long, in evidence that does.

        Args:
            request: the move's.
            action: its kind.
            drafts: its attempts; the last one's claim was granted.
            places: the hosts whose logs would tell; None is one that is not known.
        """
        since_us = drafts[-1].claim.claim.when_us if drafts[-1].claim is not None else None
        given = _Given.of(request, sum(draft.selected is not None for draft in drafts))
        if since_us is None or given.back:
            return None
        slowest_us = self._durations.longest_us(action)
        computes_us = min((self._heard_us(place, since_us) for place in places), default=0)
        if slowest_us is None:
            return Watch("compute", computes_us, None) if computes_us else None
        if computes_us >= slowest_us:
            return Watch("compute", computes_us, slowest_us)
        placement_us = self._placement_us(max(since_us, given.last_us)) if given.last_us and _gives_back(request) else 0
        if placement_us >= slowest_us:
            return Watch("placement", placement_us, slowest_us)
        whole_us = self._last_us - since_us
        return Watch("evidence", whole_us, slowest_us) if computes_us and whole_us >= slowest_us else None

    def _placement_us(self, since_us: int) -> int:
        """For how long after a moment every placement node's log goes on."""
        ends: dict[str | int, int] = {}
        for each in self._coverage:
            if each.last_us is not None and each.services.get(PLACEMENT):
                for node in each.nodes or (each.evidence_id,):
                    ends[node] = max(ends.get(node, 0), each.last_us)
        return max(0, min(ends.values(), default=0) - since_us)

    def _heard_us(self, host: HostNode | None, since_us: int) -> int:
        """For how long after a moment the compute log of a host goes on."""
        if self._ends is None:
            self._ends = {}
            for each in self._coverage:
                for name in self._hosts.machines_of_input(each.evidence_id):
                    self._ends[name] = max(self._ends.get(name, 0), each.last_us or 0)
        return 0 if host is None else max(0, self._ends.get(host.host, 0) - since_us)


def _gives_back(request: Request) -> bool:
    """True where the wording is of a release whose compute services give back what a failed move had of placement.

    Known by ``Unshelving``; by ``Evacuating instance`` (Rocky and later); by what allocates for the migration itself (POST)
    or carries the caller's request id, which nova's calls of placement do from Queens.
    """
    calls = request.of("placement-request")
    evacuating = any(event.values.get("evacuating") for event in request.of("rebuild-start"))
    queens = any(call.global_request_id or call.values["method"] == "POST" for call in calls)
    return evacuating or queens or request.has("unshelve-start")


@dataclass(frozen=True, slots=True)
class _Given:
    """What a move took from placement: when last, and whether it gave any of it ``back``."""

    last_us: int
    back: bool

    @classmethod
    def of(cls, request: Request, tried: int) -> _Given:
        """Until it fails a move writes once for each target, for its last one last of all.

        Placement's clock alone orders its lines.
        """
        writes = [e for e in request.of("placement-request") if e.values["method"] in _WRITES and _accepted(e)]
        puts = sum(e.values["method"] == "PUT" for e in writes)
        back = bool(puts) and (puts > tried or writes[-1].values["method"] != "PUT")
        return cls(writes[-1].when_us or 0 if puts else 0, back)


def _accepted(call: Event) -> bool:
    return call.service == PLACEMENT and http_status.accepted(call.values["status"])


def _last(events: Iterable[Event]) -> int | None:
    return max((event.when_us for event in events if event.when_us is not None), default=None)
