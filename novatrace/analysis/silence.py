"""Targets whose nova-compute log does not reach over the moves that went there, so that their end is not known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from novatrace.analysis.hosts import HostMap
from novatrace.model.evidence import Coverage
from novatrace.model.insight import Silence
from novatrace.model.migration import Attempt, HostNode, Migration

# Clocks of one cloud may differ by this much: a log that ends so little before is not called silent.
_CLOCKS_APART_US = 5_000_000


def silences(migrations: Iterable[Migration], hosts: HostMap, coverage: Sequence[Coverage]) -> tuple[Silence, ...]:
    """One for each target host, in the order of their names."""
    went: dict[HostNode, list[Attempt]] = defaultdict(list)
    for migration in migrations:
        last = migration.attempts[-1] if migration.attempts else None
        if migration.action == "create" or migration.outcome != "unknown" or last is None or last.claim is not None:
            continue
        if last.selected is not None and last.selected_us is not None and last.citations:
            went[HostNode(last.selected.host)].append(last)
    if not went:
        return ()
    inputs: dict[str, list[Coverage]] = defaultdict(list)
    for each in coverage:
        if each.services.get("nova-compute") and each.first_us is not None:
            for host in {*hosts.machines_of_input(each.evidence_id), *each.nodes}:
                inputs[host].append(each)
    found = (
        _silence(host, listed, inputs[host.host]) for host, listed in sorted(went.items(), key=lambda i: i[0].host)
    )
    return tuple(silence for silence in found if silence is not None)


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
