"""Why a host was not chosen, pass by pass: what removed it, the rank that it had, or that it was never considered.

A name in the pass's own lists is observed; what follows from the difference of two lists or counts of one pass is
computed; where the hosts that came in are known from the rest of the logs alone, the answer is inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from novatrace.analysis.movements import AMOUNTS
from novatrace.analysis.why_filters import narrowed
from novatrace.model.capacity import View
from novatrace.model.migration import Attempt, Citation, HostNode, Migration, Pass, PlacementClaim
from novatrace.model.subject import Subject, WhyNot, WhyNotAnswer

_STRENGTH = {"observed": 0, "computed": 1, "inferred": 2, "assumed": 3}
_UNITS = {"vcpus": ("vCPU", ""), "ram_mb": ("RAM", " MB"), "disk_gb": ("disk", " GB")}
_Part = tuple[str, str, tuple[Citation, ...]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The host that was asked about, by either of its names, and what the logs say of it beside the passes."""

    name: str
    views: tuple[View, ...]
    known: frozenset[str]
    sought: bool

    def is_(self, place: HostNode | None) -> bool:
        """True when a place is this host."""
        return place is not None and self.name in (place.host, place.node)


def why_not(subject: Subject, host: str, views: Iterable[View] | None = None) -> WhyNot:
    """The answers over all passes of the subject, with the weakest basis among them.

    ``views``: all that the logs tell of hosts; without them the passes alone are looked at.
    """
    told = tuple(views or ())
    own = tuple(view for view in told if host in (view.target.host, view.target.node))
    asked = _Asked(host, own, frozenset(view.target.host for view in told), views is not None)
    answers = tuple(
        WhyNotAnswer(m.action, m.instance_uuid, m.request_id, a.number, *part)
        for m in subject.migrations
        for a in m.attempts
        for part in _of_attempt(m, a, asked)
    )
    if not answers:
        text = f"{host}: no scheduler pass of it is in these logs, so they do not say why another host was taken."
        citations = tuple(c for m in subject.migrations for c in m.citations[:1])
        return WhyNot(host, text, "observed", citations)
    sentence = " ".join(dict.fromkeys(answer.sentence for answer in answers))
    basis = max((answer.basis for answer in answers), key=lambda word: _STRENGTH[word])
    citations = tuple(dict.fromkeys(c for answer in answers for c in answer.citations))
    return WhyNot(host, sentence, basis, citations, answers)


def _of_attempt(migration: Migration, attempt: Attempt, asked: _Asked) -> Iterator[_Part]:
    if asked.is_(attempt.selected):
        yield f"{asked.name} was chosen (attempt {attempt.number}).", "observed", attempt.citations[:1]
    elif attempt.schedule is not None:
        yield _of_pass(migration, attempt, attempt.schedule, asked)
    else:
        yield _without_pass(migration, attempt, asked)


def _without_pass(migration: Migration, attempt: Attempt, asked: _Asked) -> _Part:
    """An alternate, or a scheduler that logs nothing at INFO."""
    offered = next((a.alternates for a in migration.attempts if a.number < attempt.number and a.alternates), ())
    rank = next((n for n, place in enumerate(offered, 1) if asked.is_(place)), None)
    if rank is not None:
        text = f"{asked.name} was alternate {rank} of {len(offered)}; attempt {attempt.number} took another of them."
        return text, "observed", attempt.citations[:1]
    if offered:
        text = f"Attempt {attempt.number} took an alternate of an earlier pass, and {asked.name} is not among the {len(offered)}."
        return text, "observed", attempt.citations[:1]
    text = f"Attempt {attempt.number} has no scheduler pass of its own in the logs (an alternate, or no DEBUG)."
    return text, "observed", attempt.citations[:1]


def _of_pass(migration: Migration, attempt: Attempt, schedule: Pass, asked: _Asked) -> _Part:
    refused = next((c for c in schedule.placement_claims if asked.is_(c.target)), None)
    ranked = next((n for n, c in enumerate(schedule.candidates, 1) if asked.is_(c.host)), None)
    if ranked is not None:
        return _ranked(schedule, asked, ranked, refused)
    if refused is not None:
        return f"Placement refused the claim on {asked.name}{_short(refused)}.", "observed", _claim_line(refused)
    for rejection in schedule.rejected:
        if rejection.host == asked.name:
            where = (Citation(rejection.provenance, rejection.filter_name),)
            return f"{rejection.filter_name} removed {asked.name}: {rejection.detail.rstrip('. ')}.", "observed", where
    return _by_request(schedule, asked) or _by_filters(migration, attempt, schedule, asked)


def _ranked(schedule: Pass, asked: _Asked, rank: int, refused: PlacementClaim | None) -> _Part:
    host, count = asked.name, len(schedule.candidates)
    weighed = _lines(schedule, "hosts-weighed" if schedule.weighed else "hosts-filtered")
    if not schedule.weighed:
        text = f"{host} passed all filters; how it was weighed is not logged"
    else:
        own, first = schedule.candidates[rank - 1].weight, schedule.candidates[0]
        against = f" against {first.weight:g} of {first.host.host}" if first.weight is not None and rank > 1 else ""
        scored = f" with weight {own:g}{against}" if own is not None else ""
        text = f"{host} passed all filters and was weighed {rank} of {count}{scored}"
    if refused is not None:
        return f"{text}; placement then refused the claim on it{_short(refused)}.", "observed", _claim_line(refused)
    taken = schedule.selected
    better = next((n for n, c in enumerate(schedule.candidates, 1) if c.host == taken), None)
    if schedule.weighed and taken is not None and better is not None and better > rank:
        text += f"; {taken.host}, weighed {better}, was taken (host_subset_size above 1, or a claim refused before it)"
    return f"{text}.", "observed", weighed


def _short(claim: PlacementClaim) -> str:
    if claim.resource_class is None:
        return ""
    if claim.needed is None or claim.used is None or claim.capacity is None:
        return f" for want of {claim.resource_class}"
    return f" for want of {claim.resource_class} (needed {claim.needed:g}, used {claim.used:g} of {claim.capacity:g})"


def _claim_line(claim: PlacementClaim) -> tuple[Citation, ...]:
    return (Citation(claim.provenance, "placement refusal"),)


def _by_request(schedule: Pass, asked: _Asked) -> _Part | None:
    """What the request itself excluded: ignored hosts, or all but those that it forces."""
    if asked.name in schedule.ignored:
        text = f"{asked.name} was excluded by the request itself (a move ignores its source, a retry the hosts that failed)."
        return text, "observed", _lines(schedule, "hosts-ignored")
    if schedule.limited_to and asked.name not in schedule.limited_to:
        text = f"The request allowed {', '.join(schedule.limited_to)} alone, so {asked.name} was never considered."
        return text, "observed", _lines(schedule, "hosts-forced", "nodes-forced", "host-required")
    demanded = next((r for r in schedule.rejected if r.host is None), None)
    if demanded is not None and not schedule.filters:
        text = f"No host matched the {demanded.detail.rstrip('. ')}, which the request demanded; no filter ran."
        return text, "observed", (Citation(demanded.provenance, demanded.filter_name),)
    return None


def _by_filters(migration: Migration, attempt: Attempt, schedule: Pass, asked: _Asked) -> _Part:
    """The host is in no list of those that passed."""
    host, number = asked.name, attempt.number
    if schedule.outcome == "placement-empty":
        text = f"Placement offered no candidate at all in attempt {number}{_no_room(attempt, schedule, asked)}."
        return text, "observed", _lines(schedule, "placement-empty")
    if schedule.none_came_in:
        left = (
            f"excluded {', '.join(schedule.ignored)}"
            if schedule.ignored
            else f"allowed {', '.join(schedule.limited_to)} alone"
        )
        text = f"The request {left}, and no other host came in, so {host} was never considered: {_outside(attempt, schedule, asked)}."
        return text, "observed", _lines(schedule, "hosts-filtered")
    if not schedule.filters and not schedule.candidates:
        text = f"Attempt {number}: the filter chain is not logged (nova-scheduler without DEBUG)."
        return text, "observed", schedule.citations[-1:]
    found = narrowed(schedule, asked.name, _tried(migration, attempt, asked), asked.known)
    if found.never_considered:
        text = f"{found.text}, so {host} was never considered: {_outside(attempt, schedule, asked)}."
        return text, found.basis, found.citations
    unnamed = (
        ""
        if asked.views or not asked.sought or found.basis != "inferred"
        else f" No line of these logs tells of a host {host}."
    )
    return f"{found.text}.{unnamed}", found.basis, found.citations


def _tried(migration: Migration, attempt: Attempt, asked: _Asked) -> int | None:
    """The earlier attempt of the same request that went to the host."""
    return next((a.number for a in migration.attempts if a.number < attempt.number and asked.is_(a.selected)), None)


def _outside(attempt: Attempt, schedule: Pass, asked: _Asked) -> str:
    return f"disabled, other cell or aggregate, or not a placement candidate{_no_room(attempt, schedule, asked)}"


def _no_room(attempt: Attempt, schedule: Pass, asked: _Asked) -> str:
    """What the host had free by the newest view before the pass, where that is less than was asked for."""
    when = schedule.started_us
    earlier = [v for v in asked.views if v.when_us is not None and when is not None and v.when_us <= when]
    for name in AMOUNTS:
        need = getattr(attempt.demand, name)
        free = next((f for v in reversed(earlier) if (f := getattr(v.free, name)) is not None), None)
        if need is not None and free is not None and free < need:
            word, unit = _UNITS[name]
            return f" ({asked.name} had {word} {free:g}{unit} free as last logged, asked were {need:g}{unit})"
    return ""


def _lines(schedule: Pass, *kinds: str) -> tuple[Citation, ...]:
    """The lines of these kinds in a pass, else its last one."""
    found = tuple(c for c in schedule.citations if c.what in kinds)
    return found or schedule.citations[-1:]
