"""Targets of moves whose end is not known: their nova-compute log does not reach over the moves, or goes on and knows none.

A cold migration and a resize leave the words of their claim in the target's log at INFO in every release
(nova/compute/claims.py), so that a log that goes on without any tells that the cast was never taken up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from novatrace.analysis.hosts import HostMap
from novatrace.model.evidence import Coverage
from novatrace.model.hostname import short
from novatrace.model.insight import Silence
from novatrace.model.migration import Attempt, HostNode, Migration
from novatrace.model.parts import changed

# Clocks of one cloud may differ by this much: a log that ends so little before is not called silent.
_CLOCKS_APART_US = 5_000_000
_CLAIMED = ("migrate", "resize")
_CLAIM_LEVELS = frozenset(["DEBUG", "INFO", "AUDIT"])  # AUDIT up to Juno
# A cast is taken up at once, but by a service that has all its threads busy.
_TAKEN_UP_US = 30_000_000


def silences(migrations: Sequence[Migration], hosts: HostMap, coverage: Sequence[Coverage]) -> tuple[Silence, ...]:
    """Those of each target host, in the order of their names."""
    went, cast = _untold(migrations)
    if not went:
        return ()
    inputs: dict[str, list[Coverage]] = defaultdict(list)
    for each in coverage:
        if each.services.get("nova-compute") and each.first_us is not None:
            for name in {*hosts.machines_of_input(each.evidence_id), *each.nodes}:
                inputs[name].append(each)
    claims_are_logged = any(a.claim is not None for m in migrations for a in m.attempts)
    found: list[Silence | None] = []
    for host in sorted(went, key=lambda place: place.host):
        found.append(_silence(host, went[host], inputs[host.host]))
        if claims_are_logged:
            found.append(_deaf(host, cast[host], inputs[host.host]))
    return tuple(silence for silence in found if silence is not None)


def _untold(migrations: Iterable[Migration]) -> tuple[dict[HostNode, list[Attempt]], dict[HostNode, list[Attempt]]]:
    """By target the last attempts of moves whose end and claim are not logged; and those that the conductor cast there in vain."""
    went: dict[HostNode, list[Attempt]] = defaultdict(list)
    cast: dict[HostNode, list[Attempt]] = defaultdict(list)
    for migration in migrations:
        last = migration.attempts[-1] if migration.attempts else None
        if migration.action == "create" or migration.outcome != "unknown" or last is None or last.claim is not None:
            continue
        if last.selected is not None and last.selected_us is not None and last.citations:
            went[HostNode(last.selected.host)].append(last)
            if migration.action in _CLAIMED and last.dispatched_us is not None and not _heard(migration, last.selected):
                cast[HostNode(last.selected.host)].append(last)
    return went, cast


def _heard(migration: Migration, target: HostNode) -> bool:
    """True where the target's own nova-compute has a line of a move."""
    return any(e.service == "nova-compute" and short(e.node or "") == short(target.host) for e in migration.timeline)


def _deaf(host: HostNode, cast: list[Attempt], inputs: list[Coverage]) -> Silence | None:
    """The moves that were cast to a host whose log was there then and goes on for long enough, and knows nothing of them."""
    goes_on = {
        id(a): c.last_us - a.dispatched_us
        for a in cast
        for c in inputs
        if a.dispatched_us is not None
        and c.first_us is not None
        and c.last_us is not None
        and c.first_us <= a.dispatched_us
        and not _CLAIM_LEVELS.isdisjoint(c.levels)
    }
    lost = [a for a in cast if goes_on.get(id(a), 0) >= _TAKEN_UP_US]
    if not lost:
        return None
    cited = tuple(dict.fromkeys(a.citations[-1] for a in lost))
    first_us = min(a.dispatched_us for a in lost if a.dispatched_us is not None)
    return Silence(host, "deaf", len(lost), min(goes_on[id(a)] for a in lost), cited, first_us)


def less_sure(migrations: Sequence[Migration], silent: Iterable[Silence]) -> list[Migration]:
    """The moves, of which none is inferred to have succeeded on a target that had ceased to take up what it was sent.

    The source of a cold migration sends the VM's disk and then asks the target to finish, which a deaf one does not hear.
    """
    deaf_since = {s.host.host: s.since_us for s in silent if s.since_us is not None}
    return [_doubted(m) if _may_hang(m, deaf_since) else m for m in migrations]


def _may_hang(migration: Migration, deaf_since: dict[str, int]) -> bool:
    last = migration.attempts[-1] if migration.attempts else None
    if migration.watch is None or last is None or last.selected is None or last.claim is None:
        return False
    done_us = (last.claim.when_us or 0) + (migration.watch.slowest_us or 0)
    return done_us >= deaf_since.get(last.selected.host, done_us + 1)


def _doubted(migration: Migration) -> Migration:
    *before, last = migration.attempts
    return replace(
        migration,
        outcome="unknown",
        outcome_basis=None,
        watch=None,
        attempts=(*before, changed(last, outcome="unknown")),
    )


def _silence(host: HostNode, went: list[Attempt], inputs: list[Coverage]) -> Silence | None:
    cited = tuple(dict.fromkeys(a.citations[-1] for a in went))
    if not inputs:
        return Silence(host, "absent", len(went), None, cited)
    apart = [_apart(a.selected_us or 0, inputs) for a in went]
    nearest = min(apart, key=abs)
    if abs(nearest) <= _CLOCKS_APART_US:
        return None
    kinds = {"ends-before" if each > 0 else "begins-after" for each in apart}
    inside = any(c.last_us is not None and c.last_us < (a.selected_us or 0) for c in inputs for a in went) and any(
        c.first_us is not None and c.first_us > (a.selected_us or 0) for c in inputs for a in went
    )
    kind = "gap" if inside or len(kinds) > 1 else kinds.pop()
    return Silence(host, kind, len(went), abs(nearest), cited)


def _apart(when_us: int, inputs: list[Coverage]) -> int:
    """How far the nearest line is: after the last line of what came before (positive), before the first of what follows."""
    distances = []
    for each in inputs:
        first, last = each.first_us or 0, each.last_us or 0
        if first <= when_us <= last:
            return 0
        distances.append(when_us - last if when_us > last else when_us - first)
    return min(distances, key=abs)
