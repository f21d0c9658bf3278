"""Allocations that placement refused because others had taken the room since the candidates were asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from novatrace.findings import _options, _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Citation, Migration, PlacementClaim


def find(case: Case) -> Iterator[Finding]:
    """One finding over all moves that lost an allocation: how many, of which class, and what became of them."""
    lost = [(m, claims) for m in _wording.moves(case) if (claims := _refused(m))]
    if not lost:
        return
    moved = [m for m, _ in lost]
    claims = [claim for _, refused in lost for claim in refused]
    nowhere = sum(m.stage == "placement-conflict" for m in moved)
    unnamed = sum(claim.resource_class is None for claim in claims)
    classes = Counter(claim.resource_class for claim in claims if claim.resource_class)
    named = ", ".join(f"{rc} {number}" for rc, number in sorted(classes.items(), key=lambda kv: (-kv[1], kv[0])))
    hosts = _wording.listed(claim.target.host for claim in claims if claim.target is not None)
    told = (f" ({named})" if named else "") + (f" on {hosts}" if hosts else "")
    also = f", {unnamed} of them without naming a resource" if unnamed else ""
    yield Finding(
        slug="placement-conflict",
        severity="error" if nowhere else "info",
        title=f"{_wording.count(len(claims), 'allocation')} refused by placement{told}{also}: {_wording.ended(moved)}",
        subject="placement",
        measures=(
            Measure("allocations_refused", len(claims), 0, "allocations"),
            Measure("without_resource", unnamed, None, "allocations"),
            Measure("moves_without_host", nowhere, 0, "moves"),
            Measure("moves_succeeded", sum(m.outcome == "succeeded" for m in moved), None, "moves"),
        ),
        basis="observed",
        evidence=_wording.once(Citation(claim.provenance, "placement-claim-refused") for claim in claims),
        advice=_advice(case, nowhere, moved),
    )


def _refused(migration: Migration) -> list[PlacementClaim]:
    return [c for a in migration.attempts if a.schedule for c in a.schedule.placement_claims if not c.granted]


def _advice(case: Case, nowhere: int, moved: list[Migration]) -> str:
    if not nowhere:
        return (
            "Each of these took another host that had passed: nothing to repair. Fewer lose the first choice where choices are "
            f"spread: {_options.named('host_subset_size', case)} above 1."
        )
    lost = [m for m in moved if m.stage == "placement-conflict"]
    if all(m.forced_host or any(a.limited for a in m.attempts) for m in lost):
        return (
            "The requests named their target, which was full, so that nothing else was tried: let the scheduler choose, or name a "
            "host with room."
        )
    why = "Placement refused moves because others had taken the room since the candidates query, and no candidate was left to try"
    whole = len(_untouched(lost, case))
    if not whole:
        return f"{why}: migrate in smaller waves, or let more hosts pass the filters."
    vms = "1 VM that lost is" if whole == 1 else f"{whole} VMs that lost are"
    again = "it" if whole == 1 else "them"
    waves = ", in waves," if whole > 1 and not any(b.verdict == "overcommitted" for b in case.bursts) else ""
    return f"{why}. {vms} ACTIVE on the source, untouched: ask for {again} again{waves} once there is room."


def _untouched(lost: list[Migration], case: Case) -> set[str | None]:
    """The VMs that lost, stayed ACTIVE where they were, and were not moved by a later request."""
    last = {m.instance_uuid: m.request_id for m in _wording.moves(case) if m.attempts}
    return {
        m.instance_uuid
        for m in lost
        if m.outcome == "failed"
        and m.instance_state == "active"
        and m.action != "evacuate"
        and last.get(m.instance_uuid, m.request_id) == m.request_id
    }
