"""The results of a case as flat tables: one definition for CSV, JSON Lines and Parquet.

A column's name carries its unit; unknown is None; hosts are written as the service host, with the node beside it. The
rows of a table join by ``migration`` (number of the migration in the case, from 0), ``attempt`` and ``burst``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from novatrace.model.case import Case
from novatrace.model.evidence import Provenance
from novatrace.model.migration import Attempt, HostNode, Migration
from novatrace.reports.cells import Value

Row = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a case."""

    name: str
    columns: tuple[str, ...]
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class _Definition:
    """What a table has: its columns, and how its rows are made from a case."""

    columns: tuple[str, ...]
    rows: Callable[[Case], Iterable[Row]]


def names() -> tuple[str, ...]:
    """The names of all tables."""
    return tuple(TABLES)


def table(name: str, case: Case) -> Table:
    """A table of a case.

    Raises:
        KeyError: there is none of this name.
    """
    found = TABLES[name]
    return Table(name, found.columns, list(found.rows(case)))


def _place(where: Provenance | None, case: Case) -> Row:
    if where is None:
        return (None, None, None)
    evidence = case.evidence[where.evidence_id]
    path = evidence.place
    return (path, where.line_no, where.byte_offset)


def _host(place: HostNode | None) -> Row:
    return (None, None) if place is None else (place.host, place.node)


def _migrations(case: Case) -> Iterator[Row]:
    for number, m in enumerate(case.migrations):
        where = _place(m.citations[0].provenance if m.citations else None, case)
        yield (
            number, m.instance_uuid, m.action, m.action_basis, m.request_id, m.global_request_id, m.accepted_us, m.api_node,
            m.http_status, m.user_id, m.project_id, *_host(m.source), m.outcome, m.outcome_basis, m.instance_state, m.stage,
            m.fault, len(m.attempts), *where,
        )  # fmt: skip


def _attempts(case: Case) -> Iterator[Row]:
    for number, m in enumerate(case.migrations):
        for a in m.attempts:
            schedule = a.schedule
            claim = a.claim
            yield (
                number, a.number, m.instance_uuid, m.request_id, schedule.scheduler_node if schedule else None,
                schedule.started_us if schedule else None, schedule.hosts_considered if schedule else None, a.selected_us,
                a.dispatched_us, a.ended_us, *_host(a.selected), a.demand.vcpus, a.demand.ram_mb, a.demand.disk_gb,
                a.demand_basis, None if claim is None else claim.granted, "; ".join(claim.reasons) if claim else None, a.outcome,
            )  # fmt: skip


def _of_passes(case: Case) -> Iterator[tuple[int, Attempt]]:
    for number, m in enumerate(case.migrations):
        for attempt in m.attempts:
            if attempt.schedule is not None:
                yield number, attempt


def _filters(case: Case) -> Iterator[Row]:
    for number, attempt in _of_passes(case):
        for order, step in enumerate(attempt.schedule.filters if attempt.schedule else (), 1):
            removed = None if step.removed is None else " ".join(h.host for h in step.removed)
            yield (
                number,
                attempt.number,
                order,
                step.name,
                step.before,
                step.after,
                removed,
                *_place(step.provenance, case),
            )


def _candidates(case: Case) -> Iterator[Row]:
    for number, attempt in _of_passes(case):
        for order, c in enumerate(attempt.schedule.candidates if attempt.schedule else (), 1):
            yield (
                number, attempt.number, order, *_host(c.host), c.free_ram_mb, c.free_disk_mb, c.io_ops, c.instances, c.weight
            )  # fmt: skip


def _bursts(case: Case) -> Iterator[Row]:
    for number, b in enumerate(case.bursts):
        free = b.capacity
        yield (
            number, *_host(b.target), b.first_us, b.last_us, len(b.arrivals), free.free.vcpus if free else None,
            free.free.ram_mb if free else None, free.free.disk_gb if free else None, free.source if free else None,
            free.basis if free else None, b.slots.all, " ".join(b.binding), b.verdict, b.basis, b.effect, b.cause,
            b.unknown_because or None,
        )  # fmt: skip


def _arrivals(case: Case) -> Iterator[Row]:
    for number, b in enumerate(case.bursts):
        for order, a in enumerate(b.arrivals, 1):
            yield (
                number, order, a.instance_uuid, a.request_id, a.action, a.selected_us, a.ended_us, a.demand.vcpus,
                a.demand.ram_mb, a.demand.disk_gb, a.outcome, a.outcome_basis, a.reason,
            )  # fmt: skip


def _views(case: Case) -> Iterator[Row]:
    for v in case.views:
        yield (
            *_host(v.target), v.when_us, v.whose, v.total.vcpus, v.total.ram_mb, v.total.disk_gb, v.used.vcpus, v.used.ram_mb,
            v.used.disk_gb, v.free.vcpus, v.free.ram_mb, v.free.disk_gb, *_place(v.provenance, case),
        )  # fmt: skip


def _timeline(case: Case) -> Iterator[Row]:
    return steps(case, case.migrations)


def steps(case: Case, migrations: Iterable[Migration]) -> Iterator[Row]:
    """The steps of migrations, each with its line."""
    for m in migrations:
        for entry in m.timeline:
            yield (
                entry.when_us, entry.node, entry.service, m.instance_uuid, m.request_id, entry.text, *_place(entry.provenance, case)
            )  # fmt: skip


def _findings(case: Case) -> Iterator[Row]:
    for f in case.findings:
        where = _place(f.evidence[0].provenance, case)
        yield (f.slug, f.severity, f.title, f.subject, f.basis, f.advice, len(f.evidence), *where)


def _inputs(case: Case) -> Iterator[Row]:
    for c in case.coverage:
        e = case.evidence[c.evidence_id]
        service = e.service or next(iter(sorted(c.services)), None)
        n = c.lines
        yield (
            e.path, e.member, e.node, service, "+".join(sorted(c.layouts)) or None, c.bytes_decoded, c.first_us, c.last_us,
            c.clock_basis or None, n.total, n.parsed, n.continuation, n.ignored, n.unparsed, n.too_long, n.unread,
        )  # fmt: skip


def _notices(case: Case) -> Iterator[Row]:
    for n in case.notices:
        yield (n.id, n.stage, n.place or None, n.text, n.count, n.incomplete)


def _columns(names_of_columns: str) -> tuple[str, ...]:
    return tuple(names_of_columns.split())


_WHERE = " path line byte_offset"
TABLES = {
    "migrations": _Definition(
        _columns(
            "migration instance_uuid action action_basis request_id global_request_id accepted_us api_node http_status user_id "
            "project_id source_host source_node outcome outcome_basis instance_state stage fault attempts" + _WHERE
        ),
        _migrations,
    ),
    "attempts": _Definition(
        _columns(
            "migration attempt instance_uuid request_id scheduler_node started_us hosts_considered selected_us dispatched_us "
            "ended_us target_host target_node vcpus ram_mb disk_gb demand_basis claim_granted claim_reasons outcome"
        ),
        _attempts,
    ),
    "filters": _Definition(_columns("migration attempt position filter before after removed_hosts" + _WHERE), _filters),
    "candidates": _Definition(
        _columns("migration attempt position host node free_ram_mb free_disk_mb io_ops instances weight"), _candidates
    ),
    "bursts": _Definition(
        _columns(
            "burst target_host target_node first_us last_us arrivals free_vcpus free_ram_mb free_disk_gb capacity_source "
            "capacity_basis slots binding verdict basis effect cause unknown_because"
        ),
        _bursts,
    ),
    "arrivals": _Definition(
        _columns(
            "burst position instance_uuid request_id action selected_us ended_us vcpus ram_mb disk_gb outcome outcome_basis reason"
        ),
        _arrivals,
    ),
    "views": _Definition(
        _columns(
            "host node when_us whose total_vcpus total_ram_mb total_disk_gb used_vcpus used_ram_mb used_disk_gb free_vcpus "
            "free_ram_mb free_disk_gb" + _WHERE
        ),
        _views,
    ),
    "timeline": _Definition(_columns("when_us node service instance_uuid request_id text" + _WHERE), _timeline),
    "findings": _Definition(_columns("slug severity title subject basis advice lines_cited" + _WHERE), _findings),
    "inputs": _Definition(
        _columns(
            "path member node service layout bytes first_us last_us clock_basis lines_total lines_parsed lines_continuation "
            "lines_ignored lines_unparsed lines_too_long lines_unread"
        ),
        _inputs,
    ),
    "notices": _Definition(_columns("id stage place text count incomplete"), _notices),
}
