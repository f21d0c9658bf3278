"""Why a host was not chosen: what removed it, the rank that it had, or that it was never considered."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.model.migration import Attempt, Citation, Pass
from novatrace.model.subject import Subject, WhyNot

_STRENGTH = {"observed": 0, "computed": 1, "inferred": 2, "assumed": 3}


def why_not(subject: Subject, host: str) -> WhyNot:
    """The answer over all passes of the subject, with the weakest basis of its parts."""
    parts = [part for m in subject.migrations for a in m.attempts for part in _of_attempt(a, host)]
    if not parts:
        text = "no scheduler pass of it is in these logs, so they do not say why another host was taken"
        citations = tuple(c for m in subject.migrations for c in m.citations[:1])
        return WhyNot(host, f"{host}: {text}", "observed", citations)
    sentence = " ".join(dict.fromkeys(text for text, _, _ in parts))
    basis = max((basis for _, basis, _ in parts), key=lambda word: _STRENGTH[word])
    return WhyNot(host, sentence, basis, tuple(dict.fromkeys(c for _, _, listed in parts for c in listed)))


_Part = tuple[str, str, tuple[Citation, ...]]


def _of_attempt(attempt: Attempt, host: str) -> Iterator[_Part]:
    if attempt.selected is not None and host in (attempt.selected.host, attempt.selected.node):
        yield f"{host} was chosen (attempt {attempt.number}).", "observed", attempt.citations[:1]
        return
    schedule = attempt.schedule
    if schedule is None:
        text = f"Attempt {attempt.number} has no scheduler pass of its own in the logs (an alternate, or no DEBUG)."
        yield text, "observed", attempt.citations[:1]
        return
    yield _of_pass(schedule, host, attempt.number)


def _of_pass(schedule: Pass, host: str, number: int) -> _Part:
    last = schedule.citations[-1:]
    for name, filter_name, detail in schedule.rejected:
        if name == host:
            return f"{filter_name} removed {host}: {detail}.", "observed", last
    for step in schedule.filters:
        if step.removed and any(host in (h.host, h.node) for h in step.removed):
            return (
                f"{step.name} removed {host} (from the lists of hosts left).",
                "computed",
                (Citation(step.provenance, step.name),),
            )
    refused = [c for c in schedule.placement_claims if c.target is not None and host in (c.target.host, c.target.node)]
    if refused:
        return (
            f"Placement refused the claim on {host}.",
            "observed",
            (Citation(refused[0].provenance, "placement refusal"),),
        )
    for rank, candidate in enumerate(schedule.candidates, 1):
        if host in (candidate.host.host, candidate.host.node):
            return _ranked(schedule, host, rank, candidate.weight), "observed", last
    if host in schedule.ignored:
        return (
            f"{host} was excluded by the request itself (a cold migration ignores its source).",
            "observed",
            last,
        )
    return _not_listed(schedule, host, number), "inferred", last


def _ranked(schedule: Pass, host: str, rank: int, weight: float | None) -> str:
    first = schedule.candidates[0]
    if not schedule.weighed:
        return f"{host} passed all filters; how it was weighed is not logged."
    against = f" against {first.weight:g} of {first.host.host}" if first.weight is not None and rank > 1 else ""
    scored = f" with weight {weight:g}{against}" if weight is not None else ""
    return f"{host} passed all filters and was weighed {rank} of {len(schedule.candidates)}{scored}."


def _not_listed(schedule: Pass, host: str, number: int) -> str:
    """The host is in no list of the pass: narrowed to the filters that removed anybody."""
    if schedule.outcome == "placement-empty":
        return f"Placement offered no candidate at all in attempt {number}."
    dropped = [s.name for s in schedule.filters if s.before is not None and s.before > s.after and s.removed is None]
    if schedule.hosts_considered is None and schedule.filters:
        dropped.insert(0, f"what came before {schedule.filters[0].name}")
    if dropped:
        return (
            f"{host} is not among the hosts that passed; removed by one of {', '.join(dropped)}, or never considered "
            "(disabled, other cell or aggregate, not a placement candidate): the log gives counts, no names."
        )
    if not schedule.filters and not schedule.candidates:
        return f"Attempt {number}: the filter chain is not logged (nova-scheduler without DEBUG)."
    return (
        f"No filter of this pass removed a host, so {host} was never considered: disabled, other cell or aggregate, or "
        "not a placement candidate."
    )
