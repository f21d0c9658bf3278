"""What a user must know of the clocks of the nodes, as notices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from novatrace.model.clock import ClockBounds
from novatrace.model.evidence import Notice

_SECOND_US = 1_000_000


def clock_notices(clocks: Iterable[ClockBounds], *, applied: bool) -> Iterator[Notice]:
    """One notice for each clock that cannot be right as it is, corrected or not."""
    for clock in clocks:
        if clock.conflict or not clock.applied_us:
            continue
        wrong = clock.applied_us / _SECOND_US
        said = f"its stamps are {abs(wrong):.3f} s or more {'behind' if wrong > 0 else 'ahead of'} those of {clock.reference}"
        if applied:
            yield Notice("I-CLOCK-CORRECTED", "analysis", clock.node, f"{said}; {wrong:+.3f} s were added to them")
        else:
            yield Notice(
                "W-CLOCK-SKEW", "analysis", clock.node, f"{said}: an effect is older than its cause; --correct-clocks"
            )
