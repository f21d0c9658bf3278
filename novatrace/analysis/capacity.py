"""The ledger of targets: every view of a host on one time line, what came and left since, and the room at a moment.

Order of trust: the claim's own totals and limits; the resource tracker; the scheduler's ComputeNode; placement's own
numbers and HostState; the user's inventory file. No release prints vCPUs in HostState, so a view from there leaves them
unknown. A view is carried forward to the moment by the movements since (see ``movements``), and is then ``computed``.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from novatrace.analysis import configured
from novatrace.analysis.host_views import HostViews
from novatrace.analysis.hosts import HostMap
from novatrace.analysis.movements import Change, Movements
from novatrace.analysis.views import (
    RESOURCES,
    Ratios,
    amounts,
    kept_back,
    less,
    merged,
    of_claim,
    of_compute_node,
    of_placement,
    of_tracker,
    ratios_of_inventory,
    ratios_of_node,
)
from novatrace.model.capacity import Capacity, View
from novatrace.model.case import Inventory
from novatrace.model.event import Event
from novatrace.model.events import Events
from novatrace.model.evidence import NodeSettings
from novatrace.model.hostname import short
from novatrace.model.kept import Shelf
from novatrace.model.migration import Candidate, HostNode, Migration, Pass, Resources

_WHOLE = ("claim", "tracker", "scheduler")
_TRUST = (*_WHOLE, "placement", "host-state", "inventory-file")
# The tracker audits once a minute: a ComputeNode this much newer than the target's own words was told of more than they.
_AUDIT_US = 60_000_000


class Ledger:
    """All views by host, in time order, the movements between them, and the ratios that apply.

    It is to ``learn`` from the events, and then to ``settle`` with the moves, before it is asked.
    """

    def __init__(
        self, hosts: HostMap, inventory: Inventory | None, settings: Iterable[NodeSettings], shelf: Shelf
    ) -> None:
        self._views = HostViews(shelf)
        self._passes: list[Pass] = []
        # The passes that had a room among their hosts, in the order of their ends.
        self._states: dict[str, array[int]] = defaultdict(_numbers)
        self._ratios: dict[str, Ratios] = {}
        self._offered: dict[str, Ratios] = {}
        self._kept_back: dict[str, Resources] = {}
        self._configured = configured.ratios(settings)
        self._completed: set[View] = set()
        self._given = _given(inventory or Inventory())
        self._hosts = hosts
        self._movements = Movements((), hosts)

    def learn(self, events: Events) -> None:
        """What the lines of trackers, schedulers and placement tell of hosts."""
        for event in events.of_kinds(_TELL_RATIOS):
            self._learn_ratios(event, self._hosts)
        for event in events.of_kinds(_TELL_VIEWS):
            self._learn_view(event, self._hosts)

    def settle(self, migrations: Sequence[Migration]) -> None:
        """What moves tell of hosts: what came and left, what claims printed, and what schedulers saw."""
        self._movements = Movements(migrations, self._hosts)
        for migration in migrations:
            self._learn_attempts(migration)
        self._views.settle()
        for room, passes in self._states.items():
            self._states[room] = array("q", sorted(passes, key=self._ended))

    def views(self) -> tuple[View, ...]:
        """Every view, by host and time; HostStates are left out, they are the candidates of the passes."""
        return self._views.every()

    def views_about(self, host: str) -> tuple[View, ...]:
        """The views of a host, and one of each other host that has any."""
        return self._views.about(host)

    def during(self, place: HostNode, first_us: int, until_us: int | None) -> list[View]:
        """The views of a host from one moment to before another, in time order."""
        return [view for view in self._views.during(self.room(place), first_us, until_us) if view.when_us is not None]

    def ratios(self, place: HostNode) -> Ratios:
        """The allocation ratios of a host, as far as logged: those of its inventory, which placement holds to.

        A ComputeNode has other ones until the second audit of a new host (``_copy_resources`` of
        nova/compute/resource_tracker.py begins with the ``initial_…_allocation_ratio`` options).
        """
        room = self.room(place)
        return configured.completed(self._offered.get(room, Ratios()), self._ratios.get(room))

    def room(self, place: HostNode) -> str:
        """See ``HostMap.room``."""
        return self._hosts.room(place)

    def one_node(self, place: HostNode) -> bool:
        """True when the host has one node, so that whatever comes to it or leaves it is of the same room."""
        return not self._hosts.several(place.host)

    def changed(self, place: HostNode, after_us: int, before_us: int) -> Change:
        """What came to a host and left it between two moments, as far as logged."""
        return self._movements.between(self.room(place), after_us, before_us)

    def before(self, room: str, first_us: int | None, began_us: int | None = None) -> Capacity | None:
        """Free capacity of a room just before a burst: before its first choice, whose decision began at ``began_us``.

        Resources that the best view leaves unknown are filled from the next kinds in trust, so that a HostState's RAM
        can stand beside the inventory file's vCPUs.
        """
        chosen = self._best_first(room, first_us, began_us)
        given = self._given.get(room)
        if not chosen and given is None:
            return None
        free, moved = Resources(), 0
        for view in chosen:
            own, since = self._carried(view, first_us)
            free = merged(free, own)
            moved = max(moved, since) if view is chosen[0] else moved
        source, basis = (
            (chosen[0].whose, "computed" if moved else "observed") if chosen else ("inventory-file", "assumed")
        )
        if chosen and chosen[0] in self._completed:
            source, basis = f"{source} + nova.conf", "assumed"
        if given is not None:
            extended = merged(free, given)
            if extended != free and chosen:
                source, basis = f"{source} + inventory-file", "assumed"
            free = extended
        if not chosen:
            return Capacity(free, source, basis, None, None)
        best = chosen[0]
        return Capacity(free, source, basis, best.when_us, best.provenance, _age(best, first_us), moved)

    def placeable(self, room: str, first_us: int | None) -> Capacity | None:
        """As ``before``, less what placement keeps back of it: what a new VM could have had."""
        capacity, reserve = self.before(room, first_us), self._kept_back.get(room)
        return capacity if capacity is None or reserve is None else replace(capacity, free=less(capacity.free, reserve))

    def hosts(self) -> list[str]:
        """Every room (see ``HostMap.room``) of which a view, a HostState or the user's word is known."""
        return sorted({*self._views.rooms(), *self._states, *self._given})

    def row(self, room: str, moment_us: int) -> View | None:
        """The newest ComputeNode of a room that a scheduler had read by a moment."""
        return self._newest(room, "scheduler", moment_us)

    def steady(self, place: HostNode, first_us: int, last_us: int) -> bool:
        """True when no scheduler saw another state of the host between two moments: nothing landed or left meanwhile."""
        seen = partial(self._views.number, self.room(place), "scheduler")
        return seen(first_us) == seen(last_us)

    def _best_first(self, host: str, first_us: int | None, began_us: int | None) -> list[View]:
        """The newest view of each kind, the most trusted first; a much newer ComputeNode comes before older words.

        What placement said when it refused counts only from before the burst: later it has VMs of the burst in it.
        """
        until = dict.fromkeys(_TRUST, first_us) | ({} if began_us is None else {"placement": began_us})
        found = {kind: view for kind in _TRUST if (view := self._newest(host, kind, until[kind])) is not None}
        order = [kind for kind in _TRUST if kind in found]
        row = found.get("scheduler")
        for kind in ("claim", "tracker"):
            if row is not None and kind in found and _known(row) > _known(found[kind]) + _AUDIT_US:
                order.remove(kind)
                order.insert(order.index("scheduler") + 1, kind)
        refusal, state = found.get("placement"), found.get("host-state")
        if refusal is not None and state is not None and _known(state) > _known(refusal):
            order.remove("host-state")
            order.insert(order.index("placement"), "host-state")
        if "claim" in found and "tracker" in found and _known(found["tracker"]) > _known(found["claim"]):
            order.remove("tracker")
            order.insert(order.index("claim"), "tracker")
        return [found[kind] for kind in order]

    def _carried(self, view: View, until_us: int | None) -> tuple[Resources, int]:
        """What a view and the movements since give at a moment, and how many movements those are."""
        known = view.known_us if view.known_us is not None else view.when_us
        if view.whose not in _WHOLE or until_us is None or known is None:
            return view.free, 0
        # A claim prints what was there before itself, so that its own VM comes on top.
        change = self._movements.between(self.room(view.target), known, until_us, first_too=view.whose == "claim")
        free = Resources(*(
            None if was is None or name in change.unknown else was - taken
            for name, was, taken in zip(RESOURCES, amounts(view.free), change.taken, strict=True)
        ))  # fmt: skip
        return free, change.movements

    def _newest(self, host: str, kind: str, until_us: int | None) -> View | None:
        if kind == "host-state":
            return self._state(host, until_us)
        return self._views.newest(host, kind, until_us)

    def _state(self, host: str, until_us: int | None) -> View | None:
        """The newest HostState of a host, as a view."""
        passes = self._states.get(host, ())
        end = len(passes) if until_us is None else bisect_right(passes, until_us, key=self._ended)
        if not end:
            return None
        schedule = self._passes[passes[end - 1]]
        candidate = next(c for c in reversed(schedule.candidates) if _seen(c) and self.room(c.host) == host)
        disk = candidate.free_disk_mb
        free = Resources(None, candidate.free_ram_mb, None if disk is None else disk // 1024)
        where = schedule.citations[-1].provenance if schedule.citations else None
        unknown = Resources()
        return View(candidate.host, schedule.ended_us, "host-state", unknown, unknown, unknown, free, where)

    def _learn_ratios(self, event: Event, hosts: HostMap) -> None:
        if event.kind == "host-state-updated":
            fields = event.values["compute_node"]
            place = hosts.host(fields["host"], fields.get("node"))
            self._ratios[hosts.room(place)] = ratios_of_node(fields)
        elif event.kind == "inventory":
            host = hosts.of_provider(event.values.get("provider_uuid"))
            if host is not None:
                self._offered[hosts.room(host)] = ratios_of_inventory(event.values["inventory"])
                self._kept_back[hosts.room(host)] = kept_back(event.values["inventory"])

    def _learn_view(self, event: Event, hosts: HostMap) -> None:
        if event.kind == "host-state-updated":
            fields = event.values["compute_node"]
            self._add(of_compute_node(event, self.ratios(hosts.host(fields["host"], fields.get("node")))))
        elif event.kind == "resource-view":
            host = hosts.of_named(event) or hosts.of_node(event.values["node"])
            self._add_ruled(host, partial(of_tracker, event, host))
        elif event.kind == "placement-over-capacity":
            provider = hosts.of_provider(event.values["provider_uuid"])
            if provider is not None:
                self._add(of_placement(event, provider))

    def _learn_attempts(self, migration: Migration) -> None:
        for attempt in migration.attempts:
            if attempt.claim is not None and attempt.selected is not None and attempt.claim.resources:
                self._add_ruled(attempt.selected, partial(of_claim, attempt.claim, attempt.selected))
            if attempt.schedule is not None:
                self._passes.append(attempt.schedule)
                for room in {
                    self.room(candidate.host) for candidate in attempt.schedule.candidates if _seen(candidate)
                }:
                    self._states[room].append(len(self._passes) - 1)

    def _ended(self, number: int) -> int:
        return self._passes[number].ended_us or 0

    def _add_ruled(self, place: HostNode, made: Callable[[Ratios], View]) -> None:
        """Adds a view that rests on ratios: the logged ones; what they leave open by those of the host's nova.conf."""
        logged, stated = self.ratios(place), self._configured.get(short(place.host))
        view = made(logged)
        if stated is not None:
            fuller = made(configured.completed(logged, stated))
            if fuller.free != view.free:
                view = fuller
                self._completed.add(view)
        self._add(view)

    def _add(self, view: View) -> None:
        self._views.add(self.room(view.target), view)


_TELL_RATIOS = ("host-state-updated", "inventory")
_TELL_VIEWS = ("host-state-updated", "resource-view", "placement-over-capacity")


def _given(inventory: Inventory) -> dict[str, Resources]:
    found: dict[str, Resources] = {}
    for listed in inventory.hosts:
        free = Resources(listed.free_vcpus, listed.free_ram_mb, listed.free_disk_gb)
        for name in (listed.host, listed.node):
            if name is not None:
                found.setdefault(name, free)
    return found


def _age(view: View, moment_us: int | None) -> int | None:
    known = view.known_us if view.known_us is not None else view.when_us
    return None if known is None or moment_us is None else max(0, moment_us - known)


def _known(view: View) -> int:
    return (view.known_us if view.known_us is not None else view.when_us) or 0


def _seen(candidate: Candidate) -> bool:
    """True where a scheduler printed what it saw of the host."""
    return candidate.free_ram_mb is not None


def _numbers() -> array[int]:
    return array("q")
