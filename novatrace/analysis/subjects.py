"""Finds what an identifier means in a case: a VM, a request, or a host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from novatrace.model.capacity import Burst
from novatrace.model.case import Case
from novatrace.model.evidence import Provenance
from novatrace.model.migration import Citation, HostNode, Migration
from novatrace.model.subject import Subject

Name = tuple[str, str, str, int]


def index(case: Case) -> Iterator[Name]:
    """(name, kind, part, position) of every name in a case: what of the case has to do with it.

    The part is ``""`` for a host that is only named, as a candidate or in a view.
    """
    for position, migration in enumerate(case.migrations):
        for kind, name in _ids(migration):
            yield name, kind, "migrations", position
        for name in _touched(migration):
            yield name, "host", "migrations", position
    for position, burst in enumerate(case.bursts):
        for name in _both(burst.target):
            yield name, "host", "bursts", position
        for arrival in burst.arrivals:
            if arrival.instance_uuid:
                yield arrival.instance_uuid, "instance", "bursts", position
            if arrival.request_id:
                yield arrival.request_id, "request", "bursts", position
    passes = (a.schedule for m in case.migrations for a in m.attempts if a.schedule)
    named = {candidate.host for schedule in passes for candidate in schedule.candidates}
    named |= {view.target for view in case.views}
    yield from ((name, "host", "", 0) for place in named for name in _both(place))
    yield from _of_findings(case)


def _of_findings(case: Case) -> Iterator[Name]:
    """Whom each finding concerns: whose lines it cites, and the target and arrivals of a burst whose lines it cites."""
    concerned: dict[Provenance, set[tuple[str, str]]] = {c.provenance: set() for f in case.findings for c in f.evidence}
    for migration in case.migrations:
        _note(concerned, migration.citations, set(_ids(migration)))
    for burst in case.bursts:
        ids = {("instance", a.instance_uuid) for a in burst.arrivals if a.instance_uuid}
        ids |= {("request", a.request_id) for a in burst.arrivals if a.request_id}
        _note(concerned, burst.citations, ids | {("host", name) for name in _both(burst.target)})
    for position, finding in enumerate(case.findings):
        names = {each for c in finding.evidence for each in concerned[c.provenance]}
        yield from ((name, kind, "findings", position) for kind, name in sorted(names))


def _note(
    concerned: dict[Provenance, set[tuple[str, str]]], citations: Iterable[Citation], names: set[tuple[str, str]]
) -> None:
    for citation in citations:
        if citation.provenance in concerned:
            concerned[citation.provenance] |= names


def beginnings(identifier: str) -> tuple[str, ...]:
    """What the names begin with that an identifier may mean."""
    return identifier, identifier.lower(), f"req-{identifier.lower()}"


def candidates(known: Iterable[tuple[str, str]], identifier: str) -> list[tuple[str, str]]:
    """(kind, whole name) of everything that the identifier means.

    A prefix of an id counts; of a host name only its short form does.
    """
    known = sorted(set(known))
    exact = [item for item in known if item[1] == identifier]
    if exact:
        return exact[:1]
    lowered = identifier.lower()
    return [
        (kind, name)
        for kind, name in known
        if (kind != "host" and name.startswith((lowered, f"req-{lowered}")))
        or (kind == "host" and name.startswith(f"{identifier}."))
    ]


def _ids(migration: Migration) -> Iterator[tuple[str, str]]:
    named = (
        ("instance", migration.instance_uuid),
        ("request", migration.request_id),
        ("request", migration.global_request_id),
    )
    yield from ((kind, name) for kind, name in named if name)


def _both(place: HostNode) -> Iterator[str]:
    yield from (name for name in (place.host, place.node) if name)


def subject(case: Case, kind: str, whole_id: str) -> Subject:
    """The migrations and bursts that a VM, a request or a host took part in."""
    if kind == "host":
        bursts = tuple(b for b in case.bursts if whole_id in (b.target.host, b.target.node))
        migrations = tuple(m for m in case.migrations if whole_id in _touched(m))
        return Subject(kind, whole_id, migrations, bursts)
    migrations = tuple(m for m in case.migrations if whole_id in (m.instance_uuid, m.request_id, m.global_request_id))
    return Subject(kind, whole_id, migrations, tuple(b for b in case.bursts if _in_burst(b, migrations)))


def _touched(migration: Migration) -> set[str]:
    """The hosts that a migration was sent to, or that refused it."""
    tried = [a.selected for a in migration.attempts if a.selected is not None]
    refused = [
        c.target for a in migration.attempts if a.schedule for c in a.schedule.placement_claims if c.target is not None
    ]
    return {name for place in [*tried, *refused] for name in _both(place)}


def _in_burst(burst: Burst, migrations: tuple[Migration, ...]) -> bool:
    own = {(m.request_id, m.instance_uuid) for m in migrations}
    return any((a.request_id, a.instance_uuid) in own for a in burst.arrivals)
