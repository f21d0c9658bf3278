"""What targets could hold: every view of a host's capacity, on one time line, and the best one before a moment.

Order of trust: the claim's own totals and limits; the resource tracker; the scheduler's ComputeNode; placement's own
numbers and HostState; the user's inventory file. Free = total × allocation ratio − used, per resource. No release
prints vCPUs in HostState, so a view from there leaves them unknown.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from novatrace.analysis.hosts import HostMap
from novatrace.model.capacity import Capacity, View
from novatrace.model.case import Inventory
from novatrace.model.event import Event
from novatrace.model.migration import Candidate, Claim, HostNode, Migration, Pass, Resources

_State = tuple[int, Pass, Candidate]
RESOURCES = ("vcpus", "ram_mb", "disk_gb")
OF_CLASS = {"VCPU": "vcpus", "PCPU": "vcpus", "MEMORY_MB": "ram_mb", "DISK_GB": "disk_gb"}
_TRUST = ("claim", "tracker", "scheduler", "placement", "host-state", "inventory-file")
_RATIOS = {
    "vcpus": "cpu_allocation_ratio",
    "ram_mb": "ram_allocation_ratio",
    "disk_gb": "disk_allocation_ratio",
}


@dataclass(frozen=True, slots=True)
class Ratios:
    """Allocation ratios of a host; None where no line says, 0.0 (Nova's "not set") is never kept."""

    vcpus: float | None = None
    ram_mb: float | None = None
    disk_gb: float | None = None


class Ledger:
    """All views by host, in time order, and the ratios that apply."""

    def __init__(
        self,
        events: Iterable[Event],
        migrations: Sequence[Migration],
        hosts: HostMap,
        inventory: Inventory | None,
    ) -> None:
        self._views: dict[str, list[View]] = defaultdict(list)
        self._known: dict[tuple[str, str], list[View]] = defaultdict(list)
        self._states: dict[str, list[_State]] = defaultdict(list)
        self._ratios: dict[str, Ratios] = {}
        self._inventory = inventory or Inventory()
        events = list(events)
        for event in events:
            self._learn_ratios(event, hosts)
        for event in events:
            self._learn_view(event, hosts)
        for migration in migrations:
            self._learn_attempts(migration)
        for host, listed in self._views.items():
            listed.sort(key=_when)
            for view in listed:
                if view.free.known:
                    self._known[host, view.whose].append(view)
        for states in self._states.values():
            states.sort(key=itemgetter(0))

    def views(self) -> tuple[View, ...]:
        """Every view, by host and time; HostStates are left out, they are the candidates of the passes."""
        return tuple(view for host in sorted(self._views) for view in self._views[host])

    def during(self, host: str, first_us: int, until_us: int | None) -> list[View]:
        """The views of a host from one moment to before another, in time order."""
        views = self._views.get(host, [])
        start = bisect_left(views, first_us, key=_moment)
        end = len(views) if until_us is None else bisect_left(views, until_us, key=_moment)
        return [view for view in views[start:end] if view.when_us is not None]

    def ratios(self, host: str) -> Ratios:
        """The allocation ratios of a host, as far as logged."""
        return self._ratios.get(host, Ratios())

    def before(self, host: str, first_us: int | None) -> Capacity | None:
        """Free capacity of a host just before a burst: the newest view of the most trusted kind at or before it.

        Resources that this view leaves unknown are filled from the next kinds in trust, so that a HostState's RAM
        can stand beside the inventory file's vCPUs.
        """
        chosen: list[View] = []
        for kind in _TRUST:
            view = self._state(host, first_us) if kind == "host-state" else self._newest(host, kind, first_us)
            if view is not None:
                chosen.append(view)
        given = self._given(host)
        if not chosen and given is None:
            return None
        free = Resources()
        for view in chosen:
            free = merged(free, view.free)
        source, basis = (chosen[0].whose, "observed") if chosen else ("inventory-file", "assumed")
        if given is not None:
            extended = merged(free, given)
            if extended != free and chosen:
                source, basis = f"{source} + inventory-file", "assumed"
            free = extended
        best = chosen[0] if chosen else None
        return Capacity(free, source, basis, best.when_us if best else None, best.provenance if best else None)

    def _newest(self, host: str, kind: str, until_us: int | None) -> View | None:
        views = self._known.get((host, kind), ())
        end = len(views) if until_us is None else bisect_right(views, until_us, key=_moment)
        return views[end - 1] if end else None

    def _state(self, host: str, until_us: int | None) -> View | None:
        """The newest HostState of a host, as a view."""
        states = self._states.get(host, ())
        end = len(states) if until_us is None else bisect_right(states, until_us, key=itemgetter(0))
        if not end:
            return None
        _, schedule, candidate = states[end - 1]
        disk = candidate.free_disk_mb
        free = Resources(None, candidate.free_ram_mb, None if disk is None else disk // 1024)
        where = schedule.citations[-1].provenance if schedule.citations else None
        unknown = Resources()
        return View(candidate.host, schedule.ended_us, "host-state", unknown, unknown, unknown, free, where)

    def _given(self, host: str) -> Resources | None:
        for listed in self._inventory.hosts:
            if host in (listed.host, listed.node):
                return Resources(listed.free_vcpus, listed.free_ram_mb, listed.free_disk_gb)
        return None

    def _learn_ratios(self, event: Event, hosts: HostMap) -> None:
        if event.kind == "host-state-updated":
            fields = event.values["compute_node"]
            found = {name: fields.get(key) or None for name, key in _RATIOS.items()}
            self._ratios[fields["host"]] = Ratios(**found)
        elif event.kind == "inventory":
            host = hosts.of_provider(event.values.get("provider_uuid"))
            if host is not None and host.host not in self._ratios:
                found = {
                    OF_CLASS[rc]: data.get("allocation_ratio") or None
                    for rc, data in event.values["inventory"].items()
                    if rc in OF_CLASS
                }
                self._ratios[host.host] = Ratios(**found)

    def _learn_view(self, event: Event, hosts: HostMap) -> None:
        if event.kind == "host-state-updated":
            self._add(_of_compute_node(event, self))
        elif event.kind == "resource-view":
            host = hosts.of_named(event) or hosts.of_node(event.values["node"])
            self._add(_of_tracker(event, host, self))
        elif event.kind == "placement-over-capacity":
            provider = hosts.of_provider(event.values["provider_uuid"])
            if provider is not None:
                self._add(_of_placement(event, provider))

    def _learn_attempts(self, migration: Migration) -> None:
        for attempt in migration.attempts:
            if attempt.claim is not None and attempt.selected is not None and attempt.claim.resources:
                self._add(_of_claim(attempt.claim, attempt.selected, self))
            if attempt.schedule is not None:
                for candidate in attempt.schedule.candidates:
                    if candidate.free_ram_mb is not None:
                        state = (attempt.schedule.ended_us or 0, attempt.schedule, candidate)
                        self._states[candidate.host.host].append(state)

    def _add(self, view: View) -> None:
        self._views[view.target.host].append(view)


def merged(first: Resources, second: Resources) -> Resources:
    """The first amounts, completed by the second."""
    return Resources(*(a if a is not None else b for a, b in zip(amounts(first), amounts(second), strict=True)))


def amounts(resources: Resources) -> tuple[float | None, float | None, float | None]:
    """vCPUs, RAM and disk of a set of amounts."""
    return resources.vcpus, resources.ram_mb, resources.disk_gb


def _moment(view: View) -> int:
    return view.when_us or 0


def _when(view: View) -> tuple[int, int]:
    place = view.provenance
    return (view.when_us or 0, place.byte_offset if place else 0)


def _limit(total: float | None, ratio: float | None) -> float | None:
    return None if total is None or ratio is None else total * ratio


def _minus(limit: float | None, used: float | None) -> float | None:
    return None if limit is None or used is None else limit - used


def _limited(total: Resources, used: Resources, ratios: Ratios) -> tuple[Resources, Resources]:
    limit = Resources(
        _limit(total.vcpus, ratios.vcpus),
        _limit(total.ram_mb, ratios.ram_mb),
        _limit(total.disk_gb, ratios.disk_gb),
    )
    free = Resources(
        _minus(limit.vcpus, used.vcpus),
        _minus(limit.ram_mb, used.ram_mb),
        _minus(limit.disk_gb, used.disk_gb),
    )
    return limit, free


def _of_compute_node(event: Event, ledger: Ledger) -> View:
    fields: dict[str, Any] = event.values["compute_node"]
    total = Resources(fields.get("vcpus"), fields.get("memory_mb"), fields.get("local_gb"))
    used = Resources(fields.get("vcpus_used"), fields.get("memory_mb_used"), fields.get("local_gb_used"))
    limit, free = _limited(total, used, ledger.ratios(fields["host"]))
    target = HostNode(fields["host"], fields.get("node"))
    return View(target, event.when_us, "scheduler", total, used, limit, free, event.provenance)


def _of_tracker(event: Event, host: HostNode, ledger: Ledger) -> View:
    v = event.values
    total = Resources(v.get("total_vcpus"), v.get("total_ram_mb"), v.get("total_disk_gb"))
    used = Resources(v.get("used_vcpus"), v.get("used_ram_mb"), v.get("used_disk_gb"))
    limit, free = _limited(total, used, ledger.ratios(host.host))
    return View(host, event.when_us, "tracker", total, used, limit, free, event.provenance)


def _of_claim(claim: Claim, target: HostNode, ledger: Ledger) -> View:
    by_name = {r.resource: r for r in claim.resources}
    ratios = ledger.ratios(target.host)

    def pick(field: str) -> Resources:
        return Resources(*(getattr(by_name[n], field) if n in by_name else None for n in RESOURCES))

    total, used = pick("total"), pick("used")
    limit, free = _limited(total, used, ratios)
    limit, free = merged(pick("limit"), limit), merged(pick("free"), free)
    where = claim.citations[0].provenance if claim.citations else None
    return View(target, claim.when_us, "claim", total, used, limit, free, where)


def _of_placement(event: Event, host: HostNode) -> View:
    v = event.values
    name = OF_CLASS.get(v["resource_class"])
    only = {} if name is None else {name: v["used"]}
    limit = {} if name is None else {name: v["capacity"]}
    free = {} if name is None else {name: v["capacity"] - v["used"]}
    return View(
        host,
        event.when_us,
        "placement",
        Resources(),
        Resources(**only),
        Resources(**limit),
        Resources(**free),
        event.provenance,
    )
