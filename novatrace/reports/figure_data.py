"""The numbers of each kind of picture: a burst, what filters left, what hosts had free, how runs of a replay ended.

Names in it have passed ``neutral``; amounts are in the unit that ``unit`` names.
"""

from __future__ import annotations

from dataclasses import dataclass

VMS = "VM"


@dataclass(frozen=True, slots=True)
class Bar:
    """An arrival of a burst.

    Attributes:
        number: its place in arrival order, from 1.
        name: the VM, else the request.
        start_s: seconds after the first arrival.
        end_s: when its fate was known; None when no line tells.
        outcome: ``admitted``, ``victim`` or ``unknown``.
        asked: what all arrivals up to this one asked of the resource together; None where unknown.
    """

    number: int
    name: str
    start_s: float
    end_s: float | None
    outcome: str
    asked: float | None


@dataclass(frozen=True, slots=True)
class Burst:
    """The arrivals at one target against its free capacity.

    ``free`` is None where it is not known, ``unit`` is "" where the resource is not counted in one number; of one that is
    counted in no unit of its own, such as a NUMA topology, ``unit`` is ``VM``: so many came, so many had room.
    """

    target: str
    resource: str
    unit: str
    free: float | None
    bars: tuple[Bar, ...]

    @property
    def amounts(self) -> bool:
        """True when there are amounts to draw."""
        return bool(self.unit)

    @property
    def asked(self) -> str:
        """What the amounts of the bars are, for an axis or a column."""
        if self.unit == VMS:
            return "VMs so far"
        return f"{self.resource} asked so far"

    @property
    def room(self) -> str:
        """What there was room for, for a line or a head; "" where that is not known."""
        if self.free is None:
            return ""
        if self.unit == VMS:
            return f"room for {self.free:.0f} ({self.resource})"
        return f"{self.free:.0f} {self.unit} free"


@dataclass(frozen=True, slots=True)
class Step:
    """How many hosts were left after a filter, or after several that removed none.

    ``before`` is None where the log does not say.
    """

    name: str
    before: int | None
    left: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """What the filters of one pass left."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """What a host had free of a resource before the first burst and after the last, None where not logged."""

    host: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Rooms:
    """Hosts' free capacity of one resource; ``left_out`` hosts of which it is known as well are not among them."""

    resource: str
    unit: str
    rooms: tuple[Room, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many runs of a replay ended with so many errors: (errors or a range of them, runs), in order."""

    steps: tuple[tuple[str, int], ...]


FigureData = Burst | Funnel | Rooms | Histogram
