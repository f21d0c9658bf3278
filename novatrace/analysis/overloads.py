"""Hosts that hold more than total × ratio because of what a burst brought: nobody refused, and nothing limited the claims."""

from __future__ import annotations

from dataclasses import dataclass

from novatrace.analysis.bursts import Reached, began_us
from novatrace.analysis.capacity import Ledger
from novatrace.analysis.views import RESOURCES
from novatrace.model.migration import Citation, HostNode


@dataclass(frozen=True, slots=True)
class Overload:
    """More used on a target than total × ratio allows, at or after a burst."""

    resource: str
    used: float
    limit: float
    basis: str
    citation: Citation | None


def overloads(target: HostNode, reached: list[Reached], ledger: Ledger, until_us: int | None) -> list[Overload]:
    """Resources that were used beyond total × ratio by what the burst brought; each once, the worst view of it."""
    first = began_us(reached) or 0
    worst: dict[str, Overload] = {}
    for view in ledger.during(target, first, until_us):
        if view.whose not in ("claim", "tracker", "scheduler"):
            continue
        ratios = ledger.ratios(target)
        for name in RESOURCES:
            total, used, ratio = getattr(view.total, name), getattr(view.used, name), getattr(ratios, name)
            if total is None or used is None or ratio is None or used <= total * ratio:
                continue
            place = (
                Citation(view.provenance, f"{view.whose}: used {used:g} of {total * ratio:g}")
                if view.provenance
                else None
            )
            seen = worst.get(name)
            if seen is None or used > seen.used:
                worst[name] = Overload(name, used, total * ratio, "proven", place)
    if not any(r.arrival.outcome == "admitted" for r in reached):
        return []
    return _with_granted(target, reached, ledger, worst)


def _with_granted(
    target: HostNode, reached: list[Reached], ledger: Ledger, worst: dict[str, Overload]
) -> list[Overload]:
    """Overloads with the VM of each granted claim added to the use that the claim itself printed before it."""
    ratios = ledger.ratios(target)
    for item in reached:
        claim = item.attempt.claim
        if claim is None or not claim.granted or item.conflict is not None:
            continue
        for resource in claim.resources:
            name = resource.resource
            need, ratio = getattr(claim.demand, name), getattr(ratios, name)
            if resource.used is None or resource.total is None or need is None or ratio is None:
                continue
            after, limit = resource.used + need, resource.total * ratio
            seen = worst.get(name)
            if after > limit and (seen is None or after > seen.used):
                place = claim.citations[-1] if claim.citations else None
                worst[name] = Overload(name, after, limit, seen.basis if seen else "computed", place)
    return list(worst.values())
