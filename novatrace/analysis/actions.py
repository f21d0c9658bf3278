"""What a request asked for: the kind of action, the VM, and how the API answered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from novatrace.analysis.requests import Request
from novatrace.model.event import PLACEMENT, Event

_BODY_ACTIONS = {
    "migrate": "migrate",
    "resize": "resize",
    "os-migrateLive": "live-migrate",
    "evacuate": "evacuate",
    "unshelve": "unshelve",
    "server": "create",
    "rebuild": "rebuild",
}
_OTHER_BODY = "other"
_WORDS = (
    ("migration-assumed", "migrate"),
    ("live-migrate-requested", "live-migrate"),
    ("live-migration-done", "live-migrate"),
    ("pre-live-done", "live-migrate"),
    ("live-post-start", "live-migrate"),
    ("evacuate-requested", "evacuate"),
    ("boot-requested", "create"),
    ("boot-dispatch", "create"),
    ("boot-start", "create"),
    ("boot-took", "create"),
    ("spawn-took", "create"),
    ("spawn-failed", "create"),
    ("unshelve-dispatch", "unshelve"),
    ("unshelve-start", "unshelve"),
)
_TASKS = {"build_instances": "create", "schedule_and_build_instances": "create"}
_EVACUATED = 200
# As oslo.log appends the class of an exception to the line that tells of it.
_LET_OUT = "nova.exception.NoValidHost: "
_NO_HOST = (("for unshelve", "unshelve"), ("for rebuild", "rebuild"), ("for resize", "resize"))
# Said of a live migration alone (nova/exception.py; nova/conductor/tasks/live_migrate.py).
_LIVE = ("migration pre-check error", "during live migration")
_MOVES = (
    "move-dispatch", "move-started", "migrate-disk-start", "finish-migration-start", "migration-allocation", "stash-state",
    "cross-cell-start", "cross-cell-prepare", "cross-cell-finish",
)  # fmt: skip
_PLACES = (
    "host-selected", "hosts-weighed", "filter-result", "filters-exhausted", "placement-empty", "schedule-start",
    "claim-granted", "claim-refused", "claim-attempt",
)  # fmt: skip
_NAMES_INSTANCE = [
    "api-request",
    "migration-assumed",
    "flavor-change",
    "live-migrate-requested",
    "evacuate-requested",
    "schedule-start",
    "move-dispatch",
    "boot-dispatch",
    "claim-attempt",
    "claim-granted",
    "claim-refused",
    "stash-state",
    "boot-start",
    "host-selected",
    "instance-fetched",
    "instance-state-set",
    "filters-exhausted",
    "placement-claim-start",
    "move-started",
    "rebuild-start",
    "unshelve-start",
    "pre-live-done",
    "live-migration-done",
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked for. ``action`` None: not an action that places a VM."""

    action: str | None
    basis: str
    accepted: Event | None
    http_status: int | None
    instance_uuids: tuple[str, ...]


def asked(request: Request) -> Asked:
    """What a request asked for, from the API's words, else from what the other services did."""
    action, basis = _action(request)
    api = [e for e in request.events if e.service in (None, "nova-api")]
    accepted = next((e for e in api if e.kind == "action-body"), None) or next((e for e in api if posts(e)), None)
    status = next((e.values["status"] for e in api if posts(e)), None)
    return Asked(action, basis, accepted, status, _instances(request, action))


def other_action(request: Request) -> str | None:
    """The body's action when it does not place a VM: ``confirmResize``, ``revertResize`` and the like."""
    for event in request.of("action-body"):
        name = str(event.values["action"])
        if name not in _BODY_ACTIONS:
            return name
    return None


def posts(event: Event) -> bool:
    """True for the access line of a call that asks for an action or a new VM."""
    if event.kind != "api-request" or event.values.get("method") != "POST":
        return False
    path = str(event.values.get("uri", "")).split("?", 1)[0]
    return path.endswith(("/action", "/servers"))


def _action(request: Request) -> tuple[str | None, str]:
    bodies = request.of("action-body")
    for event in bodies:
        name, routed = event.values["action"], event.values.get("routing_action")
        if name == "server" and routed not in ("create", None):
            continue
        if name in _BODY_ACTIONS:
            return _BODY_ACTIONS[name], "observed"
    if bodies:
        return None, "observed"
    if any(posts(e) and not e.values.get("server_uuid") for e in request.of("api-request")):
        return "create", "observed"
    for kind, action in _WORDS:
        if request.has(kind):
            return action, "observed"
    for event in request.of("rebuild-start"):
        return ("evacuate" if event.values.get("evacuating") else "rebuild"), "observed"
    return ("live-migrate", "inferred") if _let_out(request) else _inferred(request)


def _let_out(request: Request) -> bool:
    """True where the conductor's RPC server was surprised that a migration found no host.

    Where it migrates cold it declares NoValidHost as expected, which is no ERROR; ``live_migrate_instance`` does not
    (nova/conductor/manager.py, Newton and later). oslo.log names the class since Queens.
    """
    migrates = any(event.values["task"] == "migrate_server" for event in request.of("task-failed"))
    surprised = (e for e in request.of("rpc-failed") if e.service == "nova-conductor")
    return migrates and any(_LET_OUT in str(e.values.get("detail") or "") for e in surprised)


def _inferred(request: Request) -> tuple[str | None, str]:
    for event in request.of("flavor-change"):
        same = event.values["old_flavor"] == event.values["new_flavor"]
        return ("migrate", "inferred") if same else ("resize", "observed")
    for event in request.of("no-valid-host"):
        named = next((action for word, action in _NO_HOST if word in event.values["detail"]), None)
        if named is not None:
            return _rebuilt(request) if named == "rebuild" else (named, "observed")
    for event in request.of("task-failed"):
        told = _of_task(request, event)
        if told is not None:
            return told
    for event in request.of("deleted-meanwhile"):
        return ("resize" if event.values["task"] == "resize" else "migrate"), "observed"
    acted = any(posts(event) and event.values.get("server_uuid") for event in request.of("api-request"))
    # Of all actions on a server only these are rescheduled (``_reschedule_resize_or_reraise`` in nova/compute/manager.py).
    if request.has(*_MOVES) or (acted and request.has("reschedule", "reschedule-failed")):
        return "migrate", "inferred"
    cast = any(e.values.get("host") for e in request.of("rpc-cast") if e.service != "nova-compute")
    # Nothing but a move has hosts left out of its choice (``ignore_hosts`` of a RequestSpec), which is said at INFO.
    excluded = acted and request.has("hosts-ignored")
    return ("unknown" if cast or excluded or request.has(*_PLACES) else None), "observed"


def _of_task(request: Request, event: Event) -> tuple[str, str] | None:
    """What the conductor's task was for; ``migrate_server`` is of cold and of live migrations."""
    task = event.values["task"]
    if task == "rebuild_server":
        return _rebuilt(request)
    if task in _TASKS:
        return _TASKS[task], "observed"
    if any(word in str(event.values.get("reason", "")).lower() for word in _LIVE):
        return "live-migrate", "observed"
    return ("migrate", "inferred") if task in ("migrate_server", "prep_resize") else None


def _rebuilt(request: Request) -> tuple[str, str]:
    """Both evacuate and rebuild run the conductor's ``rebuild_server``.

    The API answers an evacuation with 200 and a rebuild with 202 (nova/api/openstack/compute/evacuate.py, servers.py), and
    only an evacuation excludes its source.
    """
    statuses = {event.values["status"] for event in request.of("api-request") if posts(event)}
    if _EVACUATED in statuses or request.has("hosts-ignored"):
        return "evacuate", "inferred"
    return "rebuild", "observed" if statuses else "inferred"


def _instances(request: Request, action: str | None) -> tuple[str, ...]:
    """The VMs of a request: one for a move, each scheduled one for a create."""
    if action == "create":
        scheduled = [u for e in request.of("schedule-start") for u in e.values.get("instance_uuids", ())]
        named = [e.instance_uuid for e in request.of("boot-dispatch", "boot-start", "claim-granted", "claim-attempt")]
        return tuple(dict.fromkeys([*scheduled, *(u for u in named if u)]))
    for event in request.of("api-request"):
        if event.values.get("server_uuid"):
            return (str(event.values["server_uuid"]),)
    counts: Counter[str] = Counter()
    for event in request.events:
        if event.kind not in _NAMES_INSTANCE or event.service == PLACEMENT:
            continue
        uuids = event.values.get("instance_uuids") or [event.instance_uuid or event.values.get("consumer_uuid")]
        counts.update(uuid for uuid in uuids if uuid)
    return (min(counts, key=lambda uuid: (-counts[uuid], uuid)),) if counts else ()
