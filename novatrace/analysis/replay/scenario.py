"""Makes a scenario of an analysed case: hosts, VMs, the order of decisions and claims, and the rules that were in force.

All that is taken from somewhere is told with its basis, and what is missing is asked for. A refusal that no known capacity
explains (a node's own trouble, an injected fault) is no matter of scheduling: it stays where it was, in every replay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from novatrace.analysis.replay.batch import Batch, began_us
from novatrace.analysis.replay.hosts import NUMBERED, hosts_of, passes_of
from novatrace.analysis.replay.rules import Decision, decision, subset_of, weighers_of
from novatrace.analysis.replay.told import USUAL_ATTEMPTS, known_of, missing_of, odd_ones
from novatrace.model.case import Case
from novatrace.model.migration import Attempt, Migration, Pass, Resources
from novatrace.model.replay import ReplayHost, ReplayVm, Rules, Scenario, Statement, Step

_BY_CAPACITY = ("RamFilter", "CoreFilter", "DiskFilter", "RetryFilter", "NUMATopologyFilter", "PciPassthroughFilter")
_FILTER_OF = {"vcpus": "CoreFilter", "ram_mb": "RamFilter", "disk_gb": "DiskFilter"}
_ORDER = {"decide": 0, "claim": 1, "show": 2}


def decisions_of(case: Case, batch: Batch) -> list[Decision]:
    """The passes of the batch whose candidates and choice are logged."""
    found = []
    for schedule in passes_of(batch):
        made = decision(schedule, _free_vcpus(case, schedule))
        if made is not None:
            found.append(made)
    return found


def _free_vcpus(case: Case, schedule: Pass) -> dict[str, float]:
    """Free vCPUs of each host by the newest view before a pass; HostState does not print them."""
    newest: dict[str, tuple[int, float]] = {}
    for view in case.views:
        free, when = view.free.vcpus, view.when_us or 0
        late = schedule.started_us is not None and when > schedule.started_us
        if free is not None and not late and when >= newest.get(view.target.host, (-1, 0.0))[0]:
            newest[view.target.host] = (when, free)
    return {host: free for host, (_, free) in newest.items()}


def scenario_of(case: Case, batch: Batch, decisions: Sequence[Decision]) -> Scenario:
    """The batch, ready for replay."""
    hosts = hosts_of(case, batch)
    guarded, filtered = _guarded(batch, placement=case.claims_in_placement)
    usual = _usual_demand((*batch.moves, *batch.nameless))
    vms = tuple(_vm(move, batch, hosts, usual, filtered) for move in batch.moves)
    weighers, weighed_by, basis = weighers_of(decisions, placement=case.claims_in_placement)
    subset = subset_of(decisions)
    rules = Rules(
        weighers=weighers,
        subset_size=subset,
        shared_state=case.claims_in_placement is False,
        placement=case.claims_in_placement is True,
        max_attempts=_attempts(batch.moves),
    )
    known = [Statement(weighed_by, basis), *known_of(case, batch, rules, hosts, usual), *odd_ones(vms, guarded)]
    return Scenario(
        source="case",
        name=f"{len(vms)} moves"
        + (f", the batch with the most failures of {batch.others + 1}" if batch.others else ""),
        hosts=hosts,
        vms=vms,
        steps=_steps(batch.moves, placement=rules.placement),
        guarded=guarded,
        filtered=filtered,
        rules=rules,
        known=tuple(known),
        missing=tuple(missing_of(hosts, decisions, vms)),
        observed_failures=_failures(batch),
        set_aside=batch.set_aside,
        claims_in_placement=case.claims_in_placement,
        action=Counter(m.action for m in batch.moves).most_common(1)[0][0],
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
        name for name in NUMBERED if name in guarded or any(step.endswith(_FILTER_OF[name]) for step in names)
    )
    return guarded, filtered


def _vm(
    move: Migration, batch: Batch, hosts: tuple[ReplayHost, ...], usual: Resources, filtered: tuple[str, ...]
) -> ReplayVm:
    index = {host.target.host: i for i, host in enumerate(hosts)}
    demand = next((a.demand for a in move.attempts if a.demand.known), usual)
    first = move.attempts[0].schedule if move.attempts else None
    if first is not None and first.candidates:
        may = tuple(sorted(index[c.host.host] for c in first.candidates))
    elif first is not None and not _for_want_of_room(move, first, batch, hosts, demand, filtered):
        may = ()
    else:
        source = move.source.host if move.source is not None else None
        may = tuple(i for name, i in index.items() if name != source)
    nodes = sorted({p.scheduler_node for p in passes_of(batch) if p.scheduler_node is not None})
    node = first.scheduler_node if first is not None else None
    return ReplayVm(
        name=move.instance_uuid,
        demand=demand,
        hosts=may,
        source=move.source,
        refused_by=tuple(index[a.selected.host] for a in move.attempts if a.selected and _unexplained(a, batch, hosts)),
        # One whose pass is not logged is taken to have been alone: nobody is known to have seen its choice.
        scheduler=nodes.index(node) if node in nodes else len(nodes) + batch.moves.index(move),
    )


def _for_want_of_room(
    move: Migration,
    schedule: Pass,
    batch: Batch,
    hosts: tuple[ReplayHost, ...],
    demand: Resources,
    filtered: tuple[str, ...],
) -> bool:
    """True when a pass that left no host may have done so because others had taken the room."""
    if schedule.outcome == "filtered-out":
        last = schedule.filters[-1].name if schedule.filters else ""
        if not last.endswith(_BY_CAPACITY):
            return False
    elif schedule.outcome != "placement-empty":
        return True
    when = schedule.ended_us or schedule.started_us or 0
    source = move.source.host if move.source is not None else None
    others = [host for host in hosts if host.target.host != source]
    return bool(others) and not any(_fits(host, demand, filtered, batch, when) for host in others)


def _unexplained(attempt: Attempt, batch: Batch, hosts: tuple[ReplayHost, ...]) -> bool:
    """True when a claim was refused although, by all that is known, the VM fitted."""
    claim = attempt.claim
    if claim is None or claim.granted is not False or attempt.selected is None:
        return False
    name = attempt.selected.host
    host = next(h for h in hosts if h.target.host == name)
    if host.other_slots is not None:
        return False
    return _fits(host, attempt.demand, NUMBERED, batch, claim.when_us or attempt.ended_us or 0)


def _fits(host: ReplayHost, demand: Resources, names: Sequence[str], batch: Batch, when_us: int) -> bool:
    """True when the demand fits beside what the batch had placed on the host before a moment."""
    placed = [
        a
        for m in batch.moves
        for a in m.attempts
        if a.selected is not None
        and a.selected.host == host.target.host
        and (a.selected_us or 0) < when_us
        and a.outcome not in ("claim-refused", "placement-conflict")
    ]
    if host.other_slots is not None and len(placed) >= host.other_slots:
        return False
    for name in names:
        room, need = getattr(host.room, name), getattr(demand, name)
        taken = sum(getattr(a.demand, name) or 0 for a in placed)
        if room is not None and need and room - taken < need:
            return False
    return True


def _steps(moves: Sequence[Migration], *, placement: bool) -> tuple[Step, ...]:
    """Decisions, claims and their being seen, in time order; what has no time comes last, all at once."""
    events: list[tuple[int, int, int]] = []
    latest = max((t for m in moves for t in _times(m, placement=placement)), default=0)
    for number, move in enumerate(moves):
        decided, claimed, shown = _times(move, placement=placement) or (0, latest, latest)
        events += [(decided, 0, number), (claimed, 1, number), (shown, 2, number)]
    steps: list[Step] = []
    for _, kind, number in sorted(events):
        what = next(name for name, order in _ORDER.items() if order == kind)
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
