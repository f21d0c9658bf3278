"""What stands beside the lines: zones of nodes, sites' formats, a sosreport's own files; hours that come twice."""

from __future__ import annotations

import io
import json
import os
import tarfile
from datetime import UTC, datetime

import pytest

from novatrace import pipeline
from novatrace.errors import UsageError
from novatrace.parsing.log_format import layout_of_format
from novatrace.parsing.nova_conf import settings_of, zone_of_timedatectl
from novatrace.parsing.timestamps import Clock, zone
from novatrace.pipeline.ingest import ingest, plan_of
from novatrace.pipeline.run_options import RunOptions

IDS = "req-9e7059ce-cf78-42e9-aabd-496fb9118682 u1 p1"
UUID = "ce014e67-71c6-4283-8857-75e8ac84e144"
LINE = f"2026-07-01 12:00:00.500 7 INFO nova.compute.claims [{IDS} - - -] [instance: {UUID}] Claim successful on node cn7\n"
TIMEDATECTL = """               Local time: Wed 2026-07-01 14:00:00 CEST
           Universal time: Wed 2026-07-01 12:00:00 UTC
                Time zone: Europe/Berlin (CEST, +0200)
"""
NOON_US = int(datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp() * 1_000_000) + 500_000
HOUR_US = 3_600_000_000


def seen(*paths, **options):
    """(node, first moment, clock basis) of each input."""
    case = pipeline.inspect(pipeline.RunOptions(tuple(map(str, paths)), **options))
    return {(case.evidence[c.evidence_id].node, c.first_us, c.clock_basis) for c in case.coverage}, case


def test_each_node_may_have_its_zone(tmp_path):
    """`--tz NODE=ZONE` is for one node, by its short name too; `--tz ZONE` for the others."""
    for node in ("cn7.example.org", "cn8"):
        (tmp_path / node).mkdir()
        (tmp_path / node / "nova-compute.log").write_text(LINE + f"{node}\n")
    found, _ = seen(tmp_path, tz="Europe/Berlin,cn7=+05:30")
    assert found == {
        ("cn7.example.org", NOON_US - 5.5 * HOUR_US, "+05:30 (--tz for cn7)"),
        ("cn8", NOON_US - 2 * HOUR_US, "Europe/Berlin (--tz)"),
    }
    with pytest.raises(UsageError, match="no such time zone"):
        seen(tmp_path, tz="cn7=Nowhere")


def sosreport(entries: dict[str, str]) -> bytes:
    """A sosreport's archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz") as archive:
        for name, text in entries.items():
            info = tarfile.TarInfo(f"sosreport-cn7-2026-07-01-abcdefg/{name}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def test_a_sosreport_tells_zone_name_and_settings(tmp_path):
    """timedatectl gives the zone, hostname the node, nova.conf the options; a stated zone comes before all."""
    conf = (
        "[DEFAULT]\ncpu_allocation_ratio = 4.0\n[filter_scheduler]\nhost_subset_size = 3\nenabled_filters = A,\n  B\n"
    )
    files = {
        "sos_commands/systemd/timedatectl": TIMEDATECTL,
        "sos_commands/general/hostname": "compute-seven\n",
        "etc/nova/nova.conf": conf,
        "var/log/nova/nova-compute.log": LINE,
    }
    (tmp_path / "s.tar.xz").write_bytes(sosreport(files))
    found, case = seen(tmp_path)
    ((node, when, basis),) = found
    assert (node, when) == ("compute-seven", NOON_US - 2 * HOUR_US)
    assert basis.startswith("Europe/Berlin (timedatectl in ")
    options = dict(case.settings[0].options)
    assert options["DEFAULT/cpu_allocation_ratio"] == "4.0"
    assert options["filter_scheduler/host_subset_size"] == "3"
    assert options["filter_scheduler/enabled_filters"] == "A, B"
    assert next(iter(seen(tmp_path, tz="UTC")[0]))[1] == NOON_US


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TIMEDATECTL, "Europe/Berlin"),
        ("Timezone=America/New_York\nLocalRTC=no\n", "America/New_York"),
        ("Etc/UTC\n", "Etc/UTC"),
        ("      Timezone: UTC (UTC, +0000)\n", "UTC"),
        ("command not found", None),
    ],
)
def test_zones_as_tools_print_them(text, expected):
    """timedatectl of several releases, and /etc/timezone."""
    assert zone_of_timedatectl(text) == expected


def test_comments_and_other_sections_of_a_nova_conf_count_for_nothing():
    """Only wanted options of their own sections."""
    found = settings_of(
        "#host=x\n[DEFAULT]\nhost=cn7\n;debug=true\n[keystone_authtoken]\npassword=secret\nhost=k\n", None, "p"
    )
    assert found.options == (("DEFAULT/host", "cn7"),)


@pytest.mark.parametrize(
    ("form", "line"),
    [
        (
            "%(asctime)s.%(msecs)03d|%(process)d|%(levelname)-8s|%(name)s|%(request_id)s|%(user_id)s|%(project_id)s|%(instance)s%(message)s",
            "2026-07-01 12:00:00.500|7|INFO    |nova.compute.claims|{0}|u1|p1|[instance: {1}] Claim successful on node cn7",
        ),
        (
            (
                "%(asctime)s.%(msecs)03d %(hostname)s %(process)d %(color)s%(levelname)s %(name)s "
                "[%(request_id)s %(user_identity)s] %(instance)s%(message)s"
            ),
            "2026-07-01 12:00:00.500 cn7 7 INFO nova.compute.claims [{0} u1 p1 - - -] [instance: {1}] Claim successful on node cn7",
        ),
    ],
)
def test_a_sites_own_format_is_read(novatrace, tmp_path, form, line):
    """Given with --log-format, or found in the nova.conf beside the logs; without them it is read by guess, and named so."""
    (tmp_path / "nova-compute.log").write_text(line.format(IDS.split(maxsplit=1)[0], UUID) + "\n")
    without = json.loads(novatrace("inspect", tmp_path / "nova-compute.log", "-q", "-f", "json").stdout)
    assert without["coverage"]["inputs"][0]["layout"] == "site-format"
    given = json.loads(
        novatrace("inspect", tmp_path / "nova-compute.log", "-q", "-f", "json", "--log-format", form).stdout
    )
    (tmp_path / "nova.conf").write_text(f"[DEFAULT]\nlogging_context_format_string = {form}\n")
    found = json.loads(novatrace("inspect", tmp_path, "-q", "-f", "json").stdout)
    for report in (given, found):
        seen_here = report["coverage"]["inputs"][0]
        assert seen_here["layout"] != "site-format"
        assert seen_here["lines"]["parsed"] == 1
        assert seen_here["first_us"] == NOON_US
        assert seen_here["levels"] == {"INFO": 1}


def test_a_format_without_a_message_is_refused():
    """It could read nothing."""
    with pytest.raises(UsageError, match="--log-format"):
        layout_of_format("%(asctime)s")


def test_the_hour_that_comes_twice_is_told_by_the_order_of_lines(tmp_path):
    """Berlin, 25 October 2026: 02:00 to 03:00 twice; the moments only go forward."""
    walls = ["01:59", "02:10", "02:50", "02:05", "02:50", "03:05"]
    text = "".join(LINE.replace("2026-07-01 12:00", f"2026-10-25 {wall}") for wall in walls)
    (tmp_path / "nova-compute.log").write_text(text)
    _, case = seen(tmp_path, tz="Europe/Berlin")
    assert (case.coverage[0].last_us - case.coverage[0].first_us) == (2 * 60 + 6) * 60_000_000
    clock = Clock(zone("Europe/Berlin"))
    moments = [clock.at("2026-10-25", f"{wall}:00", None) for wall in walls]
    assert moments == sorted(moments)
    assert len(set(moments)) == len(moments)


def test_the_hour_that_never_comes_is_moved_behind_the_gap():
    """Berlin, 29 March 2026: 02:30 does not exist."""
    clock = Clock(zone("Europe/Berlin"))
    assert clock.at("2026-03-29", "02:30:00", None) == clock.at("2026-03-29", "03:30:00", None)


def test_new_year_in_a_journal_without_years(tmp_path):
    """December and January in one file: the years differ, and the moments go forward."""
    path = tmp_path / "nova-compute.log"
    form = "{} cn7 nova-compute[7]: INFO nova.compute.claims [" + IDS + "] Claim successful on node cn7\n"
    path.write_text(form.format("Dec 31 23:59:59") + form.format("Jan  1 00:00:01"))
    written = datetime(2026, 1, 3, tzinfo=UTC).timestamp()
    os.utime(path, (written, written))
    _, case = seen(path)
    assert case.coverage[0].last_us - case.coverage[0].first_us == 2_000_000
    assert case.coverage[0].first_us == int(datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp() * 1_000_000)


def test_a_second_stamp_in_the_line_tells_the_zone(tmp_path):
    """The container's clock is UTC, the service's two hours ahead; the report says what it rests on."""
    path = tmp_path / "nova-compute.log"
    path.write_text(f"2026-07-01T10:00:00.501234567Z stderr F {LINE}")
    found, _ = seen(path)
    ((_, when, basis),) = found
    assert when == NOON_US - 2 * HOUR_US
    assert basis == "UTC+02:00 (a second stamp in each line has the zone)"


def test_a_container_in_another_zone_than_its_machine_is_read_by_its_lines(tmp_path):
    """A sosreport says Berlin, the container's lines carry UTC beside them: the lines know better; only --tz says more."""
    files = {
        "sos_commands/systemd/timedatectl": TIMEDATECTL,
        "var/log/containers/stdouts/nova_compute.log": f"2026-07-01T12:00:00.501234567Z stderr F {LINE}",
    }
    (tmp_path / "s.tar.xz").write_bytes(sosreport(files))
    ((_, when, basis),), _ = seen(tmp_path)
    assert when == NOON_US
    assert basis == "UTC (a second stamp in each line has the zone)"
    ((_, when, basis),), _ = seen(tmp_path, tz="Europe/Berlin")
    assert (when, basis) == (NOON_US - 2 * HOUR_US, "Europe/Berlin (--tz)")


def test_a_zone_and_a_format_that_cannot_be_used_are_told(tmp_path):
    """What stands beside the logs may be wrong: it is not used, and the report says so."""
    files = {
        "sos_commands/systemd/timedatectl": TIMEDATECTL.replace("Europe/Berlin", "Nowhere/Else"),
        "etc/nova/nova.conf": "[DEFAULT]\nlogging_context_format_string = %(asctime)s\n",
        "var/log/nova/nova-compute.log": LINE,
    }
    (tmp_path / "s.tar.xz").write_bytes(sosreport(files))
    ((_, when, basis),), case = seen(tmp_path)
    assert when == NOON_US
    assert basis.startswith("UTC assumed")
    assert {"W-TIME-TZ", "W-FMT-CONF"} <= {notice.id for notice in case.notices}


SYSLOG = (
    "Oct 28 15:16:{:02} {} nova-compute[7]: 2016-10-28 15:16:{:02}.335 7 INFO nova.compute.claims "
    "[req-7a578ff5-2e78-410b-8168-5219efa84f9b u p] Claim successful\n"
)


def nodes(*paths, **options):
    """Node by place, and the ids of notices."""
    read = ingest(plan_of(RunOptions(tuple(map(str, paths)), jobs=1, **options)))
    return [event.node for event in read.events], {notice.id for notice in read.notices}


@pytest.mark.parametrize(
    ("folder", "host", "expected"),
    [
        ("case-4711", "cn7", ("cn7", True)),  # somebody's name for it all: the lines count
        ("cn7", "cn7", ("cn7", False)),
        ("cn7", "cn7.example.org", ("cn7", False)),
        ("cn7", "localhost", ("cn7", False)),  # no names of machines
        ("cn7", "10.1.2.3", ("cn7", False)),
        ("cn7", "0a1b2c3d4e5f", ("cn7", False)),
        ("logs", "cn7", ("cn7", True)),  # the folder of the test above it is no machine either
    ],
)
def test_the_name_in_the_lines_counts_more_than_the_folders(folder, host, expected, tmp_path):
    """Unless it is no machine's name; a folder's name that was not taken is told."""
    path = tmp_path / folder / "messages"
    path.parent.mkdir()
    path.write_text("".join(SYSLOG.format(s, host, s) for s in range(3)))
    found, ids = nodes(tmp_path)
    assert (set(found), "I-IN-NODE" in ids) == ({expected[0]}, expected[1])
    assert set(nodes(tmp_path, node="mine")[0]) == {"mine"}


def test_a_folders_name_that_its_other_logs_go_by_means_the_same_machine(tmp_path):
    """A journal beside a log without names: one machine, under the name that both have."""
    folder = tmp_path / "blade-12"
    folder.mkdir()
    (folder / "messages").write_text(SYSLOG.format(1, "cn7", 1))
    (folder / "nova-compute.log").write_text(SYSLOG.format(2, "cn7", 2).partition("]: ")[2])
    found, ids = nodes(tmp_path)
    assert (found, ids) == (["blade-12"] * 2, set())
    (folder / "syslog").write_text(SYSLOG.format(3, "cn8", 3))
    found, ids = nodes(tmp_path)
    assert (sorted(found), ids) == (["blade-12", "cn7", "cn8"], {"I-IN-NODE"})


def test_lines_of_others_late_in_a_file_are_theirs(tmp_path):
    """What the first look has not seen: each line is of the machine that it names."""
    path = tmp_path / "cn7" / "messages"
    path.parent.mkdir()
    path.write_text("".join(SYSLOG.format(s % 60, "cn7" if s < 900 else "cn8", s % 60) for s in range(1000)))
    found, _ = nodes(tmp_path)
    assert found == ["cn7"] * 900 + ["cn8"] * 100


def test_a_zone_stated_for_the_node_that_the_lines_name(tmp_path):
    """It is found by that name."""
    path = tmp_path / "case-4711" / "messages"
    path.parent.mkdir()
    path.write_text(SYSLOG.format(1, "cn7", 1))
    read = ingest(plan_of(RunOptions((str(tmp_path),), jobs=1, tz="cn7=+02:00")))
    assert read.coverage[0].clock_basis.startswith("+02:00")
