"""The board on which a batch is replayed: room of hosts, demands of VMs, and what a scheduler sees of them.

Room is kept in rows (one for each resource that is known of at least one host). VMs that ask for the same and may go to
the same hosts form a class. Where all VMs ask for the same, the rows are joined into one of whole slots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from novatrace.model.migration import Resources
from novatrace.model.replay import Scenario

NAMES = ("vcpus", "ram_mb", "disk_gb")
Rows = list[list[float]]


@dataclass(frozen=True, slots=True)
class VmClass:
    """VMs that are alike: hosts that they may go to, the need in each row, and what one changes in a HostState."""

    hosts: tuple[int, ...]
    needs: tuple[float, ...]
    changes: dict[str, float]


class Board:
    """A scenario made ready for many runs.

    Attributes:
        rows: room of each host in each row, at the start.
        filters: rows that the scheduler looks at when it chooses.
        numbers: rows that claim or placement enforce.
        others: rows that only the compute claim enforces (NUMA, hugepages, PCI, affinity).
        loose: rows that no claim enforces.
        of_vm: the class of each VM; ``loads``: what each of ``Scenario.loads`` takes.
    """

    def __init__(self, scenario: Scenario, *, enforced: bool = False) -> None:
        self.scenario = scenario
        self._filtered = NAMES if enforced else scenario.filtered
        self._guarded = NAMES if enforced else scenario.guarded
        self.size = len(scenario.hosts)
        demands = {vm.demand for vm in scenario.vms} | {load.demand for load in scenario.loads if load.demand.known}
        self.uniform = len(demands) <= 1 and bool(demands)
        rows = self._amounts()
        if self.uniform:
            rows = self._joined(rows, next(iter(demands)))
        self.rows: Rows = [row for _, row in rows]
        self._names = ["slots" if self.uniform else name for name, _ in rows]
        self.filters = [i for i, (name, _) in enumerate(rows) if name in self._filtered]
        self.numbers = [i for i, (name, _) in enumerate(rows) if name in self._guarded]
        self.loose = [i for i, (name, _) in enumerate(rows) if name not in self._guarded]
        self.others: list[int] = []
        self._fill_others()
        self.classes: list[VmClass] = []
        self.of_vm = self._classify()
        self.loads = [
            VmClass((), self._needs(load.demand, known=load.demand.known), _changes(load.demand))
            for load in scenario.loads
        ]

    def _amounts(self) -> list[tuple[str, list[float]]]:
        """A row for each resource that is known of a host and asked for by a VM; unknown room is taken as enough."""
        rows = []
        for name in NAMES:
            row = [_or_enough(getattr(host.room, name)) for host in self.scenario.hosts]
            asked = any(getattr(vm.demand, name) for vm in self.scenario.vms)
            if asked and any(math.isfinite(room) for room in row):
                rows.append((name, row))
        return rows

    def _joined(self, rows: list[tuple[str, list[float]]], demand: Resources) -> list[tuple[str, list[float]]]:
        """Whole slots instead of amounts: one row for all resources that are enforced and looked at alike."""
        alike: dict[tuple[bool, bool], list[tuple[str, list[float]]]] = {}
        for name, row in rows:
            key = (name in self._filtered, name in self._guarded)
            alike.setdefault(key, []).append((name, row))
        joined = []
        for group in alike.values():
            needs = [getattr(demand, name) or 0 for name, _ in group]
            slots = [_slots([row[h] for _, row in group], needs) for h in range(self.size)]
            joined.append((group[0][0], slots))
        return joined

    def _fill_others(self) -> None:
        row = [_or_enough(host.other_slots) for host in self.scenario.hosts]
        if any(math.isfinite(room) for room in row):
            self.others.append(len(self.rows))
            self.rows.append(row)
            self._names.append("slots")

    def _classify(self) -> list[int]:
        every = tuple(range(self.size))
        known: dict[tuple[tuple[int, ...], Resources], int] = {}
        of_vm = []
        for vm in self.scenario.vms:
            hosts = every if vm.hosts is None else vm.hosts
            key = (hosts, vm.demand)
            if key not in known:
                known[key] = len(self.classes)
                self.classes.append(VmClass(hosts, self._needs(vm.demand), _changes(vm.demand)))
            of_vm.append(known[key])
        return of_vm

    def _needs(self, demand: Resources, *, known: bool = True) -> tuple[float, ...]:
        return tuple(float(known) if n == "slots" else float(getattr(demand, n) or 0) for n in self._names)

    def slots(self, host: int, cls: VmClass) -> float:
        """How many VMs of the class a host has room for, beside what else comes; infinite when nothing is known of it."""
        others = [load.needs for at, load in zip(self.scenario.loads, self.loads, strict=True) if at.host == host]
        taken = [sum(needs[i] for needs in others) for i in range(len(self.rows))]
        return _slots([row[host] - less for row, less in zip(self.rows, taken, strict=True)], cls.needs)


def seen_of(scenario: Scenario, weigher: str) -> list[float] | None:
    """What HostStates hold for a weigher, or None when a host's is not known: it cannot weigh any then."""
    hosts = scenario.hosts
    known: dict[str, list[float | None]] = {
        "ram": [h.seen_ram_mb for h in hosts],
        "disk": [h.seen_disk_mb for h in hosts],
        "cpu": [h.room.vcpus for h in hosts],
        "io_ops": [h.io_ops for h in hosts],
        "num_instances": [h.instances for h in hosts],
        "logged": [-math.inf if h.logged_weight is None else h.logged_weight for h in hosts],
    }
    values = [float(value) for value in known[weigher] if value is not None]
    return values if len(values) == len(hosts) else None


def _changes(demand: Resources) -> dict[str, float]:
    """What one more VM changes in a HostState."""
    return {
        "ram": -float(demand.ram_mb or 0),
        "disk": -1024.0 * (demand.disk_gb or 0),
        "cpu": -float(demand.vcpus or 0),
        "io_ops": 1.0,
        "num_instances": 1.0,
        "logged": 0.0,
    }


def _or_enough(room: float | None) -> float:
    return math.inf if room is None else float(room)


def _slots(rooms: Sequence[float], needs: Sequence[float]) -> float:
    counts = [
        math.inf if not need or math.isinf(room) else room // need for room, need in zip(rooms, needs, strict=True)
    ]
    return max(0.0, min(counts, default=math.inf))
