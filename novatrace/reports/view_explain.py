"""The view of ``explain``: one VM's story in order, each step with its line; for a host, who reached it and what it had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from novatrace.model import http_status
from novatrace.model.capacity import Burst
from novatrace.model.case import Case
from novatrace.model.migration import Attempt, Citation, Claim, Closing, Migration, Pass
from novatrace.model.resource import NAMES
from novatrace.model.subject import Subject, WhyNot, WhyNotAnswer
from novatrace.reports import figures, words
from novatrace.reports.document import Block, Column, Document, Section, cell, say, table
from novatrace.reports.view_burst import burst_section
from novatrace.reports.view_help import why_and_help

_CANDIDATES_SHOWN = 10
_ANSWERS = 4
_FAILURES = ("vm-state-error", "resources-unavailable", "instance-state-set", "task-failed", "operator-vm-state")
_SUCCESSES = (
    "live-migration-done", "finish-migration-done", "guest-running", "instance-spawned", "spawn-took", "boot-took",
    "host-instances-updated",
)  # fmt: skip
_TIERS = {
    "request-id": "", "named": "joined by an id in the text", "instance-time": "joined by VM and time",
    "inferred": "inferred", "ambiguous": "ambiguous",
}  # fmt: skip


def document(case: Case, subject: Subject, why_not: WhyNot | None) -> Document:
    """The report on one VM, request or host."""
    sections = [Section(f"{subject.kind.upper()} {subject.id}", tuple(_head(subject)))]
    if subject.kind == "host":
        sections += [burst_section(burst, case) for burst in subject.bursts]
        sections += [_one_line(migration, case) for migration in subject.migrations]
    else:
        for migration in subject.migrations:
            brief = migration.action == "create" and migration.outcome == "succeeded" and len(subject.migrations) > 1
            sections += [_one_line(migration, case)] if brief else story(migration, subject, case)
    for answer in () if why_not is None else (why_not, *why_not.also):
        sections.append(Section(f"WHY NOT {answer.host}", tuple(_why_not(answer, case))))
    return Document(f"novatrace explain {subject.id}", tuple(section for section in sections if section.blocks))


def _head(subject: Subject) -> Iterator[Block]:
    moves = [m for m in subject.migrations if m.action != "create"]
    boots = len(subject.migrations) - len(moves)
    parts = [words.count(len(moves), "move")] + ([words.count(boots, "boot")] if boots else [])
    part = "reaching it in" if subject.kind == "host" else "taking part in"
    yield say(f"{' and '.join(parts)} in this case, {part} {words.count(len(subject.bursts), 'burst')}.")


def _one_line(migration: Migration, case: Case) -> Section:
    where = words.place(migration.citations[0].provenance, case) if migration.citations else ""
    stage = f" ({words.stage(migration)})" if words.stage(migration) else ""
    ended = f"{words.outcome(migration)}{stage}; tried {words.tried(migration)}"
    text = f"{words.when(migration.accepted_us)}{_from(migration)}; {ended}  {where}"
    return Section(
        f"{words.action(migration).upper()} {words.name(migration)}",
        (say(text, words.outcome_tone(migration.outcome)),),
    )


def _from(migration: Migration) -> str:
    return "" if migration.action == "create" else f", from {words.host(migration.source)}"


def story(migration: Migration, subject: Subject, case: Case) -> list[Section]:
    """One migration's story: accepted, each attempt, the outcome, its bursts, and why there."""
    title = f"{words.action(migration).upper()} {migration.request_id or '(no request id)'}"
    sections = [Section(title, tuple(_accepted(migration, case)))]
    sections += [
        Section(f"ATTEMPT {a.number}: {_target(a)}", tuple(_attempt(a, case, live=migration.action == "live-migrate")))
        for a in migration.attempts
    ]
    sections.append(Section("OUTCOME", tuple(_outcome(migration, case))))
    own = [b for b in subject.bursts if _took_part(b, migration)]
    sections += [burst_section(b, case) for b in own if len(b.arrivals) > 1 or b.verdict != "fits"]
    if migration.action != "create" and not words.by_api(migration):
        sections.append(Section("WHY THERE, and what would have helped", tuple(why_and_help(migration, own))))
    return sections


def _took_part(burst: Burst, migration: Migration) -> bool:
    return any(
        (a.request_id, a.instance_uuid) == (migration.request_id, migration.instance_uuid) for a in burst.arrivals
    )


def _accepted(m: Migration, case: Case) -> Iterator[Block]:
    vm = m.instance_uuid or "not named in this evidence"
    yield say(f"VM: {vm}; from: {words.host(m.source)}; user {m.user_id or '?'}, project {m.project_id or '?'}")
    if m.global_request_id:
        yield say(f"global request id: {m.global_request_id}")
    if m.accepted_us is None:
        yield say("accepted: not logged (no nova-api line of it in this evidence)", "warn")
    else:
        status = f", HTTP {m.http_status}" if m.http_status else ""
        asked = "accepted" if m.http_status is None or http_status.accepted(m.http_status) else "asked"
        yield say(
            f"{asked} {words.when(m.accepted_us)} on {m.api_node or '?'}{status}  "
            f"{_cite(m, case, 'action-body', 'api-request')}"
        )
    for link in {link for a in m.attempts for link in a.links if link.what == "instance"}:
        yield say(
            f"which VM this is, is not in the evidence: {words.count(link.candidates, 'VM')} of the operator's log fit in "
            f"time ({_TIERS[link.tier] or link.tier}); none is claimed",
            "warn",
        )


def _cite(m: Migration, case: Case, *kinds: str) -> str:
    for kind in kinds:
        found = next((c for c in m.citations if c.what == kind), None)
        if found is not None:
            return words.place(found.provenance, case)
    return ""


def _target(attempt: Attempt) -> str:
    none = "target not logged" if attempt.outcome == "unknown" else "no host"
    return words.host(attempt.selected) if attempt.selected else none


def _attempt(attempt: Attempt, case: Case, *, live: bool) -> Iterator[Block]:
    if attempt.schedule is not None:
        yield from _pass(attempt.schedule, case)
        picture = figures.funnel(attempt.schedule, attempt.schedule.instance_uuid or attempt.schedule.request_id or "?")
        if picture is not None:
            yield picture
    else:
        yield say(
            "filter chain: not logged (an alternate of an earlier pass, or nova-scheduler without DEBUG or missing)",
            "warn",
        )
    if attempt.demand.known:
        yield say(f"asks for: {words.resources(attempt.demand)} ({attempt.demand_basis})")
    if attempt.selected is not None:
        yield say(_chosen(attempt, case))
    if attempt.dispatched_us is not None:
        others = ", ".join(words.host(h) for h in attempt.alternates) or "none"
        where = _citation(attempt, case, "move-dispatch", "boot-dispatch", "rpc-cast", "unshelve-dispatch")
        yield say(f"dispatched: {words.clock(attempt.dispatched_us)}; alternates: {others}  {where}")
    yield from _claim(attempt, case, live=live)
    yield say(f"result: {attempt.outcome}", words.outcome_tone(attempt.outcome))


def _chosen(attempt: Attempt, case: Case) -> str:
    target = words.host(attempt.selected)
    if attempt.schedule is not None and attempt.schedule.selected_basis:
        where = _citation(attempt, case, "host-selected", "hosts-weighed", "hosts-filtered")
        return f"chosen: {target} at {words.clock(attempt.selected_us)} ({attempt.schedule.selected_basis})  {where}"
    by_source = _citation(attempt, case, "pre-live-done", "live-migration-done")
    told = "dispatch" if attempt.dispatched_us is not None else "source" if by_source else "claim"
    return f"target: {target}, known from its {told}; the choice itself is not logged"


def _citation(attempt: Attempt, case: Case, *kinds: str) -> str:
    for kind in kinds:
        found = next((c for c in attempt.citations if c.what == kind), None)
        if found is not None:
            return words.place(found.provenance, case)
    return ""


def _pass(schedule: Pass, case: Case) -> Iterator[Block]:
    start = words.place(schedule.citations[0].provenance, case) if schedule.citations else ""
    considered = "not logged" if schedule.hosts_considered is None else str(schedule.hosts_considered)
    yield say(
        f"scheduled by {schedule.scheduler_node or '?'} at {words.clock(schedule.started_us)}; hosts considered: {considered}  {start}"
    )
    if schedule.ignored:
        yield say(f"excluded by the request: {', '.join(schedule.ignored)}")
    if schedule.outcome == "placement-empty":
        yield say("placement returned no candidate, so no filter ran", "bad")
    if schedule.filters:
        yield table(
            [Column("filter"), Column("hosts in", right=True), Column("left", right=True), Column("removed", whole=False), Column("line")],
            [
                [
                    cell(step.name), cell("?" if step.before is None else step.before),
                    cell(step.after, "warn" if step.before != step.after else ""),
                    cell(_removed(step.before, step.after, None if step.removed is None else [words.host(h) for h in step.removed])),
                    cell(words.place(step.provenance, case)),
                ]
                for step in schedule.filters
            ],
        )  # fmt: skip
    elif schedule.none_came_in:
        yield say(f"no filter ran: {words.none_came_in(schedule)}", "warn")
    elif schedule.outcome != "placement-empty":
        yield say("filter chain: not logged (nova-scheduler without DEBUG)", "warn")
    for rejection in schedule.rejected:
        yield say(f"{rejection.filter_name} on {rejection.host or 'every host'}: {rejection.detail}", "", 1)
    yield from _candidates(schedule)
    for claim in schedule.placement_claims:
        numbers = (
            f": needed {claim.needed:g}, used {claim.used:g}, capacity {claim.capacity:g}"
            if claim.needed is not None
            else ""
        )
        where = words.place(claim.provenance, case)
        yield say(
            f"placement refused {claim.resource_class or 'the claim'} on {words.host(claim.target)}{numbers}  {where}",
            "bad",
        )


def _removed(before: int | None, after: int, removed: list[str] | None) -> str:
    if removed:
        return ", ".join(removed)
    if before is None or before == after:
        return ""
    return f"{before - after}, names not logged"


def _candidates(schedule: Pass) -> Iterator[Block]:
    if not schedule.candidates:
        return
    order = "weighed order" if schedule.weighed else "not weighed"
    yield say(
        f"{words.count(len(schedule.candidates), 'candidate')} ({order}; free as this scheduler saw it; Nova prints no free vCPU here):"
    )
    yield table(
        [Column("candidate"), Column("free RAM", right=True), Column("free disk", right=True), Column("io_ops", right=True),
         Column("VMs", right=True), Column("weight", right=True)],
        [
            [
                cell(words.host(c.host)), cell(words.amount(c.free_ram_mb, "MB")), cell(words.amount(c.free_disk_mb, "MB")),
                cell(c.io_ops), cell(c.instances), cell(None if c.weight is None else f"{c.weight:.10g}"),
            ]
            for c in schedule.candidates[:_CANDIDATES_SHOWN]
        ],
    )  # fmt: skip
    if len(schedule.candidates) > _CANDIDATES_SHOWN:
        yield say(f"… and {len(schedule.candidates) - _CANDIDATES_SHOWN} more (all of them with -f json)", "dim")


def _claim(attempt: Attempt, case: Case, *, live: bool) -> Iterator[Block]:
    claim = attempt.claim
    if attempt.selected is None:
        return
    if attempt.check is not None:
        yield say(f"the check before the move failed there: {attempt.check}", "bad")
        return
    if claim is None or claim.granted is None:
        why = "; a live migration is not claimed but for NUMA cells" if live else ""
        yield say(
            f"claim: no line of nova-compute on {words.host(attempt.selected)} tells of one{why}",
            "dim" if live else "warn",
        )
        return
    where = words.place(claim.citations[-1].provenance, case) if claim.citations else ""
    for resource in claim.resources:
        name = NAMES[resource.resource]
        limit = (
            "no limit: nothing protects it" if resource.unlimited else f"limit {resource.limit}, free {resource.free}"
        )
        yield say(f"claim saw {name}: total {resource.total}, used {resource.used}, {limit}", "", 1)
    yield say(_claim_sentence(claim, where), "good" if claim.granted else "bad")


def _claim_sentence(claim: Claim, where: str) -> str:
    if claim.granted:
        return f"claim granted at {words.clock(claim.when_us)}  {where}"
    reasons = "; ".join(claim.reasons) or "the log gives no reason"
    return f"claim REFUSED at {words.clock(claim.when_us)}: {reasons}  {where}"


def _outcome(m: Migration, case: Case) -> Iterator[Block]:
    state = f"; the VM is {m.instance_state.upper()}" if m.instance_state else ""
    if m.instance_state == "resized" and m.closing is None:
        state += ", to be confirmed or reverted"
    stage = f"; stage: {m.stage} ({words.STAGES.get(m.stage, m.stage)})" if m.stage else ""
    if words.by_api(m):
        stage = f"; {words.by_api(m)}"
    yield say(f"{words.outcome(m)}{stage}{state}", words.outcome_tone(m.outcome))
    if m.watch is not None:
        yield say(words.resting(m.watch, m.action), "dim")
    if m.outcome == "unknown":
        yield say(
            "no line of this evidence tells how it ended; the nova-compute logs of target and source would",
            "warn",
        )
    if m.fault:
        yield say(f"fault: {m.fault}")
    where = _cite(m, case, *(_SUCCESSES if m.outcome == "succeeded" else _FAILURES))
    if where:
        yield say(f"told by {where}", "dim")
    if m.closing is not None:
        yield say(_closed(m, m.closing, case))


def _closed(m: Migration, closing: Closing, case: Case) -> str:
    """What came after the move: where the VM is may be another place than its target."""
    back = f", back to {words.host(m.source)}" if closing.kind == "reverted" else ""
    return f"then {closing.kind}{back} at {words.clock(closing.when_us)}  {words.place(closing.provenance, case)}"


def _why_not(why: WhyNot, case: Case) -> Iterator[Block]:
    told: dict[tuple[str, str], list[WhyNotAnswer]] = {}
    for answer in why.answers:
        told.setdefault((answer.sentence, answer.basis), []).append(answer)
    several = len({(answer.request_id, answer.attempt) for answer in why.answers}) > 1
    for (sentence, basis), answers in told.items():
        of = f"{', '.join(f'{a.action} attempt {a.attempt}' for a in answers[:_ANSWERS])}: " if several else ""
        more = f" (and {len(answers) - _ANSWERS} more passes alike)" if len(answers) > _ANSWERS else ""
        yield say(f"{of}{sentence} [{basis}]{more}")
        yield from _cited([c for answer in answers for c in answer.citations], case)
    if not told:
        yield say(f"{why.sentence} [{why.basis}]")
        yield from _cited(why.citations, case)


def _cited(citations: Iterable[Citation], case: Case) -> Iterator[Block]:
    places = list(dict.fromkeys(words.place(c.provenance, case) for c in citations))
    more = f", and {len(places) - _ANSWERS} more" if len(places) > _ANSWERS else ""
    if places:
        yield say(", ".join(places[:_ANSWERS]) + more, "dim", 1)
