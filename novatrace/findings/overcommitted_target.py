"""A target that received more arrivals at once than its free capacity allowed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from novatrace.findings import _options, _wording
from novatrace.model import span
from novatrace.model.capacity import Burst
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import HostNode
from novatrace.model.resource import UNITS

_MOVES = ("migrate", "live-migrate", "resize")
_SHOWN = 4
_HERE = "\0"
_WHEN = "\1"
_DESPITE_ROOM = (
    "Where a host refused although the last view of it had room, compare what placement counts there (`openstack resource provider "
    "usage show UUID`; `nova-manage placement audit` since Ussuri) with the VMs on the host, and look at the words of the refusal, "
    "before anything is migrated there again."
)


def find(case: Case) -> Iterator[Finding]:
    """One finding for each over-committed burst; those of which the same is to be done say it of all of them."""
    bursts = [b for b in case.bursts if b.verdict == "overcommitted" and b.basis is not None and b.citations]
    keys = [_what_to_do(burst, case) for burst in bursts]
    alike: dict[tuple[str, ...], list[Burst]] = defaultdict(list)
    of_host: dict[HostNode, list[int | None]] = defaultdict(list)
    advised: dict[HostNode, set[tuple[str, ...]]] = defaultdict(set)
    for key, burst in zip(keys, bursts, strict=True):
        alike[key].append(burst)
        of_host[burst.target].append(burst.first_us)
        advised[burst.target].add(key)
    advice = {key: _advice(key, listed) for key, listed in alike.items()}
    for key, burst in zip(keys, bursts, strict=True):
        when = span.at(burst.first_us, of_host[burst.target])
        told = when if len(advised[burst.target]) > 1 else ""
        yield _finding(burst, when, advice[key].replace(_WHEN, told))


def _advice(parts: tuple[str, ...], bursts: Sequence[Burst]) -> str:
    here = _rooms(bursts)
    return " ".join(part.replace(_HERE, here) for part in parts if part)


def _finding(burst: Burst, when: str, advice: str) -> Finding:
    victims = sum(a.outcome == "victim" for a in burst.arrivals)
    did = "refused" if burst.refused_despite_room else "was over-committed"
    measures = [
        Measure("arrivals", len(burst.arrivals), burst.slots.all, "VMs"),
        Measure("victims", victims, 0, "VMs"),
    ]
    for name in burst.binding:
        if name in UNITS and burst.capacity is not None:
            needs = [n for a in burst.arrivals if (n := getattr(a.demand, name)) is not None]
            free = getattr(burst.capacity.free, name)
            measures.append(Measure(f"demand_{name}", sum(needs) if needs else None, free, UNITS[name]))
    return Finding(
        slug="overcommitted-target",
        severity="critical",
        title=f"{burst.target.host} {did}{when}: {_counted(burst, victims)}",
        subject=burst.target.host,
        measures=tuple(measures),
        basis=burst.basis or "",
        evidence=burst.citations,
        advice=advice,
    )


def _counted(burst: Burst, victims: int) -> str:
    arrivals = _wording.count(len(burst.arrivals), "arrival")
    if burst.effect == "overloaded":
        return f"{_names(burst)} used beyond total × ratio after {arrivals}"
    if burst.basis == "computed":
        return f"{arrivals}, room for {burst.slots.all if burst.slots.all is not None else 'fewer'}"
    which = (
        f"{victims} of {arrivals}"
        if victims < len(burst.arrivals)
        else f"all {arrivals}"
        if victims > 1
        else "its 1 arrival"
    )
    turned = f"{which} turned away for want of {_names(burst)}"
    return f"{turned}, although the last view had room for {burst.slots.all}" if burst.refused_despite_room else turned


def _what_to_do(burst: Burst, case: Case) -> tuple[str, ...]:
    """The sentences of the advice; ``_HERE`` stands for the targets and the room of each (see ``_rooms``).

    ``_WHEN`` stands for when it was, where something else is to be said of another burst to the same target.
    """
    if burst.refused_despite_room:
        return (_DESPITE_ROOM,)
    only = _only_host(burst)
    if only is not None:
        return (only,)
    send = "Migrate" if all(a.action in _MOVES for a in burst.arrivals) else "Send VMs"
    waves = f"{send} in waves, {_HERE}, and wait for each wave's claims before the next."
    unguarded = ""
    if burst.effect == "overloaded" and case.claims_in_placement is not True:
        unguarded = f"Nothing limited {_names(burst)} here: see claim-unprotected."
    elif set(burst.binding) & {"numa", "pci", "affinity"}:
        unguarded = f"Placement does not guard {_names(burst)}: concurrent choices race until the claim."
    return (waves, unguarded, _spread(burst, case))


def _rooms(bursts: Sequence[Burst]) -> str:
    """``to b at most 4 at a time, to c at most 1``: each target once, with the least room that it had."""
    least: dict[str, int] = {}
    for burst in bursts:
        room = burst.at_once or 1
        least[burst.target.host] = min(room, least.get(burst.target.host, room))
    told = [f"to {host} at most {room}{'' if n else ' at a time'}" for n, (host, room) in enumerate(least.items())]
    more = f", to {len(told) - _SHOWN} more as each target's room says" if len(told) > _SHOWN else ""
    return ", ".join(told[:_SHOWN]) + more


def _only_host(burst: Burst) -> str | None:
    """What is to be done where every choice fell on one host for want of another, and neither waves nor options help."""
    host, room, came = burst.target.host, burst.slots.all, len(burst.arrivals)
    if burst.only_choice == "named":
        why, cure = f"every request named {host}", "name others too, or none"
    elif burst.only_choice == "alone":
        why, cure = (
            burst.no_other_passed,
            "let more hosts pass (`novatrace filters` tells what came in and what was left)",
        )
    else:
        return None
    if room is None or room >= came or burst.effect == "overloaded":
        return (
            f"No scheduler option would have spread what came to {host}{_WHEN}, for {why}: {cure}, and send no more at once than fit "
            "there."
        )
    return (
        f"Neither waves nor a scheduler option would have placed more than {room} of {came} on {host}{_WHEN}, for {why}: {cure}, or free "
        "room there (confirm or delete what holds it), and then ask again for the rest."
    )


def _spread(burst: Burst, case: Case) -> str:
    """Whether another choice was possible at all decides what an option can do; of a herd its own finding tells."""
    short = next((s for s in case.insight.shortages if burst.target in s.targets), None)
    if short is not None:
        return (
            f"The {len(short.hosts)} hosts that passed had room for {short.room} of {_wording.count(short.moves, 'move')} in all: "
            "see short-of-room before any option is changed."
        )
    if any(herd.citations for herd in case.insight.herds):
        return ""
    others = (
        f"up to {burst.candidates_most} hosts passed the filters" if burst.candidates_most else "if several hosts pass"
    )
    if burst.best_passed_over:
        return (
            f"Choices are spread already ({others}, and not always the one that weighed most was taken: host_subset_size is above 1); "
            "a larger one spreads them more."
        )
    return f"To spread concurrent choices ({others}) set {_options.named('host_subset_size', case)} above 1."


def _names(burst: Burst) -> str:
    return " and ".join(_wording.RESOURCES.get(name, name) for name in burst.binding) or "a resource not named"
