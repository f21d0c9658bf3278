"""What stands for years and dates that stamps lack: ISO dates in the same lines, the age of the log, its New Years."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from novatrace.parsing.months import MONTHS

_STAMP = re.compile(
    rb"^(?:<\d{1,3}>)?(" + "|".join(MONTHS).encode() + rb") {1,2}(\d{1,2}) \d\d:\d\d:\d\d", re.MULTILINE
)
_NAMED = re.compile(r"[.\-_](20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")
_ISO_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)-(\d\d)-(\d\d)[T ]\d\d:")
_HALF_YEAR = 6
_LATE_DAYS = 3
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Calendar:
    """What stands for the parts of a date that stamps lack.

    Attributes:
        since: (year, month, day): a stamp without a year is the first one of its month and day from here on.
        last: (date, time) of the newest line: a stamp without a date is the last one of its time up to here.
        turning: the log is longer than a year: it begins in the year of ``since``, and New Year comes where the months of
            its lines begin anew.
    """

    since: tuple[int, int, int]
    last: tuple[str, str]
    turning: bool = False

    def year(self, month: int, day: int) -> int:
        """The year of a month and a day."""
        year, *start = self.since
        return year if [month, day] >= start else year + 1

    def date(self, time: str) -> str:
        """The date of a time of day."""
        date, newest = self.last
        return date if time <= newest else str((datetime.fromisoformat(date) - timedelta(days=1)).date())


@dataclass(frozen=True, slots=True)
class Written:
    """When a log was written last.

    Attributes:
        last: the moment.
        basis: what tells it; "" where nothing does.
    """

    last: datetime
    basis: str

    @classmethod
    def of(cls, place: str, mtime_us: int) -> Written:
        """By the date in a rotated file's name, else by the file's modification time (µs since 1970 UTC, or 0)."""
        named = named_day(place.rpartition("/")[2])
        changed = datetime.fromtimestamp(mtime_us / _MICRO, tz=UTC)
        if named is not None and (not mtime_us or named < changed):
            return cls(named, "the date in the file's name")
        return cls(changed, "the file's modification time" if mtime_us else "")


def turn(before: tuple[int, int], day: tuple[int, int]) -> int:
    """How the year changes between two lines that follow each other, by month and day of both.

    1 where a year ended in between; -1 where a line of the last days of December comes late; else 0: a log may be silent for
    months, and lines may be out of order by far less than half a year.
    """
    if before[0] - day[0] >= _HALF_YEAR:
        return 1
    return -1 if before <= (1, _LATE_DAYS) and day > (12, 31 - _LATE_DAYS) else 0


def first_year(head: bytes, newest: datetime) -> int | None:
    """The year in which a log of more than a year begins; None for a shorter one.

    Args:
        head: the whole log, or pieces from all over it in order.
        newest: when it was last written.
    """
    stamps = [(MONTHS[match[1].decode()], int(match[2])) for match in _STAMP.finditer(head)]
    turns = sum(turn(before, day) for before, day in pairwise(stamps))
    if turns < 1 or (turns == 1 and stamps[-1] < stamps[0]):
        return None
    late = newest + timedelta(days=2)
    return late.year - (stamps[-1] > (late.month, late.day)) - turns


def named_day(name: str) -> datetime | None:
    """The end of the day in a rotated file's name (``messages-20261123``, ``nova-api.log.2026-11-23``), or None."""
    for match in reversed(list(_NAMED.finditer(name))):
        try:
            return datetime(int(match[1]), int(match[2]), int(match[3]), 23, 59, 59, tzinfo=UTC)
        except ValueError:
            continue
    return None


def calendar_of(
    lines: list[str], month: int | None, day: int | None, written: Written, head: bytes = b""
) -> tuple[Calendar, str]:
    """What stands for a missing year or date, and its basis: ISO dates in the lines, else what tells the log's age.

    Args:
        lines: the first ones.
        month: of the first stamp; None where stamps have no date at all.
        day: of the first stamp.
        written: when the log was written.
        head: the whole log, or pieces from all over it in order, to be looked through for New Years.
    """
    iso = None if month is None or day is None else _iso_near(lines, month, day)
    newest = written.last
    last = (str(newest.date()), f"{newest:%H:%M:%S}")
    began = None if month is None else first_year(head, newest)
    if iso is not None:
        start, basis = iso - timedelta(days=30), "year from ISO dates in the same file"
        year = next(
            (y for y in (iso.year - 1, iso.year, iso.year + 1) if _close(y, month or 1, day or 1, iso)), iso.year
        )
        return _calendar(start, last, year if began is not None else None), basis
    what = "date" if month is None else "year"
    if written.basis == "":
        return Calendar((1970, 1, 1), ("1970-01-01", "23:59:59")), f"no {what} in the stamps, 1970 stands for it"
    basis = f"{what} inferred from {written.basis}"
    if began is not None:
        basis += " and the New Years in between"
    return _calendar(newest + timedelta(days=2) - timedelta(days=365), last, began), basis


def _calendar(since: datetime, last: tuple[str, str], began: int | None) -> Calendar:
    if began is not None:
        return Calendar((began, 1, 1), last, turning=True)
    return Calendar((since.year, since.month, since.day), last)


def _iso_near(lines: list[str], month: int, day: int) -> datetime | None:
    """The first ISO date in the lines that falls within a day of a stamp without a year."""
    for line in lines:
        for match in _ISO_DATE.finditer(line):
            try:
                iso = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
                if any(_close(year, month, day, iso) for year in (iso.year - 1, iso.year, iso.year + 1)):
                    return iso
            except ValueError:
                continue
    return None


def _close(year: int, month: int, day: int, iso: datetime) -> bool:
    return abs(datetime(year, month, day, tzinfo=UTC) - iso) <= timedelta(days=1)
