"""Which moves of a case are replayed: those that were under way together, and were for a scheduler to place.

Boots are left out: what they took is in the free capacity before the batch. A move that failed after its claim was
granted, and one that no scheduler ever saw, would have failed under every policy; both are set aside and told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from novatrace.model.migration import Migration

GAP_US = 60_000_000
_AFTER = "after-claim"


@dataclass(frozen=True, slots=True)
class Batch:
    """Moves to replay.

    Attributes:
        moves: one for each VM.
        nameless: requests whose VM no line names, standing for those of VMs whose requests are not logged.
        set_aside: sentences about what is left out.
        others: further batches of the case.
    """

    moves: tuple[Migration, ...]
    nameless: tuple[Migration, ...]
    set_aside: tuple[str, ...]
    others: int

    @property
    def first_us(self) -> int | None:
        """When the first of them began."""
        return min((t for t in map(began_us, self.moves) if t is not None), default=None)

    @property
    def last_us(self) -> int | None:
        """When the last of them was answered."""
        return max((t for m in self.moves for t in (_ended_us(m),) if t is not None), default=None)


def counted(number: int, noun: str) -> str:
    """``1 move``, ``2 moves``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def select(migrations: Sequence[Migration]) -> Batch | None:
    """The batch with the most failures, then with the most moves, then the first; None when nothing was moved."""
    moves = [m for m in migrations if m.action != "create"]
    batches = _apart(moves)
    if not batches:
        return None
    chosen = max(batches, key=lambda b: (sum(m.outcome == "failed" for m in b), len(b)))
    return _of(chosen, len(batches) - 1)


def began_us(move: Migration) -> int | None:
    """When the scheduler first looked at hosts for it; else when it was accepted or sent."""
    for attempt in move.attempts[:1]:
        if attempt.schedule is not None and attempt.schedule.started_us is not None:
            return attempt.schedule.started_us
        if attempt.selected_us is not None:
            return attempt.selected_us
    return move.accepted_us


def _ended_us(move: Migration) -> int | None:
    times = [t for a in move.attempts for t in (a.selected_us, a.dispatched_us, a.ended_us) if t is not None]
    return max(times, default=began_us(move))


def _apart(moves: list[Migration]) -> list[list[Migration]]:
    """Moves in groups with a minute of quiet between them; those without a time go with the first group."""
    timed = sorted((m for m in moves if began_us(m) is not None), key=lambda m: began_us(m) or 0)
    untimed = [m for m in moves if began_us(m) is None]
    groups: list[list[Migration]] = []
    until = 0
    for move in timed:
        if not groups or (began_us(move) or 0) > until + GAP_US:
            groups.append([])
        groups[-1].append(move)
        until = max(until, _ended_us(move) or 0)
    if untimed:
        groups = groups or [[]]
        groups[0] = [*groups[0], *untimed]
    return groups


def _of(moves: list[Migration], others: int) -> Batch:
    after = [m for m in moves if m.stage == _AFTER]
    named = [m for m in moves if m.instance_uuid is not None and m.stage != _AFTER]
    nameless = [m for m in moves if m.instance_uuid is None and m.stage != _AFTER]
    unscheduled = [m for m in named if not m.attempts and m.request_id is not None]
    told = []
    if after:
        told.append(
            f"{counted(len(after), 'move')} failed after the claim was granted: no scheduling policy changes that"
        )
    if unscheduled:
        told.append(f"{counted(len(unscheduled), 'request')} of which no scheduler pass and no target is logged")
    kept = [m for m in named if m not in unscheduled]
    unplaced = [m for m in kept if not m.attempts]
    if nameless and unplaced:
        # The requests and the VMs are of one batch, but no line joins them: taking both would count VMs twice.
        told.append(
            f"{counted(len(nameless), 'request')} whose VM no line names: the passes stand for those of the "
            f"{counted(len(unplaced), 'VM')} whose requests are not logged"
        )
        return Batch(tuple(kept), tuple(nameless), tuple(told), others)
    kept = [m for m in [*kept, *nameless] if m.attempts]
    if unplaced:
        told.append(f"{counted(len(unplaced), 'VM')} of which only the end is logged, no request and no target")
    return Batch(tuple(kept), (), tuple(told), others)
