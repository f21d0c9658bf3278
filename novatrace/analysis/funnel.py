"""The funnel over all passes: what each filter let through, where hosts ran out, and for whom.

A filter is counted where the log tells its result. At INFO a pass that succeeds leaves no filter lines, and one that fails
may leave only the filter that removed the last host, so that sums are over the passes with both numbers, and what is
not logged is counted apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from novatrace.model import http_status
from novatrace.model.funnel import FilterTally, Funnel, FunnelGroup, PassTally
from novatrace.model.migration import Citation, FilterStep, Migration, Pass, Resources

_Key = tuple[str | None, Resources]


class _Seen(NamedTuple):
    """A pass as the funnel looks at it; one that serves several VMs of a request has one ``key`` in the moves of each."""

    key: tuple[int, int] | int
    filters: tuple[FilterStep, ...]
    outcome: str


class _Walked(NamedTuple):
    """A move and the passes of its attempts, None where one is not logged; what is long of a move is looked up once."""

    migration: Migration
    passes: tuple[_Seen | None, ...]


def of(migrations: Iterable[Migration]) -> Funnel:
    """The funnel of these moves and boots."""
    walked = [_Walked(m, tuple(_looked_at(a.schedule) for a in m.attempts)) for m in migrations]
    boots = sum(w.migration.action == "create" for w in walked)
    return Funnel(
        moves=len(walked) - boots,
        boots=boots,
        passes=_seen(walked),
        filters=_tallies(walked),
        by_project=_groups(walked, lambda m: (m.project_id, Resources())),
        by_flavor=_groups(walked, _flavor),
    )


def _looked_at(schedule: Pass | None) -> _Seen | None:
    if schedule is None:
        return None
    place = schedule.citations[0].provenance if schedule.citations else None
    key = id(schedule) if place is None else (place.evidence_id, place.byte_offset)
    return _Seen(key, tuple(schedule.filters), schedule.outcome)


def _passes_of(walked: Iterable[_Walked]) -> list[_Seen]:
    """Every pass once."""
    found: dict[tuple[int, int] | int, _Seen] = {}
    for each in walked:
        for seen in each.passes:
            if seen is not None:
                found.setdefault(seen.key, seen)
    return list(found.values())


def ended_at(filters: Iterable[FilterStep]) -> FilterStep | None:
    """The filter at which a pass ended with no host left, or None."""
    return next((step for step in filters if step.after == 0), None)


def _flavor(migration: Migration) -> _Key:
    if migration.flavor is not None:
        return migration.flavor, Resources()
    known = next((a.demand for a in migration.attempts if a.demand.known), Resources())
    return None, known


def _groups(walked: Iterable[_Walked], key: Callable[[Migration], _Key]) -> tuple[FunnelGroup, ...]:
    by_key: dict[_Key, list[_Walked]] = defaultdict(list)
    for each in walked:
        by_key[key(each.migration)].append(each)
    groups = [
        FunnelGroup(
            name=name,
            demand=demand,
            actions=len(listed),
            failed=sum(each.migration.outcome == "failed" for each in listed),
            passes=_seen(listed),
            filters=_tallies(listed),
        )
        for (name, demand), listed in by_key.items()
    ]
    return tuple(sorted(groups, key=lambda g: (g.name is None, -g.actions, g.name or "", str(g.demand))))


def _seen(walked: Sequence[_Walked]) -> PassTally:
    passes = _passes_of(walked)
    whole = sum(bool(p.filters) and p.filters[0].before is not None for p in passes)
    partial = sum(bool(p.filters) and p.filters[0].before is None for p in passes)
    no_filter = sum(not p.filters and p.outcome in ("placement-empty", "filtered-out") for p in passes)
    without = [each.migration for each in walked if not any(each.passes)]
    refused = sum(not m.attempts and http_status.refused(m.http_status) for m in without)
    not_logged = len(passes) - whole - partial - no_filter
    return PassTally(len(passes), whole, partial, no_filter, not_logged, len(without) - refused, refused)


def _tallies(walked: Sequence[_Walked]) -> tuple[FilterTally, ...]:
    steps: dict[str, list[FilterStep]] = defaultdict(list)
    ranks: dict[str, list[tuple[bool, int]]] = defaultdict(list)
    for seen in _passes_of(walked):
        for number, step in enumerate(seen.filters):
            steps[step.name].append(step)
            ranks[step.name].append((seen.filters[0].before is None, number))
    failures: dict[str, int] = defaultdict(int)
    for each in walked:
        last = each.passes[-1] if each.passes else None
        fatal = ended_at(last.filters) if last is not None and each.migration.outcome == "failed" else None
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
