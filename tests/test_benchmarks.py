"""The command that measures works with whatever is at hand: small logs, no peers, one round."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import measuring
import peers
import pytest
import tables
from contestants import Contestant
from data import made
from measuring import Median, Run, median

PLACE = "# x\n\n<!-- speed: written by tests/benchmarks/peers.py -->\nOF LAST YEAR\n<!-- end of speed -->\n\nmore\n"


@pytest.fixture
def race(tmp_path):
    """One round, quickly ended."""
    return peers.Race(tmp_path, 2, 1, 0.2)


def test_it_measures_what_is_at_hand_and_fills_the_readme(tmp_path, monkeypatch, capfd):
    """Every section; the peers that are not here are named, the tables are in their place, every run is kept."""
    monkeypatch.setenv("PATH", str(tmp_path))
    readme = tmp_path / "README.md"
    readme.write_text(PLACE, "utf-8")
    options = [
        "--mb",
        "0.3",
        "--mix",
        "dense",
        "--packed",
        "medium",
        "--growth",
        "0.1,0.3",
        "--runs",
        "1",
        "--growth-runs",
        "1",
    ]
    done = peers.main(
        [str(tmp_path / "logs"), *options, "--json", str(tmp_path / "runs.json"), "--readme", str(readme)]
    )
    said = capfd.readouterr().out
    assert done == 0
    assert "| novatrace correlate, cold | 0." in said
    assert "| cold correlate ÷ isal alone, wall |" in said
    assert "| cold correlate, wall, 0.3 MB ÷ 0.1 MB |" in said
    assert "novatrace --help ÷ python3 -c 'import click', wall" in said
    absent = next(line for line in said.splitlines() if line.startswith("Not measured"))
    assert all(
        name in absent for name in (tables.HINTS, tables.ANCHORS, tables.GREP, tables.LNAV, tables.KIT, tables.MERGER)
    )
    assert readme.read_text("utf-8").startswith("# x\n\n<!-- speed: written")
    assert said.strip() in readme.read_text("utf-8")
    assert "OF LAST YEAR" not in readme.read_text("utf-8")
    runs = json.loads((tmp_path / "runs.json").read_text("utf-8"))["runs"]
    assert all(r["exit_code"] == 0 for by in runs.values() for found in by.values() for r in found)


def test_logs_are_made_once(tmp_path):
    """And again when one of them was lost with its mark, or made by another generator."""
    logs = made(tmp_path, 0.1, "dense")
    first = {path: Path(path).read_bytes() for path in logs.files}
    (logs.folder / "truth.json").write_text("[]", "utf-8")
    assert made(tmp_path, 0.1, "dense").requests() == []
    next(tmp_path.glob("*.made")).write_text("another", "utf-8")
    assert made(tmp_path, 0.1, "dense").requests()
    assert {path: Path(path).read_bytes() for path in logs.files} == first


def test_a_wrong_output_is_a_fault(race, tmp_path):
    """So is another exit code; both are said with the name."""
    logs = made(tmp_path, 0.1, "dense")
    race.on(logs, [Contestant("wrong", lambda _: ["true"], "1", expects=lambda _, out: out.stat().st_size > 0)])
    race.on(logs, [Contestant("failing", lambda _: ["sh", "-c", "echo why >&2; exit 3"], "1")])
    assert any("wrong on dense" in fault for fault in race.faults)
    assert any("failing on dense: exit 3: why" in fault for fault in race.faults)


def test_what_takes_too_long_is_ended_and_shown_as_a_lower_bound(race, tmp_path):
    """Its own children with it."""
    logs = made(tmp_path, 0.1, "dense")
    found = race.on(logs, [Contestant("endless", lambda _: ["sh", "-c", "sleep 60; true"], "1", slow=True)])["endless"]
    assert found.late
    assert not race.faults
    assert tables.medians([Contestant("endless", lambda _: [], "1")], {"dense": {"endless": found}}).count("> ") == 2


def test_who_has_taken_long_enough_is_not_run_again(tmp_path):
    """The quick one goes on."""
    race = peers.Race(tmp_path, 3, 1, 60, 0.3)
    race.on(
        made(tmp_path, 0.1, "dense"),
        [Contestant("long", lambda _: ["sleep", "0.4"], "1"), Contestant("quick", lambda _: ["true"], "1")],
    )
    assert {name: len(runs) for by in race.kept.values() for name, runs in by.items()} == {"long": 1, "quick": 3}


def test_a_run_counts_its_children(tmp_path):
    """Time and memory of the processes that a command starts and waits for."""
    python = shutil.which("python3")
    child = f"{python} -c 'x = bytearray(100 << 20); sum(range(3000000))'; true"
    run = measuring.run(["sh", "-c", child], out=tmp_path / "out")
    assert run.exit_code == 0
    assert run.cpu_s > 0.02
    assert run.peak_mb > 105


def test_a_median_is_of_each_figure():
    """Of an even number the mean of the middle two."""
    runs = [Run(1, 5, 10, 0), Run(2, 3, 30, 0), Run(9, 4, 20, 0, late=True)]
    assert median(runs) == Median(2, 4, 20, 3, late=True)


def test_what_is_not_reached_is_bold():
    """At most, at least, not asked, a bound."""
    assert tables.beside(1.234, 1.5) == "1.23 (≤ 1.5)"
    assert tables.beside(1.6, 1.5) == "**1.6** (≤ 1.5)"
    assert tables.beside(9, 10, at_least=True) == "**9** (≥ 10)"
    assert tables.beside(300, 10, at_least=True, bound="> ") == "> 300 (≥ 10)"
    assert tables.beside(2, None) == "2"


def test_a_readme_without_a_place_is_refused(tmp_path):
    """Nothing is written where nobody asked for it."""
    readme = tmp_path / "README.md"
    readme.write_text("# x\n", "utf-8")
    with pytest.raises(ValueError, match="no place for speed"):
        tables.fill(readme, "speed", "new")
    assert readme.read_text("utf-8") == "# x\n"
