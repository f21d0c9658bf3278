"""From stamps to µs since 1970 UTC.

Nova's default stamp has no zone: it is local time of the node. The zone comes from ``--tz``, else from a second stamp in
the same line that has one (a journal's, a container's), else UTC is assumed and said. Journals print no year: it is taken
from ISO dates inside the same lines, else from the file's age, and said. Only fixed shapes are read; ``dateutil``
resolves zones and the user's own words (``--since``).
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from dateutil import tz as dateutil_tz

from novatrace.errors import UsageError
from novatrace.parsing.day_month import iso_date
from novatrace.parsing.months import month_of
from novatrace.parsing.years import Calendar, turn

_MICRO = 1_000_000
_LEAP_SECOND = 60
_FAR_FUTURE_S = 100_000_000_000
_STAMP = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,9}))? ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?"
)
# Nova is of 2010: what is stamped long before was written before the machine knew the time.
_FIRST_YEAR = 2010
_LAST_YEAR = 2099
_CENTURY = "20"
_DATE_CHARS = len("2026-11-23")
_FIRST_S = 1_262_304_000
_QUARTER_S = 900
_DELIVERY_S = 60
_WIDEST_S = 14 * 3600
_DAY_US = 86_400_000_000
_MANY_HALF_DAYS = 4000
_BACKWARDS = timedelta(minutes=30)


def zone(name: str) -> tzinfo:
    """The zone of a name (``Europe/Berlin``), an offset (``+02:00``) or ``UTC``.

    Raises:
        UsageError: no such zone.
    """
    if name.upper() in ("UTC", "Z", "GMT"):
        return UTC
    if match := re.fullmatch(r"([+-])(\d\d):?(\d\d)", name):
        sign = 1 if match[1] == "+" else -1
        return dateutil_tz.tzoffset(None, sign * (int(match[2]) * 3600 + int(match[3]) * 60))
    found = dateutil_tz.gettz(name) if name and not name.startswith((".", "/")) else None
    if found is None:
        raise UsageError(
            f"--tz {name!r}: no such time zone",
            next_step="use a name such as Europe/Berlin, or an offset such as +02:00",
        )
    return found


def moment_us(text: str, local: tzinfo) -> int:
    """A moment in the user's words (``--since``), µs since 1970 UTC; without a zone it is in ``local``.

    Raises:
        UsageError: it cannot be read as a date and time.
    """
    from dateutil import parser as dateutil_parser  # noqa: PLC0415 - slow to import, and few runs ask for it

    try:
        moment = dateutil_parser.parse(text, default=datetime(1970, 1, 1, tzinfo=local))
        return _us(moment)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{text!r} is not a date and time",
            next_step="write it like '2016-10-28 15:16:00' or 2016-10-28T15:16:00Z",
        ) from error


def _us(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


class Clock:
    """Reads the stamps of one input; remembers the last minute, because neighbours share it.

    Args:
        local: zone of stamps that have none.
        calendar: for stamps without year or date.
        year: the year of stamps without one, where it is known.
        assumed: True where nobody stated the zone, so that a second stamp with a zone in the same line overrules it.
        day_first: whether the day stands before the month in dates such as 03/11/2026; None where that is not known.
    """

    def __init__(
        self,
        local: tzinfo,
        *,
        calendar: Calendar | None = None,
        year: int | None = None,
        assumed: bool = False,
        day_first: bool | None = None,
    ) -> None:
        self.local = local
        self._utc = local is UTC
        self.calendar = Calendar((year, 1, 1), (f"{year}-01-01", "23:59:59")) if year is not None else calendar
        self._in_1970 = self.calendar is not None and self.calendar.since[0] < _FIRST_YEAR
        self._assumed = assumed
        self._day_first = day_first
        self._minute = ("", "")
        self._minute_s: int | None = None
        self.begin()

    def begin(self) -> None:
        """Forgets the lines that it has seen, before it reads an input from the start."""
        self._before: datetime | None = None
        self._fold = 0
        self._day: tuple[int, int] | None = None
        self._turns = 0

    def __repr__(self) -> str:
        """Everything that the times depend on."""
        return f"Clock({self.local!r}, {self.calendar!r}, {self._assumed}, {self._day_first})"

    def when_us(self, fields: dict[str, Any]) -> int | None:
        """The moment of a line's fields, or None when the stamp is absurd or missing."""
        exact = _exact(fields)
        if exact is not None:
            return exact[0]
        fields = _spread(fields)
        date, time = self._date(fields), fields.get("time")
        if date is None or time is None:
            return None
        fraction = fields.get("fraction") or fields.get("after")
        zoned = fields.get("zone")
        if zoned is not None:
            return _zoned(date, time, fraction, zoned)
        outer = fields.get("outer")
        if outer and self._assumed:
            return self._by_outer(date, time, fraction, outer)
        return self.at(date, time, fraction)

    def at(self, date: str, time: str, fraction: str | None) -> int | None:
        """The moment of a date, a time and a fraction of a second (1 to 9 digits)."""
        minute, second = (date, time[:5]), int(time[6:])
        if minute != self._minute:
            self._minute, self._minute_s = minute, self._start_of(*minute)
        if self._minute_s is None or second > _LEAP_SECOND:
            return None
        if second == _LEAP_SECOND:  # it is the last moment of its minute: behind all others, before the next one
            return (self._minute_s + _LEAP_SECOND) * _MICRO - 1
        return (self._minute_s + second) * _MICRO + (int(fraction[:6].ljust(6, "0")) if fraction else 0)

    def _date(self, fields: dict[str, Any]) -> str | None:
        date: str | None = fields.get("date")
        if date is not None or "time" not in fields:
            return date if date is None or "/" not in date else date.replace("/", "-")
        if "date_end" in fields:
            return _CENTURY[: _DATE_CHARS - len(fields["date_end"])] + str(fields["date_end"])
        if "day_month" in fields:
            return iso_date(fields["day_month"], day_first=self._day_first)
        if "month" in fields:
            month, day = month_of(fields["month"]), int(fields["day"])
            year = fields.get("year") or self._year(month, day)
            return None if year is None else f"{year}-{month:02}-{day:02}"
        return self.calendar.date(fields["time"]) if self.calendar else None

    def _year(self, month: int, day: int) -> int | None:
        if self.calendar is None or not self.calendar.turning:
            return None if self.calendar is None else self.calendar.year(month, day)
        if self._day is not None:
            self._turns += turn(self._day, (month, day))
        self._day = (month, day)
        return self.calendar.since[0] + self._turns

    def _by_outer(self, date: str, time: str, fraction: str | None, outer: dict[str, Any]) -> int | None:
        """The moment of a stamp without a zone beside one that has it: they differ by the zone, and a little delay."""
        sure = _exact(outer) or (self.when_us(outer) if "zone" in _spread(outer) else None,)
        naive = _zoned(date, time, fraction, "Z")
        if sure[0] is None or naive is None:
            return self.at(date, time, fraction)
        offset_s = zone_offset_s(naive, sure[0])
        return sure[0] if offset_s is None else naive - offset_s * _MICRO

    def _start_of(self, date: str, minute: str) -> int | None:
        try:
            moment = datetime.strptime(f"{date} {minute}", "%Y-%m-%d %H:%M")  # noqa: DTZ007
            if not _FIRST_YEAR <= moment.year <= _LAST_YEAR and not self._in_1970:
                return None
            if self._utc:
                return timegm(moment.timetuple())
            return _us(self._local_of(moment)) // _MICRO
        except (ValueError, OverflowError):
            return None

    def _local_of(self, moment: datetime) -> datetime:
        """A wall time in the zone. Of an hour that comes twice, the order of lines tells which; one that never comes
        is moved to after the gap."""  # noqa: D205, D209
        if not dateutil_tz.datetime_ambiguous(moment, self.local):
            self._fold = 0
        elif self._before is not None and self._before - moment > _BACKWARDS:
            self._fold = 1
        self._before = moment
        return dateutil_tz.resolve_imaginary(moment.replace(tzinfo=self.local, fold=self._fold))


def zone_offset_s(naive_us: int, sure_us: int) -> int | None:
    """Seconds that a zone is ahead of UTC by a wall time and a sure moment; None where they have nothing to do with each other."""
    apart = (naive_us - sure_us) / _MICRO
    offset_s = round(apart / _QUARTER_S) * _QUARTER_S
    return offset_s if abs(apart - offset_s) <= _DELIVERY_S and abs(offset_s) <= _WIDEST_S else None


def changes_between(local: tzinfo, first_us: int, last_us: int) -> bool:
    """True when a zone turns its clocks back between two moments, so that a wall time may mean two moments."""
    if local is UTC or isinstance(local, dateutil_tz.tzoffset) or last_us < first_us:
        return False
    days = range(first_us // (_DAY_US // 2), last_us // (_DAY_US // 2) + 3)
    if len(days) > _MANY_HALF_DAYS:
        return True
    offsets = [datetime.fromtimestamp(half * 43_200, tz=local).utcoffset() for half in days]
    return any(b is not None and a is not None and b < a for a, b in pairwise(offsets))


def _exact(fields: dict[str, Any]) -> tuple[int | None] | None:
    """The moment that stands in the line as a number, in a tuple; None where no number stands there."""
    created, created_us = fields.get("created"), fields.get("created_us")
    if created_us is not None:
        digits = str(created_us)
        known = digits.isdigit() and _FIRST_S * _MICRO <= int(digits) < _FAR_FUTURE_S * _MICRO
        return (int(digits),) if known else (None,)
    if created is None:
        stamp = fields.get("stamp")
        if not isinstance(stamp, (int, float)) or isinstance(stamp, bool):
            return None
        # Seconds, milliseconds, microseconds or nanoseconds: each is a thousand times the one before.
        created = next((stamp / 10**power for power in (0, 3, 6, 9) if stamp / 10**power < _FAR_FUTURE_S / 10), -1)
    if isinstance(created, str):
        whole, _, part = created.partition(".")
        digits = whole + part[:6].ljust(6, "0")
        return (int(digits),) if digits.isdigit() else (None,)
    known = isinstance(created, (int, float)) and _FIRST_S <= created < _FAR_FUTURE_S
    return (int(created * _MICRO),) if known else (None,)


def _spread(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields with a stamp in ISO's form taken apart."""
    stamp = fields.get("stamp")
    match = _STAMP.match(stamp) if isinstance(stamp, str) else None
    return fields if match is None else {**fields, **{k: v for k, v in match.groupdict().items() if v is not None}}


def _zoned(date: str, time: str, fraction: str | None, zoned: str) -> int | None:
    sign = {"+": 1, "-": -1}.get(zoned[0], 0)
    digits = zoned[1:].replace(":", "")
    offset_s = sign * (int(digits[:2]) * 3600 + int(digits[2:]) * 60) if sign else 0
    when = Clock(UTC).at(date, time, fraction)
    return None if when is None else when - offset_s * _MICRO
