"""The JSON that users build on, version 1. Keys are fixed within a version; unknown is null, times are µs since 1970 UTC.

The schemas in ``schemas/`` say the same; a test validates every golden report against them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from novatrace.model.case import Case
from novatrace.model.finding import Finding
from novatrace.model.funnel import Funnel
from novatrace.model.migration import Attempt, Candidate, Citation, FilterStep, HostNode, Migration, Resources
from novatrace.model.replay import Replay
from novatrace.model.subject import Subject, WhyNot
from novatrace.reports import (
    json_bursts,
    json_filters,
    json_inputs,
    json_not_told,
    json_simulate,
    json_text,
)

_Json = dict[str, Any]


class JsonFormat:
    """See ``reports.interface.ReportFormat``."""

    def correlate(self, case: Case, *, tool_version: str) -> str:
        """See ``ReportFormat.correlate``."""
        return "".join(self.correlate_in_pieces(case, tool_version=tool_version))

    def correlate_in_pieces(self, case: Case, *, tool_version: str) -> Iterator[str]:
        """See ``reports.interface.InPieces``."""
        return json_text.pieces(
            {
                "schema": "novatrace/correlate/1",
                "tool_version": tool_version,
                "coverage": json_inputs.coverage_of(case, samples=False),
                "migrations": (_migration(m, case) for m in case.migrations),
                "bursts": (json_bursts.burst(b, _all_evidence(b.citations, case)) for b in case.bursts),
                "findings": (_finding(f, case) for f in case.findings),
                "notices": _notices(case),
            }
        )

    def explain(self, case: Case, subject: Subject, why_not: WhyNot | None) -> str:
        """See ``ReportFormat.explain``."""
        steps = sorted(
            (entry for m in subject.migrations for entry in m.timeline),
            key=lambda e: (e.when_us or -1, e.provenance.evidence_id, e.provenance.byte_offset),
        )
        return json_text.whole(
            {
                "schema": "novatrace/explain/1",
                "subject": {"kind": subject.kind, "id": subject.id},
                "migrations": [_migration(m, case) for m in subject.migrations],
                "bursts": [json_bursts.burst(b, _all_evidence(b.citations, case)) for b in subject.bursts],
                "timeline": [
                    {
                        "when_us": e.when_us,
                        "node": e.node,
                        "service": e.service,
                        "text": e.text,
                        "evidence": _evidence(Citation(e.provenance, e.text), case),
                    }
                    for e in steps
                ],
                "why_not": _why_not(why_not, case),
                "notices": _notices(case),
            }
        )

    def inspect(self, case: Case) -> str:
        """See ``ReportFormat.inspect``."""
        return json_text.whole(
            {
                "schema": "novatrace/inspect/1",
                "coverage": json_inputs.coverage_of(case, samples=True),
                "clocks": [json_inputs.clock_of(clock) for clock in case.clocks if not clock.conflict],
                "not_told": json_not_told.value(case),
                "notices": _notices(case),
            }
        )

    def filters(self, case: Case, funnel: Funnel, *, tool_version: str) -> str:
        """See ``ReportFormat.filters``."""
        told = json_filters.value(funnel, lambda citations: _all_evidence(citations, case), tool_version=tool_version)
        return json_text.whole({**told, "notices": _notices(case)})

    def simulate(self, replay: Replay, *, plan: bool, tool_version: str) -> str:
        """See ``ReportFormat.simulate``."""
        return json_text.whole(json_simulate.value(replay, plan=plan, tool_version=tool_version))


FORMAT = JsonFormat()


def _evidence(citation: Citation, case: Case) -> _Json:
    place = citation.provenance
    return {
        "path": case.evidence[place.evidence_id].place,
        "line": place.line_no,
        "offset": place.byte_offset,
        "what": citation.what,
    }


def _all_evidence(citations: Iterable[Citation], case: Case) -> list[_Json]:
    return [_evidence(citation, case) for citation in dict.fromkeys(citations)]


def _host(host: HostNode | None) -> _Json | None:
    return None if host is None else {"host": host.host, "node": host.node}


def _migration(m: Migration, case: Case) -> _Json:
    return {
        "instance_uuid": m.instance_uuid,
        "action": m.action,
        "action_basis": m.action_basis,
        "request_id": m.request_id,
        "global_request_id": m.global_request_id,
        "accepted_us": m.accepted_us,
        "api_node": m.api_node,
        "http_status": m.http_status,
        "user_id": m.user_id,
        "project_id": m.project_id,
        "source": _host(m.source),
        "outcome": m.outcome,
        "outcome_basis": m.outcome_basis,
        "instance_state": m.instance_state,
        "stage": m.stage,
        "fault": m.fault,
        "flavor": m.flavor,
        "watch": None
        if m.watch is None
        else {"by": m.watch.by, "for_us": m.watch.for_us, "slowest_us": m.watch.slowest_us},
        "attempts": [_attempt(a) for a in m.attempts],
        "evidence": _all_evidence(m.citations, case),
    }


def _attempt(a: Attempt) -> _Json:
    schedule = a.schedule
    return {
        "number": a.number,
        "scheduler_node": schedule.scheduler_node if schedule else None,
        "started_us": schedule.started_us if schedule else None,
        "selected_us": a.selected_us,
        "selected_basis": schedule.selected_basis if schedule else None,
        "dispatched_us": a.dispatched_us,
        "hosts_considered": schedule.hosts_considered if schedule else None,
        "filters": [_filter(step) for step in schedule.filters] if schedule else [],
        "candidates": [_candidate(c) for c in schedule.candidates] if schedule else [],
        "selected": _host(a.selected),
        "alternates": [_host(h) for h in a.alternates],
        "demand": {**_resources(a.demand), "basis": a.demand_basis} if a.demand.known else None,
        "claim": None
        if a.claim is None or a.claim.granted is None
        else {"granted": a.claim.granted, "reasons": list(a.claim.reasons), "node": a.claim.node},
        "outcome": a.outcome,
        "check": a.check,
        "links": [{"what": link.what, "tier": link.tier, "candidates": link.candidates} for link in a.links],
    }


def _filter(step: FilterStep) -> _Json:
    removed = None if step.removed is None else [_host(h) for h in step.removed]
    return {"name": step.name, "before": step.before, "after": step.after, "removed": removed}


def _candidate(c: Candidate) -> _Json:
    return {
        "host": c.host.host,
        "node": c.host.node,
        "free_ram_mb": c.free_ram_mb,
        "free_disk_mb": c.free_disk_mb,
        "io_ops": c.io_ops,
        "instances": c.instances,
        "weight": c.weight,
    }


def _resources(r: Resources) -> _Json:
    return {"vcpus": r.vcpus, "ram_mb": r.ram_mb, "disk_gb": r.disk_gb}


def _finding(f: Finding, case: Case) -> _Json:
    return {
        "slug": f.slug,
        "severity": f.severity,
        "title": f.title,
        "subject": f.subject,
        "measures": [{"name": m.name, "value": m.value, "limit": m.limit, "unit": m.unit} for m in f.measures],
        "basis": f.basis,
        "evidence": _all_evidence(f.evidence, case),
        "advice": f.advice,
    }


def _why_not(why: WhyNot | None, case: Case) -> _Json | None:
    if why is None:
        return None
    return {**_answered(why, case), "also": [_answered(other, case) for other in why.also]}


def _answered(why: WhyNot, case: Case) -> _Json:
    return {
        "host": why.host,
        "text": why.sentence,
        "basis": why.basis,
        "evidence": _all_evidence(why.citations, case),
        "answers": [
            {
                "action": answer.action,
                "instance_uuid": answer.instance_uuid,
                "request_id": answer.request_id,
                "attempt": answer.attempt,
                "text": answer.sentence,
                "basis": answer.basis,
                "evidence": _all_evidence(answer.citations, case),
            }
            for answer in why.answers
        ],
    }


def _notices(case: Case) -> list[_Json]:
    return [{"id": n.id, "stage": n.stage, "place": n.place, "text": n.text, "count": n.count} for n in case.notices]
