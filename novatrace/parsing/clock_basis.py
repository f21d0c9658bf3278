"""Which clock reads the stamps of an input, found out from its first record, and what that rests on."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Any

from novatrace.parsing.day_month import AMBIGUOUS, day_first_of
from novatrace.parsing.months import month_of
from novatrace.parsing.timestamps import Clock, zone_offset_s
from novatrace.parsing.years import Written, calendar_of

ASSUMED = "UTC assumed"
STATED = "(--tz"


def basis_of(
    fields: dict[str, Any], texts: list[str], written: Written, local: tzinfo, zone_basis: str, head: bytes = b""
) -> tuple[Clock, str]:
    """The clock and its basis.

    Args:
        fields: those of the first record.
        texts: the first lines.
        written: when the input was last written.
        local: the zone of stamps that have none.
        zone_basis: where that zone comes from.
        head: the whole input, or pieces from all over it.
    """
    # What a sosreport says of the machine may not hold for its containers; a second stamp in the very line does.
    assumed = STATED not in zone_basis
    if any(name in fields for name in ("created", "created_us")):
        return Clock(local, assumed=assumed), "UTC (seconds since 1970 in the record)"
    if "zone" in fields or _zone_in(fields.get("stamp")):
        return Clock(local, assumed=assumed), "the zone in each stamp"
    outer = fields.get("outer") or {}
    if assumed and ("zone" in outer or "created" in outer or "created_us" in outer or _zone_in(outer.get("stamp"))):
        clock = Clock(local, assumed=True)
        return clock, f"{_offset(clock, fields)} (a second stamp in each line has the zone)"
    if "day_month" in fields:
        day_first = day_first_of(texts, head)
        order = {True: "the day stands before the month", False: "the month stands before the day", None: AMBIGUOUS}
        return Clock(local, assumed=assumed, day_first=day_first), f"{zone_basis}; {order[day_first]}"
    if "time" in fields and not {"date", "date_end", "year"} & set(fields):
        month = month_of(fields["month"]) if "month" in fields else None
        calendar, basis = calendar_of(texts, month, int(fields["day"]) if month else None, written, head)
        return Clock(local, calendar=calendar, assumed=assumed), f"{zone_basis}; {basis}"
    return Clock(local, assumed=assumed), zone_basis


def _zone_in(stamp: Any) -> bool:  # noqa: ANN401 - text or number, by layout
    return isinstance(stamp, (int, float)) or (isinstance(stamp, str) and "zone" in _spread_of(stamp))


def _spread_of(stamp: str) -> dict[str, Any]:
    return {"zone": ""} if stamp.endswith("Z") or stamp[-6:-5] in "+-" or stamp[-5:-4] in "+-" else {}


def _offset(clock: Clock, fields: dict[str, Any]) -> str:
    inner = {k: v for k, v in fields.items() if k != "outer"}
    naive, sure = Clock(UTC).when_us(inner), clock.when_us(fields)
    offset_s = zone_offset_s(naive, sure) if naive is not None and sure is not None else None
    if not offset_s:
        return "UTC"
    return f"UTC{'+' if offset_s > 0 else '-'}{abs(offset_s) // 3600:02}:{abs(offset_s) % 3600 // 60:02}"
