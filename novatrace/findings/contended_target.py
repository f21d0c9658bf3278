"""Several picked one target at once and the logs do not prove that it had room, nor that it had not."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure

_AT_LEAST = 2


def find(case: Case) -> Iterator[Finding]:
    """One finding for each contended burst of two or more."""
    for burst in case.bursts:
        if burst.verdict != "contended" or len(burst.arrivals) < _AT_LEAST or not burst.citations:
            continue
        yield Finding(
            slug="contended-target",
            severity="warning",
            title=f"{len(burst.arrivals)} arrivals at {burst.target.host} at the same time; room not known",
            subject=burst.target.host,
            measures=(Measure("arrivals", len(burst.arrivals), burst.slots.all, "VMs"),),
            basis="inferred",
            evidence=burst.citations,
            advice=(
                f"Not proven: {burst.unknown_because or 'capacity or demand unknown'}. Give what is known with --inventory, "
                f"or add the nova-compute log of {burst.target.host}."
            ),
        )
