"""Moves that were refused by every host that they tried, until no retry or no alternate was left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from novatrace.findings import _options, _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Citation, Migration


def find(case: Case) -> Iterator[Finding]:
    """One finding over all moves that ended so."""
    failed = [m for m in _wording.moves(case) if m.stage == "retries-exhausted" and _tried(m) and m.citations]
    failed = [m for m in failed if m.action != "live-migrate"]  # live-check-failed tells them: no claim refused them
    if not failed:
        return
    tries = [_tried(m) for m in failed]
    passed = max((_passed(m) for m in failed), default=0)
    moved = "1 move was" if len(failed) == 1 else f"{len(failed)} moves were"
    each = f"{min(tries)}" if min(tries) == max(tries) else f"{min(tries)} to {max(tries)}"
    yield Finding(
        slug="retries-exhausted",
        severity="error",
        title=f"{moved} refused by every host tried ({each}{'' if len(failed) == 1 else ' each'}), and no try was left",
        subject="retries",
        measures=(
            Measure("moves", len(failed), 0, "moves"),
            Measure("most_hosts_tried", max(tries), None, "hosts"),
            Measure("most_hosts_passed", passed or None, None, "hosts"),
        ),
        basis="observed",
        evidence=_wording.once(_last(m) for m in failed),
        advice=_advice(case, passed, max(tries), failed),
    )


def _tried(migration: Migration) -> int:
    return len({a.selected.host for a in migration.attempts if a.selected is not None})


def _passed(migration: Migration) -> int:
    return max((len(a.schedule.candidates) for a in migration.attempts if a.schedule is not None), default=0)


def _last(migration: Migration) -> Citation:
    refused = [_wording.refusal(a.claim) for a in migration.attempts if a.claim is not None and a.claim.citations]
    return (refused or list(migration.citations))[-1]


def _advice(case: Case, passed: int, tried: int, failed: Sequence[Migration]) -> str:
    attempts = _options.named("max_attempts", case)
    if passed > tried:
        cure = f"{passed} hosts had passed the filters and {tried} were tried: raise {attempts}, 3 unless set."
    else:
        cure = (
            f"Every host that passed was tried, so that a higher {attempts} changes nothing: free a host, or let more hosts pass "
            "the filters."
        )
    return cure + _wording.in_error(failed)
