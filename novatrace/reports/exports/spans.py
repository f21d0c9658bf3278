"""A request as spans, for formats of tracing tools: the move, each service that logged it, and each run of the scheduler.

A span reaches from the first to the last line that is known of it; nothing is made up between. What has no time is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from novatrace.model.case import Case
from novatrace.model.evidence import Provenance
from novatrace.model.migration import Attempt, Claim, Migration, Pass, PlacementClaim
from novatrace.reports.neutralise import neutral

Value = str | int | float | bool | tuple[str, ...]
Track = tuple[str, str]
_UNKNOWN = "unknown"
_STATUS = {"succeeded": True, "failed": False}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something at one time within a span."""

    when_us: int
    name: str
    attributes: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of work.

    Attributes:
        key: tells it from the other spans of its move.
        parent: the key of the span that it is a part of; None for the move itself.
        service, node: who did it, as logged.
        good: False for failed, True for done, None where that is not known.
    """

    key: str
    parent: str | None
    name: str
    service: str
    node: str
    start_us: int
    end_us: int
    attributes: dict[str, Value]
    moments: tuple[Moment, ...] = ()
    good: bool | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """A move: its number in the case, and its spans, the move itself first."""

    number: int
    migration: Migration
    spans: tuple[Span, ...]


def traces(case: Case) -> Iterator[Trace]:
    """Every move of which a time is known."""
    for number, migration in enumerate(case.migrations):
        spans = tuple(_spans(migration, case))
        if spans:
            yield Trace(number, migration, spans)


def _spans(m: Migration, case: Case) -> Iterator[Span]:
    moments = _moments(m, case)
    passes = [span for a in m.attempts if a.schedule for span in _pass(a, a.schedule)]
    times: dict[Track, list[int]] = {track: [each.when_us for each in found] for track, found in moments.items()}
    for span in passes:
        times.setdefault((span.service, span.node), []).extend((span.start_us, span.end_us))
    known = [when for found in times.values() for when in found]
    if m.accepted_us is not None:
        known.append(m.accepted_us)
    if not known:
        return
    name = neutral(f"{m.action} {m.instance_uuid or m.request_id or ''}".strip())
    message = neutral(m.fault or m.stage or "") if m.outcome == "failed" else ""
    yield Span(
        "move", None, name, "nova", "", min(known), max(known), _of_move(m), good=_STATUS.get(m.outcome), message=message
    )  # fmt: skip
    for track, found in sorted(times.items(), key=lambda item: (min(item[1]), item[0])):
        service, node = track
        happened = tuple(sorted(moments.get(track, ()), key=lambda each: each.when_us))
        yield Span(_key(track), "move", f"{service} {node}", service, node, min(found), max(found), {}, happened)
    yield from passes


def _key(track: Track) -> str:
    return "service " + " ".join(track)


def _moments(m: Migration, case: Case) -> dict[Track, list[Moment]]:
    """Steps and claims of a move, by who logged them."""
    found: dict[Track, list[Moment]] = {}
    told: dict[Provenance, Track] = {}
    for step in m.timeline:
        track = (step.service or _UNKNOWN, neutral(step.node or _UNKNOWN))
        told[step.provenance] = track
        if step.when_us is not None:
            moment = Moment(step.when_us, neutral(step.text), _place(step.provenance, case))
            found.setdefault(track, []).append(moment)
    for attempt in m.attempts:
        claim = attempt.claim
        if claim is not None and claim.when_us is not None:
            found.setdefault(_claimed_by(claim, attempt, told), []).append(_claim(claim, claim.when_us, case))
    return found


def _claimed_by(claim: Claim, attempt: Attempt, told: dict[Provenance, Track]) -> Track:
    known = next((told[c.provenance] for c in claim.citations if c.provenance in told), None)
    host = claim.node or (attempt.selected.host if attempt.selected else _UNKNOWN)
    return known or ("nova-compute", neutral(host))


def _claim(claim: Claim, when_us: int, case: Case) -> Moment:
    name = {True: "claim granted", False: "claim refused", None: "claim"}[claim.granted]
    attributes: dict[str, Value] = {"novatrace.reasons": tuple(neutral(reason) for reason in claim.reasons)}
    for resource in claim.resources:
        limit = "unlimited" if resource.unlimited else _amount(resource.limit)
        attributes[f"novatrace.claim.{neutral(resource.resource)}"] = (
            f"total {_amount(resource.total)}, used {_amount(resource.used)}, limit {limit}"
        )
    if claim.citations:
        attributes |= _place(claim.citations[-1].provenance, case)
    return Moment(when_us, name, attributes)


def _amount(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.15g}"


def _place(where: Provenance, case: Case) -> dict[str, Value]:
    return {"log.file.path": neutral(case.evidence[where.evidence_id].place), "log.file.line": where.line_no}


def _of_move(m: Migration) -> dict[str, Value]:
    last = m.attempts[-1].selected if m.attempts else None
    known = {
        "nova.instance_uuid": m.instance_uuid,
        "nova.request_id": m.request_id,
        "nova.global_request_id": m.global_request_id,
        "nova.action": m.action,
        "nova.user_id": m.user_id,
        "nova.project_id": m.project_id,
        "nova.source_host": m.source.host if m.source else None,
        "nova.target_host": last.host if last else None,
        "novatrace.outcome": m.outcome,
        "novatrace.outcome_basis": m.outcome_basis,
        "novatrace.stage": m.stage,
        "novatrace.instance_state": m.instance_state,
    }
    attributes: dict[str, Value] = {name: neutral(value) for name, value in known.items() if value is not None}
    return attributes | {"novatrace.attempts": len(m.attempts)}


def _pass(attempt: Attempt, schedule: Pass) -> Iterator[Span]:
    known = [when for when in (schedule.started_us, schedule.ended_us, schedule.selected_us) if when is not None]
    if not known:
        return
    node = neutral(schedule.scheduler_node or _UNKNOWN)
    target = schedule.selected or attempt.selected
    name = f"pass {attempt.number}: {neutral(target.host) if target else schedule.outcome}"
    filters = tuple(
        f"{neutral(step.name)}: {_UNKNOWN if step.before is None else step.before} → {step.after}"
        for step in schedule.filters
    )
    attributes: dict[str, Value] = {
        "novatrace.outcome": attempt.outcome,
        "novatrace.pass_outcome": schedule.outcome,
        "novatrace.filters": filters,
        "novatrace.links": tuple(f"{link.what}: {link.tier}" for link in attempt.links),
    }
    if schedule.hosts_considered is not None:
        attributes["novatrace.hosts_considered"] = schedule.hosts_considered
    moments = tuple(
        _placement(claim, claim.when_us) for claim in schedule.placement_claims if claim.when_us is not None
    )
    times = known + [moment.when_us for moment in moments]
    yield Span(
        f"pass {attempt.number}", _key(("nova-scheduler", node)), name, "nova-scheduler", node, min(times), max(times),
        attributes, moments,
    )  # fmt: skip


def _placement(claim: PlacementClaim, when_us: int) -> Moment:
    place = claim.target.host if claim.target else claim.provider_uuid or _UNKNOWN
    attributes: dict[str, Value] = {"novatrace.target": neutral(place)}
    if claim.resource_class is not None:
        attributes["novatrace.resource_class"] = neutral(claim.resource_class)
        attributes["novatrace.amounts"] = (
            f"needed {_amount(claim.needed)}, used {_amount(claim.used)}, capacity {_amount(claim.capacity)}"
        )
    return Moment(when_us, "placement claim granted" if claim.granted else "placement claim refused", attributes)
