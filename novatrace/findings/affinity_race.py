"""Moves that a target turned away by the late check of their server group: another member had arrived meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from novatrace.findings import _options, _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Attempt, Migration


def find(case: Case) -> Iterator[Finding]:
    """One finding for each host whose compute service refused a move for a group's policy."""
    refused: dict[str, list[tuple[Migration, Attempt]]] = defaultdict(list)
    for migration in case.migrations:
        for attempt in migration.attempts:
            claim = attempt.claim
            if claim is not None and claim.granted is False and "affinity" in claim.short_of and claim.citations:
                host = attempt.selected.host if attempt.selected is not None else "a host not named"
                refused[host].append((migration, attempt))
    for host, found in sorted(refused.items()):
        yield _finding(case, host, found)


def _finding(case: Case, host: str, refused: list[tuple[Migration, Attempt]]) -> Finding:
    moved = list({id(m): m for m, _ in refused}.values())
    failed = sum(m.outcome == "failed" for m in moved)
    off = _options.named("disable_group_policy_check_upcall", case)
    workaround = f" The check needs the API database from the compute hosts; {off} turns it off, and then nothing stops such a race."
    return Finding(
        slug="affinity-race",
        severity="error" if failed else "warning",
        title=f"{host} refused {_wording.count(len(refused), 'VM')} by the late check of the server group: {_wording.ended(moved)}",
        subject=host,
        measures=(Measure("refused", len(refused), 0, "VMs"), Measure("moves_failed", failed, 0, "moves")),
        basis="observed",
        evidence=_wording.once(_wording.refusal(a.claim) for _, a in refused if a.claim is not None),
        advice=(
            "The group filters see only where members are when they run: move the members of one group one after the "
            f"other.{workaround if off else ''}{_wording.in_error(moved)}"
        ),
    )
