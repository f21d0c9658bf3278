"""How an action ended, at which stage it failed, and what became of the VM, as far as the logs say.

There is no line "migration finished" for a cold migration in any release. The driver says that the guest runs; and the last
step of finish_resize tells the scheduler of the host's new VM (nova/compute/manager.py ``_finish_resize_helper``,
``_update_scheduler_instance_info``, Kilo and later), which the scheduler logs under the request's id. Without either,
success is inferred: the last claim was granted, the move began, nothing failed under the request, and what would have told
of a failure goes on for longer than such moves take here (see ``watching``).
"""

from __future__ import annotations

from dataclasses import dataclass

from novatrace.analysis.attempts import Draft
from novatrace.analysis.requests import Request
from novatrace.model import http_status
from novatrace.model.event import Event
from novatrace.model.migration import HostNode

_FAILURES = (
    "task-failed", "vm-state-error", "instance-state-set", "reschedule-failed", "rebuild-failed", "live-failed",
    "no-valid-host", "deleted-meanwhile", "boot-aborted",
)  # fmt: skip
#: The kinds of lines that tell of an action's success.
SUCCESSES = {
    "migrate": ("guest-running", "finish-migration-done", "host-instances-updated"),
    "resize": ("guest-running", "finish-migration-done", "host-instances-updated"),
    "unknown": ("finish-migration-done",),
    "live-migrate": ("live-migration-done",),
    "evacuate": ("guest-running", "host-instances-updated"),
    "rebuild": ("guest-running", "host-instances-updated"),
    "unshelve": ("guest-running", "instance-spawned", "spawn-took", "host-instances-updated"),
    "create": ("boot-took", "instance-spawned", "spawn-took"),
}
# Of a live migration, whose hosts failed the check one after the other (nova/conductor/tasks/live_migrate.py).
_MOST_TRIES = "Exceeded max scheduling retries"


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of an action: see ``model.migration.Migration`` for the words; ``told``: the line that tells of a success."""

    outcome: str
    basis: str | None
    state: str | None
    stage: str | None
    fault: str | None
    told: Event | None = None


#: How a move ended of which nothing tells, and which somebody would have told of had it failed.
INFERRED = Ending("succeeded", "inferred", None, None, None)
#: How a live migration ended of which nothing tells, and of which the API accepted an abort: that may have come too late.
ABORTED = Ending("failed", "inferred", None, "unknown", "aborted (DELETE of the migration, which the API accepted)")


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What later lines tell of the VM: ``confirmed``, ``reverted`` and its state then, the operator's word."""

    confirmed: bool = False
    reverted: bool = False
    closed_state: str | None = None
    operator_state: str | None = None


def judge(
    request: Request,
    instance_uuid: str | None,
    action: str,
    drafts: list[Draft],
    aftermath: Aftermath,
    status: int | None,
) -> Ending:
    """How an action ended."""
    mine = [e for e in request.events if e.instance_uuid in (None, instance_uuid) or instance_uuid is None]
    failures = [e for e in mine if (e.kind in _FAILURES or _errored(e)) and not e.inherited]
    failures = _not_recovered(failures, drafts)
    if failures or http_status.refused(status) or _nowhere(drafts):
        return Ending(
            "failed",
            "observed",
            _failed_state(mine, aftermath),
            _stage(drafts, failures),
            _fault(mine, drafts, failures),
        )
    if aftermath.confirmed or aftermath.reverted:
        return Ending("succeeded", "observed", aftermath.closed_state, None, None)
    done = [e for e in mine if e.kind in SUCCESSES.get(action, ())]
    if done and (not drafts or drafts[-1].claim is None or drafts[-1].claim.claim.granted is not False):
        return Ending("succeeded", "observed", _reached_state(action, mine), None, None, done[0])
    if aftermath.operator_state == "error":
        return Ending("failed", "observed", "error", _stage(drafts, []) if drafts else "unknown", None)
    # An API that breaks off says nothing of what it had begun: until Train it waits for the conductor, which goes on.
    if http_status.broken(status) and not drafts:
        return Ending("failed", "inferred", None, "unknown", _fault(mine, drafts, []))
    return Ending("unknown", None, None, None, None)


def _reached_state(action: str, events: list[Event]) -> str:
    if action in ("migrate", "resize"):
        return "resized"
    brought = (str(e.values["state"]).lower() for e in events if e.kind == "state-brought-back" and not e.inherited)
    return next(brought, "active")


def _errored(event: Event) -> bool:
    """True for the target's line that sets the VM to ERROR for want of resources."""
    return event.kind == "resources-unavailable" and event.values.get("where") == "vm-state"


def _not_recovered(failures: list[Event], drafts: list[Draft]) -> list[Event]:
    """Failures that a later attempt did not make good: after a reschedule the next target's grant counts."""
    if len(drafts) < 2 or drafts[-1].claim is None or not drafts[-1].claim.claim.granted:  # noqa: PLR2004 - a second try
        return failures
    granted_us = drafts[-1].claim.claim.when_us
    lasting = ("task-failed", "vm-state-error", "reschedule-failed", "deleted-meanwhile")
    return [
        e
        for e in failures
        if e.kind in lasting or _errored(e) or granted_us is None or e.when_us is None or e.when_us >= granted_us
    ]


def _nowhere(drafts: list[Draft]) -> bool:
    """True when the last pass left no target and nothing was sent anywhere after it."""
    return bool(drafts) and drafts[-1].found_nobody


def went_on(events: list[Event], drafts: list[Draft]) -> bool:
    """True where the last claim was granted and the move began."""
    claim = drafts[-1].claim if drafts else None
    granted = claim is not None and claim.claim.granted is True
    moved = ("move-started", "migrate-disk-start", "cross-cell-finish")
    return granted and (alone(events) or any(e.kind in moved for e in events))


def alone(events: list[Event]) -> bool:
    """True where only the target can tell of a failure: an evacuated VM's source is down, an unshelved one has none."""
    return any(e.kind in ("rebuild-start", "unshelve-start") for e in events)


def _failed_state(events: list[Event], aftermath: Aftermath) -> str | None:
    """ERROR on the compute side outlasts what the conductor set before it."""
    kinds = {e.kind for e in events}
    if (
        kinds & {"vm-state-error", "boot-aborted"}
        or any(_errored(e) for e in events)
        or aftermath.operator_state == "error"
    ):
        return "error"
    for event in reversed(events):
        if event.kind in ("instance-state-set", "vm-state-restored") and event.values.get("state"):
            return str(event.values["state"]).lower()
    return None


def _stage(drafts: list[Draft], failures: list[Event]) -> str:
    refused = [d for d in drafts if d.claim is not None and d.claim.claim.granted is False]
    reasons = [r.lower() for d in refused if d.claim is not None for r in d.claim.claim.reasons]
    if any("group" in reason and ("policy" in reason or "check" in reason) for reason in reasons):
        return "affinity"
    last = drafts[-1] if drafts else None
    if any(_MOST_TRIES in str(e.values) for e in failures):
        return "retries-exhausted"
    if refused and (last in refused or _emptied_by_retry(last)):
        return "retries-exhausted" if len(refused) > 1 else "claim-refused"
    if last is not None and last.claim is not None and last.claim.claim.granted:
        return "after-claim"
    if last is not None and last.schedule is not None and last.schedule.outcome in (
        "placement-empty", "filtered-out", "placement-conflict",
    ):  # fmt: skip
        return last.schedule.outcome
    return "after-claim" if any(e.kind == "live-failed" for e in failures) else "unknown"


def _emptied_by_retry(last: Draft | None) -> bool:
    """True when a new pass only lost the hosts that had refused before."""
    if last is None or last.selected is not None or last.schedule is None:
        return False
    emptied = [step for step in last.schedule.filters if step.after == 0]
    return bool(emptied) and emptied[0].name == "RetryFilter"


def _fault(events: list[Event], drafts: list[Draft], failures: list[Event]) -> str | None:
    reasons = [r for d in drafts if d.claim and d.claim.claim.granted is False for r in d.claim.claim.reasons]
    if reasons:
        return f"Insufficient compute resources: {reasons[-1]}"
    for kind, key in (
        ("vm-state-error", "detail"),
        ("live-failed", "detail"),
        ("deleted-meanwhile", "detail"),
        ("task-failed", "reason"),
        ("boot-aborted", "reason"),
        ("api-fault", "reason"),
    ):
        for event in reversed([*failures, *events]):
            if event.kind == kind and event.values.get(key):
                return _once(_raised(event) or str(event.values[key]).split("\n", 1)[0])
    return None


def _raised(event: Event) -> str | None:
    """The API's answer to what it did not expect, with what that was in place of where to report it."""
    raised = event.values.get("exception") if event.kind == "api-fault" else None
    return f"{str(event.values['reason']).split('.', 1)[0]}: {raised}" if raised else None


def _once(fault: str) -> str:
    """A fault without the exception that oslo.log appends to the line of it, where that says the same again."""
    text, named, appended = fault.partition(": nova.exception.")
    return text if named and appended.partition(": ")[2] == text else fault


def target_of(drafts: list[Draft]) -> HostNode | None:
    """The last target tried."""
    return next((draft.selected for draft in reversed(drafts) if draft.selected is not None), None)
