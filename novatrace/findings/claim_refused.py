"""Claims that targets refused for want of a resource, and what became of the moves: the cost of an over-committed target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from novatrace.findings import _options, _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Attempt, Migration

_Refused = list[tuple[Migration, Attempt]]


def find(case: Case) -> Iterator[Finding]:
    """One finding for each resource that refusals name; those for a server group's policy are affinity-race's."""
    refused: dict[str, _Refused] = defaultdict(list)
    for migration in _wording.moves(case):
        for attempt in migration.attempts:
            claim = attempt.claim
            if claim is None or claim.granted is not False or "affinity" in claim.short_of or not claim.citations:
                continue
            for name in claim.short_of or ("",):
                refused[name].append((migration, attempt))
    for name, found in sorted(refused.items()):
        yield _finding(case, name, found)


def _finding(case: Case, name: str, refused: _Refused) -> Finding:
    moved = list({id(m): m for m, _ in refused}.values())
    failed = sum(m.outcome == "failed" for m in moved)
    hosts = [a.selected.host for _, a in refused if a.selected is not None]
    want = f" for want of {_wording.RESOURCES[name]}" if name else ""
    where = f" on {_wording.listed(hosts)}" if hosts else ""
    return Finding(
        slug="claim-refused",
        severity="error" if failed else "warning",
        title=f"{_wording.count(len(refused), 'claim')} refused{want}{where}: {_wording.ended(moved)}",
        subject=_wording.RESOURCES.get(name, "resource not named"),
        measures=(
            Measure("claims_refused", len(refused), 0, "claims"),
            Measure("moves_failed", failed, 0, "moves"),
            Measure("moves_succeeded", sum(m.outcome == "succeeded" for m in moved), None, "moves"),
            Measure("hosts", len(set(hosts)), None, "hosts"),
        ),
        basis="observed",
        evidence=_wording.once(_wording.refusal(a.claim) for _, a in refused if a.claim is not None),
        advice=f"{_advice(case, name, moved)}{_wording.in_error(m for m in moved if m.stage != 'retries-exhausted')}",
    )


def _advice(case: Case, name: str, moved: list[Migration]) -> str:
    again = ""
    if all(m.stage != "retries-exhausted" for m in moved):  # else retries-exhausted tells what was left to try
        attempts = _options.named("max_attempts", case)
        again = (
            f" A refused claim is tried on another host only while {attempts}, 3 unless set, and the alternates last."
        )
    if name == "numa":
        return (
            f"Keep NUMATopologyFilter in {_options.named('enabled_filters', case)}: without it such VMs are sent to hosts whose cells "
            f"are full already.{again}"
        )
    if name == "pci":
        guarded = _options.named("pci_in_placement", case)
        also = f", or let placement count them with {guarded}" if guarded else ""
        return (
            f"Choices that run at once share a view of the devices until the claim: keep PciPassthroughFilter in "
            f"{_options.named('enabled_filters', case)} and move such VMs one at a time to a host{also}.{again}"
        )
    return again.strip() or "Start no more moves at a time to a host than it has room for."
