"""Wherever bytes are cut, the same is read: in a line, an id, a character, a traceback, between files, in any pieces."""

from __future__ import annotations

import gzip
import random
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import pytest
from cases import FIXTURES
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import checksum, read
from test_mutations import summary

from novatrace import pipeline
from novatrace.pipeline import readers, workers
from novatrace.pipeline.run_options import RunOptions

CASE = FIXTURES / "real-nova" / "o15-b4-race-forced-boot"
IDS = "[req-061d9a7b-6080-4869-b793-2889a657596c ünï cödé - - -]"
VM = "ce014e67-71c6-4283-8857-75e8ac84e144"
HOSTS = ", ".join(f"(cn{n}, cn{n}) ram: {n}MB disk: {n}MB io_ops: 0 instances: {n}" for n in range(4))
LOG = f"""\
2026-11-23 00:00:01.001 7 DEBUG nova.filters {IDS} Starting with 4 host(s) get /a/nova/filters.py:70
2026-11-23 00:00:01.002 7 DEBUG nova.scheduler.filter_scheduler {IDS} Filtered [{HOSTS}] _s /a/nova/s.py:107
2026-11-23 00:00:01.003 7 INFO nova.x {IDS} naïve – 漢字 🙂 Starting with no one
2026-11-23 00:00:02.000 9 INFO nova.compute.claims {IDS} [instance: {VM}] Claim successful
2026-11-23 00:00:02.001 9 ERROR nova.compute.manager {IDS} [instance: {VM}] Error: 漢字
2026-11-23 00:00:02.001 9 ERROR nova.compute.manager [instance: {VM}] Traceback (most recent call last):
  File "x.py", line 1, in f: returned 4 hosts 漢字

2026-11-23 00:00:02.001 9 ERROR nova.compute.manager [instance: {VM}] ComputeResourcesUnavailable: Insufficient compute resources: no room.
ComputeResourcesUnavailable: Insufficient compute resources: no room 🙂.
2026-11-24 00:00:00.000 9 INFO nova.compute.claims {IDS} [instance: {VM}] Claim successful
2026-11-24 00:00:00.001 9 ERROR nova.compute.manager {IDS} [instance: {VM}] Setting instance vm_state to ERROR""".encode()
WHOLE = read(LOG, "nova-compute", line_by_line=True)
KINDS = {
    "a line": rb"Starting with",
    "a request id": rb"req-061d9a7b-6080",
    "a VM's id": rb"ce014e67-71c6",
    "a stamp": rb"2026-11-2\d 00:00",
    "a character": "漢|🙂|ï".encode(),
    "a list of hosts": rb"cn\d, cn\d\) ram",
    "a traceback": rb"Traceback \(most",
    "a continuation": rb'  File "x.py", line',
    "the end of a line": rb"\n",
    "an empty line": rb"\n\n",
}


def same(data, **how):
    """What is read with these cuts is what is read line by line."""
    events, coverage, invalid = read(data, "nova-compute", **how)
    assert events == WHOLE[0]
    assert coverage.lines == WHOLE[1].lines
    assert (coverage.bytes_decoded, coverage.levels, invalid) == (WHOLE[1].bytes_decoded, WHOLE[1].levels, WHOLE[2])


def test_there_is_something_to_cut():
    """Several kinds of events, a continuation, a blank line, another day."""
    assert len({e.kind for e in WHOLE[0]}) >= 5
    assert WHOLE[1].lines.continuation
    assert all(re.search(pattern, LOG) for pattern in KINDS.values())


@pytest.mark.parametrize("kind", KINDS)
def test_a_border_inside_anything(kind):
    """At every byte of every such place; and a block of the stream that ends there."""
    for found in re.finditer(KINDS[kind], LOG):
        for at in range(found.start(), found.end() + 1):
            same(LOG, borders=[at])
            same(LOG, chunk=max(1, at))


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 1000, len(LOG) - 1, len(LOG)])
def test_blocks_of_any_size(chunk):
    """From one byte to all of them."""
    same(LOG, chunk=chunk)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, len(LOG)), st.lists(st.integers(0, len(LOG) - 1), max_size=6))
def test_many_borders_at_once(chunk, borders):
    """Pieces and blocks that do not know of each other."""
    same(LOG, chunk=chunk, borders=borders)


@contextmanager
def cut_into(size, jobs):
    """Reads in pieces of about a size; threads stand for any number of processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "_ALONE_BELOW_BYTES", 0)
        patch.setattr(workers, "_TAIL_FROM_BYTES", size)
        patch.setattr(workers, "_TAIL_BYTES", size // 3)
        patch.setattr(workers, "RANGE_BYTES", size)
        patch.setattr(readers, "_processes", lambda jobs, _pulse: ThreadPoolExecutor(jobs))
        yield {"jobs": jobs}


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """A case without its truth."""
    return laid_out(tmp_path_factory.mktemp("plain"), lambda path, data: path.write_bytes(data))


def laid_out(folder, write):
    """The logs of the case, each written by a function of its path and bytes."""
    for log in sorted(CASE.glob("*/*.log")):
        path = folder / log.relative_to(CASE)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, log.read_bytes())
    return folder


class Whole:
    """What is read of the case line by line, and the case."""

    def __init__(self, logs):
        self.read = checksum(str(logs), line_by_line=True)
        self.case = pipeline.analyse(RunOptions((str(logs),), jobs=1))
        self.summary = summary(self.case)
        self.lines = [coverage.lines for coverage in self.case.coverage]


@pytest.fixture(scope="module")
def whole(logs):
    """The case as it is when nothing is cut."""
    return Whole(logs)


@settings(max_examples=5, deadline=None)
@given(size=st.integers(20_000, 200_000), jobs=st.integers(1, 5))
def test_pieces_of_any_size_by_any_number_of_readers(logs, whole, size, jobs):
    """The same events, account and case."""
    with cut_into(size, jobs) as how:
        assert checksum(str(logs), **how) == whole.read
        assert pipeline.analyse(RunOptions((str(logs),), **how)) == whole.case


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1 << 32), parts=st.integers(2, 6))
def test_logs_rotated_between_any_two_lines(tmp_path_factory, whole, seed, parts):
    """The same moves, targets and verdicts, whatever file a record stands in."""
    dice = random.Random(seed)

    def rotated(path, data):
        starts = [at.end() for at in re.finditer(rb"\n(?=\d{4}-\d\d-\d\d )", data)]
        edges = [0, *sorted(dice.sample(starts, min(parts - 1, len(starts)))), len(data)]
        pieces = [data[a:b] for a, b in pairwise(edges)]
        for number, piece in enumerate(reversed(pieces)):
            path.with_name(path.name + (f".{number}" if number else "")).write_bytes(piece)

    folder = laid_out(tmp_path_factory.mktemp("rotated"), rotated)
    assert summary(pipeline.analyse(RunOptions((str(folder),), jobs=1))) == whole.summary


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1 << 32), members=st.integers(1, 6), jobs=st.integers(1, 3))
def test_gz_of_any_number_of_members(tmp_path_factory, whole, seed, members, jobs):
    """A .gz may be several, one after the other, cut inside anything."""
    dice = random.Random(seed)

    def packed(path, data):
        edges = [0, *sorted(dice.randrange(len(data)) for _ in range(members - 1)), len(data)]
        parts = (gzip.compress(data[a:b], 1) for a, b in pairwise(edges))
        path.with_name(f"{path.name}.gz").write_bytes(b"".join(parts))

    folder = laid_out(tmp_path_factory.mktemp("packed"), packed)
    with cut_into(50_000, jobs) as how:
        assert checksum(str(folder), **how) == whole.read


@settings(max_examples=5, deadline=None)
@given(share=st.floats(0.02, 0.98), size=st.integers(20_000, 100_000))
def test_logs_that_had_ended_anywhere(tmp_path_factory, whole, share, size):
    """A case made while the logs were shorter, then brought up to date, is the case of the whole logs."""
    base = tmp_path_factory.mktemp("grown")
    cut_off = laid_out(base / "logs", lambda path, data: path.write_bytes(data[: max(1, int(len(data) * share))]))
    with cut_into(size, 1) as how:
        options = RunOptions((str(cut_off),), case_file=base / "case.sqlite", **how)
        pipeline.correlate(options)
        laid_out(base / "logs", lambda path, data: path.write_bytes(data))
        grown = pipeline.correlate(options)
        fresh = pipeline.analyse(replace(options, case_file=None))
    assert summary(grown) == summary(fresh) == whole.summary
    assert [c.lines for c in grown.coverage] == whole.lines


@pytest.mark.parametrize("first", [0, 1, 10, 200])
def test_a_gz_whose_first_member_is_a_crumb(tmp_path, whole, first):
    """What decides whether a file is a log is more than what happens to come first out of the decompressor."""

    def packed(path, data):
        parts = (gzip.compress(data[:first]), gzip.compress(data[first:], 1))
        path.with_name(f"{path.name}.gz").write_bytes(b"".join(parts))

    assert checksum(str(laid_out(tmp_path, packed))) == whole.read
