"""What the logs could not have told: silences, beginnings and ends beside the batch, hosts and services without a log.

Only what can be counted is said, and why a line may be missing is left open: a silent service may have had nothing to
say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from novatrace.model.activity import MINUTE_US, joined, silences
from novatrace.model.case import Case
from novatrace.model.evidence import Coverage
from novatrace.model.hostname import short

# What each service's log alone tells.
TELLS = {
    "nova-api": "who asked for what, and when, is not here",
    "nova-conductor": "where VMs were sent, retries and alternates are not here",
    "nova-scheduler": "filters, candidates and choices are not here",
    "nova-compute": "claims, capacity and what became of the VMs are not here",
}
_TIMES_NORMAL = 5
_LEAST_MINUTES = 10
# A log is written regularly when it has this many minutes with lines for each of its long silences.
_ACTIVE_FOR_EACH = 10
_MOST_SILENCES = 10


@dataclass(frozen=True, slots=True)
class Log:
    """All inputs of one service on one node: a rotated set is one log. Times in µs since 1970 UTC."""

    node: str | None
    service: str | None
    place: str
    first_us: int
    last_us: int
    active: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """A time in which a log has no line, far longer than its silences otherwise are."""

    log: Log
    from_us: int
    to_us: int
    normal_minutes: int


def logs(case: Case) -> list[Log]:
    """The logs of a case by node and service."""
    groups: dict[tuple[str, str, str], list[Coverage]] = defaultdict(list)
    for coverage in case.coverage:
        if coverage.first_us is not None:
            groups[_of(coverage, case)].append(coverage)
    return [
        Log(
            node or None,
            service or None,
            place,
            min(c.first_us for c in group if c.first_us is not None),
            max(c.last_us for c in group if c.last_us is not None),
            tuple(joined(run for c in group for run in c.active)),
        )
        for (node, service, place), group in sorted(groups.items())
    ]


def _of(coverage: Coverage, case: Case) -> tuple[str, str, str]:
    """Node and service of an input; where one is not known, the input stands for itself."""
    evidence = case.evidence[coverage.evidence_id]
    names = [evidence.service] if evidence.service else sorted(coverage.services)
    service = names[0] if len(names) == 1 else ""
    nodes = [evidence.node] if evidence.node else sorted(coverage.nodes)
    node = nodes[0] if len(nodes) == 1 else ""
    return node, service, "" if node and service else evidence.place


def silent(case: Case) -> list[Silence]:
    """Silences beyond what is normal for a log, the longest first."""
    found = [silence for log in logs(case) for silence in _silences_of(log)]
    return sorted(found, key=lambda s: (s.from_us - s.to_us, s.from_us))


def _silences_of(log: Log) -> list[Silence]:
    """The longest silences of a log, where they are many times as long as all its others."""
    active = sum(last - first + 1 for first, last in log.active)
    found = sorted(silences(list(log.active)), key=lambda s: s[0] - s[1])
    lengths = [last - first + 1 for first, last in found] + [1]
    for number in range(min(_MOST_SILENCES, len(found), active // _ACTIVE_FOR_EACH), 0, -1):
        normal = max(1, lengths[number])
        if lengths[number - 1] >= max(_LEAST_MINUTES, _TIMES_NORMAL * normal):
            return [Silence(log, first * MINUTE_US, (last + 1) * MINUTE_US, normal) for first, last in found[:number]]
    return []


def late(case: Case) -> list[Log]:
    """Logs that begin when the batch was under way, or over, by a clock that may be right: what they said before is not here."""
    if case.batch_us is None:
        return []
    began, wrong = case.batch_us[0], _wrong_us(case)
    return [log for log in logs(case) if log.first_us + wrong(log) > began + MINUTE_US and log.service in TELLS]


def early(case: Case) -> list[Log]:
    """Logs that end before the batch began."""
    if case.batch_us is None:
        return []
    began, wrong = case.batch_us[0], _wrong_us(case)
    return [log for log in logs(case) if log.last_us + wrong(log) < began and log.service in TELLS]


def _wrong_us(case: Case) -> Callable[[Log], int]:
    """What must at least be added to the stamps of a log, as causes and effects show."""
    applied = {clock.node: clock.applied_us for clock in case.clocks if not clock.conflict}
    return lambda log: applied.get(log.node or "", 0)


def debug_off(case: Case) -> dict[str, list[str]]:
    """Service → nodes (or inputs) without a line at DEBUG."""
    off: dict[str, set[str]] = defaultdict(set)
    on: dict[str, set[str]] = defaultdict(set)
    for coverage in case.coverage:
        evidence = case.evidence[coverage.evidence_id]
        service = evidence.service or next(iter(coverage.services), None)
        if service and service != "operator" and coverage.levels:
            (on if "DEBUG" in coverage.levels else off)[service].add(evidence.node or evidence.place)
    return {service: sorted(nodes - on[service]) for service, nodes in sorted(off.items()) if nodes - on[service]}


def unheard_services(case: Case) -> list[str]:
    """Services of Nova that have no log here."""
    seen = {service for coverage in case.coverage for service in coverage.services}
    seen |= {evidence.service for evidence in case.evidence if evidence.service}
    return [service for service in TELLS if seen and service not in seen]


def unheard_hosts(case: Case) -> list[str]:
    """Compute hosts that lines name, and that have no log of nova-compute here."""
    if "nova-compute" in unheard_services(case):
        return []
    heard = set()
    for coverage in case.coverage:
        evidence = case.evidence[coverage.evidence_id]
        if "nova-compute" in {evidence.service, *coverage.services}:
            nodes = [evidence.node] if evidence.node else [*coverage.nodes]
            if not nodes:
                return []  # whose the log is, nobody can tell
            heard |= {short(name) for name in nodes}
    known = {short(name) for one in case.hosts_named for name in (one.host, one.node) if name}
    if not heard <= known:
        return []  # a folder with another name may be any of them
    missing = {one.host for one in case.hosts_named if heard.isdisjoint({short(one.host), short(one.node or "")})}
    return sorted(missing - set(case.hosts_heard))
