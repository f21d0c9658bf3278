"""Schedulers that did not log at DEBUG, where that hides how targets were chosen."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.findings import _wording
from novatrace.model.case import Case
from novatrace.model.evidence import Coverage
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Migration


def find(case: Case) -> Iterator[Finding]:
    """One finding when the filters of moves are in no log and a scheduler of the case logs no DEBUG line."""
    quiet = [c for c in case.coverage if c.services.get("nova-scheduler") and not c.levels.get("DEBUG")]
    blind = [m for m in _wording.moves(case) if m.blind and m.citations]
    if not blind or not quiet:
        return
    quiet.sort(key=lambda c: c.first_us or 0)  # the names may be pseudonyms, which sort otherwise
    nodes = [node for c in quiet if (node := _node(case, c))]
    grave = _grave(case, blind)
    names = f"nova-scheduler on {_wording.listed(nodes)}" if nodes else "nova-scheduler"
    yield Finding(
        slug="debug-off",
        severity="warning" if grave else "info",
        title=f"{names} logged no DEBUG line: how the target of {_wording.count(len(blind), 'move')} was chosen is not told"
        + (f", {grave} of them failed or went to a target in question" if grave else ""),
        subject="nova-scheduler",
        measures=(
            Measure("moves", len(blind), 0, "moves"),
            Measure("moves_in_question", grave, 0, "moves"),
            Measure("schedulers", len(set(nodes)) or None, None, "nodes"),
        ),
        basis="observed",
        evidence=_wording.once(m.citations[0] for m in blind),
        advice=(
            "A successful pass leaves its hosts, filters and weights at DEBUG only: before the next batch set debug = true in "
            "[DEFAULT] of nova.conf on every nova-scheduler and restart it."
        ),
    )


def _grave(case: Case, blind: list[Migration]) -> int:
    """How many of them failed, or arrived at a target that was over-committed or contended."""
    asked = {
        (a.request_id, a.instance_uuid)
        for b in case.bursts
        if b.verdict in ("overcommitted", "contended")
        for a in b.arrivals
    }
    return sum(m.outcome == "failed" or (m.request_id, m.instance_uuid) in asked for m in blind)


def _node(case: Case, coverage: Coverage) -> str:
    own = case.evidence[coverage.evidence_id].node if coverage.evidence_id < len(case.evidence) else None
    return own or (next(iter(coverage.nodes)) if len(coverage.nodes) == 1 else "")
