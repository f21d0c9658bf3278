"""Stamps: fractions, zones, missing years, absurd values."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta

import pytest
from reading import read as read_text

from novatrace.errors import UsageError
from novatrace.parsing.timestamps import Clock, moment_us, zone
from novatrace.parsing.years import Written, calendar_of, first_year, named_day
from novatrace.pipeline.ingest import ingest, plan_of
from novatrace.pipeline.run_options import RunOptions

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
        {"date": "1970-01-01", "time": "00:00:12"},
        {"date": "9999-12-31", "time": "23:59:59"},
        {"created": -5},
        {"created": 12.5},
        {"created_us": "17"},
        {"created": 1e300},
        {"created": "soon"},
    ],
)
def test_an_absurd_stamp_is_unknown_never_now(fields):
    """The line is kept; its time is not known."""
    assert Clock(UTC).when_us(fields) is None


def test_a_leap_second_is_a_second():
    """23:59:60 comes behind all of 23:59:59 and before midnight."""
    moments = [("2016-12-31", "23:59:59", "999"), ("2016-12-31", "23:59:60", "500"), ("2017-01-01", "00:00:00", None)]
    read = [Clock(UTC).when_us({"date": date, "time": time, "fraction": part}) for date, time, part in moments]
    assert read == sorted(read)
    assert len(set(read)) == 3
    line = "2016-12-31 23:59:60.500 7 INFO nova.filters [-] Filter RamFilter returned 3 host(s)\n"
    for how in ({}, {"line_by_line": True}):
        (event, *_), _, _ = read_text(line.encode() * 3, None, **how)
        assert event.when_us == read[1]


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


def test_a_log_of_several_years_is_told_by_its_new_years(tmp_path):
    """Each line gets the year in which it stands; lines that come a little late do not turn the year."""
    days = ["Nov 03", "Dec 31", "Jan 01", "Dec 31", "Jan 02", "Oct 05", "Nov 20", "Jan 07", "Feb 28", "Mar 09"]
    years = [2023, 2023, 2024, 2023, 2024, 2024, 2024, 2025, 2025, 2025]
    path = tmp_path / "messages"
    path.write_text(
        "".join(f"{day} 10:00:00 cn7 nova-compute[7]: INFO nova.filters [-] Starting with 1 host(s)\n" for day in days)
    )
    written = datetime(2025, 3, 9, 12, tzinfo=UTC).timestamp()
    os.utime(path, (written, written))
    read = ingest(plan_of(RunOptions((str(path),))))
    assert [datetime.fromtimestamp(e.when_us / 1e6, UTC).year for e in read.events] == years
    assert "New Years" in read.coverage[0].clock_basis


@pytest.mark.parametrize(("noise_bytes", "name"), [(300, "messages"), (6000, "messages"), (300, "messages.gz")])
def test_a_long_log_of_several_years_too(noise_bytes, name, tmp_path):
    """What does not fit into the first look is looked at all over; packed as well."""
    first, last = datetime(2023, 11, 3, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    noise = f" 11:00:00 cn7 systemd[1]: Started {'x' * noise_bytes}\n"
    event = " 10:00:00 cn7 nova-compute[7]: INFO nova.filters [-] Starting with 1 host(s)\n"
    text = "".join(f"{day:%b} {day.day:2}{event}" + f"{day:%b} {day.day:2}{noise}" for day in days).encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    os.utime(path, (last.timestamp(), last.timestamp()))
    read = ingest(plan_of(RunOptions((str(path),))))
    assert [e.when_us for e in read.events] == [int((d.timestamp() + 36_000) * 1e6) for d in days]


def test_a_log_of_a_year_needs_no_new_years():
    """Within a year, the age of the log tells; a log that begins and ends in one autumn is over a year old."""
    newest = datetime(2026, 3, 9, tzinfo=UTC)
    assert first_year(b"Nov  3 10:00:00 x\nJan  7 10:00:00 x\nMar  9 10:00:00 x\n", newest) is None
    assert first_year(b"Sep  1 10:00:00 x\nJan  7 10:00:00 x\nSep  9 10:00:00 x\n", newest) == 2024
    assert first_year(b"Mar  1 10:00:00 x\nMar  2 10:00:00 x\n", newest) is None


def test_the_date_in_a_rotated_files_name_tells_its_year():
    """A copied set has lost its times; its names have not."""
    copied = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1e6)
    for name in ("var/log/messages-20160103", "var/log/messages-20160103.gz", "syslog.2016-01-03"):
        calendar, basis = calendar_of([], 12, 30, Written.of(name, copied))
        assert calendar.year(12, 30) == 2015
        assert calendar.year(1, 2) == 2016
        assert basis == "year inferred from the date in the file's name"
    assert named_day("nova-api.log.1") is None
    assert named_day("messages-20261399") is None


def _year(texts, month, day, mtime_us):
    calendar, basis = calendar_of(texts, month, day, Written.of("messages", mtime_us))
    return calendar.year(month, day), basis


def test_the_users_own_words_for_a_moment():
    """--since takes what people write, in the zone of --tz."""
    assert moment_us("2026-11-23 01:00", zone("+01:00")) == BASE_US
    assert moment_us("2026-11-23T00:00:00Z", zone("+01:00")) == BASE_US
    with pytest.raises(UsageError):
        moment_us("whenever", UTC)


LINE = "{} 00:05:14.957 7 DEBUG nova.filters [req-061d9a7b-6080-4869-b793-2889a657596c u p] Starting with 4 host(s)\n"


@pytest.mark.parametrize(
    ("dates", "meant"),
    [
        (["03/11/2026", "23/11/2026"], ["2026-11-03", "2026-11-23"]),
        (["11/03/2026", "11/23/2026"], ["2026-11-03", "2026-11-23"]),
        (["3.11.2026"], ["2026-11-03"]),
        (["03/11/2026", "04/11/2026"], [None, None]),
        (["11/11/2026", "12/11/2026"], ["2026-11-11", None]),
        (["23/11/2026", "11/24/2026", "03/04/2026"], ["2026-11-23", "2026-11-24", None]),
    ],
)
def test_whether_day_or_month_comes_first_is_told_by_the_whole_input_and_never_guessed(dates, meant):
    """A number beyond 12 anywhere decides; lines that contradict each other decide for themselves alone."""
    found, _, _ = read_text("".join(LINE.format(date) for date in dates).encode())
    told = [None if e.when_us is None else datetime.fromtimestamp(e.when_us / 1e6, UTC).date() for e in found]
    assert [None if date is None else date.isoformat() for date in told] == meant


def test_dates_that_may_be_two_days_are_told(tmp_path):
    """With a warning, as times are not known; a day beyond the 12th late in the file is enough."""
    path = tmp_path / "nova-scheduler.log"
    path.write_text(LINE.format("03/11/2026") * 3000)
    read = ingest(plan_of(RunOptions((str(path),), jobs=1)))
    assert [n.id for n in read.notices] == ["W-TIME-DAY-MONTH"]
    path.write_text(LINE.format("03/11/2026") * 3000 + LINE.format("13/11/2026"))
    read = ingest(plan_of(RunOptions((str(path),), jobs=1)))
    assert [n.id for n in read.notices] == []
    assert {e.when_us for e in read.events if e.provenance.line_no == 1} == {1793664314957000}


@pytest.mark.parametrize("lost", [1, 2])
def test_a_stamp_without_its_first_characters_is_of_this_century(lost):
    """As copytruncate leaves it, first or in the middle: the line is a record of its own, at its time."""
    line = LINE.format("2026-11-03")
    found, coverage, _ = read_text((line[lost:] + line + line[lost:] + line).encode())
    assert {e.when_us for e in found} == {1793664314957000}
    assert (len(found), coverage.lines.parsed) == (4, 4)


@pytest.mark.parametrize(("form", "day"), [("%d/%m/%Y", "03"), ("%m/%d/%Y", "11")])
def test_a_nova_conf_tells_whether_day_or_month_comes_first(tmp_path, form, day):
    """Its log_date_format beside the log; no line of it needs to."""
    (tmp_path / "nova.conf").write_text(
        f"[DEFAULT]\nlog_date_format = {form} %H:%M:%S\nlogging_context_format_string = "
        "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [%(request_id)s %(user)s %(tenant)s] %(instance)s%(message)s\n"
    )
    (tmp_path / "nova-scheduler.log").write_text(LINE.format("03/11/2026" if day == "03" else "11/03/2026"))
    read = ingest(plan_of(RunOptions((str(tmp_path),), jobs=1)))
    assert [e.when_us for e in read.events] == [1793664314957000]
    assert "W-TIME-DAY-MONTH" not in [n.id for n in read.notices]
