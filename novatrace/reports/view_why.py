"""The view of why targets were chosen: what passed the filters, what the weigher chose among, and what stood idle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from novatrace.model.capacity import Burst
from novatrace.model.case import Case
from novatrace.model.migration import Attempt, Candidate, HostNode, Migration, Pass
from novatrace.reports import figure_rooms, figures, words
from novatrace.reports.document import Block, Section, say

_BURSTS_SHOWN = 5
_REASONS_SHOWN = 3


def why_section(case: Case, flagged: Iterable[Burst]) -> Section:
    """Why the moves of each flagged burst went to its target, and the funnel of one pass that had several hosts."""
    return Section("WHY THERE", tuple(_why(case, list(flagged)[:_BURSTS_SHOWN])))


def _why(case: Case, flagged: list[Burst]) -> Iterator[Block]:
    bursts: dict[HostNode, list[Burst]] = {}
    for burst in flagged:
        bursts.setdefault(burst.target, []).append(burst)
    shown: list[Block] = []
    for target, several in bursts.items():
        passes = [attempt for burst in several for attempt in _attempts(case, burst)]
        if not passes:
            yield say(_unchosen(case, several, target), "warn")
            continue
        reasons = Counter(reason for attempt in passes if (reason := why_there(attempt, target)) is not None)
        for reason, number in reasons.most_common(_REASONS_SHOWN):
            yield say(f"{reason} ({number} of {words.count(len(passes), 'pass', 'passes')}).")
        funnel = next(_funnel([attempt.schedule for attempt in passes if attempt.schedule is not None]), None)
        if funnel is not None and funnel not in shown:
            shown.append(funnel)
            yield funnel
    if not flagged:
        yield from _funnel([
            a.schedule for m in case.migrations if m.stage == "filtered-out" for a in m.attempts if a.schedule is not None
        ])  # fmt: skip


def _unchosen(case: Case, bursts: list[Burst], target: HostNode) -> str:
    """Of a target that no logged pass chose: an alternate that was tried after the chosen one, or not known."""
    for burst in bursts:
        for migration in _moved(case, burst):
            for before, attempt in pairwise(migration.attempts):
                if attempt.selected is not None and attempt.selected.host == target.host:
                    first = f"{words.host(target)} was not the first choice: the conductor went on to it when {words.host(before.selected)}"
                    named = any(host.host == target.host for a in migration.attempts for host in a.alternates)
                    also = ", as an alternate that the scheduler had named" if named else ""
                    return f"{first} had not taken the VM{also}."
    return f"{words.host(target)}: no scheduler pass that chose it is in these logs."


def _moved(case: Case, burst: Burst) -> Iterator[Migration]:
    """The migrations of a burst's arrivals."""
    wanted = {(a.instance_uuid, a.request_id) for a in burst.arrivals}
    return (m for m in case.migrations if (m.instance_uuid, m.request_id) in wanted)


def _attempts(case: Case, burst: Burst) -> Iterator[Attempt]:
    """The attempts of a burst's arrivals that chose its target, or tried it in placement."""
    for migration in _moved(case, burst):
        for attempt in migration.attempts:
            if attempt.schedule is not None and _reached(attempt, attempt.schedule, burst):
                yield attempt


def _reached(attempt: Attempt, schedule: Pass, burst: Burst) -> bool:
    tried = [claim.target for claim in schedule.placement_claims]
    return any(place is not None and place.host == burst.target.host for place in (attempt.selected, *tried))


def _funnel(passes: list[Pass]) -> Iterator[Block]:
    """The funnel of the pass that most hosts came into."""
    ranked = sorted(passes, key=lambda p: -max((s.before or s.after for s in p.filters), default=0))
    for schedule in ranked:
        picture = figures.funnel(schedule, schedule.instance_uuid or schedule.request_id or "?")
        if picture is not None:
            yield picture
            return


def free_section(case: Case, flagged: Iterable[Burst]) -> Section:
    """What hosts had free before and after: where the room was while one target had none."""
    picture = figure_rooms.rooms(case, flagged)
    return Section("FREE CAPACITY", () if picture is None else (picture,))


def why_there(attempt: Attempt, target: HostNode | None = None) -> str | None:
    """One sentence on why an attempt went where it went, or tried ``target``; None when the evidence does not say."""
    schedule = attempt.schedule
    if schedule is None:
        if attempt.number == 1:
            return None
        return f"{words.host(attempt.selected)} was an alternate of an earlier pass, or its pass is not logged"
    last = next((s for s in reversed(schedule.filters) if s.before is not None and s.before > s.after), None)
    if schedule.outcome == "filtered-out":
        empty = words.none_came_in(schedule) if schedule.none_came_in else "no host passed"
        return f"{last.name} removed the last {words.count(last.before or 0, 'host')}" if last else empty
    if len(schedule.candidates) == 1:
        host = words.host(schedule.candidates[0].host)
        narrowed = f"; {last.name} left it of {last.before}" if last else ""
        return f"{host} was the only host that passed the filters{narrowed}: the weigher had nothing to choose from"
    went = target or schedule.selected
    return _ranked(went, schedule) if schedule.weighed and schedule.selected is not None and went is not None else None


def _ranked(went: HostNode, schedule: Pass) -> str | None:
    """Where a host stood among those that were weighed, and what put it there or let it come to it."""
    refused = {claim.target.host for claim in schedule.placement_claims if claim.target and not claim.granted}
    for rank, candidate in enumerate(schedule.candidates, 1):
        if candidate.host.host == went.host:
            place = "first" if rank == 1 else f"number {rank}"
            before = {each.host.host for each in schedule.candidates[: rank - 1]}
            why = _with_most_ram(candidate, schedule)
            if before and before <= refused:
                why = f": placement had refused {'the one' if rank == 2 else 'those'} before it"  # noqa: PLR2004 - the second
            return f"{words.host(went)} ranked {place} of {len(schedule.candidates)} weighed hosts{why}"
    return None


def _with_most_ram(chosen: Candidate, schedule: Pass) -> str:
    """That the chosen one had more RAM free than each other, which is what Nova's RAM weigher looks at."""
    others = [c.free_ram_mb for c in schedule.candidates if c is not chosen]
    if chosen.free_ram_mb is None or any(ram is None or ram >= chosen.free_ram_mb for ram in others):
        return ""
    return ": of them it had the most free RAM"
