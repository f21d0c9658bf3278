"""Which moves of a case are replayed: those that were under way together, and were for a scheduler to place.

Boots are left out: what they took is in the free capacity before the batch. A move that failed after its claim was
granted, one that the target's check before a live migration turned away, and one that no scheduler ever saw would have failed
under every policy; they are set aside and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from novatrace.model.migration import Migration
from novatrace.model.replay import ListedBatch

GAP_US = 60_000_000
_AFTER = "after-claim"


@dataclass(frozen=True, slots=True)
class Batch:
    """Moves to replay.

    Attributes:
        moves: one for each VM.
        nameless: requests whose VM no line names, standing for those of VMs whose requests are not logged.
        set_aside: sentences about what is left out.
        number: which batch of the case it is, from 1 in the order of time; ``of``: how many there are.
    """

    moves: tuple[Migration, ...]
    nameless: tuple[Migration, ...]
    set_aside: tuple[str, ...]
    number: int
    of: int

    @property
    def first_us(self) -> int | None:
        """When the first of them began."""
        return min((t for t in map(began_us, self.moves) if t is not None), default=None)

    @property
    def last_us(self) -> int | None:
        """When the last of them was answered."""
        return max((t for m in self.moves for t in (_ended_us(m),) if t is not None), default=None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which batch: its number, or the newest that sent a VM to a host; of moves that began in a range of time."""

    number: int | None = None
    target: str | None = None
    since_us: int | None = None
    until_us: int | None = None


def listed(migrations: Sequence[Migration], wanted: Wanted | None = None) -> list[ListedBatch]:
    """The batches that there are, in the order of time."""
    return [_listed(number, moves) for number, moves in enumerate(_batches(migrations, wanted or Wanted()), 1)]


def _listed(number: int, moves: list[Migration]) -> ListedBatch:
    targets = Counter(a.selected.host for m in moves for a in m.attempts if a.selected is not None)
    return ListedBatch(
        number=number,
        first_us=min((t for t in map(began_us, moves) if t is not None), default=None),
        last_us=max((t for t in map(_ended_us, moves) if t is not None), default=None),
        moves=len(moves),
        failed=sum(m.outcome == "failed" for m in moves),
        actions=tuple(sorted({m.action for m in moves})),
        targets=tuple(sorted(targets, key=lambda host: (-targets[host], host))),
    )


def counted(number: int, noun: str) -> str:
    """``1 move``, ``2 moves``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def select(migrations: Sequence[Migration], wanted: Wanted | None = None) -> Batch | None:
    """The batch that is wanted, else the newest; None when there is none such."""
    wanted = wanted or Wanted()
    found = _batches(migrations, wanted)
    if wanted.number is not None:
        chosen = wanted.number
    else:
        fitting = [n for n, moves in enumerate(found, 1) if wanted.target is None or _reached(moves, wanted.target)]
        chosen = fitting[-1] if fitting else 0
    if not 1 <= chosen <= len(found):
        return None
    return _of(found[chosen - 1], chosen, len(found))


def _batches(migrations: Sequence[Migration], wanted: Wanted) -> list[list[Migration]]:
    since, until = wanted.since_us, wanted.until_us
    moves = [m for m in migrations if m.action != "create"]
    if since is not None or until is not None:
        timed = [(began_us(m), m) for m in moves]
        moves = [m for t, m in timed if t is not None and (since or t) <= t <= (t if until is None else until)]
    return _apart(moves)


def _reached(moves: list[Migration], target: str) -> bool:
    """True when a VM was sent to the host; its short name will do."""
    hosts = {a.selected.host for m in moves for a in m.attempts if a.selected is not None}
    return any(host == target or host.startswith(f"{target}.") for host in hosts)


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


def turned_away(move: Migration) -> bool:
    """True for a move that failed, and had been let in somewhere before its target could not take it."""
    return move.outcome == "failed" and any(a.outcome == "failed" and a.selected is not None for a in move.attempts)


def _of(moves: list[Migration], number: int, of: int) -> Batch:
    after = [m for m in moves if m.stage == _AFTER]
    checked = [m for m in moves if m.stage != _AFTER and turned_away(m)]
    rest = [m for m in moves if m not in after and m not in checked]
    named = [m for m in rest if m.instance_uuid is not None]
    nameless = [m for m in rest if m.instance_uuid is None]
    unscheduled = [m for m in named if not m.attempts and m.request_id is not None]
    told = []
    if after:
        told.append(
            f"{counted(len(after), 'move')} failed after the claim was granted: no scheduling policy changes that"
        )
    if checked:
        told.append(
            f"{counted(len(checked), 'move')} failed on a target that had let {'it' if len(checked) == 1 else 'them'} in: "
            "no scheduling policy changes that"
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
        return Batch(tuple(kept), tuple(nameless), tuple(told), number, of)
    kept = [m for m in [*kept, *nameless] if m.attempts]
    if unplaced:
        told.append(f"{counted(len(unplaced), 'VM')} of which only the end is logged, no request and no target")
    return Batch(tuple(kept), (), tuple(told), number, of)
