"""Several picked one target at once and the logs do not prove that it had room, nor that it had not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from novatrace.findings import _wording
from novatrace.model import span
from novatrace.model.capacity import Burst
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import HostNode

_AT_LEAST = 2


def find(case: Case) -> Iterator[Finding]:
    """One finding for each contended burst of two or more; the advice names all of which the same is missing."""
    bursts = [b for b in case.bursts if b.verdict == "contended" and len(b.arrivals) >= _AT_LEAST and b.citations]
    lacking: dict[str, list[str]] = {}
    of_host: dict[HostNode, list[int | None]] = defaultdict(list)
    for burst in bursts:
        of_host[burst.target].append(burst.first_us)
        lacking.setdefault(_missing(burst), []).append(burst.target.host)
    for burst in bursts:
        when = span.at(burst.first_us, of_host[burst.target]).removeprefix(" at ")
        together = f"at the same time ({when})" if when else "at the same time"
        yield Finding(
            slug="contended-target",
            severity="warning",
            title=f"{len(burst.arrivals)} arrivals at {burst.target.host} {together}; room not known",
            subject=burst.target.host,
            measures=(Measure("arrivals", len(burst.arrivals), burst.slots.all, "VMs"),),
            basis="inferred",
            evidence=burst.citations,
            advice=_advice(_missing(burst), list(dict.fromkeys(lacking[_missing(burst)])), case),
        )


def _missing(burst: Burst) -> str:
    return burst.unknown_because or "capacity or demand unknown"


def _advice(missing: str, hosts: list[str], case: Case) -> str:
    unlogged = "nova-compute log" in missing
    absent = [host for host in hosts if unlogged or not _wording.has_compute_log(case, host)]
    logs = "log" if len(absent) == 1 else "logs"
    add = f", or add the nova-compute {logs} of {_wording.listed(absent)}" if absent else ""
    return (
        f"Whether {_wording.listed(hosts)} had room is not known: {missing}. Give what is known with --inventory{add}."
    )
