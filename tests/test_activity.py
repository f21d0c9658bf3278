"""When inputs were written to: runs of minutes, silences; the same whichever way an input is read."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read

from novatrace.model.activity import SILENCES_KEPT, joined, runs_of, silences

LINE = "2026-07-01 {:02}:{:02}:{:02}.500 7 INFO nova.compute.claims [-] Something periodic\n"
minutes = st.lists(st.integers(0, 1439), min_size=1, max_size=300)


def log(wanted: list[int], *, each: int = 1) -> bytes:
    """Lines in these minutes of a day."""
    lines = (LINE.format(m // 60, m % 60, s) for m in sorted(wanted) for s in range(each))
    return "".join(lines).encode()


@given(minutes, st.booleans())
@settings(max_examples=60, deadline=None)
def test_minutes_are_the_same_whichever_way_an_input_is_read(wanted, once):
    """Line by line, or with a look at few lines only; whole, or in pieces."""
    data = log(wanted, each=1 if once else 3)
    _, slow, _ = read(data, "nova-compute", line_by_line=True)
    for how in ({}, {"chunk": 700}, {"borders": (len(data) // 3, len(data) // 2)}):
        _, fast, _ = read(data, "nova-compute", **how)
        assert fast.active == slow.active
    start = slow.first_us // 60_000_000 - min(wanted)
    assert slow.active == runs_of({start + minute for minute in wanted})


@given(minutes)
def test_runs_and_silences_make_up_the_whole(wanted):
    """Every minute from the first to the last is in a run or in a silence; the longest silences are kept."""
    runs = runs_of(wanted)
    pieces = sorted([*runs, *silences(runs)])
    assert pieces[0][0] == min(wanted)
    assert pieces[-1][1] == max(wanted)
    assert all(b[0] == a[1] + 1 for a, b in itertools.pairwise(pieces))
    assert len(runs) <= SILENCES_KEPT + 1
    assert joined(runs) == runs
