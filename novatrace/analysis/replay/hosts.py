"""The hosts of a batch: every candidate and target, with the room that it had just before.

Room comes from the burst on the host where there is one (claim, tracker, inventory in their order of trust), else from
the newest view. What a HostState showed (free RAM and disk without ratios) is kept apart: weighers look at that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from novatrace.analysis.replay.batch import Batch
from novatrace.model.capacity import Burst, View
from novatrace.model.case import Case
from novatrace.model.migration import Candidate, HostNode, Pass, Resources
from novatrace.model.replay import ReplayHost

NUMBERED = ("vcpus", "ram_mb", "disk_gb")
_TRUST = ("tracker", "scheduler", "placement", "claim", "inventory-file")


def hosts_of(case: Case, batch: Batch) -> tuple[ReplayHost, ...]:
    """The hosts, in the order in which the first passes weighed them.

    Where no pass and no target of the batch is logged, those that boots and other moves were sent to meanwhile.
    """
    listed: dict[str, HostNode] = {}
    seen: dict[str, Candidate] = {}
    weight: dict[str, float] = {}
    for schedule in passes_of(batch):
        for candidate in schedule.candidates:
            listed.setdefault(candidate.host.host, candidate.host)
            seen.setdefault(candidate.host.host, candidate)
            if candidate.weight is not None and len(schedule.candidates) > 1:
                weight.setdefault(candidate.host.host, candidate.weight)
    for move in (*batch.moves, *batch.nameless):
        for attempt in move.attempts:
            for target in (attempt.selected, *attempt.alternates):
                if target is not None:
                    listed.setdefault(target.host, target)
    if not listed:
        listed = {target.host: target for target in sent_meanwhile(case, batch)}
    bursts = _first_bursts(case.bursts, batch)
    newest = _newest(case.views, batch.first_us)
    return tuple(
        _host(target, seen.get(name), weight.get(name), bursts.get(name), newest) for name, target in listed.items()
    )


def sent_meanwhile(case: Case, batch: Batch) -> Iterator[HostNode]:
    """Where anybody was sent between the first request of the batch and its last answer, in the order of the case."""
    first, last = batch.first_us, batch.last_us
    for move in case.migrations if first is not None and last is not None else ():
        for attempt in move.attempts:
            if attempt.selected is not None and (first or 0) < (attempt.selected_us or 0) <= (last or 0):
                yield attempt.selected


def passes_of(batch: Batch) -> list[Pass]:
    """All passes of the batch, in time order."""
    moves = (*batch.moves, *batch.nameless)
    return sorted(
        (a.schedule for m in moves for a in m.attempts if a.schedule is not None), key=lambda p: p.started_us or 0
    )


def _first_bursts(bursts: Iterable[Burst], batch: Batch) -> dict[str, Burst]:
    """The first burst on each host that the batch took part in."""
    requests = {m.request_id for m in (*batch.moves, *batch.nameless)}
    found: dict[str, Burst] = {}
    for burst in bursts:
        if any(arrival.request_id in requests for arrival in burst.arrivals):
            found.setdefault(burst.target.host, burst)
    return found


def _newest(views: Iterable[View], until_us: int | None) -> dict[tuple[str, str], View]:
    """The newest view of each host and kind before the batch."""
    found: dict[tuple[str, str], View] = {}
    for view in views:
        when = view.when_us or 0
        key = (view.target.host, view.whose)
        if view.free.known and (until_us is None or when <= until_us):
            older = found.get(key)
            if older is None or (older.when_us or 0) <= when:
                found[key] = view
    return found


def _host(
    target: HostNode,
    seen: Candidate | None,
    weight: float | None,
    burst: Burst | None,
    newest: dict[tuple[str, str], View],
) -> ReplayHost:
    room = burst.capacity.free if burst is not None and burst.capacity is not None else Resources()
    for whose in _TRUST:
        view = newest.get((target.host, whose))
        room = room if view is None else _completed(room, view.free)
    if seen is not None:
        disk = None if seen.free_disk_mb is None else seen.free_disk_mb / 1024
        room = _completed(room, Resources(None, seen.free_ram_mb, disk))
    return ReplayHost(
        target=target,
        room=room,
        seen_ram_mb=seen.free_ram_mb if seen is not None else None,
        seen_disk_mb=seen.free_disk_mb if seen is not None else None,
        io_ops=seen.io_ops if seen is not None else None,
        instances=seen.instances if seen is not None else None,
        other_slots=_other_slots(burst, room),
        logged_weight=weight,
    )


def _completed(first: Resources, second: Resources) -> Resources:
    return Resources(*(getattr(first, n) if getattr(first, n) is not None else getattr(second, n) for n in NUMBERED))


def _other_slots(burst: Burst | None, room: Resources) -> int | None:
    """VMs that a resource without a number let in, where such a one refused; those admitted are what it had room for."""
    if burst is None or not any(a.outcome == "victim" for a in burst.arrivals):
        return None
    numberless = set(burst.binding) - set(NUMBERED)
    if numberless or not room.known:
        return sum(a.outcome == "admitted" for a in burst.arrivals)
    return None
