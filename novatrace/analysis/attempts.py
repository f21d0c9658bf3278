"""Attempts of one action: scheduler passes, dispatches and claims put together, host by host.

Attempts of a request follow each other: a pass or an alternate names a target, a cast goes there, its claim answers.
Parts are matched by host, not by time alone, because nodes' clocks differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from novatrace.analysis.claims import HostClaim
from novatrace.analysis.hosts import HostMap
from novatrace.analysis.live_checks import failed_checks
from novatrace.analysis.requests import Request
from novatrace.model.event import Event
from novatrace.model.migration import Citation, HostNode, Link, Pass, Stamp

_CASTING = (None, "nova-api", "nova-conductor", "nova-scheduler")
_NOBODY = ("placement-empty", "filtered-out", "placement-conflict")
_BY_SOURCE = ("pre-live-done", "live-migration-done")
_DISPATCHES = ("move-dispatch", "boot-dispatch", "unshelve-dispatch")


@dataclass(slots=True)
class Draft:
    """An attempt under construction."""

    schedule: Pass | None = None
    selected: HostNode | None = None
    selected_us: int | None = None
    alternates: tuple[HostNode, ...] = ()
    dispatch: Event | None = None
    claim: HostClaim | None = None
    skipped: Event | None = None
    stamp: Stamp | None = None
    links: list[Link] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)

    @property
    def began_us(self) -> int | None:
        """When the first sign of this attempt was logged."""
        times = (
            self.schedule.started_us if self.schedule else None,
            self.dispatch.when_us if self.dispatch else None,
            self.claim.started_us if self.claim else None,
        )
        return next((when for when in times if when is not None), None)

    @property
    def dispatched_us(self) -> int | None:
        """When it was cast to its target; what the source of a live migration says of the target is no cast."""
        return self.dispatch.when_us if self.dispatch is not None and self.dispatch.kind not in _BY_SOURCE else None

    @property
    def found_nobody(self) -> bool:
        """True when its pass left no host."""
        return self.selected is None and self.schedule is not None and self.schedule.outcome in _NOBODY


def assemble(
    request: Request,
    instance_uuid: str | None,
    action: str,
    passes: list[Pass],
    claims: list[HostClaim],
    hosts: HostMap,
) -> list[Draft]:
    """The attempts of one instance in a request, in the order in which they were made."""
    drafts = [_of_pass(p) for p in passes if _same(p.instance_uuid, instance_uuid)]
    for event in request.of("live-forced-claim"):
        _place_forced(drafts, event, hosts, request)
    for event in _dispatches(request, instance_uuid, action):
        _place_dispatch(drafts, event, hosts, request)
    for claim in sorted(claims, key=lambda c: c.started_us or 0):
        if _same(claim.instance_uuid, instance_uuid):
            _place_claim(drafts, claim)
    for event in reversed(failed_checks(request, action, hosts)):
        _place_check(drafts, event, hosts, request)
    # A pass that found nobody ends the request, so that what was tried without a logged pass came before it.
    return sorted(drafts, key=lambda draft: draft.found_nobody)


def ended_us(draft: Draft, request: Request, instance_uuid: str | None, *, failed: bool) -> int | None:
    """When the fate of an attempt was known: its claim, its check, its pass that found nobody.

    Of a VM that ``failed`` without either: when what it held in placement was given back, as the scheduler does for those before
    the one that it finds no host for (``_cleanup_allocations`` of nova/scheduler/manager.py).
    """
    claim = draft.claim.claim if draft.claim else None
    if claim and claim.granted is not None:
        return claim.when_us
    if draft.skipped:
        return draft.skipped.when_us
    if draft.selected is None:
        return draft.schedule.ended_us if draft.schedule else None
    given_back = [
        e.when_us
        for e in request.of("placement-allocation-deleted")
        if failed and e.values["consumer_uuid"] == instance_uuid and (e.when_us or 0) >= (draft.selected_us or 0)
    ]
    return given_back[0] if given_back else None


def _same(named: str | None, instance_uuid: str | None) -> bool:
    return named is None or instance_uuid is None or named == instance_uuid


def _of_pass(schedule: Pass) -> Draft:
    draft = Draft(schedule=schedule, selected=schedule.selected, selected_us=schedule.selected_us)
    draft.stamp = schedule.stamp
    draft.links.append(Link("pass", "request-id"))
    draft.citations += schedule.citations
    return draft


def _dispatches(request: Request, instance_uuid: str | None, action: str) -> list[Event]:
    """Lines that send the VM to a target: the conductor's words, or a cast on ``compute.HOST`` before Icehouse.

    A live migration is cast to its source, so its casts name no target.
    """
    found = [e for e in request.of(*_DISPATCHES) if _same(e.instance_uuid, instance_uuid)]
    if action == "live-migrate":
        return found + _named_by_source(request, instance_uuid)
    if found:
        return found
    return [e for e in request.of("rpc-cast") if e.values.get("host") and e.service in _CASTING]


def _named_by_source(request: Request, instance_uuid: str | None) -> list[Event]:
    """The lines in which the source of a live migration names its target, one for each target."""
    named = {e.values["host"]: e for e in reversed(request.of(*_BY_SOURCE)) if _same(e.instance_uuid, instance_uuid)}
    return sorted(named.values(), key=lambda event: event.sort_key)


def _place_dispatch(drafts: list[Draft], event: Event, hosts: HostMap, request: Request) -> None:
    target = hosts.host(event.values["host"], event.values.get("node"))
    draft = next((d for d in drafts if d.dispatch is None and d.selected and d.selected.host == target.host), None)
    if draft is None:
        draft = _undecided(drafts, target)
    if draft is None:
        draft = Draft()
        drafts.append(draft)
    if draft.selected is None:
        draft.selected, draft.selected_us = target, event.when_us
        # What the source of a live migration says comes long after the choice, as a claim does.
        told = "claim" if event.kind in _BY_SOURCE else "dispatch"
        draft.stamp = Stamp(told, event.node, event.provenance)
    draft.dispatch = event
    draft.alternates = tuple(hosts.host(h, n) for h, n in event.values.get("alternates", ()) if h)
    draft.links.append(Link("dispatch", request.tier(event)))
    draft.citations.append(Citation(event.provenance, event.kind))


def _place_forced(drafts: list[Draft], event: Event, hosts: HostMap, request: Request) -> None:
    """A target that the request forced: allocated without the scheduler. The line names its provider."""
    target = hosts.of_provider(event.values["node"])
    if target is None or any(d.selected and d.selected.host == target.host for d in drafts):
        return
    draft = Draft(selected=target, selected_us=event.when_us, stamp=Stamp("selection", event.node, event.provenance))
    draft.links.append(Link("dispatch", request.tier(event)))
    draft.citations.append(Citation(event.provenance, event.kind))
    drafts.append(draft)


def _place_check(drafts: list[Draft], event: Event, hosts: HostMap, request: Request) -> None:
    """A host that failed the check: the last choice of it, else one that no scheduler's log shows."""
    target = hosts.host(event.values["host"])
    chosen = [d for d in drafts if d.selected and d.selected.host == target.host and d.claim is None]
    draft = next((d for d in reversed(chosen) if d.skipped is None and d.dispatch is None), None)
    if draft is None:
        draft = Draft(selected=target, selected_us=event.when_us, stamp=Stamp("claim", event.node, event.provenance))
        drafts.insert(0, draft)
    draft.skipped = event
    draft.links.append(Link("outcome", request.tier(event)))
    draft.citations.append(Citation(event.provenance, event.kind))


def _undecided(drafts: list[Draft], target: HostNode) -> Draft | None:
    """A pass whose choice was not logged and which had this target among its candidates (Folsom to Juno)."""
    for draft in drafts:
        schedule = draft.schedule
        if draft.selected is not None or schedule is None or schedule.outcome != "unknown":
            continue
        if not schedule.candidates or any(c.host.host == target.host for c in schedule.candidates):
            return draft
    return None


def _place_claim(drafts: list[Draft], claim: HostClaim) -> None:
    target = claim.target
    if target is None:
        _place_nowhere(drafts, claim)
        return
    draft = next((d for d in drafts if d.claim is None and d.selected and d.selected.host == target.host), None)
    if draft is None:
        draft = _undecided(drafts, target)
    if draft is None:
        draft = Draft()
        drafts.append(draft)
    if draft.selected is None:
        draft.selected, draft.selected_us, draft.stamp = target, claim.started_us, claim.stamp
    elif draft.selected.node is None:
        draft.selected = target
    _take(draft, claim, claim.tier)


def _place_nowhere(drafts: list[Draft], claim: HostClaim) -> None:
    """A claim whose host the log does not tell: it answers the first attempt that has none, by VM and time."""
    draft = next((d for d in drafts if d.claim is None and d.selected is not None), None)
    if draft is not None:
        _take(draft, claim, "instance-time")


def _take(draft: Draft, claim: HostClaim, tier: str) -> None:
    draft.claim = claim
    draft.links.append(Link("claim", tier))
    draft.citations += claim.claim.citations
