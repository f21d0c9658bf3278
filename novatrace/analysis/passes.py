"""Rebuilds scheduler passes from the lines of one request.

A pass is one run of the filters for one instance. A request has several: a multi-create runs one for each instance,
a reschedule before Queens runs another. Lines come in file order within a scheduler process, so each process is walked
on its own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from novatrace.analysis.hosts import HostMap
from novatrace.analysis.pass_walk import PASS_KINDS, Draft, Walk
from novatrace.analysis.requests import Request
from novatrace.model.event import PLACEMENT, Event
from novatrace.model.migration import Candidate, Citation, FilterStep, HostNode, Pass, PlacementClaim, Stamp

_SLACK_US = 1_000_000


def rebuild(request: Request, hosts: HostMap, *, selection_is_logged: bool) -> list[Pass]:
    """The passes of a request, in time order.

    Args:
        request: its events.
        hosts: identities.
        selection_is_logged: True when this cloud's scheduler writes ``Selected host`` for moves (Kilo and later), so
            that a pass without it selected nobody as far as is known.
    """
    walks: dict[tuple[str | int, int | None], Walk] = defaultdict(Walk)
    for event in request.events:
        if event.kind in PASS_KINDS and event.service in (None, "nova-scheduler", "nova-conductor"):
            if event.service == "nova-conductor" and event.kind != "placement-claim-refused":
                continue
            walks[(event.origin, event.pid)].take(event)
    drafts = [draft for walk in walks.values() for draft in walk.finish()]
    drafts.sort(key=lambda draft: draft.events[0].sort_key)
    refusals = _placement_refusals(request)
    if not drafts and refusals:
        drafts = [Draft(events=refusals)]
    passes = [
        _pass(
            draft,
            request,
            hosts,
            # With one pass they are all its own, whatever the clocks of scheduler and placement say.
            refusals if len(drafts) == 1 else _during(draft, refusals),
            selection_is_logged=selection_is_logged,
        )
        for draft in drafts
    ]
    return [p for number, p in enumerate(passes) if not _for_alternates(p, passes[:number])]


def _for_alternates(schedule: Pass, before: list[Pass]) -> bool:
    """True for a run of the filters that chooses for no VM of a multi-create: it only lists the alternates.

    When each VM has its host, the filters run again for the alternates of every one but the first
    (nova/scheduler/manager.py ``_get_alternate_hosts``, Queens and later).
    """
    if schedule.instance_uuid is not None or schedule.outcome != "unknown" or schedule.placement_claims:
        return False
    chosen = {p.instance_uuid for p in before if p.selected_basis == "observed" and p.instance_uuid is not None}
    return len(chosen) > 1


def _placement_refusals(request: Request) -> list[Event]:
    return [e for e in request.of("placement-over-capacity") if e.service in (None, PLACEMENT)]


def _pass(draft: Draft, request: Request, hosts: HostMap, refusals: list[Event], *, selection_is_logged: bool) -> Pass:
    first, last = draft.events[0], draft.events[-1]
    candidates = tuple(_candidate(state, hosts) for state in draft.candidates)
    claims = tuple(_claims(draft, candidates, hosts, refusals))
    selected, basis = _selection(draft, candidates, hosts, claims, selection_is_logged=selection_is_logged)
    return Pass(
        request_id=request.request_id,
        instance_uuid=draft.instance_uuid,
        scheduler_node=None if first.service == PLACEMENT else first.node,
        started_us=first.when_us,
        ended_us=last.when_us,
        hosts_considered=_considered(draft),
        filters=tuple(_steps(draft, hosts)),
        candidates=candidates,
        weighed=draft.weighed,
        selected=selected,
        selected_us=(draft.selected or last).when_us if selected else None,
        stamp=_stamp(draft.selected or last) if selected else None,
        selected_basis=basis,
        outcome=_outcome(draft, selected, request),
        placement_claims=claims,
        ignored=tuple(draft.ignored),
        rejected=tuple(draft.rejected),
        citations=tuple(Citation(e.provenance, e.kind) for e in draft.events if e.kind != "host-rejected"),
        limited_to=tuple(dict.fromkeys(draft.limited_to)),
    )


def _stamp(event: Event) -> Stamp:
    return Stamp("selection", event.node, event.provenance)


def _considered(draft: Draft) -> int | None:
    if draft.considered is not None:
        return draft.considered
    return draft.results[0]["before"] if draft.results else None


def _steps(draft: Draft, hosts: HostMap) -> list[FilterStep]:
    """The funnel: counts from the step lines or the summary; names where the DEBUG summary lists who was left."""
    steps = list(draft.steps)
    where = draft.events[-1].provenance
    if draft.results and len(draft.results) >= len(steps):
        places = [step.provenance for step in steps] + [where] * len(draft.results)
        steps = [
            FilterStep(r["name"], r["before"], r["after"], () if r["before"] == r["after"] else None, place)
            for r, place in zip(draft.results, places, strict=False)
        ]
    if not draft.named:
        return steps
    left = [[hosts.host(h, n) for h, n in r["left"] or ()] for r in draft.named]
    if len(steps) != len(left):
        before = [draft.considered, *(len(names) for names in left)]
        steps = [FilterStep(r["name"], b, r["after"], None, where) for r, b in zip(draft.named, before, strict=False)]
    named = []
    for index, step in enumerate(steps):
        removed = step.removed
        if index and removed is None:
            removed = tuple(h for h in left[index - 1] if h not in left[index])
        named.append(FilterStep(step.name, step.before, step.after, removed, step.provenance))
    return named


def _candidate(state: dict[str, Any], hosts: HostMap) -> Candidate:
    return Candidate(
        hosts.host(state["host"], state["node"]),
        state["free_ram_mb"],
        state["free_disk_mb"],
        state["io_ops"],
        state["instances"],
        state["weight"],
    )


def _selection(
    draft: Draft,
    candidates: tuple[Candidate, ...],
    hosts: HostMap,
    claims: tuple[PlacementClaim, ...],
    *,
    selection_is_logged: bool,
) -> tuple[HostNode | None, str | None]:
    if draft.selected is not None:
        state = draft.selected.values["host"]
        return hosts.host(state["host"], state["node"]), "observed"
    if not selection_is_logged and not claims and len(candidates) == 1:
        return candidates[0].host, "computed"
    return None, None


def _outcome(draft: Draft, selected: HostNode | None, request: Request) -> str:
    if selected is not None:
        return "selected"
    if draft.empty:
        return "placement-empty"
    if draft.exhausted or (draft.steps and draft.steps[-1].after == 0):
        return "filtered-out"
    if draft.claims_exhausted or (draft.refused and _found_nobody(draft, request)):
        return "placement-conflict"
    return "unknown"


def _found_nobody(draft: Draft, request: Request) -> bool:
    """True when a pass with refused claims is known to have found no host.

    A refusal is a WARNING, the choice of the next host only a DEBUG line, so that without DEBUG a refusal alone says nothing
    of the end: then the request's failure for want of a host does.
    """
    tried = {event.values.get("provider_uuid") for event in draft.refused}
    if draft.candidates and len(draft.candidates) <= len(tried):
        return True
    return request.has("task-failed", "no-valid-host", "rebuild-failed") or any(
        "No valid host" in str(event.values.get("reason", "")) for event in request.of("api-fault")
    )


def _claims(
    draft: Draft, candidates: tuple[Candidate, ...], hosts: HostMap, refusals: list[Event]
) -> list[PlacementClaim]:
    """Refused allocations of this pass, with placement's own numbers where its log has them."""
    numbers = list(refusals)
    claims = []
    for event in draft.refused:
        provider = event.values.get("provider_uuid")
        resource_class = event.values.get("resource_class")
        own = next((e for e in numbers if provider and e.values["provider_uuid"] == provider), None)
        if own is not None:
            numbers.remove(own)
        target = hosts.of_provider(provider)
        if target is None and len(candidates) == 1:
            target = candidates[0].host
        claims.append(_refused(event, target, provider, resource_class, own))
    for event in numbers:
        provider = event.values["provider_uuid"]
        if provider not in {claim.provider_uuid for claim in claims}:
            claims.append(_refused(event, hosts.of_provider(provider), provider, None, event))
    return claims


def _during(draft: Draft, refusals: list[Event]) -> list[Event]:
    """Placement lines that fall into the pass; a second of slack for clocks that differ."""
    begin, end = draft.events[0].when_us, draft.events[-1].when_us
    if begin is None or end is None:
        return refusals
    return [e for e in refusals if e.when_us is None or begin - _SLACK_US <= e.when_us <= end + _SLACK_US]


def _refused(
    event: Event, target: HostNode | None, provider: str | None, resource_class: str | None, own: Event | None
) -> PlacementClaim:
    numbers = own.values if own is not None else {}
    return PlacementClaim(
        when_us=event.when_us,
        target=target,
        provider_uuid=provider,
        granted=False,
        resource_class=resource_class or numbers.get("resource_class"),
        needed=numbers.get("needed"),
        used=numbers.get("used"),
        capacity=numbers.get("capacity"),
        provenance=event.provenance,
        node=event.node,
    )
