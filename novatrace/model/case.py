"""A case: everything that one run of ``correlate`` read and concluded."""

from __future__ import annotations

from dataclasses import dataclass, field

from novatrace.model.capacity import Burst, View
from novatrace.model.clock import ClockBounds
from novatrace.model.evidence import PASSING, Coverage, Evidence, NodeSettings, Notice, Provenance
from novatrace.model.finding import Finding
from novatrace.model.insight import Insight
from novatrace.model.migration import HostNode, Migration


@dataclass(frozen=True, slots=True)
class InventoryHost:
    """A host of the user's ``--inventory`` file; free amounts unless only totals were given."""

    host: str
    node: str | None
    free_vcpus: float | None
    free_ram_mb: float | None
    free_disk_gb: float | None


@dataclass(frozen=True, slots=True)
class Flavor:
    """A flavor of the ``--inventory`` file; ``default``: the demand of a VM whose flavor no log states."""

    name: str
    vcpus: int | None
    ram_mb: int | None
    disk_gb: int | None
    default: bool = False


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the user knows beside the logs: hosts, flavors, and which VM has which flavor."""

    hosts: tuple[InventoryHost, ...] = ()
    flavors: tuple[Flavor, ...] = ()
    server_flavors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """The analysed case, as reports and findings see it.

    ``claims_in_placement``: True when the wording shows that placement arbitrates vCPU, RAM and disk
    (Pike and later), False when the compute claim does, None when the logs do not tell.
    ``settings``: Nova's options, where a nova.conf stands beside the logs. ``clocks``: what causality tells of them.
    ``batch_us``: when the moves of VMs that ``inspect`` saw began and ended; ``hosts_named``: the compute hosts that it saw
    named, ``hosts_heard``: those whose own log it saw.
    ``quotes``: the text of cited lines, for reports that travel without the logs; read when such a report is made.
    ``insight``: what findings need beside these; there while they are made, empty before and after.
    """

    evidence: tuple[Evidence, ...]
    coverage: tuple[Coverage, ...]
    notices: tuple[Notice, ...]
    migrations: tuple[Migration, ...]
    bursts: tuple[Burst, ...]
    views: tuple[View, ...]
    findings: tuple[Finding, ...]
    claims_in_placement: bool | None
    quotes: dict[Provenance, str] = field(default_factory=dict)
    settings: tuple[NodeSettings, ...] = ()
    clocks: tuple[ClockBounds, ...] = ()
    batch_us: tuple[int, int] | None = None
    hosts_named: tuple[HostNode, ...] = ()
    hosts_heard: tuple[str, ...] = ()
    insight: Insight = field(default_factory=Insight)

    @property
    def passing(self) -> bool:
        """True when something could not be read that another run may be able to read."""
        return any(notice.id in PASSING for notice in self.notices)

    @property
    def failed(self) -> bool:
        """True when the program itself failed on a part of the logs."""
        return any(notice.id == "E-BUG" for notice in self.notices)
