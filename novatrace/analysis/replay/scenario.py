"""Makes a scenario of an analysed case: hosts, VMs, the order of decisions and claims, and the rules that were in force.

All that is taken from somewhere is told with its basis, and what is missing is asked for. A refusal that no known capacity
explains (a node's own trouble, an injected fault) is no matter of scheduling: it stays where it was, in every replay.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from operator import itemgetter

from novatrace.analysis.replay.batch import Batch, began_us
from novatrace.analysis.replay.hosts import NUMBERED, hosts_of, passes_of
from novatrace.analysis.replay.loads import loads_of, told_of
from novatrace.analysis.replay.placements import Placements
from novatrace.analysis.replay.rules import Decision, decision, subset_of, weighers_of
from novatrace.analysis.replay.stated import completed
from novatrace.analysis.replay.told import USUAL_ATTEMPTS, known_of, missing_of, odd_ones
from novatrace.model.capacity import View
from novatrace.model.case import Case
from novatrace.model.migration import Migration, Pass, Resources
from novatrace.model.replay import ReplayHost, ReplayVm, Rules, Scenario, Statement, Step
from novatrace.model.resource import LIMIT_FILTERS

_KINDS = ("decide", "claim", "show", "load")


def decisions_of(case: Case, batch: Batch) -> list[Decision]:
    """The passes of the batch whose candidates and choice are logged."""
    free = _FreeVcpus(case.views)
    made = (decision(schedule, free.before(schedule)) for schedule in passes_of(batch))
    return [one for one in made if one is not None]


class _FreeVcpus:
    """Free vCPUs of hosts by the newest view before a pass; HostState does not print them."""

    def __init__(self, views: Iterable[View]) -> None:
        found: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for view in views:
            if view.free.vcpus is not None:
                found[view.target.host].append((view.when_us or 0, view.free.vcpus))
        self._found = {host: sorted(listed) for host, listed in found.items()}

    def before(self, schedule: Pass) -> dict[str, float]:
        """Host → free vCPUs, of the candidates that any view tells of."""
        until = math.inf if schedule.started_us is None else schedule.started_us
        free = {}
        for name in (candidate.host.host for candidate in schedule.candidates):
            listed = self._found.get(name, ())
            place = bisect_right(listed, until, key=itemgetter(0))
            if place:
                free[name] = listed[place - 1][1]
        return free


def scenario_of(case: Case, batch: Batch, decisions: Sequence[Decision]) -> Scenario:
    """The batch, ready for replay."""
    hosts = hosts_of(case, batch)
    guarded, filtered = _guarded(batch, placement=case.claims_in_placement)
    usual = _usual_demand((*batch.moves, *batch.nameless))
    loads = loads_of(case, batch, hosts)
    vms = _vms(batch, Placements(batch, hosts, loads), hosts, usual, filtered)
    weighers, weighed_by, basis = weighers_of(decisions, placement=case.claims_in_placement)
    subset = subset_of(decisions)
    rules = Rules(
        weighers=weighers,
        subset_size=subset,
        shared_state=case.claims_in_placement is False,
        placement=case.claims_in_placement is True,
        max_attempts=_attempts(batch.moves),
        kept_bounds=case.claims_in_placement is False,
    )
    told = known_of(case, batch, rules, hosts, usual)
    rules, ruled = completed(rules, Statement(weighed_by, basis), decisions, case.settings)
    known = [*ruled, *told, *odd_ones(vms, guarded)]
    known += told_of(loads, hosts)
    return Scenario(
        source="case",
        name=f"batch {batch.number} of {batch.of}",
        hosts=hosts,
        vms=vms,
        steps=_steps(batch.moves, [when for when, _ in loads], placement=rules.placement),
        guarded=guarded,
        filtered=filtered,
        rules=rules,
        known=tuple(known),
        missing=tuple(missing_of(case, hosts, decisions, vms)),
        observed_failures=_failures(batch),
        set_aside=batch.set_aside,
        claims_in_placement=case.claims_in_placement,
        action=Counter(m.action for m in batch.moves).most_common(1)[0][0],
        batch=(batch.number, batch.of),
        first_us=batch.first_us,
        last_us=batch.last_us,
        loads=tuple(load for _, load in loads),
        complete=not any(notice.incomplete for notice in case.notices),
    )


def _failures(batch: Batch) -> int | None:
    """Moves that found no new host; None when the end of one, or whether there were more, is not known."""
    if batch.nameless or any(m.outcome == "unknown" for m in batch.moves):
        return None
    return sum(m.outcome == "failed" for m in batch.moves)


def _usual_demand(moves: Sequence[Migration]) -> Resources:
    demands = Counter(a.demand for m in moves for a in m.attempts if a.demand.known)
    return demands.most_common(1)[0][0] if demands else Resources()


def _attempts(moves: Sequence[Migration]) -> int:
    """How often a VM was tried: as seen where a refused one had somewhere else to go, else Nova's default."""
    tried = [
        len([a for a in m.attempts if a.selected is not None])
        for m in moves
        if m.outcome == "failed"
        and m.attempts
        and m.attempts[0].outcome == "claim-refused"
        and m.attempts[0].schedule is not None
        and len(m.attempts[0].schedule.candidates) > 1
    ]
    return max(tried, default=USUAL_ATTEMPTS)


def _guarded(batch: Batch, *, placement: bool | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Resources that claims enforce, and resources that filters look at."""
    if placement:
        return NUMBERED, NUMBERED
    claims = [r for m in batch.moves for a in m.attempts if a.claim is not None for r in a.claim.resources]
    unlimited = {r.resource for r in claims if r.unlimited} - {r.resource for r in claims if r.limit is not None}
    names = {step.name for schedule in passes_of(batch) for step in schedule.filters}
    guarded = tuple(name for name in NUMBERED if name not in unlimited)
    filtered = tuple(
        name for name in NUMBERED if name in guarded or any(step.endswith(LIMIT_FILTERS[name]) for step in names)
    )
    return guarded, filtered


def _vms(
    batch: Batch, placements: Placements, hosts: tuple[ReplayHost, ...], usual: Resources, filtered: tuple[str, ...]
) -> tuple[ReplayVm, ...]:
    index = {host.target.host: i for i, host in enumerate(hosts)}
    nodes = sorted({p.scheduler_node for p in passes_of(batch) if p.scheduler_node is not None})
    number = {node: i for i, node in enumerate(nodes)}
    vms = []
    for move in batch.moves:
        demand = next((a.demand for a in move.attempts if a.demand.known), usual)
        first = move.attempts[0].schedule if move.attempts else None
        refused = [a.selected.host for a in move.attempts if a.selected is not None and placements.unexplained(a)]
        vm = ReplayVm(
            name=move.instance_uuid,
            demand=demand,
            hosts=_may_go_to(move, first, index, placements, demand, filtered),
            source=move.source,
            refused_by=tuple(index[name] for name in refused),
            scheduler=None if first is None or first.scheduler_node is None else number[first.scheduler_node],
        )
        vms.append(vm)
    return tuple(vms)


def _may_go_to(
    move: Migration,
    schedule: Pass | None,
    index: dict[str, int],
    placements: Placements,
    demand: Resources,
    filtered: tuple[str, ...],
) -> tuple[int, ...]:
    """The hosts that the filters leave a VM while nobody else is on the way."""
    if schedule is not None and schedule.candidates:
        return tuple(sorted(index[c.host.host] for c in schedule.candidates))
    if schedule is not None and not placements.for_want_of_room(move, schedule, demand, filtered):
        return ()
    source = move.source.host if move.source is not None else None
    return tuple(i for name, i in index.items() if name != source)


def _steps(moves: Sequence[Migration], loads: Sequence[int], *, placement: bool) -> tuple[Step, ...]:
    """Decisions, claims and their being seen, in time order; what has no time comes last, all at once."""
    events = [(when, _KINDS.index("load"), number) for number, when in enumerate(loads)]
    latest = max((t for m in moves for t in _times(m, placement=placement)), default=0)
    for number, move in enumerate(moves):
        decided, claimed, shown = _times(move, placement=placement) or (0, latest, latest)
        events += [(decided, 0, number), (claimed, 1, number), (shown, 2, number)]
    steps: list[Step] = []
    for _, kind, number in sorted(events):
        what = _KINDS[kind]
        if steps and steps[-1].what == what:
            steps[-1] = Step(what, (*steps[-1].vms, number))
        else:
            steps.append(Step(what, (number,)))
    return tuple(steps)


def _times(move: Migration, *, placement: bool) -> tuple[int, int, int] | tuple[()]:
    """When hosts were looked at, when the target was asked, and when others could see it; nothing when not logged."""
    decided = began_us(move)
    if decided is None or not move.attempts:
        return ()
    first = move.attempts[0]
    answered = first.claim.when_us if first.claim is not None else None
    answered = answered or first.ended_us or first.dispatched_us or first.selected_us
    if answered is None:
        answered = first.schedule.ended_us if first.schedule is not None else None
    claimed = first.selected_us if placement and first.selected_us is not None else answered
    claimed = max(decided, claimed or decided)
    return decided, claimed, max(claimed, answered or claimed)
