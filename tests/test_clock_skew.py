"""Clocks by causality: real logs are consistent, known skews lie in the intervals, contradictions are found."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path

import pytest
import test_mutations as mutations
from cases import FIXTURES, analysed, node_folders
from msgspec.structs import replace
from test_metamorphic import SMALL

from novatrace import pipeline
from novatrace.analysis import clock_skew
from novatrace.model.event import Event
from novatrace.pipeline.clocks import clock_notices
from novatrace.pipeline.ingest import ingest, plan_of
from novatrace.pipeline.spooled import SpooledEvents
from novatrace.reports import not_told
from novatrace.store.spool import Spool

CASES = sorted((FIXTURES / "real-nova").iterdir())
real = pytest.mark.parametrize("folder", CASES, ids=lambda p: p.name)


@cache
def events(folder: Path):
    """The events of a real case."""
    return ingest(plan_of(pipeline.RunOptions(node_folders(folder)))).events


def of_one_input(listed: list[Event]) -> SpooledEvents:
    """Events as the analysis has them, from a list of them."""
    spooled = SpooledEvents(Spool())
    for _, of_input in groupby(listed, key=lambda event: event.provenance.evidence_id):
        spooled.take(of_input)
    return spooled


@real
def test_one_machine_has_one_clock(folder):
    """These logs were written on one machine: no contradiction, and no difference is within every interval."""
    found = clock_skew.clocks(events(folder))
    assert found
    for clock in found:
        assert not clock.conflict
        assert clock.offset_low_us is None or clock.offset_low_us <= 0
        assert clock.offset_high_us is None or clock.offset_high_us >= 0
        assert clock.applied_us == 0
    assert not list(clock_notices(found, applied=False))


@real
def test_a_known_skew_lies_in_the_interval_and_the_correction_keeps_the_order(folder):
    """Each node's clock is put wrong by up to ten seconds: what would put it right is within its interval."""
    dice = random.Random(folder.name)
    nodes = sorted({e.node for e in events(folder)})
    for _ in range(5):
        wrong = {node: dice.randrange(-10_000_000, 10_000_000) for node in nodes}
        skewed = [replace(e, when_us=e.when_us + wrong[e.node]) for e in events(folder)]
        found = clock_skew.clocks(of_one_input(skewed))
        for clock in found:
            right = wrong[clock.reference] - wrong[clock.node]
            unit = 1000 * len(nodes)
            assert clock.offset_low_us is None or clock.offset_low_us - unit <= right
            assert clock.offset_high_us is None or right <= clock.offset_high_us + unit
        again = clock_skew.clocks(clock_skew.Corrected(of_one_input(skewed), found))
        assert all(not clock.conflict and abs(clock.applied_us) <= 1000 * len(nodes) for clock in again)


def shifted(folder: Path, target: Path, node: str, seconds: float) -> Path:
    """A case whose stamps of one node are so many seconds ahead."""
    for path in folder.glob("*/*.log"):
        out = target / path.parent.name / path.name
        out.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines(keepends=True)
        if path.parent.name == node:
            moved = timedelta(seconds=seconds)
            lines = [
                (datetime.fromisoformat(x[:23]) + moved).isoformat(" ", "milliseconds") + x[23:] if x[:2] == "20" else x
                for x in lines
            ]
        out.write_text("".join(lines))
    return target


def judged(folder: Path, scratch: Path, node: str, seconds: float) -> None:
    """One node's clock is wrong: nothing that is stated gets false, and what would put the clock right is in its interval."""
    case = pipeline.analyse(pipeline.RunOptions((str(shifted(folder, scratch, node, seconds)),)))
    assert mutations.falsehoods(folder, case) == []
    assert mutations.arrivals_denied(folder, case) == []
    wrong_us = {node: seconds * 1e6}
    for clock in case.clocks:
        right_us = wrong_us.get(clock.reference, 0) - wrong_us.get(clock.node, 0)
        assert not clock.conflict
        assert clock.offset_low_us is None or clock.offset_low_us <= right_us + 10_000
        assert clock.offset_high_us is None or clock.offset_high_us >= right_us - 10_000


SHIFTS = (0.7, -0.7, 4, -4, 45, -45, 3600, -7200)


@pytest.mark.parametrize("seed", range(6))
def test_a_wrong_clock_makes_nothing_false(seed, tmp_path):
    """Any node of a small case, by parts of a second up to hours."""
    dice = random.Random(seed)
    folder = SMALL[seed % len(SMALL)]
    node = dice.choice(sorted({path.parent.name for path in folder.glob("*/*.log")}))
    judged(folder, tmp_path, node, dice.choice(SHIFTS))


@pytest.mark.slow
@pytest.mark.parametrize("folder", mutations.SHIPPED, ids=lambda p: p.name)
def test_no_wrong_clock_makes_anything_false(folder, tmp_path):
    """Each node of every case, twice."""
    dice = random.Random(folder.name)
    for node in sorted({path.parent.name for path in folder.glob("*/*.log")}):
        for seconds in dice.sample(SHIFTS, 2):
            judged(folder, tmp_path / f"{node}{seconds}", node, seconds)


def test_a_clock_that_is_behind_is_told_and_corrected_only_on_request(novatrace, tmp_path):
    """compute-02 is 30 s behind: its claims come before their dispatch."""
    logs = shifted(FIXTURES / "real-nova" / "b1-race-placement-room1", tmp_path / "logs", "compute-02", -30)
    told = novatrace("correlate", logs).stdout.decode()
    assert "W-CLOCK-SKEW compute-02" in told
    assert "behind those of ctl01" in told
    corrected = novatrace("correlate", logs, "--correct-clocks").stdout.decode()
    assert "I-CLOCK-CORRECTED compute-02" in corrected
    assert "W-CLOCK-SKEW" not in corrected
    seen = novatrace("inspect", logs, "-q").stdout.decode()
    assert "CLOCKS" in seen


def test_the_finding_names_both_lines():
    """A contradiction cites cause and effect of each pair."""
    case = analysed(FIXTURES / "findings" / "clock-contradiction" / "raises-a-clock-that-was-set")
    found = [f for f in case.findings if f.slug == "clock-contradiction"]
    assert [c.what for c in found[0].evidence] == ["cause", "effect"] * 2


RACE = FIXTURES / "real-nova" / "b1-race-placement-room1"


def told_of_clocks(logs):
    """What inspect says of clocks, and its warnings about them."""
    said = pipeline.inspect(pipeline.RunOptions((str(logs),)))
    return said, [n for n in said.notices if "CLOCK" in n.id]


def test_the_one_clock_that_is_wrong_is_compared_with_those_that_agree(tmp_path):
    """ctl01 has most to do with the others, and writes another zone: it alone is wrong, and its logs begin in time."""
    case, (notice,) = told_of_clocks(shifted(RACE, tmp_path / "logs", "ctl01", 3600))
    assert {clock.node for clock in case.clocks if clock.applied_us} == {"ctl01"}
    assert (notice.id, notice.place) == ("W-CLOCK-SKEW", "ctl01")
    assert "--tz ctl01=+01:00 if that is the zone of its stamps, else --correct-clocks" in notice.text
    assert "ctl01" not in {log.node for log in not_told.late(case)}
    put_right = pipeline.inspect(pipeline.RunOptions((str(tmp_path / "logs"),), tz="ctl01=+01:00"))
    assert not any(clock.applied_us for clock in put_right.clocks)


@pytest.mark.parametrize(
    ("node", "hours", "zone"),
    [("nova-api01", -5, "-05:00"), ("nova-api01", -5.5, "-05:30"), ("compute-01", 2, "+02:00")],
)
def test_a_clock_that_is_never_impossible_but_always_hours_off(node, hours, zone, tmp_path):
    """Who only causes cannot be too early, who only hears of others not too late: what it may be is told, as a question."""
    case, (notice,) = told_of_clocks(shifted(RACE, tmp_path / "logs", node, hours * 3600))
    assert not any(clock.applied_us for clock in case.clocks)
    assert (notice.id, notice.place) == ("W-CLOCK-ZONE", node)
    assert notice.text.endswith(f"--tz {node}={zone} if that is the zone of its stamps")


def test_half_an_hour_and_a_bit_is_no_zone(tmp_path):
    """Nothing is guessed of a delay that no zone has."""
    _, told = told_of_clocks(shifted(RACE, tmp_path / "logs", "nova-api01", -2000))
    assert told == []


def test_a_zone_for_a_node_that_is_not_there_is_told():
    """A name that was mistyped."""
    case = pipeline.inspect(pipeline.RunOptions((str(RACE),), tz="ctl1=+01:00,ctl02.example.org=UTC"))
    assert [(n.id, n.place) for n in case.notices if n.id == "W-TIME-TZ"] == [("W-TIME-TZ", "--tz ctl1")]
