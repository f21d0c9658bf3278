"""The fast way to read gives what the plain way gives: same events, same account, wherever the bytes are cut."""

from __future__ import annotations

import gc
import random
from functools import cache
from pathlib import Path

import pytest
from cases import BESIDE, FIXTURES, ROOT, case_folders
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import SCANNER, checksum, read

from novatrace.parsing.anchor_groups import ALIKE, grouped
from novatrace.parsing.anchors import FAST_UP_TO
from novatrace.parsing.definitions import load_catalogue
from novatrace.sources.services import service_of_file

LOGS = sorted(FIXTURES.glob("**/*.log"))
BESIDE_LOGS = sorted(BESIDE.glob("*/*/*.log")) if BESIDE.is_dir() else []
STAMP = b"2026-11-23 00:05:14.123 4711 "
CONTEXT = b"[None req-061d9a7b-6080-4869-b793-2889a657596c u p - - default default] "
UUID = b"ce014e67-71c6-4283-8857-75e8ac84e144"
WORD = STAMP + b"INFO nova.api.x " + CONTEXT + b"a word of another DEBUG level in it"
NO_LEVEL = STAMP + b"a stamp and no level"
ODD = "2026-11-23 00:05:14.123 é7 DEBUG nova.filters ".encode() + CONTEXT + b"Starting with 4 host(s)"
LINES = [
    STAMP + b"DEBUG nova.filters " + CONTEXT + b"Filter RamFilter returned 3 host(s) get /a/nova/filters.py:104",
    STAMP + b"DEBUG nova.filters " + CONTEXT + b"Starting with 4 host(s) get /a/nova/filters.py:70",
    STAMP + b"INFO nova.compute.claims " + CONTEXT + b"[instance: " + UUID + b"] Claim successful on node n",
    STAMP + b"ERROR nova.compute.manager [-] [instance: " + UUID + b"] Setting instance vm_state to ERROR",
    STAMP + b"ERROR nova.compute.manager " + CONTEXT + b"[instance: " + UUID + b"] Error: failed",
    STAMP + b"ERROR nova.compute.manager ComputeResourcesUnavailable: Insufficient compute resources: no room.",
    STAMP + b"INFO nova.api.x " + CONTEXT + b"nothing of interest",
    WORD,
    STAMP.replace(b"23 ", b"24 ") + b"INFO nova.api.x " + CONTEXT + b"the next day, Starting with 4 host(s)",
    NO_LEVEL,
    b"Nov 23 00:05:14 ctl1 nova-scheduler[7]: DEBUG nova.filters " + CONTEXT + b"Starting with 4 host(s)",
    b'  File "x.py", line 1, in f: returned 4 hosts',
    b"Traceback (most recent call last):",
    b"ComputeResourcesUnavailable: Insufficient compute resources: no room.",
    STAMP + b"INFO nova.x " + CONTEXT + b"\xff\xfe Starting with 4 host(s)",
    STAMP + b"INFO nova.x " + CONTEXT + b"a\0b Starting with 4 host(s)",
    STAMP + b"\x1b[00;36mINFO nova.x " + CONTEXT + b"Starting with 4 host(s)\x1b[00m",
    b"\0\0\0\0" + STAMP + b"DEBUG nova.filters " + CONTEXT + b"Starting with 4 host(s)",
    # Beginnings that are nearly alike, so that one must not be taken for another.
    STAMP.replace(b".123", b",123") + b"DEBUG nova.filters " + CONTEXT + b"Starting with 5 host(s)",
    STAMP.replace(b".123", b".123456") + b"DEBUG nova.filters " + CONTEXT + b"Starting with 6 host(s)",
    STAMP.replace(b".123", b"") + b"DEBUG nova.filters " + CONTEXT + b"Starting with 7 host(s)",
    STAMP.replace(b":14.", b":60.") + b"DEBUG nova.filters " + CONTEXT + b"Starting with 8 host(s)",
    STAMP.replace(b"4711 ", b"") + b"DEBUG nova.filters " + CONTEXT + b"Starting with 9 host(s)",
    STAMP + b"ERROR nova.filters " + CONTEXT + b"Starting with 4 host(s)",
    STAMP + b"DEBUG cinder.filters " + CONTEXT + b"Starting with 4 host(s)",
    STAMP + b"DEBUG nova.filters " + CONTEXT + b"Starting with 4 host(s) get /a/nova/filters.py:70\r",
    STAMP + b"DEBUG nova.filters " + CONTEXT[:-1] + b"Starting with 4 host(s)",
    STAMP + b"DEBUG nova.filters [-] Starting with 4 host(s)",
    STAMP + b"DEBUG nova.filters Starting with 4 host(s) " + CONTEXT,
    ODD,
    STAMP + b"INFO nova.compute.claims " + CONTEXT + b"[instance: " + UUID[:-1] + b"g] Claim successful on node n",
    STAMP + b"INFO nova.compute.claims " + CONTEXT + b"[instance: " + UUID + b"]Claim successful on node n",
    STAMP + b"DEBUG nova.filters " + CONTEXT + b"^[[01;35mStarting with 4 host(s)^[[00m",
    STAMP + b"DEBUG nova.filters " + CONTEXT + b"Starting with 4 host(s) #033[00m",
    b"",
    b"   ",
    b"\r",
]  # fmt: skip


@cache
def plain(path: Path):
    """A log, read line by line."""
    return read(path.read_bytes(), service_of_file(path.name), line_by_line=True)


def same(one, other, *, layouts: bool = True):
    """True when events, lines, levels and layouts agree."""
    assert one[0] == other[0]
    assert one[1].lines == other[1].lines
    assert one[1].levels == other[1].levels
    assert not layouts or one[1].layouts == other[1].layouts
    assert one[1].bytes_decoded == other[1].bytes_decoded
    assert one[1].samples == other[1].samples
    assert one[2] == other[2]


@pytest.mark.parametrize("path", LOGS, ids=lambda p: str(p.relative_to(ROOT)))
def test_blocks_give_the_events_of_lines(path):
    """Every shipped log."""
    same(read(path.read_bytes(), service_of_file(path.name)), plain(path))


@pytest.mark.slow
@pytest.mark.parametrize("path", BESIDE_LOGS, ids=lambda p: str(p.relative_to(BESIDE)))
def test_blocks_give_the_events_of_lines_on_every_real_case(path):
    """Every log of the cases that lie beside the repository."""
    same(read(path.read_bytes(), service_of_file(path.name)), plain(path))


@pytest.mark.parametrize(
    "folder",
    [pytest.param(p, marks=[] if p.is_relative_to(FIXTURES) else pytest.mark.slow, id=p.name) for p in case_folders()],
)
def test_a_whole_case_has_the_events_of_its_lines(folder):
    """The number of events, their checksum and the account of every case, as the command reads it."""
    fast, plain = checksum(str(folder)), checksum(str(folder), line_by_line=True)
    assert fast.events > 0
    assert fast == plain


@pytest.mark.parametrize("path", LOGS[::7], ids=lambda p: str(p.relative_to(ROOT)))
def test_where_a_log_is_cut_changes_nothing(path):
    """Small chunks, and pieces that begin anywhere."""
    data, service = path.read_bytes(), service_of_file(path.name)
    dice = random.Random(path.name)
    borders = [dice.randrange(len(data)) for _ in range(5)]
    # A block whose lines all begin with one stamp is counted as a whole, with a torn line in it.
    whole = path.stem != "torn-line"
    same(read(data, service, chunk=dice.randrange(500, 9000), borders=borders), plain(path), layouts=whole)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(LINES), min_size=1, max_size=40),
    st.booleans(),
    st.integers(1, 2000),
    st.lists(st.integers(0, 4000), max_size=3),
)
def test_any_mixture_of_lines_reads_the_same(lines, end, chunk, borders):
    """Continuations, other days and layouts, damaged text, words that look like levels: the same both ways.

    But for the account of a line with a stamp and no level next to a text with a level word, and of one with both that is
    of no layout (see block_scanner.py).
    """
    data = b"\n".join(lines) + (b"\n" if end else b"")
    borders = [at for at in borders if at < len(data)]
    for service in ("nova-compute", None):
        expected = read(data, service, line_by_line=True)
        got = read(data, service, chunk=chunk, borders=borders)
        assert got[0] == expected[0]
        assert got[1].lines.balanced
        assert got[1].lines.total == expected[1].lines.total
        if not {WORD, NO_LEVEL} <= set(lines) and ODD not in lines:
            assert got[1].lines == expected[1].lines
            assert got[1].levels == expected[1].levels


@pytest.mark.parametrize("line_by_line", [False, True])
def test_a_piece_leaves_nothing_behind(line_by_line):
    """Neither block nor event waits until garbage is looked for: a reading process reads piece after piece."""
    data = b"\n".join(LINES * 3)
    read(data, None, line_by_line=line_by_line)  # what is made once, such as patterns
    gc.collect()
    gc.disable()
    try:
        read(data, None, line_by_line=line_by_line)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_line_beyond_every_cap_is_counted_and_its_neighbours_are_read():
    """50 MB without an end of line, in pieces of half a megabyte."""
    line = LINES[0]
    data = line + b"\n" + STAMP + b"INFO nova.x [-] " + b"x" * (50 << 20) + b"\n" + line + b"\n"
    events, coverage, _ = read(data)
    assert [e.provenance.line_no for e in events] == [1, 3]
    assert (coverage.lines.total, coverage.lines.parsed, coverage.lines.too_long) == (3, 2, 1)


def test_the_anchors_are_few_and_rare_enough():
    """Beyond 64 patterns the search library falls back to an engine that is four times slower."""
    messages = load_catalogue().messages
    anchors = {m.anchor for m in messages}
    assert len(anchors) <= FAST_UP_TO
    assert all(len(anchor) >= 4 for anchor in anchors)
    assert all(m.anchor in m.hint for m in messages)


def test_anchors_that_go_together_are_sixteen_apart():
    """That is how the library groups them; one more or one less moves few of the others."""
    for left_out in (0, 1, 5):
        anchors = sorted({m.anchor.encode() for m in load_catalogue().messages})[left_out:]
        found = grouped([*anchors, b"of a user's own"])
        assert sorted(found) == sorted([*anchors, b"of a user's own"])
        place = {anchor[:4]: number % 16 for number, anchor in enumerate(found)}
        apart = [len({place[begins] for begins in alike if begins in place}) - 1 for alike in ALIKE]
        assert sum(apart) <= 2 * left_out + 1


@pytest.mark.parametrize("anchors", [[b"host", b"host: "], [b"host: x", b"host", b"host: "], []])
def test_an_anchor_that_begins_like_a_longer_one_comes_after_it(anchors):
    """The first one that fits is found, and would hide the other."""
    found = grouped(anchors)
    assert found == sorted(anchors, key=len, reverse=True)


def test_a_periodic_view_is_kept_when_it_changes():
    """The same state of the same host is kept once; a change, and a change back, are kept."""
    view = b"Final resource view: name=%s phys_ram=%dMB used_ram=512MB phys_disk=9GB used_disk=0GB total_vcpus=4 used_vcpus=0 pci_stats=[]"
    said = [(b"a", 1), (b"a", 1), (b"b", 1), (b"a", 2), (b"b", 1), (b"a", 1)]
    head = STAMP + b"INFO nova.compute.resource_tracker " + CONTEXT
    data = b"\n".join(head + view % pair for pair in said)
    for way in (True, False):
        events, _, _ = read(data, line_by_line=way)
        assert [(e.values["node"], e.values["total_ram_mb"]) for e in events] == [
            ("a", 1),
            ("b", 1),
            ("a", 2),
            ("a", 1),
        ]
    assert SCANNER.periodic
