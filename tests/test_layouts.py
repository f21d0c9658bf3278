"""Every layout has a file of its own, and the installed command says what it is; lines that go together stay together."""

from __future__ import annotations

import gzip
import json
import subprocess
from datetime import UTC
from pathlib import Path

import pytest
from cases import FIXTURES
from reading import read

from novatrace import pipeline
from novatrace.errors import NothingToAnalyseError
from novatrace.model.evidence import Coverage
from novatrace.parsing.layouts import load_layouts
from novatrace.parsing.lines import physical_lines
from novatrace.parsing.manner import Manner
from novatrace.parsing.records import RecordReader
from novatrace.parsing.timestamps import Clock

FOLDER = FIXTURES / "layouts"
FILES = sorted(FOLDER.glob("*.log"))
NAMES = [layout.name for layout in load_layouts()]
# Files that show a thing, not a layout.
SHOWN = {
    "chinese": "oslo",
    "colour-caret": "devstack-screen",
    "colour-literal": "devstack-screen",
    "colour-lost-escape": "devstack-screen",
    "colour-octal": "devstack-screen",
    "filebeat": "logstash-json",
    "logstash": "logstash-json",
    "opensearch-hits": "kolla-fluentd",
    "syslog-rfc3164": "journalctl-short",
    "libvirt": "libvirt",
    "upgrade": "journalctl-iso",
    "quirks-of-a-journal": "journalctl-short",
}
# What operators have, by name: the fixtures that show each of it.
OPERATORS_HAVE = {
    "oslo's defaults of all eras": ("oslo-eras",),
    "DevStack's screen era, coloured and not, user first and project first": ("devstack-screen", "quirks-of-an-old-api", "oslo-eras"),
    "DevStack's systemd era": ("journalctl-short-precise-devstack", "journalctl-iso-precise-devstack", "journalctl-cat"),
    "journalctl short": ("journalctl-short", "journalctl-local", "journalctl-no-hostname", "journalctl-monotonic"),
    "journalctl short-precise": ("journalctl-short-precise-devstack",),
    "journalctl short-iso, -precise, -full, -unix": (
        "journalctl-iso", "journalctl-iso-precise-devstack", "journalctl-full", "journalctl-unix",
    ),
    "journalctl json, with bytes and with oslo's own fields": (
        "journalctl-json", "journalctl-json-coloured", "journalctl-json-native",
    ),
    "journalctl json-pretty": ("journalctl-json-pretty",),
    "journalctl export": ("journalctl-export", "journalctl-export-coloured"),
    "syslog of RFC 3164, RFC 5424, with two clocks and escapes": (
        "syslog-rfc3164", "syslog-rfc5424", "syslog-named", "syslog-untagged", "syslog-iso-named", "syslog-severity",
    ),
    "oslo's JSON and Fluent formatters, old and new": ("oslo-json", "oslo-json-old", "oslo-fluent"),
    "containers": (
        "cri", "docker-json", "kubectl-timestamps", "kubectl-prefix", "compose-prefix", "container-prefix",
    ),
    "grep, and file names before lines": ("grep-file", "grep-file-number", "grep-number", "file-name-prefix", "host-prefix"),
    "access lines": ("http-access", "uwsgi-access", "eventlet-access", "apache-error", "kolla-apache-error"),
    "exports of collectors": ("logstash", "filebeat", "opensearch-hits", "kolla-fluentd", "fluentd-file", "loki", "gelf"),
    "blank lines between records": ("blank-lines-between",),
    "records broken by a terminal, or inside an id": ("wrapped-by-a-terminal", "wrapped-inside-the-ids"),
    "colours as they are written on the way": ("colour-octal", "colour-caret", "colour-literal", "colour-lost-escape"),
    "headers that lack something": ("oslo-no-date", "oslo-no-milliseconds", "oslo-no-process"),
    "fractions by comma and of nine digits": ("oslo-comma", "oslo-nanoseconds"),
    "Chinese messages": ("chinese",),
    "a layout that changes in the middle": ("upgrade",),
    "pasted lines": (
        "indented", "indented-quotation", "indented-numbers", "indented-editor", "stamp-of-a-tool",
        "stamp-of-a-tool-multilog", "ci-console", "quoted", "quoted-pane", "json-string", "name-prefix", "grep-any",
    ),
    "documents of collectors that nobody described": (
        "json-any", "json-any-own-names", "json-pack", "json-prefixed", "json-prefixed-fluentd",
    ),
    "exports as a table, and of a cloud's log service": ("csv", "cloudwatch-tail"),
    "a format of the site's own, not stated": ("site-format",),
    "a journal's line without its stamp": ("journalctl-no-stamp",),
    "the raw source of a mail": ("oslo-mailed",),
    "torn lines": ("torn-line", "torn-head"),
    "key=value pairs, with oslo's line inside and without": ("logfmt",),
    "Python's basic format": ("python-basic",),
    "syslog with what a format leaves to it": ("logger-first",),
    "words of a report before each line, a forum's marks": ("words-prefix", "quoted-forum"),
    "days before months": ("site-format-day-first",),
    "numbers of a vendor before each message": ("oslo-numbered-messages",),
}  # fmt: skip
NO_EVENT = {"chinese", "quirks-of-an-old-api"}  # translated words, and an API that was only asked
TIMELESS = {"journalctl-cat", "journalctl-no-stamp", "python-basic"}
HEAD = "2026-11-23 00:12:26.335 7 WARNING nova.scheduler.utils [req-9e7059ce-cf78-42e9-aabd-496fb9118682 u p] "
MESSAGE = "Filter RamFilter returned 3 host(s)"


@pytest.fixture(scope="module")
def inspected(installed):
    """What the installed command says of every fixture, by the stem of its name."""
    done = subprocess.run([installed, "inspect", str(FOLDER), "-f", "json", "-q"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return {Path(i["path"]).stem: i for i in json.loads(done.stdout)["coverage"]["inputs"]}


def meant(stem: str) -> str:
    """The layout that a fixture is called after."""
    named = max((name for name in NAMES if stem.startswith(name)), key=len, default="oslo")
    return SHOWN.get(stem, named)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_inspect_names_the_layout_and_accounts_for_every_line(path, inspected):
    """The installed command gives each file its layout; no line is left over."""
    seen = inspected[path.stem]
    assert meant(path.stem) in {part for name in seen["layout"].split("+") for part in name.split("/")}
    lines = seen["lines"]
    assert lines["unparsed"] == lines["too_long"] == 0
    assert lines["total"] == len(path.read_bytes().split(b"\n")) - 1
    assert (seen["first_us"] is None) == (path.stem in TIMELESS)


@pytest.mark.parametrize("what", OPERATORS_HAVE)
def test_what_operators_have_is_read_to_events(what, inspected):
    """Each has a file here that the installed command reads whole, and, of Nova's own lines, events with their requests."""
    for stem in OPERATORS_HAVE[what]:
        seen = inspected[stem]
        assert seen["lines"]["parsed"] > 0
        if stem.endswith("-access") or stem in NO_EVENT:
            continue
        assert seen["service"]
        found, _, _ = read((FOLDER / f"{stem}.log").read_bytes(), None)
        assert any(event.request_id for event in found), stem


@pytest.mark.parametrize("digits", range(3, 10))
@pytest.mark.parametrize("mark", ".,")
@pytest.mark.parametrize("kept", ["date and process", "process", "date", ""])
def test_headers_with_any_fraction_and_with_parts_missing(digits, mark, kept):
    """3 to 9 digits behind a point or a comma; without the date, without the process."""
    line = HEAD.replace("2026-11-23 ", "" if "date" not in kept else "2026-11-23 ").replace(
        " 7 ", " " if "process" not in kept else " 7 "
    )
    line = line.replace(".335", f"{mark}335123456"[: digits + 1])
    for how in ({}, {"line_by_line": True}):
        found, coverage, _ = read(f"{line}{MESSAGE}\n".encode() * 2, None, **how)
        assert (coverage.lines.parsed, coverage.lines.unparsed) == (2, 0)
        assert [(e.pid, e.request_id is not None) for e in found] == [(7 if "process" in kept else None, True)] * 2
        assert {e.when_us % 1_000_000 for e in found} == {int("335123456"[: min(digits, 6)].ljust(6, "0"))}


def test_translated_messages_keep_their_structure():
    """Time, process, level, logger, request and instance are known, whatever the words are; nothing is made of those."""
    data = (FOLDER / "chinese.log").read_bytes()
    reader = RecordReader(Coverage(0), Manner(Clock(UTC), "", None), service=None)
    records = list(reader.records(physical_lines([data])))
    assert [(r.level, r.request_id is not None, r.instance_uuid is not None, r.pid) for r in records] == [
        ("INFO", True, True, 4711), ("WARNING", True, False, 4711), ("ERROR", False, False, 4711),
    ]  # fmt: skip
    assert all(r.message and not r.message.isascii() and r.when_us for r in records)
    assert read(data, "nova-compute")[0] == []


def test_every_layout_has_a_file(inspected):
    """No layout without a fixture of its own."""
    shown = {part for seen in inspected.values() for name in seen["layout"].split("+") for part in name.split("/")}
    ignored = {layout.name for layout in load_layouts() if layout.ignored}
    assert set(NAMES) - shown - ignored == {"operator-script", "other-programs"}


def test_logs_of_other_programs_are_read_where_they_are_named_and_passed_over_in_a_folder(tmp_path):
    """Each form by itself: counted, understood, without an event; what goes on a line of theirs does not stay over."""
    (layout,) = (layout for layout in load_layouts() if layout.name == "other-programs")
    for number, sample in enumerate(layout.samples):
        path = tmp_path / f"{number}.log"
        path.write_text(f"{sample.text}\nmore of it\n{sample.text}\n")
        found, coverage, _ = read(path.read_bytes(), None)
        assert (found, coverage.lines.parsed, coverage.lines.continuation) == ([], 2, 1)
    read_alone = pipeline.inspect(pipeline.RunOptions((str(path),)))
    assert [c.lines.unparsed for c in read_alone.coverage] == [0]
    with pytest.raises(NothingToAnalyseError):
        pipeline.inspect(pipeline.RunOptions((str(tmp_path),)))


def test_a_header_alone_and_a_line_of_qemu_leave_nothing_over():
    """A log that ends inside a header; QEMU's stamped words inside a message of libvirt's."""
    qemu = "2026-11-23T00:12:27.063233Z qemu-system-x86_64: -drive file=rbd:vms/disk: error connecting"
    for end in ("2026-11-23 00:12:27.100 7 WARN", "2026-11-23 00:12:27.100 7", "Nov 23 00:12:27 ctl01 nova-sc"):
        found, coverage = events(f"{HEAD}{MESSAGE}\n{qemu}\n{end}")
        assert [kind for kind, _ in found] == ["filter-result"]
        assert (coverage.lines.parsed, coverage.lines.continuation, coverage.lines.ignored) == (1, 1, 1)


def test_a_file_may_change_its_layout_in_the_middle(inspected):
    """After an upgrade the same file goes on in another layout."""
    assert set(inspected["upgrade"]["layout"].split("+")) == {"oslo", "oslo-json", "journalctl-iso/oslo"}


def events(text: str):
    """(kind, values) of the events of a text."""
    found, coverage, _ = read(text.encode(), None)
    assert coverage.lines.balanced
    return [(e.kind, {k: v for k, v in e.values.items() if k != "line_host"}) for e in found], coverage


@pytest.mark.parametrize(
    "envelope",
    [
        "2026-11-23T00:12:26.335000123Z stderr F {}",
        "Nov 23 00:12:26 ctl01 nova-scheduler[7]: {}",
        "2026-11-23T00:12:26+0000 ctl01 nova-scheduler[7]: {}",
        "ctl01/nova-scheduler.log:{}",
        "[pod/nova-scheduler-0/nova-scheduler] {}",
    ],
)
def test_lines_without_a_header_in_an_envelope_belong_to_the_record_before(envelope):
    """A message of several lines is one record, whatever carries its lines."""
    lines = [HEAD + "Failed: No valid host", "Traceback (most recent call last):", "", "  File x", HEAD + MESSAGE]
    _, coverage = events("".join(envelope.format(line) + "\n" for line in lines))
    ledger = coverage.lines
    assert (ledger.parsed, ledger.continuation, ledger.ignored, ledger.unparsed) == (2, 2, 1, 0)


def test_lines_of_another_process_are_records_of_their_own():
    """In a node's journal the kernel's line does not go on Nova's message."""
    text = (
        f"Nov 23 00:12:26 cn7 nova-compute[7]: {HEAD}No valid host\nNov 23 00:12:26 cn7 kernel: tap0: link becomes ready\n"
        f"Nov 23 00:12:26 cn7 nova-compute[7]: {HEAD}{MESSAGE}\n"
    )
    found, coverage = events(text)
    assert len(found) == 1
    assert coverage.lines.parsed == 3


@pytest.mark.parametrize("escape", ["\x1b", "#033", "^[", "\\x1b", "\\033", "\\u001b"])
def test_colour_codes_are_taken_away_in_every_form(escape):
    """As bytes, as octal numbers of syslog, as a terminal shows them, as literals."""
    line = (HEAD + MESSAGE).replace("WARNING", f"{escape}[01;33mWARNING").replace("[req", f"[{escape}[01;36mreq")
    found, _ = events(f"{line}{escape}[00m\n")
    assert found == [("filter-result", {"filter_name": "RamFilter", "hosts_after": 3})]


def test_the_same_words_of_another_service_are_no_event():
    """Cinder's scheduler has filters, too; they say nothing of Nova."""
    ours, _ = events(f"{HEAD}{MESSAGE}\n")
    theirs, _ = events(f"{HEAD}{MESSAGE}\n".replace("nova.scheduler.utils", "cinder.scheduler.base_filter"))
    assert len(ours) == 1
    assert theirs == []


def test_a_journals_binary_field_may_hold_anything():
    """A length of ten has the byte of a line end in it; the message has one of its own."""
    message = f"{HEAD}{MESSAGE}\nx".encode()
    for text in (message, b"ten bytes\n"):
        size = len(text).to_bytes(8, "little")
        entry = (
            b"__REALTIME_TIMESTAMP=1795392746335000\nMESSAGE\n"
            + size
            + text
            + b"\nSYSLOG_IDENTIFIER=nova-scheduler\n\n"
        )
        _, coverage, _ = read(entry * 2, None)
        assert coverage.lines.balanced
        assert coverage.lines.parsed == 2
        assert coverage.services == {"nova-scheduler": 2}


def test_packed_fixtures_read_the_same(novatrace, tmp_path):
    """A compressed journal is a journal."""
    (tmp_path / "j.gz").write_bytes(gzip.compress((FOLDER / "journalctl-export.log").read_bytes()))
    done = novatrace("inspect", tmp_path, "-f", "json", "-q")
    assert json.loads(done.stdout)["coverage"]["inputs"][0]["layout"] == "journalctl-export/oslo"


@pytest.mark.parametrize(("year", "first"), [("2015", "user"), ("2018", "project"), ("2026", "project")])
def test_devstacks_files_name_the_project_first_since_2018(year, first):
    """The same line means something else before and after; both ways of reading agree."""
    request = HEAD.split("[")[1].split(maxsplit=1)[0]
    line = f"{year}-05-02 09:00:00.120 INFO nova.compute.claims [{request} one two] Claim successful on node cn7\n"
    for how in ({}, {"line_by_line": True}):
        found, _, _ = read(line.encode() * 3, "nova-compute", **how)
        assert {(e.user_id, e.project_id) for e in found} == {("one", "two") if first == "user" else ("two", "one")}
