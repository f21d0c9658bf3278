"""All migrations of a case: requests, passes, claims and attempts put together, with their outcomes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from novatrace.analysis import claims as claims_of
from novatrace.analysis import outcomes, passes
from novatrace.analysis.actions import Asked, asked
from novatrace.analysis.attempts import Draft, assemble
from novatrace.analysis.closings import of_request as closings_of
from novatrace.analysis.demand import Demands
from novatrace.analysis.hosts import HostMap
from novatrace.analysis.kinds import named_by_batch
from novatrace.analysis.operator import operator_migrations, with_operator_links
from novatrace.analysis.requests import Request, Requests
from novatrace.analysis.slim import Slimmer
from novatrace.analysis.story import timeline
from novatrace.analysis.tracked import Tracked
from novatrace.analysis.tried import attempt
from novatrace.analysis.watching import Durations, Watchers
from novatrace.model import http_status
from novatrace.model.case import Inventory
from novatrace.model.event import Event
from novatrace.model.events import Events
from novatrace.model.evidence import Coverage
from novatrace.model.hands import Hands
from novatrace.model.kept import Shelf
from novatrace.model.migration import Citation, Closing, HostNode, Migration, Watch

_KEY_STEPS = frozenset(
    [
        "action-body",
        "api-request",
        "rpc-cast",
        "hosts-filtered",
        "host-selected",
        "filters-exhausted",
        "placement-empty",
        "placement-claim-refused",
        "placement-over-capacity",
        "move-dispatch",
        "claim-granted",
        "claim-refused",
        "resources-unavailable",
        "task-failed",
        "vm-state-error",
        "instance-state-set",
        "operator-vm-state",
        "guest-running",
        "live-migration-done",
        "live-host-skipped",
        "deleted-meanwhile",
    ]
)


# A live migration that fails the check of one target keeps its record for the next.
_MOVES = ("migrate", "resize")
# Nothing but a live migration is aborted; at INFO its kind may not be logged.
_ABORTED = ("live-migrate", "unknown")
_HELD_TWICE = ("confirmed", "reverted", "deleted")
_CLOSED_BY = {
    "migrate": _HELD_TWICE, "resize": _HELD_TWICE, "live-migrate": ("deleted",), "evacuate": ("deleted",),
    "unshelve": ("deleted",), "create": ("deleted",),
}  # fmt: skip


@dataclass(slots=True)
class _Known:
    """What all requests together tell, gathered before any of them is judged.

    Attributes:
        demands: of all VMs.
        closings: of each VM, in time order.
        begun: when moves of each VM began that the API did not refuse, in time order.
        acting: the requests that place a VM, the oldest first.
        tracked: the hosts that count each move.
        durations: how long moves took whose end is logged, and ``watchers`` what rests on it.
        selection_is_logged: see ``passes.rebuild``.
    """

    demands: Demands
    closings: dict[str, list[Closing]]
    begun: dict[str, list[int]]
    acting: list[str]
    tracked: Tracked
    durations: Durations
    watchers: Watchers
    selection_is_logged: bool


def build(  # noqa: PLR0913 - all that a move is put together from
    requests: Requests,
    events: Events,
    hosts: HostMap,
    coverage: Sequence[Coverage],
    inventory: Inventory | None,
    hands: Hands,
    meanwhile: Callable[[], None],
) -> list[Migration]:
    """Every action that places a VM, in the order in which they were accepted; what is long of them is on a shelf.

    ``meanwhile`` is done beside it: it may ask the same events and hosts.
    """
    durations = Durations()
    known = _Known(
        Demands(inventory), {}, {}, [], Tracked(events, hosts), durations, Watchers(durations, coverage, hosts),
        any(events.of_kinds(["host-selected"])),
    )  # fmt: skip
    _learn(requests, known)

    def of_request(request_id: str, shelf: Shelf) -> Iterator[Migration]:
        return _of_request(requests.of(request_id), hosts, known, Slimmer(shelf))

    found = hands.share(of_request, known.acting, meanwhile)
    operator = list(events.of_kinds(["operator-vm-state"]))
    found = with_operator_links(named_by_batch(found), operator)
    found += operator_migrations(operator, {m.instance_uuid for m in found})
    return sorted(found, key=_order)


def _of_request(request: Request, hosts: HostMap, known: _Known, slim: Slimmer) -> Iterator[Migration]:
    ask = _asked(request, known.demands)
    schedule = passes.rebuild(request, hosts, selection_is_logged=known.selection_is_logged)
    claims = claims_of.rebuild(request, hosts)
    for uuid in ask.instance_uuids or (None,):
        drafts = assemble(request, uuid, ask.action or "unknown", schedule, claims, hosts)
        if ask.action != "unknown" or drafts or request.has("hosts-ignored"):
            yield slim.migration(_migration(request, ask, uuid, drafts, hosts, known))


def _learn(requests: Requests, known: _Known) -> None:
    for request in requests.values():
        known.demands.learn(request)
        for uuid, closing in closings_of(request):
            known.closings.setdefault(uuid, []).append(closing)
        ask = _asked(request, known.demands)
        if ask.action is not None:
            known.acting.append(request.request_id)
            if len(ask.instance_uuids) == 1:
                known.durations.learn(request, ask.action, outcomes.SUCCESSES.get(ask.action, ()))
        if ask.action in _CLOSED_BY and not http_status.refused(ask.http_status):
            for uuid in ask.instance_uuids:
                known.begun.setdefault(uuid, []).append(request.events[0].when_us or 0)
    for listed in known.closings.values():
        listed.sort(key=lambda closing: closing.when_us)
    for times in known.begun.values():
        times.sort()


def _asked(request: Request, demands: Demands) -> Asked:
    """What a request asked for.

    Where only the moving is logged, a resize is told from a migration by that it asks placement for other amounts.
    """
    ask = asked(request)
    if ask.basis != "inferred" or ask.action != "migrate" or not ask.instance_uuids:
        return ask
    changed = demands.changes(request, ask.instance_uuids[0])
    return replace(ask, action="resize", basis="inferred") if changed else ask


def began_us(migration: Migration) -> int | None:
    """When the action began as far as logged: accepted, else the first sign of it."""
    if migration.accepted_us is not None:
        return migration.accepted_us
    times = [a.selected_us for a in migration.attempts] + [entry.when_us for entry in migration.timeline]
    return min((when for when in times if when is not None), default=None)


def _order(migration: Migration) -> tuple[int, str, str]:
    return (began_us(migration) or 0, migration.request_id or "", migration.instance_uuid or "")


def _migration(
    request: Request,
    ask: Asked,
    uuid: str | None,
    drafts: list[Draft],
    hosts: HostMap,
    known: _Known,
) -> Migration:
    afterwards = _afterwards(uuid, request.events[0].when_us or 0, known)
    aborted = any(c.kind == "aborted" for c in afterwards) and ask.action in _ABORTED
    if aborted and ask.action == "unknown":
        ask = replace(ask, action="live-migrate", basis="inferred")
    action = ask.action or "unknown"
    mine = [e for e in request.events if e.instance_uuid in (None, uuid) or uuid is None]
    source = _source(request, mine, action, drafts, hosts) or _tracked(request, uuid, action, drafts, known)
    closing = next((c for c in afterwards if c.kind in _CLOSED_BY.get(action, ())), None)
    ending, watch = _ending(request, uuid, ask, drafts, source, closing, known, aborted=aborted)
    attempts = tuple(
        attempt(n, d, drafts, ending, uuid, request, known.demands, action) for n, d in enumerate(drafts, 1)
    )
    return Migration(
        instance_uuid=uuid,
        action=action,
        action_basis=ask.basis,
        request_id=request.request_id,
        global_request_id=request.global_request_id,
        accepted_us=ask.accepted.when_us if ask.accepted else None,
        api_node=ask.accepted.node if ask.accepted else None,
        http_status=ask.http_status,
        user_id=request.user_id,
        project_id=request.project_id,
        source=source,
        outcome=ending.outcome,
        outcome_basis=ending.basis,
        instance_state="deleted" if any(c.kind == "deleted" for c in afterwards) else ending.state,
        stage=ending.stage,
        fault=ending.fault,
        attempts=attempts,
        citations=tuple(
            Citation(e.provenance, e.kind)
            for e in mine
            if e is ending.told or (e.kind in _KEY_STEPS and not e.inherited)
        ),
        timeline=timeline(mine),
        closing=closing if ending.outcome != "failed" else None,
        watch=watch,
        flavor=next((str(e.values["new_flavor"]) for e in mine if e.kind == "flavor-change"), None),
    )


def _ending(  # noqa: PLR0913 - all that an end is told by
    request: Request,
    uuid: str | None,
    ask: Asked,
    drafts: list[Draft],
    source: HostNode | None,
    closing: Closing | None,
    known: _Known,
    *,
    aborted: bool,
) -> tuple[outcomes.Ending, Watch | None]:
    """How an action ended, and what an inferred success rests on."""
    action = ask.action or "unknown"
    ending = outcomes.judge(request, uuid, action, drafts, _aftermath(closing), ask.http_status)
    mine = [e for e in request.events if e.instance_uuid in (None, uuid) or uuid is None]
    if ending.outcome == "unknown" and aborted:
        return outcomes.ABORTED, None
    if ending.outcome != "unknown" or not outcomes.went_on(mine, drafts):
        return ending, None
    places = [outcomes.target_of(drafts), *([] if outcomes.alone(mine) else [source])]
    watch = known.watchers.of(request, action, drafts, places)
    return (ending, None) if watch is None else (outcomes.INFERRED, watch)


def _aftermath(closing: Closing | None) -> outcomes.Aftermath:
    return outcomes.Aftermath(
        confirmed=closing is not None and closing.kind == "confirmed",
        reverted=closing is not None and closing.kind == "reverted",
        closed_state=closing.state if closing is not None else None,
    )


def _afterwards(uuid: str | None, since_us: int, known: _Known) -> list[Closing]:
    """The closings of a VM after a move of its that began at a moment, and before its next."""
    begun, listed = known.begun.get(uuid or "", []), known.closings.get(uuid or "", [])
    following = bisect_right(begun, since_us)
    until_us = begun[following] if following < len(begun) else None
    first = bisect_right(listed, since_us, key=lambda closing: closing.when_us)
    return [closing for closing in listed[first:] if until_us is None or closing.when_us < until_us]


def _source(request: Request, events: list[Event], action: str, drafts: list[Draft], hosts: HostMap) -> HostNode | None:
    """Where the VM came from; a create has no source.

    Told by the provider whose allocation moved, the host that the request excluded, or the compute log that moved
    the disk.
    """
    if action == "create":
        return None
    for event in request.of("migration-allocation"):
        host = hosts.of_provider(event.values.get("provider_uuid"))
        if host is not None:
            return host
    tried = {d.selected.host for d in drafts if d.selected is not None}
    exclusions = request.of("hosts-ignored")
    # Each further pass of a live migration excludes the hosts that failed, and names those alone where the source is no
    # candidate (nova/conductor/tasks/live_migrate.py, nova/scheduler/host_manager.py): only its first pass tells.
    for event in exclusions[:1] if action == "live-migrate" else exclusions:
        ignored = event.values["hosts"]
        if len(ignored) == 1 and ignored[0] not in tried and action not in ("rebuild", "unshelve"):
            return hosts.host(ignored[0])
    moving = [e for e in events if e.kind in ("migrate-disk-start", "cross-cell-prepare", "live-migration-done")]
    return hosts.of_machine(moving[0]) if moving else None


def _tracked(request: Request, uuid: str | None, action: str, drafts: list[Draft], known: _Known) -> HostNode | None:
    """The source as the resource trackers tell it; the moves of one VM to its own host have none beside the target."""
    tried = {d.selected.host for d in drafts if d.selected is not None}
    return known.tracked.source(request, uuid, tried) if action in _MOVES else None
