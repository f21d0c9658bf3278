"""The account of an input: what was not understood by shape, what was left out by which rule; and clouds at rest."""

from __future__ import annotations

import json
import tarfile

from cases import FIXTURES
from reading import read

from novatrace import pipeline
from novatrace.parsing.shapes import shape_of

LINE = "2026-07-01 12:00:00.500 7 INFO nova.compute.claims [-] Claim successful on node cn7\n"
STRANGE = "2026-11-23 12:00:{:02} strange thing {} at 10.0.0.{}\n"

UPGRADE = ("o15-b1-race-room1", "b1-race-placement-room1")


def test_alike_lines_count_as_one_shape():
    """Times, ids, addresses and numbers are masked; the count and the first line are kept, also across pieces."""
    text = LINE + "".join(STRANGE.format(i, i, i) for i in range(30)) + LINE
    for borders in ((), (200, 900)):
        _, coverage, _ = read(text.encode(), "nova-compute", borders=borders)
        assert coverage.shapes == {"<time> strange thing <n> at <ip>": (30, 2)}
        assert coverage.lines.unparsed == 30
    assert shape_of("a 0x7f3a99 ce014e67-71c6-4283-8857-75e8ac84e144 'one two'") == "a <hex> <uuid> <text>"


def test_inspect_tells_what_it_left_out_and_what_is_not_there(novatrace, tmp_path):
    """Rules by name, shapes with counts, services without a log."""
    (tmp_path / "nova-compute.log").write_text(LINE + "\n" + STRANGE.format(1, 2, 3) * 3 + "--\n" + LINE)
    text = novatrace("inspect", tmp_path, "-q").stdout.decode()
    assert "ignored on purpose: blank 1, marks-of-tools 1" in text
    assert "no nova-scheduler log: filters, candidates and choices are not here" in text
    row = json.loads(novatrace("inspect", tmp_path, "-q", "-f", "json").stdout)["coverage"]["inputs"][0]
    assert row["ignored"] == {"blank": 1, "marks-of-tools": 1}
    assert row["unparsed_shapes"] == [{"shape": "<time> strange thing <n> at <ip>", "lines": 3, "first_line": 3}]


def test_a_cloud_that_moves_nothing_has_no_move(tmp_path):
    """Periodic work, API reads, a boot, Cinder's scheduler with the same words: nobody migrated, nothing is told of it."""
    source = FIXTURES / "real-nova" / "a-single-migrate"
    for path in source.glob("*/*.log"):
        quiet = [line for line in path.read_text().splitlines(keepends=True) if not _moves(line, source)]
        target = tmp_path / path.parent.name / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_text("".join(quiet))
    foreign = "2026-11-23 00:12:26.{:03} 9 {} cinder.scheduler.{} [req-9e7059ce-cf78-42e9-aabd-496fb9118682 u p] {}\n"
    said = [
        ("DEBUG", "base_filter", "Starting with 3 host(s)"),
        ("DEBUG", "base_filter", "Filter CapacityFilter returned 0 host(s)"),
        ("ERROR", "manager", "No valid host was found"),
    ]
    rows = [foreign.format(n, level, logger, text) for n, (level, logger, text) in enumerate(said)]
    (tmp_path / "ctl01" / "cinder-scheduler.log").write_text("".join(rows))
    case = pipeline.analyse(pipeline.RunOptions((str(tmp_path),)))
    assert [m.action for m in case.migrations if m.action != "create"] == []
    assert [b for b in case.bursts if b.verdict == "overcommitted"] == []


def _moves(line: str, source) -> bool:
    """True for a line of the requests that moved a VM."""
    return any(request in line for request in _requests(source))


def _requests(source) -> set[str]:
    actions = json.loads((source / "truth.json").read_text())["actions"]
    return {a["request_id"] for a in actions if a["action"] != "create"}


def test_a_hole_in_a_rotated_set_is_told(novatrace, tmp_path):
    """Numbers between 1 and the last, days between two of a daily set; an empty file is no hole, nor is a gzip's end."""
    for name in ("nova-compute.log", "nova-compute.log.1", "nova-compute.log.4.gz"):
        (tmp_path / name).write_bytes(LINE.encode() if name.endswith("g") else b"")
    days = ("20260628", "20260629", "20260701", "20260702")
    for day in days:
        (tmp_path / f"nova-api.log-{day}").write_text(
            LINE.replace("2026-07-01 12:00", f"2026-{day[4:6]}-{day[6:]} 12:00")
        )
    found = json.loads(novatrace("inspect", tmp_path, "-q", "-f", "json").stdout)["notices"]
    told = {n["place"].rpartition("/")[2]: n["text"] for n in found if n["id"] == "I-IN-HOLE"}
    assert told == {
        "nova-compute.log": "the rotated set has no .2, .3; what stood there is not told",
        "nova-api.log": "the rotated set has no -2026-06-30; what stood there is not told",
    }
    named = novatrace("inspect", tmp_path / "nova-compute.log", tmp_path / "nova-api.log-20260702", "-f", "json", "-q")
    assert not [n for n in json.loads(named.stdout)["notices"] if n["id"] == "I-IN-HOLE"]


PERIODIC = (
    "2026-11-23 {:02}:{:02}:01.500 7 INFO nova.compute.resource_tracker [-] Something periodic, again and again\n"
)


def test_a_silence_beyond_what_is_normal_is_named(novatrace, tmp_path):
    """87 minutes without a line in a log that has one each minute; what a quiet API does is no silence."""
    (tmp_path / "cn9").mkdir()
    minutes = [m for m in range(600) if not 200 <= m < 287]
    halves = minutes[:150], minutes[150:]
    for name, half in zip(("nova-compute.log.1", "nova-compute.log"), halves, strict=True):
        (tmp_path / "cn9" / name).write_text("".join(PERIODIC.format(m // 60, m % 60) for m in half))
    quiet = "".join(PERIODIC.format(m // 60, m % 60) for m in (0, 3, 4, 60, 61, 90, 200, 230, 231, 350, 410, 411, 599))
    (tmp_path / "cn9" / "nova-api.log").write_text(quiet)
    text = novatrace("inspect", tmp_path, "-q").stdout.decode()
    assert "cn9   nova-compute  2026-11-23 03:20:00.000  2026-11-23 04:47:00.000  87 min         1 min" in text
    told = json.loads(novatrace("inspect", tmp_path, "-q", "-f", "json").stdout)["not_told"]
    assert [(s["node"], s["service"], (s["to_us"] - s["from_us"]) // 60_000_000) for s in told["silences"]] == [
        ("cn9", "nova-compute", 87)
    ]
    assert told["services"] == ["nova-conductor", "nova-scheduler"]


def test_what_begins_after_the_batch_and_hosts_without_a_log_are_told(novatrace, tmp_path):
    """A target's log that begins when all was over; a host that the scheduler names, of which there is nothing."""
    source = FIXTURES / "real-nova" / "b1-race-placement-room1"
    for path in source.glob("*/*.log"):
        if path.parent.name != "compute-02":
            target = tmp_path / path.parent.name / path.name
            target.parent.mkdir(exist_ok=True)
            text = path.read_text()
            target.write_text(
                text if path.parent.name != "compute-04" else text.replace("2026-11-23 00:", "2026-11-23 05:")
            )
    told = json.loads(novatrace("inspect", tmp_path, "-q", "-f", "json").stdout)["not_told"]
    assert [(log["node"], log["service"]) for log in told["begin_late"]] == [("compute-04", "nova-compute")]
    assert told["compute_hosts"] == ["compute-02"]
    text = novatrace("inspect", tmp_path, "-q").stdout.decode()
    assert "no nova-compute log of compute-02, which lines name" in text
    assert "nova-compute of compute-04 begins at 2026-11-23 05:" in text


def test_the_version_that_a_service_states_is_believed_before_its_wording(novatrace, tmp_path):
    """Distributions port messages back: the start line says Juno, a later line is Kilo's; without it they contradict."""
    start = "2015-10-29 10:51:58.563 2 AUDIT nova.service [-] Starting compute node (version 2014.2.3-31.el7ost)\n"
    kilo = "2015-10-29 10:53:13.098 2 INFO nova.virt.libvirt.driver [-] Migration operation has completed\n"
    log = tmp_path / "cn1" / "nova-compute.log"
    log.parent.mkdir()
    log.write_text(start + kilo)
    seen = json.loads(novatrace("inspect", log, "-f", "json", "-q").stdout)["coverage"]["release"]
    assert (seen["since"], seen["until"], seen["oldest_by"]["line"]) == ("juno", "juno", 1)
    assert "live-operation" in seen["contradiction"]
    assert (
        "release by wording: Juno (stated at cn1/nova-compute.log:1; live-operation"
        in novatrace("inspect", log, "-q").stdout.decode()
    )
    log.write_text(start + kilo + start.replace("2014.2.3-31.el7ost", "2015.1.0"))
    seen = json.loads(novatrace("inspect", log, "-f", "json", "-q").stdout)["coverage"]["release"]
    assert seen["since"] is None


def test_what_only_informs_does_not_drown_the_account(novatrace, tmp_path):
    """A sosreport has thousands of files that are no logs: the first few are named, JSON has all; settings and zones that nodes
    share are told once."""
    for node in ("cn1", "cn2", "cn3"):
        for number in range(4):
            path = tmp_path / f"sosreport-{node}-2026-11-23-abcdefg" / f"proc/{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{node} {number}\n")
        top = path.parent.parent
        (top / "timedatectl").write_text("Time zone: Europe/Berlin (CET, +0100)\n")
        (top / "etc/nova").mkdir(parents=True)
        (top / "etc/nova/nova.conf").write_text("[DEFAULT]\ncpu_allocation_ratio = 4.0\n")
        (top / "nova-compute.log").write_text(
            f"2026-11-23 00:00:01.000 7 INFO nova.compute.claims [-] Claim successful on node {node}\n"
        )
    told = novatrace("inspect", tmp_path).stdout.decode()
    assert told.count("I-IN-NOTLOG ") == 3
    assert "I-IN-NOTLOG: and 9 more; -f json lists all" in told
    assert "clock: Europe/Berlin (timedatectl beside the logs)" in told
    assert "cn1, cn2, cn3: cpu_allocation_ratio = 4.0" in told
    shown = novatrace("inspect", tmp_path, "-f", "json")
    assert len([n for n in json.loads(shown.stdout)["notices"] if n["id"] == "I-IN-NOTLOG"]) == 12


def test_an_upgrade_in_the_middle_of_a_log_is_told(novatrace, tmp_path):
    """By what the service states at each start, else by wordings that no release has in common; node by node."""
    old, new = ((FIXTURES / "real-nova" / name / "ctl01/nova-scheduler.log").read_bytes() for name in UPGRADE)
    folder = tmp_path / "logs" / "ctl01"
    folder.mkdir(parents=True)
    (folder / "nova-scheduler.log").write_bytes(old + new)
    stated = novatrace("inspect", folder.parent).stdout.decode()
    first = (old + new).splitlines().index(new.splitlines()[2]) + 1
    assert (
        f"release by wording, ctl01: Ocata is stated at ctl01/nova-scheduler.log:1, 2025.1 at ctl01/nova-scheduler.log:{first}: "
        in stated
    )
    silent = [line for line in (old + new).splitlines(keepends=True) if b" node (version" not in line]
    (folder / "nova-scheduler.log").write_bytes(b"".join(silent))
    worded = novatrace("inspect", folder.parent).stdout.decode()
    assert "is written from 2023.1 on, " in worded
    assert " until Ocata: an upgrade in between" in worded


def test_what_all_inputs_are_in_is_named_once(novatrace, tmp_path):
    """A folder or an archive; a single input keeps its whole path."""
    logs = FIXTURES / "real-nova/a-single-migrate"
    one = novatrace("inspect", logs / "ctl01" / "nova-scheduler.log").stdout.decode()
    assert f"{logs}/ctl01/nova-scheduler.log" in one
    assert "  in /" not in one
    packed = tmp_path / "upload.tar"
    with tarfile.open(packed, "w") as archive:
        for node in ("ctl01", "compute-01"):
            archive.add(logs / node, f"logs/{node}")
    for where, inside in ((logs, f"{logs}/"), (packed, f"{packed}!logs/")):
        told = novatrace("inspect", where).stdout.decode()
        assert f"INPUTS\n  in {inside}\n" in told
        assert "  ctl01/nova-scheduler.log  " in told
