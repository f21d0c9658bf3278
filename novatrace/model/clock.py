"""What causality tells of the clocks of nodes."""

from __future__ import annotations

from dataclasses import dataclass

from novatrace.model.evidence import Provenance


@dataclass(frozen=True, slots=True)
class ClockBounds:
    """How far a node's clock may be from the reference node's.

    Attributes:
        node: whose clock.
        reference: the node that it is compared with; it equals ``node`` for the reference itself.
        offset_low_us: least that must be added to its stamps so that no effect comes before its cause; None: no bound.
        offset_high_us: most that may be added; None: no bound.
        applied_us: what ``--correct-clocks`` adds: nothing where nothing is within the bounds, else the nearest bound.
        pairs: causes and effects that the bounds rest on.
        conflict: nodes whose lines contradict each other whatever their clocks are; empty where all is well.
        evidence: the lines of the narrowest pairs, or of the contradiction, cause before effect.
    """

    node: str
    reference: str
    offset_low_us: int | None
    offset_high_us: int | None
    applied_us: int
    pairs: int
    conflict: tuple[str, ...] = ()
    evidence: tuple[Provenance, ...] = ()
