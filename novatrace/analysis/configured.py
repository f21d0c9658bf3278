"""Allocation ratios that a nova.conf beside the logs states: they stand in where no line tells.

A compute node's own file has them from Liberty on (nova/compute/resource_tracker.py; until Kilo the scheduler's file had
them). A line of the log always comes first; aggregates and placement may have other ratios than the file.
"""

from __future__ import annotations

from collections.abc import Iterable

from novatrace.analysis.views import Ratios
from novatrace.model.evidence import NodeSettings
from novatrace.model.hostname import short

_OPTIONS = {
    "vcpus": "DEFAULT/cpu_allocation_ratio",
    "ram_mb": "DEFAULT/ram_allocation_ratio",
    "disk_gb": "DEFAULT/disk_allocation_ratio",
}


def ratios(settings: Iterable[NodeSettings]) -> dict[str, Ratios]:
    """Short name of a host → the ratios that its nova.conf states. Two files that contradict each other state nothing."""
    found: dict[str, Ratios] = {}
    torn: set[str] = set()
    for one in settings:
        options = dict(one.options)
        stated = Ratios(**{name: _number(options.get(option)) for name, option in _OPTIONS.items()})
        if stated == Ratios():
            continue
        for name in {short(each) for each in (options.get("DEFAULT/host"), one.node) if each}:
            if found.setdefault(name, stated) != stated:
                torn.add(name)
    return {name: stated for name, stated in found.items() if name not in torn}


def completed(logged: Ratios, stated: Ratios | None) -> Ratios:
    """What the log says, and what only the file does."""
    if stated is None:
        return logged
    return Ratios(
        logged.vcpus if logged.vcpus is not None else stated.vcpus,
        logged.ram_mb if logged.ram_mb is not None else stated.ram_mb,
        logged.disk_gb if logged.disk_gb is not None else stated.disk_gb,
    )


def _number(text: str | None) -> float | None:
    """A ratio; 0.0 is Nova's "not set"."""
    try:
        return float(text or 0) or None
    except ValueError:
        return None
