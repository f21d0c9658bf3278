"""Moves for which no host was left, by the stage that left none; what was lost to others meanwhile is placement-conflict's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from novatrace.findings import _wording
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
        "See what the hosts lack for it: the funnel of one of these moves is in `novatrace explain VM`.",
    ),
}


def find(case: Case) -> Iterator[Finding]:
    """One finding for each stage at which moves ended without a host."""
    by_stage: dict[str, list[Migration]] = defaultdict(list)
    for migration in _wording.moves(case):
        if migration.stage in _STAGES and migration.citations:
            by_stage[migration.stage].append(migration)
    for stage, failed in sorted(by_stage.items()):
        words, advice = _STAGES[stage]
        count = len(failed)
        last = Counter(name for m in failed if (name := _last_filter(m)) is not None)
        by = ", ".join(
            f"{name} decided {number}" for name, number in sorted(last.items(), key=lambda kv: (-kv[1], kv[0]))
        )
        before = sum(any(a.schedule is not None and a.schedule.none_came_in for a in m.attempts[-1:]) for m in failed)
        yield Finding(
            slug="no-valid-host",
            severity="error",
            title=f"{_wording.count(count, 'move')} found no host: {_reason(words, by, before, count)}",
            subject=stage,
            measures=(Measure("moves", count, 0, "moves"),),
            basis="observed",
            evidence=tuple(m.citations[-1] for m in failed),
            advice=" ".join(_advice(case, list(last), advice, before, count)),
        )


def _reason(words: str, by: str, before: int, count: int) -> str:
    """By which filters, and where none had anything to do."""
    filters = f"{words}{f' ({by})' if by else ''}"
    if not before:
        return filters
    none = "none came in but what the request excluded or did not allow"
    return none if before == count else f"{filters}, or {none} ({before})"


def _advice(case: Case, last: list[str], advice: str, before: int, count: int) -> Iterator[str]:
    if last:
        yield f"{_wording.listed(last)} removed the last hosts."
    if before < count:
        yield advice
    if before:
        why = "placement had no other candidate" if case.claims_in_placement else "no other host was up"
        if case.claims_in_placement is None:
            why = "placement had no other candidate (or, before Pike, no other host was up)"
        yield (
            f"Where none came in, {why}: compare what was asked for with `openstack resource provider inventory list` and usage, and "
            "look for disabled services."
        )


def _last_filter(migration: Migration) -> str | None:
    """The filter that removed the last hosts, where the log names it."""
    if migration.stage != "filtered-out":
        return None
    steps = [s for a in migration.attempts[-1:] if a.schedule is not None for s in a.schedule.filters if s.after == 0]
    return steps[0].name if steps else None
