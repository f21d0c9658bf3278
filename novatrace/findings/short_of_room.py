"""A batch larger than what all the hosts that passed the filters had room for: no order of choices would have placed it."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.findings import _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.insight import Shortage
from novatrace.model.resource import NAMES


def find(case: Case) -> Iterator[Finding]:
    """One finding for each batch whose hosts, moves and room are all known."""
    for shortage in case.insight.shortages:
        if shortage.citations:
            yield Finding(
                slug="short-of-room",
                severity="error",
                title=_title(shortage),
                subject=shortage.targets[0].host,
                measures=(
                    Measure("moves", shortage.moves, shortage.room, "VMs"),
                    Measure("hosts", len(shortage.hosts), None, "hosts"),
                    Measure("too_many", shortage.moves - shortage.room, 0, "VMs"),
                ),
                basis="computed",
                evidence=shortage.citations,
                advice=_advice(shortage),
            )


def _title(shortage: Shortage) -> str:
    rooms = _wording.listed(
        f"{host.host} {slots}" for host, slots in sorted(shortage.hosts, key=lambda h: (-h[1], h[0]))
    )
    of = f" of {_wording.listed(NAMES[name] for name in shortage.short_of)}" if shortage.short_of else ""
    return (
        f"{_wording.count(shortage.moves, 'move')} within {shortage.apart_us / 1e6:.1f} s, and the {len(shortage.hosts)} hosts that had "
        f"passed had room{of} for {shortage.room} in all ({rooms}): {_too_many(shortage)} too many in whatever order"
    )


def _too_many(shortage: Shortage) -> str:
    more = shortage.moves - shortage.room
    return f"{more} {'was' if more == 1 else 'were'}"


def _advice(shortage: Shortage) -> str:
    more = shortage.moves - shortage.room
    return (
        f"Neither waves nor host_subset_size would have placed {_wording.count(more, 'VM')} of them: free room on these hosts (confirm "
        "or delete what holds it) or let more hosts pass (`novatrace filters` shows what left the others out), and then ask again "
        f"for the {more}."
    )
