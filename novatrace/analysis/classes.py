"""The ledger of what is neither vCPU nor RAM nor disk: hugepages and pinned CPUs of NUMA cells, PCI devices, other classes.

A host's NUMA cells stand in the scheduler's ComputeNode, its PCI pools in the resource tracker's view; what a VM asks of a
cell stands in the lines of the fit. Placement counts none of them, so choices that run at once race for them until the claim.
What placement counts beside the three (PCPU, VGPU, CUSTOM_…) is told by its own refusals. An amount is told only where
nothing is known to have come or left since its line.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from novatrace.analysis.bursts import Reached
from novatrace.analysis.capacity import Ledger
from novatrace.analysis.hosts import HostMap
from novatrace.analysis.requests import Request
from novatrace.analysis.views import OF_CLASS, known_us
from novatrace.model.capacity import Counted
from novatrace.model.event import Event
from novatrace.model.events import Events
from novatrace.model.evidence import Provenance
from novatrace.model.migration import HostNode

_KIB = 1024
_UNITS = ((1 << 20, "GiB"), (1 << 10, "MiB"), (1, "KiB"))
_PINNED = "pinned CPUs"
_TELL_DEMANDS = ("numa-fit", "pagesize-selected", "placement-request")
_TELL_ROOM = ("host-state-updated", "resource-view")


@dataclass(slots=True)
class _Asked:
    """What the VMs of one request ask of NUMA cells: cell → the values of its line; the page sizes that hosts offered."""

    cells: dict[int, dict[str, Any]] = field(default_factory=dict)
    sizes: set[int] = field(default_factory=set)

    def of(self, name: str) -> dict[int, int] | None:
        """Cell → how much of a class it asks for; None where that is not known."""
        found = {}
        for cell, values in self.cells.items():
            amount = values.get("pinned") if name == _PINNED else self._pages(values, name)
            if amount is None:
                return None
            found[cell] = amount
        return found or None

    def _pages(self, values: dict[str, Any], name: str) -> int | None:
        size = values.get("pagesize")
        if size is None:
            return 0
        if size <= 0:
            if len(self.sizes) != 1:
                return None
            size = next(iter(self.sizes))
        return -(-values["memory_mb"] * _KIB // size) if pages_named(size) == name else 0


@dataclass(frozen=True, slots=True)
class _Line:
    """What one line tells of a room; ``known_us`` as in ``View``."""

    when_us: int
    known_us: int
    told: Sequence[Any]
    provenance: Provenance


class Classes:
    """All lines that tell of such classes, by room and by request, once it has learnt from all events."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._cells: dict[str, list[_Line]] = defaultdict(list)
        self._pools: dict[str, list[_Line]] = defaultdict(list)
        self._asked: dict[str, _Asked] = defaultdict(_Asked)
        self._placed: dict[str, dict[str, int]] = {}

    def learn(self, events: Events, requests: Iterable[Request], hosts: HostMap) -> None:
        """Learns from all events of a case."""
        if any(events.of_kinds(_TELL_DEMANDS)):
            for request in requests:
                self._learn_asked(request)
        for event in events.of_kinds(_TELL_ROOM):
            self._learn(event, hosts)
        for lines in (*self._cells.values(), *self._pools.values()):
            lines.sort(key=_moment)

    def before(self, target: HostNode, reached: Sequence[Reached], first_us: int | None) -> tuple[Counted, ...]:
        """What was free of each class just before a burst, as far as that is known."""
        room = self._ledger.room(target)
        cells = self._newest(self._cells.get(room, ()), target, first_us)
        pools = self._newest(self._pools.get(room, ()), target, first_us)
        found = (
            [] if cells is None else [_of_cells(name, cells, self._demands(name, reached)) for name in _names(cells)]
        )
        return (
            *(c for c in found if c is not None),
            *(() if pools is None else _of_pools(pools, len(reached))),
            *self._refused_by_placement(reached),
        )

    def beyond(self, counted: Counted, target: HostNode, until_us: int, apart_us: int) -> bool:
        """True when not all who came can have had what they ask of a class, whatever the clocks say.

        Everyone's demand must be known, nobody may have left the host since the line, and no later row may show more free.
        """
        came = [amount for amount in counted.asked if amount]
        if None in counted.asked or counted.known_us is None:
            return False
        alike = counted.room is not None and len(set(came)) == 1
        if not (len(came) > (counted.room or 0) if alike else sum(came) > sum(counted.free)):
            return False
        change = self._ledger.changed(target, counted.known_us - apart_us, until_us + apart_us)
        rows = self._cells.get(self._ledger.room(target), ())
        later = rows[bisect_right(rows, counted.known_us, key=_moment) :]
        rose = any(
            sum(_free(cell, counted.name) for cell in row.told) > sum(counted.free)
            for row in later
            if row.when_us <= until_us + apart_us
        )
        return not (change.left or rose)

    def _newest(self, lines: Sequence[_Line], target: HostNode, first_us: int | None) -> _Line | None:
        """The newest line before a moment, unless something moved between what it knows and that moment."""
        if first_us is None:
            return None
        end = bisect_right(lines, first_us, key=_moment)
        line = lines[end - 1] if end else None
        if line is None or self._ledger.changed(target, line.known_us, first_us).movements:
            return None
        return line

    def _demands(self, name: str, reached: Sequence[Reached]) -> list[dict[int, int] | None]:
        """What each arrival asks of a class, by its cells; of nothing where placement turned it away."""
        asked = [self._asked.get(r.migration.request_id or "") for r in reached]
        return [
            {} if r.conflict is not None else None if a is None else a.of(name)
            for a, r in zip(asked, reached, strict=True)
        ]

    def _refused_by_placement(self, reached: Sequence[Reached]) -> Iterable[Counted]:
        """Classes that placement refused: what was left of them when most was used, and what those who were let in took.

        What was free before the burst only where all asked for the same amount, if for any, and nobody's end is unknown.
        """
        conflicts = [r.conflict for r in reached if r.conflict is not None and r.conflict.capacity is not None]
        for name in dict.fromkeys(c.resource_class for c in conflicts):
            if name is None or name in OF_CLASS or any(r.arrival.outcome == "unknown" for r in reached):
                continue
            asked = [
                r.conflict.needed
                if r.conflict is not None and r.conflict.resource_class == name
                else self._placed_of(r.migration.request_id, name)
                for r in reached
            ]
            last = max((c for c in conflicts if c.resource_class == name), key=lambda c: c.used or 0)
            left = int((last.capacity or 0) - (last.used or 0))
            each = tuple(None if amount is None else int(amount) for amount in asked)
            inside = [n for n, r in enumerate(reached) if r.arrival.outcome == "admitted"]
            if None in each or len({amount for amount in each if amount}) > 1:
                yield Counted(name, name, (left,), each, 1, None, last.when_us, last.provenance)
            else:
                free = left + sum(each[n] or 0 for n in inside)
                yield Counted(name, name, (free,), each, 1, len(inside), last.when_us, last.provenance)

    def _placed_of(self, request_id: str | None, name: str) -> int | None:
        """How much of a class a request asked placement for; None where what it asked for is not logged."""
        placed = self._placed.get(request_id or "")
        return None if placed is None else placed.get(name, 0)

    def _learn_asked(self, request: Request) -> None:
        for event in request.of("numa-fit"):
            cell = event.values["instance_cell"]
            self._asked[request.request_id].cells.setdefault(cell["cell"], cell)
        for event in request.of("pagesize-selected"):
            self._asked[request.request_id].sizes.add(event.values["selected_kb"])
        for event in request.of("placement-request"):
            if event.values.get("requested"):
                self._placed.setdefault(request.request_id, event.values["requested"])

    def _learn(self, event: Event, hosts: HostMap) -> None:
        values = event.values
        if event.when_us is None:
            return
        if event.kind == "host-state-updated" and values["compute_node"].get("numa_cells"):
            fields = values["compute_node"]
            room = hosts.room(hosts.host(fields["host"], fields.get("node")))
            known = known_us(event.when_us, fields)
            line = _Line(event.when_us, known or event.when_us, fields["numa_cells"], event.provenance)
            self._cells[room].append(line)
        elif event.kind == "resource-view" and values.get("pci_pools") is not None:
            room = hosts.room(hosts.of_named(event) or hosts.of_node(values["node"]))
            self._pools[room].append(_Line(event.when_us, event.when_us, values["pci_pools"], event.provenance))


def pages_named(size_kb: int) -> str:
    """``2 MiB pages``."""
    unit, word = next((unit, word) for unit, word in _UNITS if size_kb >= unit and size_kb % unit == 0)
    return f"{size_kb // unit} {word} pages"


def room_for(free: Sequence[int], each: int, over: int) -> int:
    """How many VMs fit that each take so much of as many different cells.

    T of them fit when no cell has to take more than T, or than it has room for.
    """
    rooms = [max(0, amount) // each for amount in free]
    most = sum(rooms) // over
    while most and sum(min(most, room) for room in rooms) < over * most:
        most -= 1
    return most


def _names(line: _Line) -> list[str]:
    sizes = {size for cell in line.told for size, _ in cell["pages"]}
    return [*(pages_named(size) for size in sorted(sizes)), _PINNED]


def _of_cells(name: str, line: _Line, demands: list[dict[int, int] | None]) -> Counted | None:
    """A class of NUMA cells; None where nobody is known to ask for it."""
    asked = tuple(None if demand is None else sum(demand.values()) for demand in demands)
    if not any(asked):
        return None
    free = tuple(_free(cell, name) for cell in line.told)
    largest = max((d for d in demands if d is not None), key=lambda demand: sum(demand.values()))
    of_each = {amount for amount in largest.values() if amount}
    over = sum(1 for amount in largest.values() if amount)
    room = room_for(free, of_each.pop(), over) if len(of_each) == 1 and None not in asked else None
    return Counted(name, "numa", free, asked, over, room, line.known_us, line.provenance)


def _free(cell: dict[str, Any], name: str) -> int:
    if name == _PINNED:
        return int(cell["free_pinned"])
    return next((int(free) for size, free in cell["pages"] if pages_named(size) == name), 0)


def _of_pools(line: _Line, arrivals: int) -> Iterable[Counted]:
    """The pools of PCI devices; how many devices a VM asks for is not logged."""
    pools: dict[str, int] = {}
    for name, free in line.told or [("devices", 0)]:  # one product may have pools on several NUMA nodes
        pools[name] = pools.get(name, 0) + free
    for name, free in pools.items():
        yield Counted(f"PCI {name}", "pci", (free,), (None,) * arrivals, 1, None, line.known_us, line.provenance)


def _moment(line: _Line) -> int:
    return line.when_us
