"""What ended a migration's double hold: confirmed, reverted, or the VM deleted; and live migrations that are to be aborted.

A cold migration or resize holds its claim on the target and its old room on the source until it is confirmed (the source
lets go) or reverted (the target does).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from novatrace.analysis.actions import other_action, posts
from novatrace.analysis.requests import Request
from novatrace.model import http_status
from novatrace.model.event import Event
from novatrace.model.migration import Closing

_BODIES = {"confirmResize": "confirmed", "revertResize": "reverted", "forceDelete": "deleted"}
# nova/api/openstack/compute/servers.py: confirmResize alone answers an action with 204.
_CONFIRMED = 204
_STATES = ("confirm-powered-off", "state-updated")
_OF_COMPUTE = {
    "confirm-start": "confirmed",
    "confirm-auto": "confirmed",
    "finish-revert-start": "reverted",
    "finish-revert-done": "reverted",
    "source-allocation-swapped": "reverted",
}
# A target that refuses or fails a move swaps the allocations back as well, under the move's own request
# (nova/compute/manager.py ``_revert_allocation`` from ``prep_resize``).
_OF_A_MOVE = (
    "stash-state", "claim-attempt", "claim-granted", "claim-refused", "resources-unavailable", "reschedule", "reschedule-failed",
    "vm-state-error", "task-failed", "move-dispatch", "move-started", "schedule-start",
)  # fmt: skip


def of_request(request: Request) -> Iterator[tuple[str, Closing]]:
    """The closings of VMs that a request tells of; one that the API refused is none."""
    kind, accepted = _of_api(request)
    if kind is not None and accepted is not None:
        uuid = next((e.values["server_uuid"] for e in request.of("api-request") if e.values.get("server_uuid")), None)
        uuid = uuid or next((e.instance_uuid for e in request.events if e.instance_uuid), None)
        if uuid is not None:
            yield str(uuid), _closing(kind, [accepted, *request.of(*_OF_COMPUTE)], _state(request, str(uuid)))
        return
    if kind is None:
        by_vm: dict[tuple[str, str], list[Event]] = defaultdict(list)
        moving = request.has(*_OF_A_MOVE)
        for event in request.of(*_OF_COMPUTE):
            if moving and event.kind == "source-allocation-swapped":
                continue
            uuid = event.instance_uuid or event.values.get("instance_uuid")
            if uuid:
                by_vm[str(uuid), _OF_COMPUTE[event.kind]].append(event)
        yield from ((uuid, _closing(kind, events, _state(request, uuid))) for (uuid, kind), events in by_vm.items())


def _closing(kind: str, events: list[Event], state: str | None) -> Closing:
    times = [event.when_us for event in events if event.when_us is not None]
    return Closing(kind, min(times, default=0), max(times, default=0), events[0].provenance, state)


def _state(request: Request, uuid: str) -> str | None:
    """What became of a VM that is confirmed or reverted.

    The host that confirms names the state only of a VM that is powered off (nova/compute/manager.py ``_confirm_resize``),
    at DEBUG, as it says that it begins: where it says the one and not the other, the VM runs.
    """
    mine = [e for e in request.of(*_STATES, "confirm-start") if e.instance_uuid in (None, uuid)]
    told = next((str(e.values["state"]).lower() for e in mine if e.kind in _STATES and e.values.get("state")), None)
    return told or ("active" if any(e.kind == "confirm-start" for e in mine) else None)


def _of_api(request: Request) -> tuple[str | None, Event | None]:
    """What the API's own lines say, or ("", None) when it refused."""
    answers = [e for e in request.of("api-request") if posts(e)]
    if any(not http_status.accepted(e.values["status"]) for e in answers):
        return "", None
    kind = _BODIES.get(other_action(request) or "")
    if kind is not None:
        return kind, request.of("action-body")[0]
    bodies = request.has("action-body")
    confirmed = next((e for e in answers if e.values["status"] == _CONFIRMED and not bodies), None)
    if confirmed is not None:
        return "confirmed", confirmed
    for event in request.of("api-request"):
        if _deletes(event):
            return "deleted", event
        if _aborts(event):
            return "aborted", event
    return None, None


def _aborts(event: Event) -> bool:
    """``DELETE …/servers/VM/migrations/ID``: a live migration is to be aborted (microversion 2.24, Mitaka and later)."""
    path = str(event.values.get("uri", "")).split("?", 1)[0].rstrip("/")
    of_vm = event.values.get("server_uuid") and f"{event.values['server_uuid']}/migrations/" in path
    return bool(of_vm) and event.values.get("method") == "DELETE" and http_status.accepted(event.values["status"])


def _deletes(event: Event) -> bool:
    path = str(event.values.get("uri", "")).split("?", 1)[0].rstrip("/")
    whole = bool(event.values.get("server_uuid")) and path.endswith(str(event.values["server_uuid"]))
    return whole and event.values.get("method") == "DELETE" and http_status.accepted(event.values["status"])
