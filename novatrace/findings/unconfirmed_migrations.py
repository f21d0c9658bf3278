"""Migrations that nobody confirmed: until then the source keeps the room of a VM that runs elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from novatrace.findings import _options, _wording
from novatrace.model.capacity import Burst
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Migration, Resources

_LONG_US = 3_600_000_000
_AMOUNTS = ("vcpus", "ram_mb", "disk_gb")


def find(case: Case) -> Iterator[Finding]:
    """One finding over the sources that were short of room later, one over the others where the logs go on for an hour.

    A confirm is told by nova-api and by the source's nova-compute; without a log of the API after the move nothing is said.
    """
    heard_us = max(
        (c.last_us for c in case.coverage if c.services.get("nova-api") and c.last_us is not None), default=0
    )
    by_source: dict[str, list[Migration]] = {}
    last_us: dict[str, int] = {}
    for migration in case.migrations:
        source = _holding(migration)
        if source is not None and (end_us := _end_us(migration)) < heard_us:
            by_source.setdefault(source, []).append(migration)
            last_us[source] = max(end_us, last_us.get(source, 0))
    short, long = {}, {}
    for source, held in sorted(by_source.items()):
        bursts = [
            b
            for b in case.bursts
            if b.verdict == "overcommitted"
            and b.target.host == source
            and b.first_us is not None
            and last_us[source] < b.first_us
        ]
        if bursts:
            short[source] = (held, bursts)
        elif heard_us - last_us[source] >= _LONG_US:
            long[source] = (held, bursts)
    for found in (short, long):
        if found:
            yield _finding(case, found, heard_us - max(last_us[source] for source in found))


def _holding(migration: Migration) -> str | None:
    """The source that still holds the VM's old room, as far as logged."""
    if (
        migration.action not in ("migrate", "resize")
        or migration.outcome != "succeeded"
        or migration.closing is not None
    ):
        return None
    target = next((a.selected for a in reversed(migration.attempts) if a.selected is not None), None)
    if migration.source is None or target is None or target.host == migration.source.host or not migration.citations:
        return None
    return migration.source.host


def _end_us(migration: Migration) -> int:
    return max((entry.when_us for entry in migration.timeline if entry.when_us is not None), default=0)


def _finding(case: Case, found: dict[str, tuple[list[Migration], list[Burst]]], long_us: int) -> Finding:
    held = [m for moves, _ in found.values() for m in moves]
    short = [b for _, bursts in found.values() for b in bursts]
    amounts = _wording.amounts(_sum(held))
    verb = "kept" if short else "keeps" if len(found) == 1 else "keep"
    keeps = f"{_wording.listed(found)} {verb} the room of {_wording.count(len(held), 'moved VM')}"
    hours = f"{long_us / _LONG_US:.1f} h after {'it' if len(held) == 1 else 'the last of them'} moved"
    why = f"and then lacked {_wording.listed(_lacking(short))} for others" if short else hours
    window = _options.named("resize_confirm_window", case)
    return Finding(
        slug="unconfirmed-migrations",
        severity="warning",
        title=f"{keeps}{f' ({amounts})' if amounts else ''}{',' if amounts else ''} {why}: no confirm is logged",
        subject=_wording.listed(found),
        measures=(
            Measure("moves", len(held), 0, "moves"),
            Measure("sources", len(found), None, "hosts"),
            Measure("hours", round(long_us / _LONG_US, 1), None, "h"),
        ),
        basis="inferred",
        evidence=_wording.once([*(m.citations[-1] for m in held), *(c for b in short for c in b.citations[:1])]),
        advice=(
            "Look at moved VMs that wait for a confirm (`openstack server list --all-projects --status VERIFY_RESIZE`) and confirm each "
            f"that is well (`openstack server resize confirm VM`); {window} does it after so many seconds (0, the default: never)."
        ),
    )


def _lacking(short: Sequence[Burst]) -> list[str]:
    return [_wording.RESOURCES.get(name, name) for b in short for name in b.binding] or ["room"]


def _sum(held: Sequence[Migration]) -> Resources:
    """What the source keeps, where every amount is known; a resize holds its old flavor there, which is not in the move."""
    totals: dict[str, float] = {}
    for name in _AMOUNTS:
        amounts = [_held(m, name) for m in held]
        known = [amount for amount in amounts if amount is not None]
        if len(known) == len(amounts):
            totals[name] = sum(known)
    return Resources(**totals)


def _held(migration: Migration, name: str) -> float | None:
    demand: float | None = getattr(migration.attempts[-1].demand, name)
    return demand if migration.action == "migrate" else None
