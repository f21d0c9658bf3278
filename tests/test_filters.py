"""The funnel over all passes: sums that a reader can check by hand, and no number that the log does not give."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from cases import FIXTURES, INCIDENT, analysed, case_folders
from jsonschema import Draft202012Validator

from novatrace import pipeline
from novatrace.analysis import funnel
from novatrace.pipeline.run_options import RunOptions

SCHEMA = Draft202012Validator(json.loads(pipeline.schema("filters")))
RACE = FIXTURES / "real-nova" / "b1-race-placement-room1"
FULL = "2026-11-23 00:00:0{n}.000 99 {level} nova.filters [req-{id}-0000-4000-8000-000000000000 u p - - -] {text}\n"


def told(folder, **kwargs) -> dict:
    """The JSON of a folder."""
    return json.loads(pipeline.render("json", "filters", analysed(folder), **kwargs))


def of_lines(tmp_path, *lines) -> dict:
    """The JSON of a scheduler's lines: (request, level, text)."""
    log = tmp_path / "ctl1" / "nova-scheduler.log"
    log.parent.mkdir()
    log.write_text(
        "".join(FULL.format(n=n, id=rid * 8, level=level, text=t) for n, (rid, level, t) in enumerate(lines))
    )
    return json.loads(pipeline.render("json", "filters", pipeline.analyse(RunOptions((str(tmp_path),)))))


@pytest.mark.parametrize("folder", [INCIDENT, *case_folders()], ids=lambda p: p.name)
def test_sums_are_those_of_the_lines(folder):
    """Each filter's passes, and the passes that it left empty, are as many as its result lines."""
    report = told(folder)
    assert list(SCHEMA.iter_errors(report)) == []
    text = "".join(p.read_text() for p in folder.glob("*/nova-scheduler.log"))
    lines = re.findall(r"Filter (\w+) returned (\d+) host", text)
    wanted = {name: [int(n) for other, n in lines if other == name] for name, _ in lines}
    found = {tally["name"]: tally for tally in report["filters"]}
    assert {n: (t["passes"], t["left_none"]) for n, t in found.items()} == {
        n: (len(left), left.count(0)) for n, left in wanted.items()
    }
    for name, tally in found.items():
        if tally["counted"] == tally["passes"]:
            assert tally["hosts_left"] == sum(wanted[name])


@pytest.mark.parametrize("folder", [INCIDENT, *case_folders()], ids=lambda p: p.name)
def test_groups_add_up(folder):
    """What is told by project and by flavor is the whole, and nobody is counted twice."""
    whole = funnel.of(analysed(folder).migrations)
    for groups in (whole.by_project, whole.by_flavor):
        assert sum(g.actions for g in groups) == whole.moves + whole.boots
        for tally in whole.filters:
            parts = [t for g in groups for t in g.filters if t.name == tally.name]
            assert sum(t.passes for t in parts) == tally.passes
            assert sum(t.hosts_left for t in parts) == tally.hosts_left


def test_the_incidents_filter_is_named_and_its_first_count_is_not_made_up():
    """CephFilter took eight to one; how many came into EcuFilter is not in the excerpt."""
    found = {tally["name"]: tally for tally in told(INCIDENT)["filters"]}
    assert list(found) == ["EcuFilter", "AggregateCoreFilter", "CephFilter"]
    assert (found["CephFilter"]["hosts_in"], found["CephFilter"]["left_one"], found["CephFilter"]["widest"]) == (
        8,
        1,
        8,
    )
    assert found["EcuFilter"]["hosts_in"] is None
    assert told(INCIDENT)["passes"]["partial"] == 1


def test_at_info_the_last_filter_alone_is_told(tmp_path):
    """Icehouse to Kilo at INFO: only the filter that left none; nothing came in as far as the log says."""
    report = of_lines(tmp_path, ("a", "INFO", "Filter CoreFilter returned 0 hosts"))
    (only,) = report["filters"]
    assert (only["name"], only["passes"], only["counted"], only["left_none"]) == ("CoreFilter", 1, 0, 1)
    assert only["hosts_in"] is None
    assert only["widest"] is None
    assert report["passes"] == {
        "total": 1, "whole": 0, "partial": 1, "no_filter": 0, "not_logged": 0, "unseen_actions": 0, "refused_actions": 0,
    }  # fmt: skip


def test_the_summary_at_info_is_the_whole_chain(tmp_path):
    """Liberty and later: the summary has all counts, so that nothing is missing of that pass."""
    results = "['RamFilter: (start: 5, end: 3)', 'CoreFilter: (start: 3, end: 0)']"
    vm = "733a4217-e97a-4542-8a5f-02336a222483"
    report = of_lines(
        tmp_path,
        ("a", "INFO", "Filter CoreFilter returned 0 hosts"),
        (
            "a",
            "INFO",
            f"Filtering removed all hosts for the request with instance ID '{vm}'. Filter results: {results}",
        ),
    )
    assert [(t["name"], t["hosts_in"], t["hosts_left"], t["left_none"]) for t in report["filters"]] == [
        ("RamFilter", 5, 3, 0), ("CoreFilter", 3, 0, 1),
    ]  # fmt: skip
    assert report["passes"]["whole"] == 1


def test_names_without_counts_still_give_what_came_in(tmp_path):
    """The DEBUG summary lists who was left by each filter: what left one came into the next."""
    left = "[('RamFilter', [('cn1', 'cn1'), ('cn2', 'cn2')]), ('CoreFilter', None)]"
    vm = "733a4217-e97a-4542-8a5f-02336a222483"
    text = f"Filtering removed all hosts for the request with instance ID '{vm}'. Filter results: {left}"
    report = of_lines(tmp_path, ("a", "DEBUG", text))
    assert [(t["name"], t["hosts_in"], t["hosts_left"]) for t in report["filters"]] == [
        ("RamFilter", None, None), ("CoreFilter", 2, 0),
    ]  # fmt: skip


def test_a_retry_that_finds_nobody_is_the_last_attempt_at_info(tmp_path):
    """Without the first pass, a refused claim still came before the pass that RetryFilter left empty."""
    for path in (FIXTURES / "real-nova" / "o15-b1-race-room1").glob("*/*.log"):
        target = tmp_path / path.parent.name / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if " DEBUG " not in line))
    case = pipeline.analyse(RunOptions((str(tmp_path),)))
    retried = [m for m in case.migrations if len(m.attempts) > 1]
    assert retried
    assert {m.attempts[-1].outcome for m in retried} == {"no-valid-host"}
    found = {tally.name: tally for tally in funnel.of(case.migrations).filters}
    assert (found["RetryFilter"].left_none, found["RetryFilter"].failures) == (2, 2)


@pytest.mark.parametrize("format_name", ["text", "markdown", "jira", "html", "csv"])
def test_every_format_names_the_filters(format_name):
    """The same names in each format; a table in CSV."""
    text = pipeline.render(format_name, "filters", analysed(INCIDENT))
    assert all(name in text for name in ("EcuFilter", "AggregateCoreFilter", "CephFilter"))
    if format_name == "csv":
        assert [row["hosts_left"] for row in csv.DictReader(io.StringIO(text))] == ["", "8", "1"]


def test_a_terminal_of_80_columns_holds_the_table():
    """No row is broken, whatever the filters are called."""
    text = pipeline.render("text", "filters", analysed(RACE), width=80)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert re.search(r"^  ComputeFilter +\d+ +\d+ +\d+ +\d+ +\d+ +\d+$", text, re.MULTILINE)


def test_the_command_reads_paths_or_the_newest_case(novatrace):
    """With a path it reads, without one it uses the case that correlate kept; both say the same."""
    read = novatrace("filters", INCIDENT, "-q")
    assert read.returncode == 0
    assert b"CephFilter left one host of several in 1 of 1 logged pass" in read.stdout
    assert novatrace("filters").returncode != 0
    novatrace("correlate", INCIDENT, "-q")
    kept = novatrace("filters")
    assert kept.stdout == read.stdout
    assert b"case: " in kept.stderr


def test_projects_are_hidden_on_request(novatrace):
    """--redact replaces the project and the nodes here as everywhere."""
    done = novatrace("filters", INCIDENT, "-q", "--redact")
    assert b"CephFilter" in done.stdout
    assert b"1c32d3e9bbe9419f85b37b4a6c0e2f3e" not in done.stdout
    assert b"scheduler-node" not in done.stdout


def test_what_the_api_refused_is_not_missed_in_the_schedulers_log():
    """No scheduler sees what the API refuses: its log is not said to be missing."""
    folder = FIXTURES / "findings" / "refused-by-api" / "raises-wrong-host-and-state"
    refused = sum(m.http_status is not None and m.http_status >= 400 for m in analysed(folder).migrations)
    seen = told(folder)["passes"]
    assert (seen["refused_actions"], seen["unseen_actions"]) == (refused, 0)
    assert refused > 0
    text = pipeline.render("text", "filters", analysed(folder))
    assert "refused by the API, and never scheduled" in text
    assert "logs of nova-scheduler are missing" not in text


def test_what_broke_off_in_the_api_is_not_told_as_refused():
    """What an answer of 500 had begun may have gone on, so that its pass is one that is not logged."""
    folder = FIXTURES / "findings" / "refused-by-api" / "raises-broken-off"
    broken = sum(m.http_status == 500 for m in analysed(folder).migrations)
    seen = told(folder)["passes"]
    assert broken > 0
    assert (seen["refused_actions"], seen["unseen_actions"]) == (0, broken)
