"""The account of an input: what was not understood by shape, what was left out by which rule; and clouds at rest."""

from __future__ import annotations

import json

from cases import FIXTURES
from reading import read

from novatrace import pipeline
from novatrace.parsing.shapes import shape_of

LINE = "2026-07-01 12:00:00.500 7 INFO nova.compute.claims [-] Claim successful on node cn7\n"
STRANGE = "2026-11-23 12:00:{:02} strange thing {} at 10.0.0.{}\n"


def test_alike_lines_count_as_one_shape():
    """Times, ids, addresses and numbers are masked; the count and the first line are kept, also across pieces."""
    text = LINE + "".join(STRANGE.format(i, i, i) for i in range(30)) + LINE
    for borders in ((), (200, 900)):
        _, coverage, _ = read(text.encode(), "nova-compute", borders=borders)
        assert coverage.shapes == {"<time> strange thing <n> at <ip>": (30, 2)}
        assert coverage.lines.unparsed == 30
    assert shape_of("a 0x7f3a99 ce014e67-71c6-4283-8857-75e8ac84e144 'one two'") == "a <hex> <uuid> <text>"


def test_inspect_tells_what_it_left_out_and_what_is_not_there(novatrace, tmp_path):
    """Rules by name, shapes with counts, services without a log."""
    (tmp_path / "nova-compute.log").write_text(LINE + "\n" + STRANGE.format(1, 2, 3) * 3 + "--\n" + LINE)
    text = novatrace("inspect", tmp_path, "-q").stdout.decode()
    assert "ignored on purpose: blank 1, marks-of-tools 1" in text
    assert "no nova-scheduler log: filters, candidates and choices are not here" in text
    row = json.loads(novatrace("inspect", tmp_path, "-q", "-f", "json").stdout)["coverage"]["inputs"][0]
    assert row["ignored"] == {"blank": 1, "marks-of-tools": 1}
    assert row["unparsed_shapes"] == [{"shape": "<time> strange thing <n> at <ip>", "lines": 3, "first_line": 3}]


def test_a_cloud_that_moves_nothing_has_no_move(tmp_path):
    """Periodic work, API reads, a boot, Cinder's scheduler with the same words: nobody migrated, nothing is told of it."""
    source = FIXTURES / "real-nova" / "a-single-migrate"
    for path in source.glob("*/*.log"):
        quiet = [line for line in path.read_text().splitlines(keepends=True) if not _moves(line, source)]
        target = tmp_path / path.parent.name / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_text("".join(quiet))
    foreign = "2026-11-23 00:12:26.{:03} 9 {} cinder.scheduler.{} [req-9e7059ce-cf78-42e9-aabd-496fb9118682 u p] {}\n"
    said = [
        ("DEBUG", "base_filter", "Starting with 3 host(s)"),
        ("DEBUG", "base_filter", "Filter CapacityFilter returned 0 host(s)"),
        ("ERROR", "manager", "No valid host was found"),
    ]
    rows = [foreign.format(n, level, logger, text) for n, (level, logger, text) in enumerate(said)]
    (tmp_path / "ctl01" / "cinder-scheduler.log").write_text("".join(rows))
    case = pipeline.analyse(pipeline.RunOptions((str(tmp_path),)))
    assert [m.action for m in case.migrations if m.action != "create"] == []
    assert [b for b in case.bursts if b.verdict == "overcommitted"] == []


def _moves(line: str, source) -> bool:
    """True for a line of the requests that moved a VM."""
    return any(request in line for request in _requests(source))


def _requests(source) -> set[str]:
    actions = json.loads((source / "truth.json").read_text())["actions"]
    return {a["request_id"] for a in actions if a["action"] != "create"}
