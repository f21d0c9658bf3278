"""Who was first, as far as clocks tell: nothing is said of an order that a setting of the clocks within their bounds would turn."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from cases import FIXTURES, INCIDENT, analysed, case_folders

from novatrace import pipeline
from novatrace.analysis.bursts import Reached
from novatrace.analysis.order import CLOCKS_ASSUMED_US, Clocks, certain, ranks, unknown_pairs
from novatrace.model.capacity import Arrival
from novatrace.model.clock import ClockBounds
from novatrace.model.evidence import Provenance
from novatrace.model.migration import Resources, Stamp

OPEN = Clocks({})


def picked(when_us: int | None, node: str, *, file: int = 0, offset: int = 0, what: str = "selection") -> Reached:
    """An arrival of which a line tells."""
    move = next(m for m in analysed(INCIDENT).migrations if m.attempts)
    stamp = Stamp(what, node, Provenance(file, offset, 1, 1))
    arrival = Arrival("vm", "req", "migrate", when_us, None, Resources(), None, "unknown", None, None, ())
    attempt = replace(move.attempts[0], stamp=stamp, selected_us=when_us)
    return Reached(arrival, attempt, move, None)


def bounds(node: str, low: int | None, high: int | None, applied: int = 0) -> ClockBounds:
    """What causality tells of a node's clock against ctl1."""
    return ClockBounds(node, "ctl1", low, high, applied, 1)


def test_one_file_is_in_order_whatever_the_stamps():
    """A process writes one line after the other, in the same millisecond too."""
    first, second = picked(5_000_000, "ctl1", offset=10), picked(5_000_000, "ctl1", offset=90)
    assert certain(first, second, OPEN)
    assert not certain(second, first, OPEN)


def test_one_clock_is_as_fine_as_its_stamps():
    """Two processes of one machine: a millisecond apart is an order, the same one is not; nor is a second of whole seconds."""
    first = picked(5_000_500, "ctl1", file=0)
    assert certain(first, picked(5_002_500, "ctl1", file=1), OPEN)
    assert not certain(first, picked(5_000_500, "ctl1", file=1), OPEN)
    coarse = picked(7_000_000, "ctl1", file=0)
    assert not certain(coarse, picked(7_900_000, "ctl1", file=1), OPEN)


def test_clocks_that_nothing_binds_are_assumed_to_be_within_a_second():
    """Half a second between two machines is no order; two seconds are."""
    first = picked(5_000_500, "ctl1")
    assert not certain(first, picked(5_500_500, "ctl2", file=1), OPEN)
    assert certain(first, picked(5_000_500 + CLOCKS_ASSUMED_US + 1000, "ctl2", file=1), OPEN)


def test_causality_narrows_and_widens():
    """Bounds of 20 ms make 100 ms an order; a clock that is proven 3 s ahead turns the stamps round."""
    first, second = picked(5_000_500, "ctl1"), picked(5_100_500, "ctl2", file=1)
    narrow = Clocks.of([bounds("ctl1", 0, 0), bounds("ctl2", -20_000, 15_000)], corrected=False)
    assert certain(first, second, narrow)
    ahead = Clocks.of([bounds("ctl1", 0, 0), bounds("ctl2", -3_100_000, -2_900_000)], corrected=False)
    assert not certain(first, second, ahead)
    assert certain(second, first, ahead)


def test_corrected_stamps_need_the_correction_no_more():
    """What --correct-clocks has added is not added again."""
    clocks = Clocks.of([bounds("ctl1", 0, 0), bounds("ctl2", -3_100_000, -2_900_000, -2_900_000)], corrected=True)
    assert clocks.apart("ctl1", "ctl2") == (-200_000, 0)


def test_a_claim_tells_less_than_a_choice():
    """Whose target is known from its claim alone was picked some time before: that is no order against a choice."""
    choice, claim = picked(5_000_500, "ctl1"), picked(9_000_500, "ctl1", file=1, what="claim")
    began = replace(claim.migration, accepted_us=1_000_000)
    blind = replace(claim, migration=began, attempt=replace(claim.attempt, schedule=None, dispatched_us=None, number=1))
    assert not certain(choice, blind, OPEN)
    assert certain(blind, picked(9_000_500, "ctl1", file=1, offset=9, what="claim"), OPEN)


def test_ranks_are_the_pairs_counted():
    """The short way gives what comparing each with each gives."""
    dice = random.Random(3)
    clocks = Clocks.of(
        [bounds("ctl1", 0, 0), bounds("ctl2", -400_000, 300_000), bounds("ctl3", None, 50_000)], corrected=False
    )
    reached = [picked(dice.randrange(1, 8_000_000), f"ctl{n % 4}", file=n % 4, offset=n) for n in range(60)]
    reached.sort(key=lambda r: r.arrival.selected_us)
    # In one file the place counts, which here contradicts the stamps: each has a file of its own.
    apart = [
        replace(r, attempt=replace(r.attempt, stamp=replace(r.stamp, provenance=Provenance(n, 0, 1, 1))))
        for n, r in enumerate(reached)
    ]
    fast = ranks(apart, clocks)
    slow = [
        (
            sum(certain(o, r, clocks) for o in apart if o is not r),
            sum(certain(r, o, clocks) for o in apart if o is not r),
        )
        for r in apart
    ]
    assert fast == slow


def test_the_one_who_was_let_in_was_before_those_who_were_refused():
    """Where there was room for one, the refusals themselves tell that it came first."""
    first, second = picked(5_000_500, "ctl1"), picked(5_000_600, "ctl2", file=1)
    won = [
        replace(r, arrival=replace(r.arrival, outcome=o)) for r, o in ((first, "admitted"), (second, "victim"))
    ]  # fmt: skip
    assert unknown_pairs(won, OPEN, room=1) == ()
    (pair,) = unknown_pairs(won, OPEN, room=None)
    assert (pair.first, pair.second, pair.nodes) == (1, 2, ("ctl1", "ctl2"))


@pytest.mark.parametrize("folder", case_folders(), ids=lambda p: f"{p.parent.parent.name}/{p.name}")
def test_real_clocks_are_one_so_that_no_stated_order_is_wrong(folder):
    """These cases were written on one machine: the stamps are the truth, and a stated order agrees with them."""
    for burst in analysed(folder).bursts:
        open_pairs = {(pair.first, pair.second) for pair in burst.order_unknown}
        for n, (one, two) in enumerate(zip(burst.arrivals, burst.arrivals[1:], strict=False), 1):
            if (n, n + 1) not in open_pairs and one.selected_us is not None and two.selected_us is not None:
                assert one.selected_us <= two.selected_us


def incident_with_cast_at(tmp_path, second: str):
    """The incident, where the cast of the second request stands at another moment of 15:16."""
    for path in INCIDENT.rglob("*.log"):
        target = tmp_path / path.relative_to(INCIDENT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path.read_text().replace("2016-10-28 15:16:02.01", f"2016-10-28 15:16:{second}"))
    options = pipeline.RunOptions((str(tmp_path),), inventory=INCIDENT / "inventory.toml")
    return next(b for b in pipeline.analyse(options).bursts if b.verdict == "overcommitted")


def test_arithmetic_names_nobody_where_the_order_is_not_known(tmp_path):
    """Room for one of two: the number holds whoever came first, the name only where clocks tell who did."""
    close = incident_with_cast_at(tmp_path / "close", "00.80")
    assert (close.verdict, close.basis, close.slots.all) == ("overcommitted", "computed", 1)
    assert [a.outcome for a in close.arrivals] == ["unknown", "unknown"]
    assert [(p.first, p.second) for p in close.order_unknown] == [(1, 2)]
    assert close.cause.endswith(
        "1 was too many by arithmetic; who, is not known: clocks do not tell the order of 2 arrivals"
    )
    apart = incident_with_cast_at(tmp_path / "apart", "02.01")
    assert [a.outcome for a in apart.arrivals] == ["admitted", "victim"]
    assert apart.order_unknown == ()


def test_the_report_and_the_json_say_between_whom():
    """Two schedulers, 36 ms apart: said in words and in numbers; nothing is said where all is in one file."""
    race = analysed(FIXTURES / "real-nova" / "b1-race-placement-room1")
    text = pipeline.render("text", "correlate", race)
    assert "order unknown between" in text
    assert "the clocks of ctl01 and ctl02 may be up to" in text
    one = analysed(FIXTURES / "real-nova" / "b4-race-hugepages-1sched")
    assert "order unknown" not in pipeline.render("text", "correlate", one)
