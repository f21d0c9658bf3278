"""The attempts of an action as the model has them: what each asked for, when its fate was known, how it ended."""

from __future__ import annotations

from novatrace.analysis import outcomes
from novatrace.analysis.attempts import Draft, ended_us
from novatrace.analysis.demand import Demands
from novatrace.analysis.requests import Request
from novatrace.model.migration import Attempt

_ATTEMPT_OUTCOME = {
    "placement-empty": "no-valid-host",
    "filtered-out": "no-valid-host",
    "placement-conflict": "placement-conflict",
}
# From Rocky the conductor goes on to the alternates of these without the scheduler.
_TRIES_ALTERNATES = ("migrate", "resize", "create", "unknown")


def attempt(  # noqa: PLR0913 - all that a try is told by
    number: int,
    draft: Draft,
    drafts: list[Draft],
    ending: outcomes.Ending,
    uuid: str | None,
    request: Request,
    demands: Demands,
    action: str,
) -> Attempt:
    """One of the ``drafts`` of an action that ended so."""
    claim = draft.claim.claim if draft.claim else None
    demand, basis = demands.of(request, uuid, claim)
    last = draft is drafts[-1]
    return Attempt(
        number=number,
        schedule=draft.schedule,
        selected=draft.selected,
        alternates=draft.alternates,
        selected_us=draft.selected_us,
        stamp=draft.stamp,
        dispatched_us=draft.dispatched_us,
        ended_us=ended_us(draft, request, uuid, failed=last and ending.outcome == "failed"),
        demand=demand,
        demand_basis=basis,
        claim=claim,
        outcome=_outcome(draft, ending, action, last=last),
        links=tuple(draft.links),
        citations=tuple(draft.citations),
        check=str(draft.skipped.values["reason"]) if draft.skipped else None,
    )


def _outcome(draft: Draft, ending: outcomes.Ending, action: str, *, last: bool) -> str:
    if draft.selected is None:
        return _ATTEMPT_OUTCOME.get(draft.schedule.outcome, "unknown") if draft.schedule else "unknown"
    if draft.claim is not None and draft.claim.claim.granted is False:
        return "claim-refused"
    if draft.skipped is not None:
        return "failed"
    if not last:
        return "failed" if draft.claim is not None else "unknown"
    if ending.outcome == "succeeded" and draft.dispatch is None and draft.claim is None and action in _TRIES_ALTERNATES:
        # Without the conductor's lines and the target's nobody knows of an alternate that took the VM instead.
        return "unknown"
    return ending.outcome
