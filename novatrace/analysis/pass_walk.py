"""Splits the lines of one scheduler process and request into passes, and collects what each line adds.

A pass begins with ``Starting to schedule``, with what the request excludes, or with a new run of the filters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from novatrace.model.event import Event
from novatrace.model.migration import FilterStep, Rejection

PASS_KINDS = frozenset(
    [
        "schedule-start",
        "placement-empty",
        "filter-start",
        "filter-result",
        "filters-exhausted",
        "hosts-filtered",
        "hosts-weighed",
        "host-selected",
        "placement-claim-start",
        "placement-claim-refused",
        "placement-claims-exhausted",
        "hosts-ignored",
        "hosts-forced",
        "nodes-forced",
        "host-required",
        "host-required-missing",
        "hosts-insufficient",
        "host-rejected",
        "consume-failed",
    ]
)
_BEFORE_FILTERS = ("hosts-ignored", "hosts-forced", "nodes-forced", "host-required", "host-required-missing")


@dataclass(slots=True)
class Draft:
    """A pass under construction."""

    events: list[Event] = field(default_factory=list)
    instance_uuid: str | None = None
    considered: int | None = None
    steps: list[FilterStep] = field(default_factory=list)
    results: list[dict[str, Any]] | None = None
    named: list[dict[str, Any]] | None = None
    candidates: Sequence[dict[str, Any]] = ()
    weighed: bool = False
    selected: Event | None = None
    refused: list[Event] = field(default_factory=list)
    claims_exhausted: bool = False
    empty: bool = False
    exhausted: bool = False
    ignored: list[str] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    limited_to: list[str] = field(default_factory=list)

    @property
    def filtered(self) -> bool:
        """True when its filters have begun to run."""
        return bool(self.steps or self.considered is not None or self.exhausted or self.candidates)


class Walk:
    """Walks the events of one scheduler process and splits them into passes."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self._waiting: list[str] = []

    def take(self, event: Event) -> None:
        """Adds the next event; it may begin a new pass."""
        kind, values = event.kind, event.values
        if kind == "schedule-start":
            self._new()
            self._waiting = list(values.get("instance_uuids", ()))
        elif kind == "filter-start" or kind in _BEFORE_FILTERS:
            if self._current.filtered:
                self._new()
        elif (kind == "filter-result" and (self._current.candidates or self._current.exhausted)) or (
            kind == "hosts-filtered" and self._current.candidates
        ):
            self._new()
        draft = self._current
        draft.events.append(event)
        if kind in _TAKERS:
            _TAKERS[kind](draft, event)

    @property
    def _current(self) -> Draft:
        if not self.drafts:
            self.drafts.append(Draft())
        return self.drafts[-1]

    def _new(self) -> None:
        if self.drafts and not self.drafts[-1].events:
            return
        self.drafts.append(Draft())

    def finish(self) -> list[Draft]:
        """The passes; an instance is taken in the order of the request where the lines do not name it."""
        drafts = [d for d in self.drafts if d.filtered or d.empty or d.selected or d.refused]
        unnamed = [uuid for uuid in self._waiting if uuid not in {d.instance_uuid for d in drafts}]
        for draft in drafts:
            if draft.instance_uuid is None and unnamed:
                draft.instance_uuid = unnamed.pop(0) if len(drafts) > 1 else unnamed[0]
        return drafts


def _filter_start(draft: Draft, event: Event) -> None:
    draft.considered = event.values["hosts_before"]


def _filter_result(draft: Draft, event: Event) -> None:
    before = draft.steps[-1].after if draft.steps else draft.considered
    name, after = event.values["filter_name"], event.values["hosts_after"]
    draft.steps.append(FilterStep(name, before, after, () if before == after else None, event.provenance))


def _exhausted(draft: Draft, event: Event) -> None:
    draft.exhausted = True
    draft.instance_uuid = event.values.get("instance_uuid") or draft.instance_uuid
    results = event.values["results"]
    if any(step["left"] is not None for step in results):
        draft.named = results
    else:
        draft.results = results
    draft.events[-1] = event


def _filtered(draft: Draft, event: Event) -> None:
    draft.candidates = event.values["hosts"]
    # `Filtered []`: every host was ignored, forced away or not the requested one before any filter ran.
    draft.exhausted = draft.exhausted or not draft.candidates


def _weighed(draft: Draft, event: Event) -> None:
    listed = event.values["hosts"]
    if listed and all(value is not None for value in listed[0].values()):
        # WeighedHost holds the whole HostState since Icehouse: what the list before it says adds nothing.
        draft.candidates, draft.weighed = listed, True
        return
    known = {(s["host"], s["node"]): s for s in draft.candidates}
    by_host: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for state in draft.candidates:
        by_host[state["host"]].append(state)
    merged = []
    for state in listed:
        seen = known.get((state["host"], state["node"]))
        if seen is None and len(by_host[state["host"]]) == 1:
            seen = by_host[state["host"]][0]
        filled = {k: v if v is not None else (seen or {}).get(k) for k, v in state.items()}
        merged.append(filled)
    draft.candidates, draft.weighed = merged or draft.candidates, True


def _selected(draft: Draft, event: Event) -> None:
    draft.selected = event
    draft.instance_uuid = event.instance_uuid or draft.instance_uuid


def _claim_start(draft: Draft, event: Event) -> None:
    draft.instance_uuid = draft.instance_uuid or event.values.get("consumer_uuid")


def _claim_refused(draft: Draft, event: Event) -> None:
    draft.refused.append(event)


def _claims_exhausted(draft: Draft, _event: Event) -> None:
    draft.claims_exhausted = True


def _empty(draft: Draft, _event: Event) -> None:
    draft.empty = True


def _required_missing(draft: Draft, event: Event) -> None:
    draft.exhausted = True
    detail = str(event.values.get("detail", ""))
    draft.rejected.append(Rejection(None, "requested destination", detail, event.provenance))


def _ignored(draft: Draft, event: Event) -> None:
    draft.ignored += event.values["hosts"]


def _limited(draft: Draft, event: Event) -> None:
    named = [event.values[key] for key in ("host", "node") if event.values.get(key)]
    draft.limited_to += [*named, *event.values.get("hosts", ()), *event.values.get("nodes", ())]


def _rejected(draft: Draft, event: Event) -> None:
    host = event.values.get("host") or {}
    name = host.get("host") or event.values.get("host_name")
    filter_name, detail = event.values.get("filter_name", ""), event.values.get("detail", "")
    draft.rejected.append(Rejection(name, filter_name, detail, event.provenance))


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
    "hosts-forced": _limited,
    "nodes-forced": _limited,
    "host-required": _limited,
    "host-rejected": _rejected,
}
