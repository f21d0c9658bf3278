"""What the filters did over all scheduler passes of a case."""

from __future__ import annotations

from dataclasses import dataclass

from novatrace.model.migration import Citation, Resources


@dataclass(frozen=True, slots=True)
class FilterTally:
    """One filter over some passes.

    Attributes:
        passes: passes whose log tells how many hosts it left.
        counted: those of them whose log also tells how many came in; the two sums are over these alone.
        hosts_in, hosts_left: sums over the counted passes.
        removing: counted passes in which it removed at least one host.
        left_one: passes in which it left one host of several, so that the weigher had nothing to choose from.
        left_none: passes that ended at it, with no host left.
        failures: moves and boots that failed because their last pass ended at it.
        widest: the most hosts of which it left one or none; None where it never did, or the log does not say.
        evidence: the lines of the passes in which it left one host of several, or none.
    """

    name: str
    passes: int
    counted: int
    hosts_in: int
    hosts_left: int
    removing: int
    left_one: int
    left_none: int
    failures: int
    widest: int | None
    evidence: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class PassTally:
    """How much of their passes the logs tell.

    Attributes:
        passes: all that are logged at all.
        whole: from the first filter's hosts to the last.
        partial: some filters' results alone; where a scheduler logs at INFO, often only the one that left none.
        no_filter: ended before a filter ran: placement had no candidate, or the request itself excluded every host.
        not_logged: passes without any filter's result: at INFO a pass that succeeds leaves none.
        unseen: moves and boots without any logged pass, but those that the API refused.
        refused: moves and boots that the API refused, so that no scheduler saw them.
    """

    passes: int
    whole: int
    partial: int
    no_filter: int
    not_logged: int
    unseen: int
    refused: int


@dataclass(frozen=True, slots=True)
class FunnelGroup:
    """The passes of one project, or for one flavor.

    ``name`` is the project or flavor as logged; where no line names a flavor, ``demand`` has its amounts. Both unknown: the
    passes of which the logs tell neither.
    """

    name: str | None
    demand: Resources
    actions: int
    failed: int
    passes: PassTally
    filters: tuple[FilterTally, ...]


@dataclass(frozen=True, slots=True)
class Funnel:
    """All passes of a case, as a whole and by what they were for; filters stand in the order in which they run."""

    moves: int
    boots: int
    passes: PassTally
    filters: tuple[FilterTally, ...]
    by_project: tuple[FunnelGroup, ...]
    by_flavor: tuple[FunnelGroup, ...]
