"""Hosts with room that no pass chose nor weighed while another host was over-committed, and what kept them out."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.findings import _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.insight import Idle, IdleHost
from novatrace.model.resource import NAMES, UNITS

_MINUTE_US = 60_000_000
_CITED = 3


def find(case: Case) -> Iterator[Finding]:
    """One finding when hosts had room beside an over-committed or contended target, and no pass of its arrivals weighed them."""
    cited = (idle for idle in case.insight.idle if any(host.citations for host in idle.hosts))
    listed, others = _wording.gravest(cited, lambda idle: idle.passes)
    if not listed:
        return
    worst, best = listed[0], listed[0].hosts[0]
    yield Finding(
        slug="idle-candidate",
        severity="warning",
        title=_title(worst) + _wording.likewise(others),
        subject=best.host.host,
        measures=(
            Measure("hosts_with_room", len(worst.hosts), None, "hosts"),
            Measure("passes", worst.passes, None, "passes"),
            Measure("free_ram_mb", best.free.ram_mb, worst.demand.ram_mb, "MB"),
            Measure("targets", len(others) + 1, None, "hosts"),
        ),
        basis=best.basis,
        evidence=_wording.once(
            citation for idle in listed for host in idle.hosts[:_CITED] for citation in host.citations
        ),
        advice=_advice(best),
    )


def _title(idle: Idle) -> str:
    best, number = idle.hosts[0], len(idle.hosts)
    age_us = best.age_us or 0
    old = f" {age_us / _MINUTE_US:.0f} min before" if age_us >= _MINUTE_US else ""
    free = f"had {_wording.amounts(best.free)} free{old}"
    passes = _wording.count(idle.passes, "logged pass", "logged passes")
    if number == 1:
        enough = f"{_enough(idle)} of these for a VM that went to {idle.target.host}"
        return f"{best.host.host} {free}, {enough}, and none of {passes} weighed it"
    names = _wording.listed(host.host.host for host in idle.hosts)
    return (
        f"{number} hosts had {_enough(idle)} free for a VM that went to {idle.target.host}, and none of {passes} weighed them: {names}; "
        f"{best.host.host} {free}"
    )


def _enough(idle: Idle) -> str:
    """``enough``, with what could not be held against each other: free amounts or demands that are not known."""
    best = idle.hosts[0].free
    unknown = [NAMES[n] for n in UNITS if getattr(best, n) is None or getattr(idle.demand, n) is None]
    return (
        f"enough (as far as known: {_wording.listed(unknown)} {'is' if len(unknown) == 1 else 'are'} not)"
        if unknown
        else "enough"
    )


def _advice(best: IdleHost) -> str:
    name = best.host.host
    return (
        f"{best.excluded} [{best.excluded_basis}] Look at `openstack compute service list --host {name}` (disabled? down?), "
        f"`openstack aggregate list --long`, and the host's traits and inventory in placement (`openstack resource provider list "
        f"--name {name}`)."
    )
