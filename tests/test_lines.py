"""Physical lines, records and their account, on any bytes."""

from __future__ import annotations

from datetime import UTC
from itertools import pairwise

import pytest
from cases import FIXTURES
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read

from novatrace.model.evidence import Coverage
from novatrace.parsing import lines
from novatrace.parsing.lines import physical_lines, wrap_width
from novatrace.parsing.manner import Manner
from novatrace.parsing.records import RecordReader
from novatrace.parsing.suffixes import without_suffix
from novatrace.parsing.timestamps import Clock

REQUEST = "req-7a578ff5-2e78-410b-8168-5219efa84f9b"
USER, PROJECT = "2eafeb9a3d184115bfc0ba6a61c1f4b9", "1c32d3e9bbe9419f85b37b4a6c0e2f3e"
UUID = "32fc6596-d4ab-4ca8-91c3-1c8578ca9fbf"
SOME_LINES = [
    line
    for path in sorted((FIXTURES / "real-nova").glob("*/*/*.log"))[::5]
    for line in path.read_bytes().split(b"\n")[:30]
]


def records(text: str, **options):
    """The records of a text."""
    coverage = Coverage(0)
    reader = RecordReader(coverage, Manner(Clock(UTC, year=2026), "", None), service=None, **options)
    return list(reader.records(physical_lines([text.encode()]))), coverage


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
def test_lines_are_the_bytes_between_newlines(data, cuts):
    """However the stream is cut into blocks, lines, numbers, offsets and counts are those of the bytes."""
    edges = sorted({0, len(data), *(cut for cut in cuts if cut <= len(data))})
    blocks = [data[a:b] for a, b in pairwise(edges)]
    found = list(physical_lines(blocks))
    parts = data.split(b"\n")
    expected = parts if parts[-1] else parts[:-1]
    assert [line.text for line in found] == expected
    assert [line.number for line in found] == list(range(1, len(expected) + 1))
    assert all(data[line.offset :].startswith(line.text) for line in found)


@given(st.lists(st.one_of(st.sampled_from(SOME_LINES), st.binary(max_size=80)), max_size=25), st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_ledger_balances_on_any_bytes(parts, end):
    """Every line of any mixture of log lines and garbage has exactly one place in the account."""
    data = b"\n".join(parts) + (b"\n" if end else b"")
    ledger = read(data)[1].lines
    assert read(data, line_by_line=True)[1].lines == ledger
    assert ledger.balanced
    assert ledger.total == data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def test_a_line_beyond_the_cap_keeps_count_and_length(monkeypatch):
    """A line that is too long is counted, its head kept, its neighbours read."""
    monkeypatch.setattr(lines, "LINE_CAP_BYTES", 100)
    data = b"short\n" + b"x" * 1000 + b"\nlast"
    found = list(physical_lines([data[:300], data[300:]]))
    assert [(len(line.text), line.length) for line in found] == [(5, 6), (100, 1001), (4, 4)]
    assert [line.too_long for line in found] == [False, True, False]


@pytest.mark.parametrize("separator", ["\v", "\f", "\x1c", "\x85", "\u2028", "\r"])
def test_only_a_newline_ends_a_line(separator):
    """What other tools take for a line end stays inside the line."""
    assert len(list(physical_lines([f"a{separator}b\n".encode()]))) == 1


@pytest.mark.parametrize(
    ("bracket", "expected"),
    [
        (f"{REQUEST} {USER} {PROJECT}", (REQUEST, None, USER, PROJECT)),
        (f"{REQUEST} {USER} {PROJECT} - - -", (REQUEST, None, USER, PROJECT)),
        (f"{REQUEST} {USER} {PROJECT} - default default", (REQUEST, None, USER, PROJECT)),
        (f"None {REQUEST} {USER} {PROJECT} - - default default", (REQUEST, None, USER, PROJECT)),
        (f"req-client-1 {REQUEST} {USER} {PROJECT} - - - -", (REQUEST, "req-client-1", USER, PROJECT)),
        (f" {REQUEST} {USER} {PROJECT} - - - -", (REQUEST, None, USER, PROJECT)),
        (f"{REQUEST} - - - - -", (REQUEST, None, None, None)),
        (f"{REQUEST} None None", (REQUEST, None, None, None)),
        ("-", (None, None, None, None)),
    ],
)
def test_every_bracket_since_folsom_is_read(bracket, expected):
    """2, 5 and 6 identity fields, with and without a global id."""
    found, _ = records(f"2026-11-23 00:00:01.000 7 INFO nova.filters [{bracket}] Starting with 1 host(s)\n")
    record = found[0]
    assert (record.request_id, record.global_request_id, record.user_id, record.project_id) == expected
    assert record.message == "Starting with 1 host(s)"


@pytest.mark.parametrize(
    "suffix",
    [
        " get_filtered_objects /usr/lib/python2.7/dist-packages/nova/filters.py:108",
        " _locked_update.<locals>.inner /opt/nova/host_manager.py:7",
        " {{(pid=51451) get_filtered_objects /opt/stack/nova/nova/filters.py:70}}",
        " {{get_filtered_objects /opt/stack/nova/nova/filters.py:70}}",
        " from (pid=812) get_filtered_objects /opt/stack/nova/nova/filters.py:70",
    ],
)
def test_the_debug_suffix_of_every_era_is_taken_away(suffix):
    """The message is what nova's template gives."""
    assert without_suffix("Filter RamFilter returned 8 host(s)" + suffix) == "Filter RamFilter returned 8 host(s)"


def test_a_traceback_belongs_to_the_record_before_it():
    """Traceback lines have no bracket; same logger, process and moment give them the ids."""
    head = (
        f"2026-11-23 00:00:01.000 7 ERROR nova.compute.manager [{REQUEST} {USER} {PROJECT}] [instance: {UUID}] Error\n"
    )
    trace = (
        f"2026-11-23 00:00:01.000 7 ERROR nova.compute.manager [instance: {UUID}] Traceback (most recent call last):\n"
    )
    other = "2026-11-23 00:00:01.000 8 ERROR nova.compute.manager other process\n"
    asked_by_nobody = "2026-11-23 00:00:01.001 7 ERROR nova.compute.manager [-] what a periodic task says\n"
    later = "2026-11-23 00:00:09.000 7 ERROR nova.compute.manager much later\n"
    found, _ = records(head + trace + other + asked_by_nobody + later)
    assert [(r.request_id, r.inherited) for r in found] == [
        (REQUEST, False),
        (REQUEST, True),
        (None, False),
        (None, False),
        (None, False),
    ]


def test_lines_without_header_continue_the_record():
    """A multi-line message keeps its lines; a dated line of an unknown kind does not hide in it."""
    text = (
        f"2026-11-23 00:00:01.000 7 WARNING nova.scheduler.utils [{REQUEST} {USER} {PROJECT}] Failed to compute_task_migrate_server: No\n"
        "Traceback (most recent call last):\n\n  File x\n2026-11-23 00:00:02 something else altogether\n"
    )
    found, coverage = records(text)
    assert len(found) == 1
    assert found[0].message.endswith("Traceback (most recent call last):\n  File x")
    ledger = coverage.lines
    assert (ledger.parsed, ledger.continuation, ledger.ignored, ledger.unparsed) == (1, 2, 1, 1)


def test_colours_and_a_journal_header_change_nothing():
    """DevStack's coloured line in a journal gives the record of the plain line; project stands before user."""
    esc = "\x1b"
    text = (
        f"Nov 23 00:05:14.957820 ctl01 nova-scheduler[51451]: {esc}[00;32mDEBUG nova.filters [{esc}[01;36mNone {REQUEST} "
        f"{esc}[00;36mproj1 user1{esc}[00;32m] {esc}[01;35m{esc}[00;32mStarting with 3 host(s){esc}[00m {esc}[00;33m"
        f"{{{{(pid=51451) get_filtered_objects /x/filters.py:70}}}}{esc}[00m\n"
    )
    found, _ = records(text)
    record = found[0]
    assert (record.request_id, record.project_id, record.user_id) == (REQUEST, "proj1", "user1")
    assert (record.node, record.pid, record.message) == ("ctl01", 51451, "Starting with 3 host(s)")
    assert record.when_us == 1795392314957820


@given(st.integers(70, 200))
@settings(max_examples=40, deadline=None)
def test_records_broken_by_a_terminal_are_joined_again(width):
    """Breaking a log at any width gives the events of the whole log."""
    whole = (FIXTURES / "real-nova" / "o15-b1-race-room1" / "ctl01" / "nova-scheduler.log").read_bytes().split(b"\n")
    picked = [line for line in whole if b"returned" in line or b"Weighed [" in line][:12]
    broken = b"\n".join(line[i : i + width] for line in picked for i in range(0, len(line), width)) + b"\n"
    plain, _, _ = read(b"\n".join(picked) + b"\n", "nova-scheduler")
    rejoined, coverage, _ = read(broken, "nova-scheduler")
    assert [(e.kind, e.values, e.request_id) for e in rejoined] == [(e.kind, e.values, e.request_id) for e in plain]
    assert coverage.lines.balanced


@pytest.mark.parametrize("path", sorted((FIXTURES / "real-nova").glob("*/*/*.log"))[::3], ids=lambda p: p.parent.name)
def test_no_real_log_is_taken_for_a_broken_one(path):
    """Tracebacks and long lines are not a terminal's doing."""
    assert wrap_width(list(physical_lines([path.read_bytes()]))[:400]) is None


def test_a_line_of_a_log_quoted_in_a_message_is_no_record():
    """What a command printed stands in the message of who ran it; a file whose first line has a prefix is another matter."""
    line = "2026-11-23 00:00:01.000 7 ERROR nova.compute.manager [-] Unexpected error while running command."
    quoted = "2026-11-23 00:00:01.000 9 INFO neutron.common.config [-] Logging enabled!"
    text = (
        f"{line}\nExit code: 1\nStderr: {quoted}\n    {quoted}\nx-image-meta-created_at: 2015-10-20T14:52:13\n{line}\n"
    )
    for how in ({}, {"line_by_line": True}):
        _, coverage, _ = read(text.encode(), "nova-compute", **how)
        ledger = coverage.lines
        assert (ledger.parsed, ledger.continuation, ledger.unparsed) == (2, 4, 0)
        assert coverage.nodes == {}
    for prefix in ("cn7: ", "    ", "> ", "nova_compute "):
        _, coverage, _ = read(f"{prefix}{quoted}\n{prefix}{line}\n".encode(), None)
        assert coverage.lines.parsed == 2


FOLDED = (
    (
        "as a terminal breaks it, in the middle of an id",
        "",
        "[req-9e7059ce-cf78-42e9-aabd-496fb",
        "9118682 u p] [instance: ",
    ),
    ("as mail folds and quotes it", "> ", "", "[req-9e7059ce-cf78-42e9-aabd-496fb9118682 u p] [instance:"),
    ("as a document indents it", "   ", "[req-9e7059ce-cf78-42e9-aabd-496fb9118682", "u p] [instance: "),
)


@pytest.mark.parametrize(("front", "first", "second"), [row[1:] for row in FOLDED], ids=[row[0] for row in FOLDED])
def test_a_record_that_was_folded_inside_its_header_is_one(front, first, second):
    """Its ids are whole again, and every physical line has its place in the account."""
    head = f"2026-11-23 00:12:26.335 7 INFO nova.compute.claims {first}".rstrip() if first else (
        "2026-11-23 00:12:26.335 7 INFO nova.compute.claims"
    )  # fmt: skip
    rest = "ce014e67-71c6-4283-8857-75e8ac84e144] Claim successful on node cn7"
    parts = [head, second.rstrip() if front else second, rest]
    data = "".join(f"{front}{line}\n" for line in parts * 2).encode()
    for how in ({}, {"line_by_line": True}):
        found, coverage, _ = read(data, None, **how)
        assert [(e.kind, e.request_id, e.instance_uuid) for e in found] == [
            ("claim-granted", "req-9e7059ce-cf78-42e9-aabd-496fb9118682", "ce014e67-71c6-4283-8857-75e8ac84e144")
        ] * 2
        assert (coverage.lines.total, coverage.lines.parsed, coverage.lines.continuation) == (6, 2, 4)


def test_a_bracket_that_is_open_in_a_message_takes_no_line():
    """Only ids go on in the next line; another record, or other words, do not."""
    head = "2026-11-23 00:12:26.335 7 INFO nova.compute.claims [-] list [req-"
    for following in ("2026-11-23 00:12:26.336 7 INFO nova.compute.claims [-] x]", "File x, line 3]"):
        _, coverage, _ = read(f"{head}\n{following}\n".encode(), None)
        assert coverage.lines.parsed == (2 if following.startswith("2026") else 1)
        assert coverage.lines.balanced
