"""Stamps: fractions, zones, missing years, absurd values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from novatrace.errors import UsageError
from novatrace.parsing.timestamps import Clock, calendar_of, moment_us, zone

BASE_US = 1795392000_000000  # 2026-11-23 00:00:00 UTC


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [(None, 0), ("5", 500000), ("045", 45000), ("045123", 45123), ("045123987", 45123)],
)
def test_fractions_of_any_length(fraction, expected):
    """Nothing, tenths, milliseconds, micro- and nanoseconds."""
    fields = {"date": "2026-11-23", "time": "00:00:00", "fraction": fraction}
    assert Clock(UTC).when_us(fields) == BASE_US + expected


@pytest.mark.parametrize(
    "fields",
    [
        {"date": "2026-13-23", "time": "00:00:00"},
        {"date": "2026-02-30", "time": "00:00:00"},
        {"date": "0000-01-01", "time": "00:00:00"},
        {"date": "2026-11-23", "time": "25:00:00"},
        {"time": "00:00:00"},
        {"created": -5},
        {"created": 1e300},
        {"created": "soon"},
    ],
)
def test_an_absurd_stamp_is_unknown_never_now(fields):
    """The line is kept; its time is not known."""
    assert Clock(UTC).when_us(fields) is None


def test_a_leap_second_is_a_second():
    """23:59:60 is read as the last second of the day."""
    assert Clock(UTC).when_us({"date": "2016-12-31", "time": "23:59:60"}) is not None


def test_zones_shift_the_stamps():
    """Berlin is an hour ahead in winter, two in summer; an offset is taken as it is."""
    winter, summer = {"date": "2026-11-23", "time": "12:00:00"}, {"date": "2026-07-01", "time": "12:00:00"}
    hour = 3_600_000_000
    berlin = zone("Europe/Berlin")
    assert Clock(UTC).when_us(winter) - Clock(berlin).when_us(winter) == hour
    assert Clock(UTC).when_us(summer) - Clock(berlin).when_us(summer) == 2 * hour
    assert Clock(UTC).when_us(winter) - Clock(zone("-05:30")).when_us(winter) == -5.5 * hour


@pytest.mark.parametrize("name", ["", "Nowhere/Else", "+1", "../../etc/localtime"])
def test_an_unknown_zone_is_refused(name):
    """A zone that does not exist is a usage error."""
    with pytest.raises(UsageError):
        zone(name)


def test_a_year_comes_from_dates_in_the_same_file():
    """An ISO date within a day of the stamp tells the year, over New Year too; else the file's age does."""
    old = int(datetime(2020, 3, 1, tzinfo=UTC).timestamp() * 1e6)
    said = "year from ISO dates in the same file"
    assert _year(["updated_at=2016-10-28T10:00:00Z"], 10, 28, old) == (2016, said)
    assert _year(["updated_at=2016-12-31T23:59:00Z"], 1, 1, old) == (2017, said)
    assert _year(["nothing"], 2, 1, old) == (2020, "year inferred from the file's modification time")
    assert _year(["nothing"], 12, 1, old)[0] == 2019


def _year(texts, month, day, mtime_us):
    calendar, basis = calendar_of(texts, month, day, mtime_us)
    return calendar.year(month, day), basis


def test_the_users_own_words_for_a_moment():
    """--since takes what people write, in the zone of --tz."""
    assert moment_us("2026-11-23 01:00", zone("+01:00")) == BASE_US
    assert moment_us("2026-11-23T00:00:00Z", zone("+01:00")) == BASE_US
    with pytest.raises(UsageError):
        moment_us("whenever", UTC)
