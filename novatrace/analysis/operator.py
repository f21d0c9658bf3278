"""What only the operator's own script says: VMs found in ERROR, without any request id.

Such a VM is a migration of its own with action ``unknown``. Which request it belongs to is not in that evidence: a
request without a VM is linked to the VMs that fit in time as *ambiguous*, never joined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from novatrace.analysis.story import timeline
from novatrace.model.event import Event
from novatrace.model.migration import Attempt, Citation, HostNode, Link, Migration

_NEAR_US = 60_000_000


def operator_migrations(events: Sequence[Event], known: set[str | None]) -> list[Migration]:
    """One migration for each VM that no other log names."""
    by_vm: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        uuid = event.values["instance_uuid"]
        if uuid not in known:
            by_vm[uuid].append(event)
    return [_migration(uuid, seen) for uuid, seen in by_vm.items()]


def _migration(uuid: str, events: list[Event]) -> Migration:
    last = max(events, key=lambda e: e.sort_key)
    state = str(last.values["state"]).lower()
    host = next((e.values["line_host"] for e in events if e.values.get("line_host")), None)
    return Migration(
        instance_uuid=uuid,
        action="unknown",
        action_basis="observed",
        request_id=None,
        global_request_id=None,
        accepted_us=None,
        api_node=None,
        http_status=None,
        user_id=None,
        project_id=None,
        source=HostNode(host) if host else None,
        outcome="failed" if state == "error" else "unknown",
        outcome_basis="observed" if state == "error" else None,
        instance_state=state,
        stage="unknown" if state == "error" else None,
        fault=None,
        attempts=(),
        citations=tuple(Citation(e.provenance, e.kind) for e in events),
        timeline=timeline(sorted(events, key=lambda e: e.sort_key)),
    )


def with_operator_links(migrations: list[Migration], events: Sequence[Event]) -> list[Migration]:
    """Migrations with the operator's word: a state where the VM is named, an ambiguous link where none is."""
    by_vm = {e.values["instance_uuid"]: e for e in sorted(events, key=lambda e: e.sort_key)}
    return [_linked(m, by_vm, events) for m in migrations]


def _linked(migration: Migration, by_vm: dict[str, Event], events: Sequence[Event]) -> Migration:
    said = by_vm.get(migration.instance_uuid or "")
    if said is not None:
        return _with_word(migration, said)
    if migration.instance_uuid is not None or not migration.attempts:
        return migration
    begun = next((a.selected_us for a in migration.attempts if a.selected_us is not None), migration.accepted_us)
    near = {
        e.values["instance_uuid"]
        for e in events
        if begun is not None and e.when_us is not None and 0 <= e.when_us + 999_999 - begun <= _NEAR_US
    }
    if not near:
        return migration
    link = Link("instance", "inferred" if len(near) == 1 else "ambiguous", len(near))
    attempts: tuple[Attempt, ...] = tuple(replace(a, links=(*a.links, link)) for a in migration.attempts)
    return replace(migration, attempts=attempts)


def _with_word(migration: Migration, said: Event) -> Migration:
    state = str(said.values["state"]).lower()
    failed = state == "error" and migration.outcome != "succeeded"
    return replace(
        migration,
        instance_state=migration.instance_state or state,
        outcome="failed" if failed else migration.outcome,
        outcome_basis="observed" if failed else migration.outcome_basis,
        stage=migration.stage or "unknown" if failed else migration.stage,
        citations=(*migration.citations, Citation(said.provenance, said.kind)),
        timeline=(*migration.timeline, *timeline([said])),
    )
