"""What findings need of the analysis beside moves and bursts: choices side by side, hosts left out, logs that are silent.

It is made for the findings of a run and not kept in a case file, where the findings themselves are.
"""

from __future__ import annotations

from dataclasses import dataclass

from novatrace.model.migration import Citation, HostNode, Resources


@dataclass(frozen=True, slots=True)
class SharedView:
    """Decisions for one target that rested on the same numbers of it, though one of them had changed what they count.

    Attributes:
        free: RAM and disk of the target as each decision saw it.
        decisions: how many VMs were sent there on it.
        schedulers: how many scheduler nodes decided.
        first_us: when the first decided.
        last_us: when the last did.
        age_us: how old the database row behind the view was at the first decision; None where it is not logged.
    """

    target: HostNode
    free: Resources
    decisions: int
    schedulers: int
    first_us: int
    last_us: int
    age_us: int | None
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Herd:
    """Decisions that took the first host of their weighed lists, the same one, while others that had passed had room.

    Attributes:
        decisions: how many.
        arrivals: how many VMs came to the target at the same time in all.
        others_least: the fewest other hosts with room that any of these lists had.
        others_most: the most.
        next_host: the other host with the most free RAM in the first list, and how much.
        counted: the resources that were held against the demand.
    """

    target: HostNode
    decisions: int
    arrivals: int
    others_least: int
    others_most: int
    next_host: HostNode
    next_free_ram_mb: int
    counted: tuple[str, ...]
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class IdleHost:
    """A host with room for the VMs of a burst that none of its passes chose.

    Attributes:
        free: what it had free before the burst, with ``source``, ``basis`` and ``age_us`` as in ``Capacity``.
        excluded: why the first pass did not choose it, in one sentence; "" where it was not asked.
        excluded_basis: the basis of that sentence.
    """

    host: HostNode
    free: Resources
    source: str
    basis: str
    age_us: int | None
    excluded: str
    excluded_basis: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Idle:
    """The hosts with room that none of a burst's passes chose nor weighed, the emptiest first."""

    target: HostNode
    passes: int
    demand: Resources
    hosts: tuple[IdleHost, ...]


@dataclass(frozen=True, slots=True)
class Shortage:
    """Moves that ran at the same time and were more than all the hosts that had passed for any of them had room for.

    Attributes:
        targets: where they went.
        hosts: every host of their lists, with how many it had room for, counted with the smallest demand.
        moves: how many VMs there were.
        short_of: the resources of which alone there was too little; none where only all together were.
        apart_us: between the first and the last arrival.
    """

    targets: tuple[HostNode, ...]
    hosts: tuple[tuple[HostNode, int], ...]
    moves: int
    short_of: tuple[str, ...]
    apart_us: int
    citations: tuple[Citation, ...]

    @property
    def room(self) -> int:
        """For how many there was room in all."""
        return sum(slots for _, slots in self.hosts)


@dataclass(frozen=True, slots=True)
class CrowdedGroup:
    """VMs of one anti-affinity group that came to one host, more than the group allows there, and none of which is known to have left.

    Attributes:
        group_uuid: the server group, as its filter named it for each of the VMs' requests.
        members: the VMs, in the order in which they came.
        most: how many of its members the group allows on one host.
        certain: False where that one of them came is only inferred.
    """

    group_uuid: str
    host: HostNode
    members: tuple[str, ...]
    most: int
    certain: bool
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """A target whose nova-compute log tells nothing of moves that went there, whose end is therefore not known.

    Attributes:
        kind: ``absent`` (no such log), ``ends-before``, ``begins-after``, ``gap``; ``deaf``: it reaches over them and goes on.
        moves: how many moves of unknown end went there.
        apart_us: how far the nearest line is from the nearest of them; None for ``absent``; of ``deaf`` for how long it goes on at least.
        since_us: of ``deaf``: when the first of them was sent.
    """

    host: HostNode
    kind: str
    moves: int
    apart_us: int | None
    citations: tuple[Citation, ...]
    since_us: int | None = None


@dataclass(frozen=True, slots=True)
class Insight:
    """All of it."""

    shared_views: tuple[SharedView, ...] = ()
    herds: tuple[Herd, ...] = ()
    idle: tuple[Idle, ...] = ()
    shortages: tuple[Shortage, ...] = ()
    silences: tuple[Silence, ...] = ()
    crowded_groups: tuple[CrowdedGroup, ...] = ()
