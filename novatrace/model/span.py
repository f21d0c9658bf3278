"""How spans of time are told."""

from __future__ import annotations

_SECOND_US = 1_000_000
_TENTH_US = 100_000


def within(span_us: int) -> str:
    """``within 3.1 s``, ``within 22 ms``: below a tenth of a second in milliseconds, and never of none."""
    if span_us < _TENTH_US:
        return f"within {max(1, round(span_us / 1000))} ms"
    return f"within {span_us / _SECOND_US:.1f} s"
