"""How moments and spans of time are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND_US = 1_000_000
_DAY_US = 86_400 * _SECOND_US
_TENTH_US = 100_000


def within(span_us: int) -> str:
    """``within 3.1 s``, ``within 22 ms``: below a tenth of a second in milliseconds, and never of none."""
    if span_us < _TENTH_US:
        return f"within {max(1, round(span_us / 1000))} ms"
    return f"within {span_us / _SECOND_US:.1f} s"


def when(when_us: int | None) -> str:
    """``2016-10-28 15:16:00.467``, in UTC."""
    if when_us is None:
        return "time unknown"
    moment = _EPOCH + timedelta(microseconds=when_us)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}"


def clock(when_us: int | None) -> str:
    """``15:16:00.467``, in UTC."""
    return when(when_us)[11:] if when_us is not None else "?"


def at(when_us: int | None, others_us: Sequence[int | None]) -> str:
    """`` at 15:16:00.467`` where it is to be told from others, with its date where their days differ; "" where there is one."""
    if when_us is None or len(others_us) < 2:  # noqa: PLR2004 - one is told from nothing
        return ""
    days = {each // _DAY_US for each in others_us if each is not None}
    return f" at {clock(when_us) if len(days) == 1 else when(when_us)}"
