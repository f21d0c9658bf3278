"""The board on which a batch is replayed: room of hosts, demands of VMs, and what a scheduler sees of them.

Room is kept in rows (one for each resource that is known of at least one host). VMs that ask for the same and may go to
the same hosts form a class. Where all VMs ask for the same, the rows are joined into one of whole slots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from novatrace.analysis.replay.weighing import weights
from novatrace.model.migration import Resources
from novatrace.model.replay import Rules, Scenario

NAMES = ("vcpus", "ram_mb", "disk_gb")
Rows = list[list[float]]


@dataclass(frozen=True, slots=True)
class VmClass:
    """VMs that are alike: hosts that they may go to, the need in each row, and what one changes in a HostState."""

    hosts: tuple[int, ...]
    needs: tuple[float, ...]
    changes: dict[str, float]


@dataclass(slots=True)
class Ranking:
    """Hosts that passed, best first; the choice is made from ``pool`` (by ``chances`` where they are not equal)."""

    order: list[int]
    pool: list[int]
    chances: list[float] | None

    def place(self, host: int) -> int:
        """Where a host stands in the order."""
        return self.order.index(host)


class Board:
    """A scenario made ready for many runs.

    Attributes:
        rows: room of each host in each row, at the start.
        filters: rows that the scheduler looks at when it chooses.
        numbers: rows that claim or placement enforce.
        others: rows that only the compute claim enforces (NUMA, hugepages, PCI, affinity).
        loose: rows that no claim enforces.
        of_vm: the class of each VM.
    """

    def __init__(self, scenario: Scenario, *, enforced: bool = False) -> None:
        self.scenario = scenario
        self._filtered = NAMES if enforced else scenario.filtered
        self._guarded = NAMES if enforced else scenario.guarded
        self.size = len(scenario.hosts)
        demands = {vm.demand for vm in scenario.vms}
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
                needs = tuple(1.0 if n == "slots" else float(getattr(vm.demand, n) or 0) for n in self._names)
                self.classes.append(VmClass(hosts, needs, _changes(vm.demand)))
            of_vm.append(known[key])
        return of_vm

    def fits(self, rows: Rows, indexes: Sequence[int], host: int, cls: VmClass) -> bool:
        """True when a host has room for a VM of the class in all of these rows."""
        return all(rows[i][host] >= cls.needs[i] for i in indexes)

    def slots(self, host: int, cls: VmClass, rows: Rows | None = None) -> float:
        """How many VMs of the class a host still has room for; infinite when nothing is known of it."""
        return _slots([row[host] for row in (self.rows if rows is None else rows)], cls.needs)

    def shares(self, hosts: Sequence[int], cls: VmClass, rows: Rows) -> list[float]:
        """Slots of many hosts at once, at most as many as there are VMs; what nothing is known of counts as that."""
        most = float(len(self.of_vm))
        counts = [
            [row[h] if need == 1 else min(row[h], most * need) // need for h in hosts]
            for row, need in zip(rows, cls.needs, strict=True)
            if need
        ]
        if not counts:
            return [most] * len(hosts)
        slots = counts[0] if len(counts) == 1 else [min(row) for row in zip(*counts, strict=True)]
        return [min(max(0.0, count), most) for count in slots]


class View:
    """What a scheduler (or the truth itself) holds of all hosts at a moment; of HostStates only what is weighed."""

    __slots__ = ("board", "cache", "changed", "rows", "seen")

    def __init__(self, board: Board, weighed: Sequence[str]) -> None:
        self.board = board
        self.rows = [list(row) for row in board.rows]
        known = {name: seen_of(board.scenario, name) for name in weighed}
        self.seen = {name: row for name, row in known.items() if row is not None}
        self.cache: dict[int, Ranking] = {}
        self.changed = False

    def copy(self) -> View:
        """A view that changes apart from this one; what was ranked stays valid until it does."""
        other = View.__new__(View)
        other.board, other.cache, other.changed = self.board, self.cache, self.changed
        other.rows = [row[:] for row in self.rows]
        other.seen = {name: row[:] for name, row in self.seen.items()}
        return other

    def take(self, host: int, cls: VmClass) -> None:
        """The view learns that a VM of the class is on the host (``HostState.consume_from_request`` does the same)."""
        for row, need in zip(self.rows, cls.needs, strict=True):
            row[host] -= need
        for name, row in self.seen.items():
            row[host] += cls.changes[name]
        self.cache, self.changed = {}, True

    def ranking(self, number: int, rules: Rules, truth: Rows | None = None) -> Ranking:
        """The hosts that pass for a class and the pool to choose from, by this view.

        ``truth``: room as placement has it, where placement gives the candidates.
        """
        found = self.cache.get(number) if truth is None else None
        if found is None:
            found = self._ranked(self.board.classes[number], rules, self.rows if truth is None else truth)
            if truth is None:
                self.cache[number] = found
        return found

    def _ranked(self, cls: VmClass, rules: Rules, rows: Rows) -> Ranking:
        board = self.board
        hosts: Sequence[int] = cls.hosts
        for source, indexes in ((rows, board.filters), (self.rows, board.others)):
            for i in indexes:
                row, need = source[i], cls.needs[i]
                hosts = [h for h in hosts if row[h] >= need]
        if rules.subset_size is None and not rules.placement and not rules.by_slots:
            return Ranking(list(hosts), list(hosts), None)  # whoever passed may be chosen: no order is needed
        if rules.by_slots and not rules.placement:
            return Ranking(list(hosts), list(hosts), list(accumulate(board.shares(hosts, cls, rows))))
        raw = {name: [row[h] for h in hosts] for name, row in self.seen.items()}
        scores = weights(rules.weighers, raw, len(hosts))
        best = sorted(range(len(hosts)), key=scores.__getitem__, reverse=True)
        order = [hosts[i] for i in best]
        if rules.by_slots:
            return Ranking(order, order, list(accumulate(board.shares(order, cls, rows))))
        size = len(order) if rules.subset_size is None else rules.subset_size
        if rules.shuffle_ties and best:
            size = max(size, scores.count(scores[best[0]]))
        return Ranking(order, order[:size], None)


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
