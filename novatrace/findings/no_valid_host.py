"""Actions for which no host was left, by the stage that left none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Migration

_STAGES = {
    "placement-empty": (
        "placement offered no candidate",
        (
            "No provider had the amounts free that were asked for, or none had the traits: compare the requested resources with "
            "`openstack resource provider inventory list` and usage; a smaller flavor or a freed host helps."
        ),
    ),
    "filtered-out": (
        "the filters removed every host",
        "The last filter with hosts before it decided: see the funnel of one of them with `novatrace explain`.",
    ),
    "placement-conflict": (
        "every claim in placement was refused",
        "Others took the room between the candidates query and the claim: migrate in smaller waves, or let more hosts pass.",
    ),
}


def find(case: Case) -> Iterator[Finding]:
    """One finding for each stage at which moves ended without a host."""
    by_stage: dict[str, list[Migration]] = defaultdict(list)
    for migration in case.migrations:
        if migration.action != "create" and migration.stage in _STAGES and migration.citations:
            by_stage[migration.stage].append(migration)
    for stage, failed in sorted(by_stage.items()):
        words, advice = _STAGES[stage]
        count = len(failed)
        yield Finding(
            slug="no-valid-host",
            severity="error",
            title=f"{count} move{'' if count == 1 else 's'} found no host: {words}",
            subject=stage,
            measures=(Measure("moves", count, 0, "moves"),),
            basis="observed",
            evidence=tuple(m.citations[-1] for m in failed),
            advice=advice,
        )
