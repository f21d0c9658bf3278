"""A line that stands in two sources is counted once; a line that was written twice stays two."""

from __future__ import annotations

import os
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from cases import FIXTURES, analysed
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rendering import LAYOUTS, Said, every, said, short
from test_metamorphic import SMALL, told

from novatrace import pipeline
from novatrace.model.event import Event
from novatrace.model.evidence import Coverage, Evidence, Provenance
from novatrace.parsing.doubles import doubles_of
from novatrace.pipeline.spooled import SpooledEvents
from novatrace.store.spool import Spool

QUICK = (
    "journalctl-short", "journalctl-short-precise-devstack", "journalctl-json-coloured", "journalctl-export",
    "syslog-rfc5424", "cri", "docker-json", "oslo-json", "oslo-fluent", "logstash", "oslo-no-milliseconds", "grep-file",
)  # fmt: skip
REQUEST = "req-9e7059ce-cf78-42e9-aabd-496fb9118682"
START = datetime(2026, 7, 1, 12, tzinfo=UTC)


def twice(folder: Path, name: str, scratch: Path) -> pipeline.Case:
    """A case whose services also logged in another layout, into a file of their own."""
    for path, lines in said(folder).items():
        node, file = path.split("/")
        plain, other = scratch / node / file, scratch / node / "containers" / file.removesuffix(".log") / "0.log"
        other.parent.mkdir(parents=True)
        plain.write_bytes((folder / path).read_bytes())
        other.write_bytes(LAYOUTS[name](lines))
        written = max(one.when for one in lines).timestamp() + 1
        os.utime(other, (written, written))
    return pipeline.analyse(pipeline.RunOptions((str(scratch),)))


def once_and_again(case: pipeline.Case, plain: pipeline.Case) -> None:
    """The case says what the plain one says; each line is in the account, and where else it stands is told."""
    assert told(case, exact=True) == told(plain, exact=True)
    assert all(coverage.lines.balanced for coverage in case.coverage)
    assert {n.id for n in case.notices} & {"I-IN-SAME", "I-IN-DUP"}


@pytest.mark.parametrize("name", QUICK)
def test_a_log_and_what_carried_it_say_the_same_as_the_log_alone(name, tmp_path):
    """A file of the service, and its lines in a journal, a syslog, a container's log, documents, an excerpt."""
    once_and_again(twice(SMALL[0], name, tmp_path), analysed(SMALL[0]))


@pytest.mark.slow
@pytest.mark.parametrize("folder", SMALL, ids=lambda p: p.name)
@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_beside_the_log(name, folder, tmp_path):
    """The same for all of them."""
    once_and_again(twice(folder, name, tmp_path), analysed(folder))


@pytest.mark.parametrize("folder", SMALL, ids=lambda p: p.name)
def test_the_journal_of_a_node_beside_its_logs(folder, tmp_path):
    """All services of a node in one journal, in the order of time."""
    nodes: dict[str, list[Said]] = {}
    for path, lines in said(folder).items():
        node = path.split("/")[0]
        nodes.setdefault(node, []).extend(lines)
        (tmp_path / node).mkdir(exist_ok=True)
        (tmp_path / path).write_bytes((folder / path).read_bytes())
    for node, lines in nodes.items():
        lines.sort(key=lambda one: (one.when, one.service))
        path = tmp_path / node / "journal.txt"
        path.write_bytes(every(short(lambda one: one.text))(lines))
        os.utime(path, (lines[-1].when.timestamp() + 1,) * 2)
    case = pipeline.analyse(pipeline.RunOptions((str(tmp_path),)))
    once_and_again(case, analysed(folder))


def test_an_excerpt_of_a_log_adds_nothing(tmp_path):
    """What somebody grepped out of the log, beside it."""
    folder = SMALL[0]
    for path in said(folder):
        text = (folder / path).read_text()
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
        lines = [line for line in text.splitlines(keepends=True) if "req-" in line]
        (tmp_path / path).with_suffix(".txt").write_text("".join(lines[len(lines) // 3 :]))
    case = pipeline.analyse(pipeline.RunOptions((str(tmp_path),)))
    once_and_again(case, analysed(folder))


def test_inspect_says_where_else_the_lines_are(novatrace, tmp_path):
    """The second place of an event is in the account and in the notices."""
    lines = said(FIXTURES / "real-nova" / "a-single-migrate")["compute-02/nova-compute.log"]
    (tmp_path / "compute-02").mkdir()
    (tmp_path / "compute-02" / "nova-compute.log").write_bytes(every(lambda one: one.text)(lines))
    (tmp_path / "compute-02" / "journal.txt").write_bytes(LAYOUTS["journalctl-json"](lines))
    done = novatrace("inspect", tmp_path, "-q")
    assert "are in " in done.stdout.decode()
    assert "counted once" in done.stdout.decode()


moments = st.lists(st.integers(0, 40), min_size=1, max_size=25)


def written(
    number: int, moments_ms: list[int], layout: str, late_us: int = 0
) -> tuple[Evidence, Coverage, list[Event]]:
    """A source of events that are alike but for their time (and one value, so that some are not alike)."""
    evidence = Evidence(number, f"{number}.log", None, "n1", "nova-scheduler", 0, "", "", 0)
    events = [
        Event(
            "filter-result", int((START + timedelta(seconds=ms)).timestamp()) * 1_000_000 + 5000 + late_us, "n1",
            "nova-scheduler", 7, "DEBUG", REQUEST, None, None, None, None, {"hosts_after": ms % 3}, False,
            Provenance(number, 100 * at, 100, at + 1),
        )
        for at, ms in enumerate(sorted(moments_ms))
    ]  # fmt: skip
    coverage = Coverage(number, {layout: len(events)}, {"nova-scheduler": len(events)})
    coverage.first_us, coverage.last_us = events[0].when_us, events[-1].when_us
    return evidence, coverage, events


def kept(*sources: tuple[Evidence, Coverage, list[Event]]) -> Counter:
    """How many events there are of each moment (to the second)."""
    spooled = SpooledEvents(Spool())
    with patch.object(sys.modules["novatrace.pipeline.spooled"], "_TOGETHER", 3):  # so that most are not looked at
        for _, _, found in sources:
            spooled.take(found)
    events = list(spooled)
    doubles = doubles_of(spooled, [e for e, _, _ in sources], [c for _, c, _ in sources], [])
    return Counter((event.when_us or 0) // 1_000_000 for number, event in enumerate(events) if number not in doubles)


@given(moments, st.data(), st.integers(0, 60_000))
@settings(deadline=None)
def test_repeated_lines_stay_repeated_whatever_a_journal_has_of_them(seconds, data, late_us):
    """A line that was written k times is k events, be it k times in the journal, fewer times, or not at all."""
    kept_there = data.draw(st.lists(st.booleans(), min_size=len(seconds), max_size=len(seconds)))
    carried = [s for s, there in zip(sorted(seconds), kept_there, strict=True) if there] or [min(seconds)]
    whole, journal = written(0, seconds, "oslo"), written(1, carried, "journalctl-short-precise/devstack", late_us)
    alone = Counter(event.when_us // 1_000_000 for event in whole[2])
    assert kept(whole, journal) == alone


@given(moments, st.integers(0, 25))
@settings(deadline=None)
def test_the_halves_of_a_split_log_lose_nothing(seconds, at):
    """Where a log is cut between two equal lines of one moment, both stay."""
    ordered = sorted(seconds)
    first, second = ordered[:at], ordered[at:]
    halves = [written(n, half, "oslo") for n, half in enumerate(half for half in (first, second) if half)]
    assert sum(kept(*halves).values()) == len(seconds)


def test_nodes_services_and_processes_are_told_apart():
    """The same words of another node, process or request are other lines."""
    base = written(0, [1, 2, 3], "oslo")
    for changes in ({"node": "n2"}, {"pid": 8}, {"request_id": "req-other"}, {"level": "INFO"}):
        evidence, coverage, events = written(1, [1, 2, 3], "journalctl-short/oslo")
        other = [replace(event, **changes) for event in events]
        assert sum(kept(base, (evidence, coverage, other)).values()) == 6
