"""A target that received more arrivals at once than its free capacity allowed."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.findings import _wording
from novatrace.model.capacity import Burst
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.insight import Shortage
from novatrace.model.resource import UNITS


def find(case: Case) -> Iterator[Finding]:
    """One finding for each over-committed burst."""
    for burst in case.bursts:
        if burst.verdict == "overcommitted" and burst.basis is not None and burst.citations:
            short = next((s for s in case.insight.shortages if burst.target in s.targets), None)
            yield _finding(burst, short, in_placement=case.claims_in_placement)


def _finding(burst: Burst, short: Shortage | None, *, in_placement: bool | None) -> Finding:
    victims = sum(a.outcome == "victim" for a in burst.arrivals)
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
        title=f"{burst.target.host} was over-committed: {_counted(burst, victims)}",
        subject=burst.target.host,
        measures=tuple(measures),
        basis=burst.basis or "",
        evidence=burst.citations,
        advice=_advice(burst, short, in_placement=in_placement),
    )


def _counted(burst: Burst, victims: int) -> str:
    count = len(burst.arrivals)
    if burst.refused_despite_room:
        turned = f"{victims} of {_wording.count(count, 'arrival')} turned away for want of {_names(burst)}"
        return f"{turned}, although the last view had room for {burst.slots.all}"
    if burst.effect == "overloaded":
        over = f"{_names(burst)} used beyond total × ratio"
        return f"{over} after {_wording.count(count, 'arrival')}"
    if burst.basis == "computed":
        return f"{_wording.count(count, 'arrival')}, room for {burst.slots.all if burst.slots.all is not None else 'fewer'}"
    return f"{victims} of {_wording.count(count, 'arrival')} turned away for want of {_names(burst)}"


def _advice(burst: Burst, short: Shortage | None, *, in_placement: bool | None) -> str:
    if burst.refused_despite_room:
        return (
            "Where a host refused although the last view of it had room, compare what placement counts there (`openstack resource "
            "provider usage show UUID`; `nova-manage placement audit` since Ussuri) with the VMs on the host, and look at the words "
            "of the refusal, before anything is migrated there again."
        )
    room = f"at most {burst.slots.all} at a time" if burst.slots.all else "one at a time"
    waves = f"{_send(burst)} to {burst.target.host} in waves, {room}, and wait for each wave's claims before the next."
    if burst.effect == "overloaded" and in_placement is not True:
        return f"{waves} Nothing limited {_names(burst)} here: see claim-unprotected. {_spread(burst, short)}"
    if set(burst.binding) & {"numa", "pci", "affinity"}:
        return f"{waves} Placement does not guard {_names(burst)}: concurrent choices race until the claim. {_spread(burst, short)}"
    return f"{waves} {_spread(burst, short)}"


def _send(burst: Burst) -> str:
    """``Migrate``, where migrations alone came; boots and evacuations are asked for otherwise."""
    moved = all(a.action in ("migrate", "live-migrate", "resize", "unknown") for a in burst.arrivals)
    return "Migrate" if moved else "Send VMs"


def _spread(burst: Burst, short: Shortage | None) -> str:
    """Whether another choice was possible at all decides what an option can do."""
    if short is not None:
        return (
            f"The {len(short.hosts)} hosts that passed had room for {short.room} of {_wording.count(short.moves, 'move')} in all: "
            "see short-of-room before any option is changed."
        )
    if burst.named == len(burst.arrivals):
        return "Every request named this target, so that no scheduler option would have spread them: name others too, or none."
    if burst.candidates_most == 1:
        return "No other host passed the filters, so no scheduler option would have spread the choices: let more hosts pass."
    others = (
        f"up to {burst.candidates_most} hosts passed the filters" if burst.candidates_most else "if several hosts pass"
    )
    if burst.best_passed_over:
        return (
            f"Choices are spread already ({others}, and not always the one that weighed most was taken: host_subset_size is above 1); "
            "a larger one spreads them more."
        )
    return (
        f"To spread concurrent choices ({others}) set [filter_scheduler] host_subset_size above 1 "
        "(scheduler_host_subset_size in [DEFAULT] before Ocata)."
    )


def _names(burst: Burst) -> str:
    return " and ".join(_wording.RESOURCES.get(name, name) for name in burst.binding) or "a resource not named"
