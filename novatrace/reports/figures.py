"""Figures of a case: the timeline of a burst, the funnel of a pass, and what hosts had free before and after.

The numbers come from the model; nothing is estimated for the sake of a picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from novatrace.model import capacity as model
from novatrace.model.case import Case
from novatrace.model.migration import Pass
from novatrace.reports import drawings, words
from novatrace.reports.document import Figure
from novatrace.reports.figure_data import Bar, Burst, Funnel, Room, Rooms, Step
from novatrace.reports.neutralise import neutral

UNITS = {"vcpus": "vCPU", "ram_mb": "MB", "disk_gb": "GB"}
_TRUST = ("claim", "tracker", "placement", "scheduler", "host-state", "inventory-file")
_ROOMS_SHOWN = 12


def burst(found: model.Burst) -> Figure | None:
    """The timeline of a burst of two arrivals or more, where their times are known."""
    timed = [a for a in found.arrivals if a.selected_us is not None]
    if len(timed) < 2 or found.first_us is None:  # noqa: PLR2004 - one arrival is no burst
        return None
    resource = _resource(found)
    unit = UNITS.get(resource, "")
    free = getattr(found.capacity.free, resource) if found.capacity and unit else None
    bars = tuple(_bars(found, resource))
    data = Burst(neutral(words.host(found.target)), words.RESOURCE_NAMES.get(resource, resource), unit, free, bars)
    return Figure(
        name=f"burst-{_slug(found.target.host)}-{found.first_us}",
        title=f"In flight to {data.target}",
        alternative=_burst_in_words(data),
        drawing=drawings.burst(data),
        data=data,
    )


def _resource(found: model.Burst) -> str:
    """The resource to draw: the binding one, else the one that most arrivals state."""
    for name in sorted(found.binding, key=lambda name: name not in UNITS):
        return name
    stated = {name: sum(getattr(a.demand, name) is not None for a in found.arrivals) for name in ("ram_mb", "vcpus")}
    return max(stated, key=lambda name: stated[name])


def _bars(found: model.Burst, resource: str) -> Iterable[Bar]:
    asked: float | None = 0
    first = found.first_us or 0
    for number, arrival in enumerate(found.arrivals, 1):
        amount = getattr(arrival.demand, resource, None)
        asked = None if asked is None or amount is None else asked + amount
        if arrival.selected_us is None:
            continue
        end = None if arrival.ended_us is None else max(arrival.ended_us, arrival.selected_us)
        yield Bar(
            number=number,
            name=neutral(arrival.instance_uuid or arrival.request_id or "?"),
            start_s=(arrival.selected_us - first) / 1e6,
            end_s=None if end is None else (end - first) / 1e6,
            outcome=arrival.outcome,
            asked=asked,
        )


def _burst_in_words(data: Burst) -> str:
    span = data.bars[-1].start_s - data.bars[0].start_s
    counted = {word: sum(bar.outcome == word for bar in data.bars) for word in ("admitted", "victim", "unknown")}
    ends = ", ".join(
        f"{counted[word]} {text}"
        for word, text in (("admitted", "let in"), ("victim", "turned away or too many"), ("unknown", "not logged"))
        if counted[word]
    )
    arrived = f"{len(data.bars)} arrivals at {data.target} within {span:.3f} s: {ends}"
    if not data.amounts:
        return f"{arrived}; decided by {data.resource}, of which the logs give no amounts."
    total = words.amount(data.bars[-1].asked, data.unit)
    return f"{arrived}; {data.resource} asked for together: {total}, free before: {words.amount(data.free, data.unit)}."


def funnel(schedule: Pass, name: str) -> Figure | None:
    """How many hosts each filter of a pass left; None when none is known to have removed any."""
    if all(step.before in (None, step.after) for step in schedule.filters):
        return None
    data = Funnel(tuple(_steps(schedule)))
    told = ", ".join(f"{step.name} left {step.left}" for step in data.steps)
    first = data.steps[0].before
    begun = (
        "the number of hosts before them is not logged" if first is None else f"{words.count(first, 'host')} came in"
    )
    return Figure(
        name=f"funnel-{_slug(name)}",
        title=f"Hosts left by each filter for {neutral(name)}",
        alternative=f"{begun}; {told}.",
        drawing=drawings.funnel(data),
        data=data,
    )


def _steps(schedule: Pass) -> Iterable[Step]:
    for idle, group in groupby(schedule.filters, key=lambda step: step.before == step.after):
        steps = list(group)
        if idle and len(steps) > 1:
            yield Step(f"{len(steps)} filters that removed none", steps[0].before, steps[-1].after)
        else:
            yield from (Step(neutral(step.name), step.before, step.after) for step in steps)


def rooms(case: Case, bursts: Iterable[model.Burst]) -> Figure | None:
    """What hosts had free of the binding resource before the first of these bursts, and at the end of the logs."""
    flagged = [b for b in bursts if b.first_us is not None]
    if not flagged:
        return None
    resource = _resource(flagged[0])
    first = min(b.first_us or 0 for b in flagged)
    if resource not in UNITS:
        return None
    known = {host: _room(host, views, resource, first) for host, views in _by_host(case).items()}
    targets = {burst_at.target.host for burst_at in flagged}
    for burst_at in reversed(flagged):
        host, free = burst_at.target.host, burst_at.capacity
        if free is not None and getattr(free.free, resource) is not None:
            known[host] = replace(known.get(host, Room(neutral(host), None, None)), before=getattr(free.free, resource))
    shown = [
        replace(room, host=f"{room.host} (target)") if host in targets else room
        for host, room in known.items()
        if room.before is not None or room.after is not None
    ]
    if len(shown) < 2:  # noqa: PLR2004 - one host is in the text already
        return None
    shown.sort(key=lambda room: (-(room.before if room.before is not None else room.after or 0), room.host))
    shown.sort(key=lambda room: not room.host.endswith(" (target)"))
    kept = sorted(shown[:_ROOMS_SHOWN], key=lambda room: -(room.before if room.before is not None else room.after or 0))
    data = Rooms(words.RESOURCE_NAMES[resource], UNITS[resource], tuple(kept))
    told = "; ".join(
        f"{r.host} {words.amount(r.before, data.unit)} before, {words.amount(r.after, data.unit)} after"
        for r in data.rooms
    )
    return Figure(
        name=f"free-{resource.split('_', 1)[0]}",
        title=f"Free {data.resource} of the hosts, before the burst and as last logged",
        alternative=f"{told}.",
        drawing=drawings.rooms(data),
        data=data,
    )


def _by_host(case: Case) -> dict[str, list[model.View]]:
    found: dict[str, list[model.View]] = {}
    for view in case.views:
        found.setdefault(view.target.host, []).append(view)
    return found


def _room(host: str, views: list[model.View], resource: str, first_us: int) -> Room:
    """The newest word before and after, of whoever is trusted most with it."""
    told = sorted((v for v in views if getattr(v.free, resource) is not None), key=lambda v: v.when_us or -1)
    earlier = [v for v in told if v.when_us is None or v.when_us <= first_us]
    later = [v for v in told if v.when_us is not None and v.when_us > first_us]
    return Room(neutral(host), _most_trusted(earlier, resource), _most_trusted(later, resource))


def _most_trusted(views: list[model.View], resource: str) -> float | None:
    for whose in _TRUST:
        newest = next((v for v in reversed(views) if v.whose == whose), None)
        if newest is not None:
            free: float | None = getattr(newest.free, resource)
            return free
    return None


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", neutral(name)).strip("-.")[:60] or "unnamed"
