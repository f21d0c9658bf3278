"""What targets could hold and what reached them: views, bursts and verdicts."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from novatrace.model.evidence import Provenance
from novatrace.model.migration import Citation, HostNode, Resources


class View(Struct, frozen=True, gc=False, array_like=True):
    """What somebody knew of a host's capacity at a time.

    Attributes:
        whose: ``claim`` (the target's own totals and limits), ``tracker`` (resource tracker's view),
            ``scheduler`` (ComputeNode or HostState), ``placement``, ``inventory-file``.
        total: physical totals, None where not said.
        used: what is taken.
        limit: total × allocation ratio where the line or a ratio line says so.
        free: limit − used (or what the line itself calls free).
        known_us: until when it includes what happened; None where that is ``when_us``.
    """

    target: HostNode
    when_us: int | None
    whose: str
    total: Resources
    used: Resources
    limit: Resources
    free: Resources
    provenance: Provenance | None
    known_us: int | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One attempt that reached for a target within a burst.

    ``outcome``: ``admitted``, ``victim`` or ``unknown``; ``outcome_basis``: ``proven`` (the target or placement
    said so), ``computed`` (arithmetic in arrival order) or None.
    """

    instance_uuid: str | None
    request_id: str | None
    action: str
    selected_us: int | None
    ended_us: int | None
    demand: Resources
    demand_basis: str | None
    outcome: str
    outcome_basis: str | None
    reason: str | None
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Capacity:
    """Free capacity of a target just before a burst, whose word it is and how old.

    ``age_us``: how long before the burst its source was last true; ``movements``: how many VMs came or left in between
    and are counted in ``free`` (then ``basis`` is ``computed``).
    """

    free: Resources
    source: str
    basis: str
    when_us: int | None
    provenance: Provenance | None
    age_us: int | None = None
    movements: int = 0


@dataclass(frozen=True, slots=True)
class OrderUnknown:
    """Two arrivals, one behind the other in the list, of which clocks do not tell who was first.

    Attributes:
        first, second: their places in the list, from 1.
        apart_us: how far apart their stamps are.
        clocks_apart_us: how far the two clocks may be apart; None where one of them is not known.
        nodes: whose clocks; one where stamps of one clock are too coarse.
    """

    first: int
    second: int
    apart_us: int | None
    clocks_apart_us: int | None
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slots:
    """How many VMs of the sizes that came the free capacity allowed, per resource; ``all`` is the least."""

    vcpus: int | None = None
    ram_mb: int | None = None
    disk_gb: int | None = None
    all: int | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What a target had free of a class beyond vCPU, RAM and disk just before a burst, and what each arrival asks of it.

    Attributes:
        name: as told: ``2 MiB pages``, ``pinned CPUs``, ``PCI 8086:154c``, a resource class of placement.
        resource: what a refusal for want of it names: ``numa``, ``pci``, or the class.
        free: in the order of the host's NUMA cells; one amount where it is not of cells. With ``room`` unknown of a class
            that placement refused: what was left then.
        asked: of each arrival, in their order; None where no line tells.
        over: how many cells a VM spreads that on.
        room: how many VMs of the largest demand had room; None where that is not known.
        known_us: until when the amounts include what happened.
    """

    name: str
    resource: str
    free: tuple[int, ...]
    asked: tuple[int | None, ...]
    over: int
    room: int | None
    known_us: int | None
    provenance: Provenance

    @property
    def each(self) -> int | None:
        """The largest demand; None where it is not known of everyone."""
        known = [amount for amount in self.asked if amount is not None]
        return max(known) if known and len(known) == len(self.asked) else None


@dataclass(frozen=True, slots=True)
class Burst:
    """The attempts in flight to one target at the same time, in arrival order, and the verdict.

    Attributes:
        binding: resources that did not suffice (``vcpus``, ``ram_mb``, ``disk_gb``, ``numa``, ``pci``, ``affinity`` …).
        verdict: ``overcommitted``, ``contended``, ``fits``, ``unknown``.
        basis: ``proven``, ``computed``, ``inferred`` or None.
        effect: for over-committed: ``refused`` (the surplus was turned away) or ``overloaded`` (all were let in).
        candidates_most: the most hosts that any of its scheduler passes had left to choose from; None where not logged.
        passes_logged: of how many of its arrivals that is logged.
        cause: one sentence made from data, for reports.
        unknown_because: what is missing for a better verdict, and which log would tell; "" when nothing.
        order_unknown: neighbours in ``arrivals`` whose order clocks do not tell.
        named: how many of the arrivals' requests named the target themselves.
        counted: what was free of NUMA cells, PCI devices and other classes, as far as logged.
        best_passed_over: a pass of that time took another host than the one that weighed most, before placement had
            refused that one: then Nova already chooses among several (``host_subset_size`` above 1).
    """

    target: HostNode
    first_us: int | None
    last_us: int | None
    arrivals: tuple[Arrival, ...]
    capacity: Capacity | None
    slots: Slots
    binding: tuple[str, ...]
    verdict: str
    basis: str | None
    effect: str | None
    candidates_most: int | None
    cause: str
    unknown_because: str
    citations: tuple[Citation, ...]
    order_unknown: tuple[OrderUnknown, ...] = ()
    counted: tuple[Counted, ...] = ()
    best_passed_over: bool = False
    named: int = 0
    passes_logged: int = 0

    @property
    def binding_classes(self) -> list[Counted]:
        """The counted classes that bound: those that had room for as many as the burst had.

        A refusal for want of NUMA says no more; a class with more room explains nothing. Of PCI pools and of what placement
        refused it is told what was free.
        """
        named = [c for c in self.counted if c.resource in self.binding]
        return [c for c in named if (c.room == self.slots.all if c.room is not None else c.resource != "numa")]

    @property
    def at_once(self) -> int | None:
        """How many may be sent at once whoever they are: as many as fit of those that ask for the most of what bound."""
        rooms = [self.slots.all] if self.slots.all is not None else []
        for name in self.binding:
            free = getattr(self.capacity.free, name, None) if self.capacity is not None else None
            most = max((getattr(a.demand, name, None) or 0 for a in self.arrivals), default=0)
            rooms += [int(free // most)] if free is not None and most else []
        for counted in self.binding_classes:
            if counted.room is not None and counted.each and 0 in counted.asked:
                rooms.append(sum(counted.free) // counted.each)
        return min(rooms, default=None)

    @property
    def only_choice(self) -> str | None:
        """Why no other host could have been chosen: every request ``named`` it, it passed ``alone``, or None."""
        if self.named == len(self.arrivals):
            return "named"
        return "alone" if self.candidates_most == 1 else None

    @property
    def no_other_passed(self) -> str:
        """Why there was no other choice, for a target that passed ``alone``: of passes that are not logged nothing is claimed."""
        beyond = self.passes_logged < len(self.arrivals) - self.named
        return f"no other host passed{', as far as logged' if beyond else ''}"

    @property
    def refused_despite_room(self) -> bool:
        """True when the target refused although the view before had room for more than can have been let in.

        An arrival whose end is not logged may have been let in.
        """
        may_be_in = sum(a.outcome != "victim" for a in self.arrivals)
        proven = self.basis == "proven" and self.effect == "refused"
        return proven and self.slots.all is not None and self.slots.all > may_be_in
