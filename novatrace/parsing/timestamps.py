"""From stamps to µs since 1970 UTC.

Nova's default stamp has no zone: it is local time of the node. The zone comes from ``--tz``, else UTC is assumed and
said. Journals print no year: it is taken from ISO dates inside the same lines, else from the file's age, and said.
Only fixed shapes are read; ``dateutil`` resolves zones and the user's own words (``--since``).
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from dateutil import parser as dateutil_parser
from dateutil import tz as dateutil_tz

from novatrace.errors import UsageError

MONTHS = {
    m: i for i, m in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)
}
_ISO_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)-(\d\d)-(\d\d)[T ]\d\d:")
_MICRO = 1_000_000
_LEAP_SECOND = 60
_FAR_FUTURE_S = 100_000_000_000


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
    try:
        moment = dateutil_parser.parse(text, default=datetime(1970, 1, 1, tzinfo=local))
        return _us(moment)
    except (ValueError, OverflowError, dateutil_parser.ParserError) as error:
        raise UsageError(
            f"{text!r} is not a date and time",
            next_step="write it like '2016-10-28 15:16:00' or 2016-10-28T15:16:00Z",
        ) from error


def _us(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


class Clock:
    """Reads the stamps of one input; remembers the last minute, because neighbours share it."""

    def __init__(self, local: tzinfo, *, year: int | None = None) -> None:
        self._local = local
        self._utc = local is UTC
        self.year = year
        self._minute = ("", "")
        self._minute_s: int | None = None

    def when_us(self, fields: dict[str, Any]) -> int | None:
        """The moment of a line's fields, or None when the stamp is absurd or missing."""
        created = fields.get("created")
        if created is not None:
            return int(created * _MICRO) if isinstance(created, (int, float)) and 0 <= created < _FAR_FUTURE_S else None
        time = fields.get("time")
        date = fields.get("date")
        if date is None and self.year is not None and "month" in fields:
            date = f"{self.year}-{MONTHS[fields['month']]:02}-{int(fields['day']):02}"
        if date is None or time is None:
            return None
        return self.at(date, time, fields.get("fraction"))

    def at(self, date: str, time: str, fraction: str | None) -> int | None:
        """The moment of a date, a time and a fraction of a second (1 to 9 digits)."""
        minute, second = (date, time[:5]), int(time[6:])
        if minute != self._minute:
            self._minute, self._minute_s = minute, self._start_of(*minute)
        if self._minute_s is None or second > _LEAP_SECOND:
            return None
        # A leap second (:60) is kept as the second before it.
        return (self._minute_s + min(second, _LEAP_SECOND - 1)) * _MICRO + (
            int(fraction[:6].ljust(6, "0")) if fraction else 0
        )

    def _start_of(self, date: str, minute: str) -> int | None:
        try:
            moment = datetime.strptime(f"{date} {minute}", "%Y-%m-%d %H:%M")  # noqa: DTZ007
            if self._utc:
                return timegm(moment.timetuple())
            return _us(moment.replace(tzinfo=self._local)) // _MICRO
        except (ValueError, OverflowError):
            return None


def year_of(lines: list[str], month: int, day: int, mtime_us: int) -> tuple[int, str]:
    """The year of year-less stamps and its basis: an ISO date in the lines that falls within a day, else the file's age."""
    for line in lines:
        for match in _ISO_DATE.finditer(line):
            try:
                iso = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
                near = [y for y in (iso.year - 1, iso.year, iso.year + 1) if _close(y, month, day, iso)]
            except ValueError:
                continue
            if near:
                return near[0], "year from ISO dates in the same file"
    written = datetime.fromtimestamp(mtime_us / _MICRO, tz=UTC)
    later = (month, day) > (written.month, written.day)
    return written.year - 1 if later else written.year, "year inferred from the file's modification time"


def _close(year: int, month: int, day: int, iso: datetime) -> bool:
    return abs(datetime(year, month, day, tzinfo=UTC) - iso) <= timedelta(days=1)
