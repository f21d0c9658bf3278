"""What a user must know of the clocks of the nodes, as notices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from novatrace.model.clock import ClockBounds
from novatrace.model.evidence import Notice

_SECOND_US = 1_000_000
# Zones are whole quarters of an hour from UTC, 14 hours at most.
_QUARTER_US, _MOST_QUARTERS = 900 * _SECOND_US, 56
_NEAR_US = 5 * _SECOND_US
_ENOUGH_PAIRS = 3


def clock_notices(clocks: Iterable[ClockBounds], *, applied: bool) -> Iterator[Notice]:
    """One notice for each clock that cannot be right as it is, corrected or not, and for each that seems to be in another zone."""
    for clock in clocks:
        if clock.conflict:
            continue
        if not clock.applied_us:
            yield from _another_zone(clock)
            continue
        wrong = clock.applied_us / _SECOND_US
        said = f"its stamps are {abs(wrong):.3f} s or more {'behind' if wrong > 0 else 'ahead of'} those of {clock.reference}"
        if applied:
            yield Notice("I-CLOCK-CORRECTED", "analysis", clock.node, f"{said}; {wrong:+.3f} s were added to them")
        else:
            cure = "--correct-clocks"
            if name := _zone(-clock.applied_us):
                cure = f"--tz {clock.node}={name} if that is the zone of its stamps, else {cure}"
            yield Notice("W-CLOCK-SKEW", "analysis", clock.node, f"{said}: an effect is older than its cause; {cure}")


def _another_zone(clock: ClockBounds) -> Iterator[Notice]:
    """Of a node that only causes, or only hears of what others cause, too late is never impossible; a delay that is never
    shorter than some hours, and then by seconds alone, is no delay."""  # noqa: D205, D209
    bounds = [offset for offset in (clock.offset_low_us, clock.offset_high_us) if offset is not None]
    if len(bounds) != 1 or clock.pairs < _ENOUGH_PAIRS or (name := _zone(-bounds[0])) is None:
        return
    how = "what it causes elsewhere is" if bounds[0] > 0 else "what is caused elsewhere is there"
    yield Notice(
        "W-CLOCK-ZONE", "analysis", clock.node,
        f"{how} logged {abs(bounds[0]) / _SECOND_US:.3f} s later at least, by its stamps and those of {clock.reference}; "
        f"--tz {clock.node}={name} if that is the zone of its stamps",
    )  # fmt: skip


def _zone(ahead_us: int) -> str | None:
    """The offset from UTC that stamps have which are so far ahead, where it is that of a zone but for seconds."""
    quarters = round(ahead_us / _QUARTER_US)
    if not 0 < abs(quarters) <= _MOST_QUARTERS or abs(ahead_us - quarters * _QUARTER_US) > _NEAR_US:
        return None
    hours, minutes = divmod(abs(quarters) * 15, 60)
    return f"{'+' if quarters > 0 else '-'}{hours:02}:{minutes:02}"
