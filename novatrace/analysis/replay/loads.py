"""What came to the hosts of a batch while it was under way and is no part of it: boots, and moves that failed once let in.

It comes under every policy: a move that fails on its target holds its room there until it is given up.

Boots before the batch are in the free room that it began with; boots that were refused took nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from novatrace.analysis.replay.batch import Batch, counted, turned_away
from novatrace.model.case import Case
from novatrace.model.migration import Attempt, Migration
from novatrace.model.replay import Load, ReplayHost, Statement

_REFUSED = ("claim-refused", "placement-conflict", "no-valid-host")


def loads_of(case: Case, batch: Batch, hosts: Sequence[ReplayHost]) -> list[tuple[int, Load]]:
    """When and where something else came, in the order of time; of unknown size it takes nothing but an instance."""
    first, last = batch.first_us, batch.last_us
    if first is None or last is None:
        return []
    index = {host.target.host: i for i, host in enumerate(hosts)}
    inside = {id(move) for move in (*batch.moves, *batch.nameless)}
    found = []
    for move in case.migrations:
        for attempt in () if id(move) in inside else move.attempts:
            when = _came_us(move, attempt)
            if attempt.selected is not None and attempt.selected.host in index and when is not None:
                load = Load(index[attempt.selected.host], attempt.demand, move.action)
                found += [(when, load)] if first < when <= last else []
    return sorted(found, key=lambda row: (row[0], row[1].host))


def _came_us(move: Migration, attempt: Attempt) -> int | None:
    """When the host had it; None where it was refused, or is not known to have come."""
    claim = attempt.claim
    if attempt.outcome in _REFUSED or (claim is not None and claim.granted is False):
        return None
    if attempt.outcome == "failed" and turned_away(move):
        return attempt.selected_us
    if attempt.outcome != "succeeded" and (claim is None or claim.granted is None):
        return None
    return (claim.when_us if claim is not None else None) or attempt.selected_us or move.accepted_us


def told_of(loads: Sequence[tuple[int, Load]], hosts: Sequence[ReplayHost]) -> list[Statement]:
    """What the report says of them."""
    if not loads:
        return []
    kinds = Counter(load.what for _, load in loads)
    words = ", ".join(counted(number, "boot" if what == "create" else what) for what, number in sorted(kinds.items()))
    where = sorted({hosts[load.host].target.host for _, load in loads})
    shown = ", ".join(where[:3]) + (f" and {len(where) - 3} more" if len(where) > 3 else "")  # noqa: PLR2004
    told = [Statement(f"during the batch {words} came to {shown}: under every policy", "observed")]
    unknown = sum(not load.demand.known for _, load in loads)
    if unknown:
        told.append(Statement(f"{counted(unknown, 'arrival')} of unknown size: taken as nothing", "assumed"))
    return told
