"""Rebuilds scheduler passes from the lines of one request.

A pass is one run of the filters for one instance. A request has several: a multi-create runs one for each instance,
a reschedule before Queens runs another. Lines come in file order within a scheduler process, so each process is walked
on its own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from novatrace.analysis.hosts import HostMap
from novatrace.analysis.requests import PLACEMENT, Request
from novatrace.model.event import Event
from novatrace.model.migration import Candidate, Citation, FilterStep, HostNode, Pass, PlacementClaim

_KINDS = frozenset(
    "schedule-start placement-empty filter-start filter-result filters-exhausted hosts-filtered hosts-weighed "
    "host-selected placement-claim-start placement-claim-refused placement-claims-exhausted hosts-ignored hosts-forced "
    "nodes-forced host-required host-required-missing hosts-insufficient host-rejected consume-failed".split()
)
_BEFORE_FILTERS = ("hosts-ignored", "hosts-forced", "nodes-forced", "host-required", "host-required-missing")


@dataclass(slots=True)
class _Draft:
    """A pass under construction."""

    events: list[Event] = field(default_factory=list)
    instance_uuid: str | None = None
    considered: int | None = None
    steps: list[FilterStep] = field(default_factory=list)
    results: list[dict[str, Any]] | None = None
    named: list[dict[str, Any]] | None = None
    candidates: list[dict[str, Any]] = field(default_factory=list)
    weighed: bool = False
    selected: Event | None = None
    refused: list[Event] = field(default_factory=list)
    claims_exhausted: bool = False
    empty: bool = False
    exhausted: bool = False
    ignored: list[str] = field(default_factory=list)
    rejected: list[tuple[str | None, str, str]] = field(default_factory=list)

    @property
    def filtered(self) -> bool:
        return bool(self.steps or self.considered is not None or self.exhausted or self.candidates)


class _Walk:
    """Walks the events of one scheduler process and splits them into passes."""

    def __init__(self) -> None:
        self.drafts: list[_Draft] = []
        self._waiting: list[str] = []

    def take(self, event: Event) -> None:
        kind, values = event.kind, event.values
        if kind == "schedule-start":
            self._new()
            self._waiting = list(values.get("instance_uuids", ()))
        elif kind == "filter-start" or kind in _BEFORE_FILTERS:
            if self._current.filtered:
                self._new()
        elif kind == "filter-result" and (self._current.candidates or self._current.exhausted):
            self._new()
        elif kind == "hosts-filtered" and self._current.candidates:
            self._new()
        draft = self._current
        draft.events.append(event)
        _TAKERS[kind](draft, event) if kind in _TAKERS else None

    @property
    def _current(self) -> _Draft:
        if not self.drafts:
            self.drafts.append(_Draft())
        return self.drafts[-1]

    def _new(self) -> None:
        if self.drafts and not self.drafts[-1].events:
            return
        self.drafts.append(_Draft())

    def finish(self) -> list[_Draft]:
        """The passes; an instance is taken in the order of the request where the lines do not name it."""
        drafts = [d for d in self.drafts if d.filtered or d.empty or d.selected or d.refused]
        unnamed = [uuid for uuid in self._waiting if uuid not in {d.instance_uuid for d in drafts}]
        for draft in drafts:
            if draft.instance_uuid is None and unnamed:
                draft.instance_uuid = unnamed.pop(0) if len(drafts) > 1 else unnamed[0]
        return drafts


def _filter_start(draft: _Draft, event: Event) -> None:
    draft.considered = event.values["hosts_before"]


def _filter_result(draft: _Draft, event: Event) -> None:
    before = draft.steps[-1].after if draft.steps else draft.considered
    name, after = event.values["filter_name"], event.values["hosts_after"]
    draft.steps.append(FilterStep(name, before, after, () if before == after else None, event.provenance))


def _exhausted(draft: _Draft, event: Event) -> None:
    draft.exhausted = True
    draft.instance_uuid = event.values.get("instance_uuid") or draft.instance_uuid
    results = event.values["results"]
    if any(step["left"] is not None for step in results):
        draft.named = results
    else:
        draft.results = results
    draft.events[-1] = event


def _filtered(draft: _Draft, event: Event) -> None:
    draft.candidates = list(event.values["hosts"])
    # `Filtered []`: every host was ignored, forced away or not the requested one before any filter ran.
    draft.exhausted = draft.exhausted or not draft.candidates


def _weighed(draft: _Draft, event: Event) -> None:
    known = {(s["host"], s["node"]): s for s in draft.candidates}
    by_host: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for state in draft.candidates:
        by_host[state["host"]].append(state)
    merged = []
    for state in event.values["hosts"]:
        seen = known.get((state["host"], state["node"]))
        if seen is None and len(by_host[state["host"]]) == 1:
            seen = by_host[state["host"]][0]
        filled = {k: v if v is not None else (seen or {}).get(k) for k, v in state.items()}
        merged.append(filled)
    draft.candidates, draft.weighed = merged or draft.candidates, True


def _selected(draft: _Draft, event: Event) -> None:
    draft.selected = event
    draft.instance_uuid = event.instance_uuid or draft.instance_uuid


def _claim_start(draft: _Draft, event: Event) -> None:
    draft.instance_uuid = draft.instance_uuid or event.values.get("consumer_uuid")


def _claim_refused(draft: _Draft, event: Event) -> None:
    draft.refused.append(event)


def _claims_exhausted(draft: _Draft, _event: Event) -> None:
    draft.claims_exhausted = True


def _empty(draft: _Draft, _event: Event) -> None:
    draft.empty = True


def _required_missing(draft: _Draft, event: Event) -> None:
    draft.exhausted = True
    draft.rejected.append((None, "requested destination", str(event.values.get("detail", ""))))


def _ignored(draft: _Draft, event: Event) -> None:
    draft.ignored += event.values["hosts"]


def _rejected(draft: _Draft, event: Event) -> None:
    host = event.values.get("host") or {}
    name = host.get("host") or event.values.get("host_name")
    draft.rejected.append((name, event.values.get("filter_name", ""), event.values.get("detail", "")))


_TAKERS = {
    "filter-start": _filter_start,
    "filter-result": _filter_result,
    "filters-exhausted": _exhausted,
    "hosts-filtered": _filtered,
    "hosts-weighed": _weighed,
    "host-selected": _selected,
    "placement-claim-start": _claim_start,
    "placement-claim-refused": _claim_refused,
    "placement-claims-exhausted": _claims_exhausted,
    "placement-empty": _empty,
    "host-required-missing": _required_missing,
    "hosts-ignored": _ignored,
    "host-rejected": _rejected,
}


def rebuild(request: Request, hosts: HostMap, *, selection_is_logged: bool) -> list[Pass]:
    """The passes of a request, in time order.

    Args:
        request: its events.
        hosts: identities.
        selection_is_logged: True when this cloud's scheduler writes ``Selected host`` for moves (Kilo and later), so
            that a pass without it selected nobody as far as is known.
    """
    walks: dict[tuple[str | None, int | None, int], _Walk] = defaultdict(_Walk)
    for event in request.events:
        if event.kind in _KINDS and event.service in (None, "nova-scheduler", "nova-conductor"):
            if event.service == "nova-conductor" and event.kind != "placement-claim-refused":
                continue
            walks[(event.node, event.pid, event.provenance.evidence_id)].take(event)
    drafts = [draft for walk in walks.values() for draft in walk.finish()]
    drafts.sort(key=lambda draft: draft.events[0].sort_key)
    refusals = _placement_refusals(request)
    return [_pass(draft, request, hosts, refusals, selection_is_logged=selection_is_logged) for draft in drafts]


def _placement_refusals(request: Request) -> list[Event]:
    return [e for e in request.of("placement-over-capacity") if e.service in (None, PLACEMENT)]


def _pass(
    draft: _Draft, request: Request, hosts: HostMap, refusals: list[Event], *, selection_is_logged: bool
) -> Pass:
    first, last = draft.events[0], draft.events[-1]
    candidates = tuple(_candidate(state, hosts) for state in draft.candidates)
    claims = tuple(_claims(draft, candidates, hosts, refusals))
    selected, basis = _selection(draft, candidates, hosts, claims, selection_is_logged=selection_is_logged)
    return Pass(
        request_id=request.request_id,
        instance_uuid=draft.instance_uuid,
        scheduler_node=first.node,
        started_us=first.when_us,
        ended_us=last.when_us,
        hosts_considered=_considered(draft),
        filters=tuple(_steps(draft, hosts)),
        candidates=candidates,
        weighed=draft.weighed,
        selected=selected,
        selected_us=(draft.selected or last).when_us if selected else None,
        selected_basis=basis,
        outcome=_outcome(draft, selected),
        placement_claims=claims,
        ignored=tuple(draft.ignored),
        rejected=tuple(draft.rejected),
        citations=tuple(Citation(e.provenance, e.kind) for e in draft.events if e.kind != "host-rejected"),
    )


def _considered(draft: _Draft) -> int | None:
    if draft.considered is not None:
        return draft.considered
    return draft.results[0]["before"] if draft.results else None


def _steps(draft: _Draft, hosts: HostMap) -> list[FilterStep]:
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
        steps = [FilterStep(r["name"], None, r["after"], None, where) for r in draft.named]
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
    draft: _Draft,
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


def _outcome(draft: _Draft, selected: HostNode | None) -> str:
    if selected is not None:
        return "selected"
    if draft.empty:
        return "placement-empty"
    if draft.exhausted or (draft.steps and draft.steps[-1].after == 0):
        return "filtered-out"
    if draft.claims_exhausted or draft.refused:
        return "placement-conflict"
    return "unknown"


def _claims(
    draft: _Draft, candidates: tuple[Candidate, ...], hosts: HostMap, refusals: list[Event]
) -> list[PlacementClaim]:
    """Refused allocations of this pass, with placement's own numbers where its log has them."""
    begin, end = draft.events[0].when_us, draft.events[-1].when_us
    numbers = [e for e in refusals if _within(e, begin, end)]
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


def _within(event: Event, begin: int | None, end: int | None) -> bool:
    """True when a placement line falls into the pass; a second of slack for clocks that differ."""
    slack = 1_000_000
    if event.when_us is None or begin is None or end is None:
        return True
    return begin - slack <= event.when_us <= end + slack


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
    )
