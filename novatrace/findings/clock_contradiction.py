"""Lines of several nodes that contradict each other, whatever their clocks are."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Citation

_SECOND_US = 1_000_000


def find(case: Case) -> Iterator[Finding]:
    """One finding for each set of lines that no setting of the clocks can bring into an order."""
    for clock in case.clocks:
        if not clock.conflict or clock.offset_high_us is None:
            continue
        short_s = -clock.offset_high_us / _SECOND_US
        nodes = " and ".join(clock.conflict)
        yield Finding(
            slug="clock-contradiction",
            severity="warning",
            title=f"the clocks of {nodes} contradict each other by {short_s:.3f} s",
            subject=nodes,
            measures=(Measure("contradiction", round(short_s, 3), None, "s"),),
            basis="computed",
            evidence=tuple(
                Citation(place, "cause" if number % 2 == 0 else "effect") for number, place in enumerate(clock.evidence)
            ),
            advice=(
                "One of these clocks was set while the logs were written, or its zone changes within them: give the zone "
                "with --tz NODE=ZONE, and trust no order of lines between these nodes."
            ),
        )
