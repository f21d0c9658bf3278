"""Figures of a case: the timeline of a burst, the funnel of a pass, and what hosts had free before and after.

The numbers come from the model; nothing is estimated for the sake of a picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from novatrace.model import capacity as model
from novatrace.model.migration import Pass
from novatrace.model.resource import NAMES, UNITS
from novatrace.reports import drawings, words
from novatrace.reports.document import Figure
from novatrace.reports.figure_data import VMS, Bar, Burst, Funnel, Step
from novatrace.reports.neutralise import neutral


def burst(found: model.Burst) -> Figure | None:
    """The timeline of a burst of two arrivals or more, where their times are known."""
    timed = [a for a in found.arrivals if a.selected_us is not None]
    if len(timed) < 2 or found.first_us is None:  # noqa: PLR2004 - one arrival is no burst
        return None
    resource = resource_of(found)
    unit = UNITS.get(resource, "")
    free = getattr(found.capacity.free, resource) if found.capacity and unit else None
    if not unit and found.slots.all is not None:
        unit, free = VMS, found.slots.all
    bars = tuple(_bars(found, resource, counted=unit == VMS))
    data = Burst(neutral(words.host(found.target)), NAMES.get(resource, resource), unit, free, bars)
    return Figure(
        name=f"burst-{slug(found.target.host)}-{found.first_us}",
        title=_burst_title(found, data),
        alternative=_burst_in_words(data),
        drawing=drawings.burst(data),
        data=data,
    )


def resource_of(found: model.Burst) -> str:
    """The resource to draw: the binding one, else the one that most arrivals state."""
    for name in sorted(found.binding, key=lambda name: name not in UNITS):
        return name
    stated = {name: sum(getattr(a.demand, name) is not None for a in found.arrivals) for name in ("ram_mb", "vcpus")}
    return max(stated, key=lambda name: stated[name])


def _bars(found: model.Burst, resource: str, *, counted: bool) -> Iterable[Bar]:
    asked: float | None = 0
    first = found.first_us or 0
    for number, arrival in enumerate(found.arrivals, 1):
        amount = 1 if counted else getattr(arrival.demand, resource, None)
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


def _burst_title(found: model.Burst, data: Burst) -> str:
    room = "" if found.slots.all is None else f", room for {found.slots.all}"
    return f"In flight to {data.target} ({words.count(len(found.arrivals), 'arrival')}{room})"


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
    if data.unit == VMS:
        return f"{arrived}; {words.count(len(data.bars), 'VM')} came, {data.room}."
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
        name=f"funnel-{slug(name)}",
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


def slug(name: str) -> str:
    """A name as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", neutral(name)).strip("-.")[:60] or "unnamed"
