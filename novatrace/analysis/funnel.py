"""The funnel over all passes: what each filter let through, where hosts ran out, and for whom.

A filter is counted where the log tells its result. At INFO a pass that succeeds leaves no filter lines, and one that fails
may leave only the filter that removed the last host, so that sums are over the passes with both numbers, and what is
not logged is counted apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from novatrace.model.funnel import FilterTally, Funnel, FunnelGroup, PassTally
from novatrace.model.migration import Citation, FilterStep, Migration, Pass, Resources

_Key = tuple[str | None, Resources]
_REFUSED = 400  # the least HTTP status with which the API refuses


def of(migrations: Sequence[Migration]) -> Funnel:
    """The funnel of these moves and boots."""
    boots = sum(m.action == "create" for m in migrations)
    return Funnel(
        moves=len(migrations) - boots,
        boots=boots,
        passes=_seen(migrations),
        filters=_tallies(migrations),
        by_project=_groups(migrations, lambda m: (m.project_id, Resources())),
        by_flavor=_groups(migrations, _flavor),
    )


def passes_of(migrations: Iterable[Migration]) -> list[Pass]:
    """Every pass once; one that serves several VMs of a request is in the attempts of each."""
    found: dict[tuple[int, int] | int, Pass] = {}
    for migration in migrations:
        for attempt in migration.attempts:
            schedule = attempt.schedule
            if schedule is not None:
                place = schedule.citations[0].provenance if schedule.citations else None
                found.setdefault(id(schedule) if place is None else (place.evidence_id, place.byte_offset), schedule)
    return list(found.values())


def ended_at(schedule: Pass) -> FilterStep | None:
    """The filter at which a pass ended with no host left, or None."""
    return next((step for step in schedule.filters if step.after == 0), None)


def _flavor(migration: Migration) -> _Key:
    if migration.flavor is not None:
        return migration.flavor, Resources()
    known = next((a.demand for a in migration.attempts if a.demand.known), Resources())
    return None, known


def _groups(migrations: Sequence[Migration], key: Callable[[Migration], _Key]) -> tuple[FunnelGroup, ...]:
    by_key: dict[_Key, list[Migration]] = defaultdict(list)
    for migration in migrations:
        by_key[key(migration)].append(migration)
    groups = [
        FunnelGroup(
            name=name,
            demand=demand,
            actions=len(listed),
            failed=sum(m.outcome == "failed" for m in listed),
            passes=_seen(listed),
            filters=_tallies(listed),
        )
        for (name, demand), listed in by_key.items()
    ]
    return tuple(sorted(groups, key=lambda g: (g.name is None, -g.actions, g.name or "", str(g.demand))))


def _seen(migrations: Sequence[Migration]) -> PassTally:
    passes = passes_of(migrations)
    whole = sum(bool(p.filters) and p.filters[0].before is not None for p in passes)
    partial = sum(bool(p.filters) and p.filters[0].before is None for p in passes)
    no_filter = sum(not p.filters and p.outcome in ("placement-empty", "filtered-out") for p in passes)
    without = [m for m in migrations if all(a.schedule is None for a in m.attempts)]
    refused = sum(not m.attempts and m.http_status is not None and m.http_status >= _REFUSED for m in without)
    not_logged = len(passes) - whole - partial - no_filter
    return PassTally(len(passes), whole, partial, no_filter, not_logged, len(without) - refused, refused)


def _tallies(migrations: Sequence[Migration]) -> tuple[FilterTally, ...]:
    steps: dict[str, list[FilterStep]] = defaultdict(list)
    ranks: dict[str, list[tuple[bool, int]]] = defaultdict(list)
    for schedule in passes_of(migrations):
        for number, step in enumerate(schedule.filters):
            steps[step.name].append(step)
            ranks[step.name].append((schedule.filters[0].before is None, number))
    failures: dict[str, int] = defaultdict(int)
    for migration in migrations:
        last = migration.attempts[-1].schedule if migration.attempts else None
        fatal = ended_at(last) if last is not None and migration.outcome == "failed" else None
        if fatal is not None:
            failures[fatal.name] += 1
    order = sorted(steps, key=lambda name: (_place(ranks[name]), name))
    return tuple(_tally(name, steps[name], failures[name]) for name in order)


def _place(ranks: list[tuple[bool, int]]) -> tuple[bool, int]:
    """Where a filter stands in the configured order: its last place in a whole chain, else in a part of one.

    A multi-create leaves some filters out after its first VM, so that the last place is the one in the full chain.
    """
    partial = all(in_part for in_part, _ in ranks)
    return partial, max(place for in_part, place in ranks if in_part == partial)


def _tally(name: str, steps: list[FilterStep], failures: int) -> FilterTally:
    counted = [(step.before, step.after) for step in steps if step.before is not None]
    narrow = [step for step in steps if step.after == 0 or (step.after == 1 and (step.before or 0) > 1)]
    return FilterTally(
        name=name,
        passes=len(steps),
        counted=len(counted),
        hosts_in=sum(before for before, _ in counted),
        hosts_left=sum(after for _, after in counted),
        removing=sum(after < before for before, after in counted),
        left_one=sum(step.after == 1 for step in narrow),
        left_none=sum(step.after == 0 for step in narrow),
        failures=failures,
        widest=max((step.before for step in narrow if step.before is not None), default=None),
        evidence=tuple(Citation(step.provenance, f"{name} left {step.after}") for step in narrow),
    )
