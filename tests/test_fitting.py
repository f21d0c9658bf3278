"""Tickets of a large cloud: under the tracker's limit, whole, with the verdict, and with every cut named and counted."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from cases import FIXTURES, analysed
from markdown_it import MarkdownIt

from novatrace import pipeline
from novatrace.model.migration import HostNode
from novatrace.reports import jira_report, markdown_report
from novatrace.reports.document import Cell, Column, Document, Paragraph, Quote, Section, say, table
from novatrace.reports.fitting import fitted

RACE = FIXTURES / "real-nova" / "b1-race-placement-room1"
LIMITS = {"markdown": 60_000, "jira": 32_000}
BIG = "x`|*_[a](b)<i>@all #12 https://h/ " * 5


def cloud(targets: int, moves: int, fault: str):
    """A case with so many over-committed targets, moves and findings; the texts are as bad as logs may be."""
    case = analysed(RACE)
    worst = next(b for b in case.bursts if b.verdict == "overcommitted")
    hosts = [HostNode(f"compute-{n:04}.dc1.example.net", f"compute-{n:04}") for n in range(targets)]
    bursts = tuple(replace(worst, target=host, first_us=(worst.first_us or 0) + n) for n, host in enumerate(hosts))
    lost = next(m for m in case.migrations if m.outcome == "failed")
    lost_moves = tuple(
        replace(lost, instance_uuid=f"{n:08x}-0000-4000-8000-000000000000", fault=fault) for n in range(moves)
    )
    finding = next(f for f in case.findings if f.severity == "critical")
    findings = tuple(
        replace(finding, title=f"{n}: {fault}"[:3000], advice=f"{n}: {fault}"[:3000]) for n in range(targets)
    )
    return replace(case, bursts=bursts, migrations=lost_moves, findings=findings)


@pytest.fixture(scope="module", params=[(60, 300, "short"), (200, 1000, BIG)], ids=["large", "beyond"])
def large(request):
    """A large cloud, and one beyond any."""
    return cloud(*request.param)


@pytest.mark.parametrize("name", LIMITS)
def test_a_ticket_of_a_large_cloud_is_whole(large, name):
    """Under the limit; verdict, advice, gravest target, moves and coverage are there; what was cut is named at the top."""
    text = pipeline.render(name, "correlate", large)
    assert len(text) < LIMITS[name]
    assert text.rstrip().splitlines()[-1].startswith("_novatrace ")
    named = text.split("SHORTENED")[1][:1500]
    assert f"to stay under {LIMITS[name]} characters" in named
    assert f"of {len(large.migrations)} rows" in named
    assert f"of {len(large.bursts)} sections" in named
    for title in ("VERDICT", "WHAT TO DO", "TARGET compute", "MOVES", "FINDINGS", "COVERAGE"):
        assert title in text.replace("\\", "").replace("\u2060", ""), title


def test_its_markdown_is_read_back_as_it_was_meant(large):
    """A CommonMark reader finds headings, tables and fences alone, every table row has its cells, and no fence is left open."""
    text = pipeline.render("markdown", "correlate", large)
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"text", "text_special", "softbreak", "strong_open", "strong_close", "em_open", "em_close"}
    assert not [
        t for t in tokens if t.type in ("html_block", "code_block", "bullet_list_open", "ordered_list_open", "hr")
    ]
    fences = [token for token in tokens if token.type == "fence"]
    assert all(token.map[1] - token.map[0] == token.content.count("\n") + 2 for token in fences)
    widths, cells = None, 0
    for token in tokens:
        if token.type == "thead_open":
            widths = None
        elif token.type == "tr_open":
            cells = 0
        elif token.type in ("th_open", "td_open"):
            cells += 1
        elif token.type == "tr_close":
            widths = widths or cells
            assert cells == widths
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings[1:4] == ["SHORTENED", "VERDICT", "WHAT TO DO"]


@pytest.mark.parametrize("written", [markdown_report.written, jira_report.written], ids=["markdown", "jira"])
def test_what_is_left_and_what_is_named_are_all_there_was(written):
    """The numbers of the note add up: rows, quotes, paragraphs, sections and characters."""
    rows = [[Cell(f"row{n}."), Cell("y" * 50)] for n in range(2500)]
    parts = [Section("VERDICT", (say("the verdict"),)), Section("LIST", (table([Column("a"), Column("b")], rows),))]
    parts += [Section(f"TARGET t{n}: fits", tuple(say(f"par{n}.{i}.") for i in range(30))) for n in range(90)]
    parts += [
        Section("LINES", tuple(Quote(f"place{n}.", ("line",)) for n in range(200))),
        Section("END", (say("z" * 9000),)),
    ]
    text = fitted(Document("t", tuple(parts)), written, 30_000)
    assert len(text) <= 30_000
    note = text.split("SHORTENED")[1].split("The formats")[0]
    told = {
        (name, what): (int(cut), int(total))
        for name, cut, total, what in re.findall(r"(\w+) without (\d+) of (\d+) ([\w ]+)", note)
    }
    left, total = told["LIST", "rows"]
    assert (total, total - left) == (2500, len(re.findall(r"row\d+\.", text)))
    left, total = told["LINES", "quotes"]
    assert (total, total - left) == (200, len(re.findall(r"place\d+\.", text)))
    left, total = told["TARGET", "sections"]
    assert (total, total - left) == (90, len(re.findall(r"TARGET t\d+", text)))
    left, total = told["END", "characters of long paragraphs"]
    assert (total, total - left) == (9000, len(re.findall(r"z{50,}", text)[0]))
    assert "the verdict" in text


def test_what_fits_is_left_alone():
    """No note, nothing cut."""
    document = Document("t", (Section("VERDICT", (Paragraph("short"),)),))
    assert fitted(document, markdown_report.written, 60_000) == markdown_report.written(document)
