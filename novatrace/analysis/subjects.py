"""Finds what an identifier means in a case: a VM, a request, or a host."""

from __future__ import annotations

from collections.abc import Iterable

from novatrace.model.capacity import Burst
from novatrace.model.case import Case
from novatrace.model.migration import Migration
from novatrace.model.subject import Subject


def candidates(case: Case, identifier: str) -> list[tuple[str, str]]:
    """(kind, whole id) of everything that the identifier names.

    A prefix of an id counts; of a host name only its short form does.
    """
    exact = [item for item in _known(case) if item[1] == identifier]
    if exact:
        return exact[:1]
    lowered = identifier.lower()
    found = [
        (kind, name)
        for kind, name in _known(case)
        if (kind != "host" and _id_matches(name, lowered)) or (kind == "host" and name.startswith(f"{identifier}."))
    ]
    return sorted(set(found))


def _id_matches(name: str, prefix: str) -> bool:
    return name.startswith((prefix, f"req-{prefix}"))


def _known(case: Case) -> Iterable[tuple[str, str]]:
    for migration in case.migrations:
        named = (
            ("instance", migration.instance_uuid),
            ("request", migration.request_id),
            ("request", migration.global_request_id),
        )
        yield from ((kind, name) for kind, name in named if name)
    places = [burst.target for burst in case.bursts] + [view.target for view in case.views]
    passes = (a.schedule for m in case.migrations for a in m.attempts if a.schedule)
    places += [candidate.host for schedule in passes for candidate in schedule.candidates]
    for place in places:
        yield from (("host", name) for name in (place.host, place.node) if name)


def subject(case: Case, kind: str, whole_id: str) -> Subject:
    """The migrations and bursts that a VM, a request or a host took part in."""
    if kind == "host":
        bursts = tuple(b for b in case.bursts if whole_id in (b.target.host, b.target.node))
        migrations = tuple(m for m in case.migrations if _touches(m, whole_id))
        return Subject(kind, whole_id, migrations, bursts)
    migrations = tuple(m for m in case.migrations if whole_id in (m.instance_uuid, m.request_id, m.global_request_id))
    return Subject(kind, whole_id, migrations, tuple(b for b in case.bursts if _in_burst(b, migrations)))


def _touches(migration: Migration, host: str) -> bool:
    tried = [a.selected for a in migration.attempts if a.selected is not None]
    refused = [
        c.target for a in migration.attempts if a.schedule for c in a.schedule.placement_claims if c.target is not None
    ]
    return any(host in (place.host, place.node) for place in [*tried, *refused])


def _in_burst(burst: Burst, migrations: tuple[Migration, ...]) -> bool:
    own = {(m.request_id, m.instance_uuid) for m in migrations}
    return any((a.request_id, a.instance_uuid) in own for a in burst.arrivals)
