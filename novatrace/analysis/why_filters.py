"""Which filter removed a host, by the lists and counts of one pass.

Names: the DEBUG summary lists who was left by each filter, and filters name hosts that they reject. Counts: a filter that
removed as many hosts as its own lines name removed no other. What came in is certain where every host of the first
count is named somewhere in the pass, and likely where the other hosts of the logs are exactly as many.
"""

from __future__ import annotations

from dataclasses import dataclass

from novatrace.model.migration import Citation, FilterStep, HostNode, Pass

_RETRY = "RetryFilter"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What can be said of a host that is not among those that passed; ``text`` has no full stop."""

    text: str
    basis: str
    citations: tuple[Citation, ...]
    never_considered: bool = False


def narrowed(schedule: Pass, host: str, tried: int | None, known: frozenset[str]) -> Narrowed:
    """The filter that removed the host, the filters that may have, or that it did not come in.

    Args:
        schedule: a pass in whose lists of those that passed the host is not.
        host: its name.
        tried: the earlier attempt of the request that went to it, if one did.
        known: hosts that the logs tell of at all.
    """
    named = _named_removal(schedule, host)
    if named is not None:
        return named
    suspects = _suspects(schedule, host)
    first = schedule.filters[0] if schedule.filters else None
    if first is not None and first.before is None:
        return _among(
            schedule,
            host,
            [f"{first.name} or what came before it", *(s.name for s in suspects if s is not first)],
            "inferred",
        )
    if not suspects:
        return Narrowed(_all_passed(schedule), "computed", _where(schedule, []), never_considered=True)
    if _accounted(schedule):
        count = schedule.hosts_considered or 0
        are = "is" if count == 1 else "are"
        text = f"{_all_of(count)} that came in {are} named in this pass, and {host} is not among them"
        return Narrowed(text, "computed", _where(schedule, []), never_considered=True)
    if tried is not None and any(step.name == _RETRY for step in suspects):
        text = f"{_RETRY} removed {host}, which had been tried in attempt {tried}"
        return Narrowed(text, "computed", _where(schedule, [s for s in suspects if s.name == _RETRY]))
    return _by_count(schedule, host, suspects, known)


def _by_count(schedule: Pass, host: str, suspects: list[FilterStep], known: frozenset[str]) -> Narrowed:
    """Whether it came in at all is known from the rest of the logs: their hosts are as many as the first count."""
    others = {*known, host} - set(schedule.ignored)
    came_in = host in known and schedule.hosts_considered == len(others)
    if came_in and len(suspects) == 1:
        text = (
            f"{suspects[0].name} removed {host}: it alone removed hosts, and all {len(others)} hosts of these logs that the request "
            "did not exclude came in"
        )
        return Narrowed(text, "inferred", _where(schedule, suspects))
    names = [step.name for step in suspects]
    if came_in:
        text = f"{host} came in and did not pass; removed by one of {', '.join(names)}: the log gives counts, no names"
        return Narrowed(text, "inferred", _where(schedule, suspects))
    return _among(schedule, host, names, "inferred")


def _among(schedule: Pass, host: str, names: list[str], basis: str) -> Narrowed:
    one = "one of " if len(names) > 1 else ""
    text = (
        f"{host} is not among the hosts that passed; removed by {one}{', '.join(names)}, or never considered "
        "(disabled, other cell or aggregate, not a placement candidate): the log gives counts, no names"
    )
    return Narrowed(text, basis, _where(schedule, [s for s in schedule.filters if s.name in names]))


def _named_removal(schedule: Pass, host: str) -> Narrowed | None:
    for before, step in zip((None, *schedule.filters), schedule.filters, strict=False):
        if step.removed and any(_is(place, host) for place in step.removed):
            left = f" after {before.name}" if before is not None else ""
            text = f"{step.name} removed {host}: it is in the list of hosts left{left}, and in none behind it"
            return Narrowed(text, "computed", _where(schedule, [step]))
    return None


def _suspects(schedule: Pass, host: str) -> list[FilterStep]:
    """The filters that removed hosts which the log does not name."""
    found = []
    for step in schedule.filters:
        if step.removed is not None and (step.removed or step.before is not None):
            continue
        gone = None if step.before is None else step.before - step.after
        named = {r.host for r in schedule.rejected if r.filter_name == step.name and r.host not in (None, host)}
        if gone is None or gone > len(named):
            found.append(step)
    return found


def _accounted(schedule: Pass) -> bool:
    """True when as many hosts are named in the pass as came in."""
    if schedule.hosts_considered is None:
        return False
    named = {c.host.host for c in schedule.candidates}
    named |= {r.host for r in schedule.rejected if r.host is not None}
    named |= {place.host for step in schedule.filters for place in step.removed or ()}
    return len(named - set(schedule.ignored)) >= schedule.hosts_considered


def _all_passed(schedule: Pass) -> str:
    count = schedule.hosts_considered
    if count is None or count != len(schedule.candidates):
        return "No filter of this pass removed a host that is not named"
    return f"{_all_of(count)} that came in passed the filters"


def _all_of(count: int) -> str:
    return {1: "The 1 host", 2: "Both hosts"}.get(count, f"All {count} hosts")


def _where(schedule: Pass, steps: list[FilterStep]) -> tuple[Citation, ...]:
    """The lines of these filters and of the list of those that passed, else the last line of the pass."""
    found = [Citation(step.provenance, step.name) for step in steps]
    found += [c for c in schedule.citations if c.what in ("filter-start", "hosts-filtered")]
    return tuple(dict.fromkeys(found)) or schedule.citations[-1:]


def _is(place: HostNode, host: str) -> bool:
    return host in (place.host, place.node)
