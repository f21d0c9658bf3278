"""Reports: golden files reviewed by eye, schemas, and what no format may do to log text."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from cases import FIXTURES, INCIDENT, ROOT, analysed
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from novatrace import pipeline
from novatrace.cli import options
from novatrace.pipeline.quoting import quoted
from novatrace.reports import interface, jira_report, markdown_report, neutralise, words
from novatrace.reports.markdown_report import escape
from novatrace.reports.text_report import TextFormat

GOLDEN = Path(__file__).parent / "golden"
CASES = {
    "incident": INCIDENT,
    "claims-refused": FIXTURES / "findings" / "overcommitted-target" / "raises-claims-refused",
    "overloaded": FIXTURES / "findings" / "overcommitted-target" / "raises-overloaded",
    "info-only": FIXTURES / "findings" / "debug-off" / "raises-info-only",
    "no-host": FIXTURES / "findings" / "no-valid-host" / "raises-placement-empty",
}
KINDS = ("correlate", "explain", "inspect")
SUFFIX = {"text": "txt", "markdown": "md", "jira": "jira", "json": "json", "csv": "csv"}


def rendered(name: str, format_name: str, kind: str, **terminal) -> str:
    """A report of a golden case, with paths as in the repository."""
    case = analysed(CASES[name])
    if format_name in pipeline.SHAREABLE and kind == "correlate":
        case = quoted(case, stories=format_name == "html")
    evidence = tuple(replace(e, path=str(Path(e.path).relative_to(ROOT))) for e in case.evidence)
    notices = tuple(replace(n, place=n.place.replace(f"{ROOT}/", "")) for n in case.notices)
    case = replace(case, evidence=evidence, notices=notices)
    subject = None
    if kind == "explain":
        first = next(m for m in case.migrations if m.attempts and m.action != "create")
        subject = pipeline.subject_of(case, first.instance_uuid or first.request_id)
    return pipeline.render(format_name, kind, case, subject, **terminal)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format_name", SUFFIX)
@pytest.mark.parametrize("name", CASES)
def test_golden_reports(name, format_name, kind):
    """Every report is byte for byte the one that was looked at; NOVATRACE_UPDATE_GOLDEN=1 writes them anew."""
    text = rendered(name, format_name, kind)
    path = GOLDEN / f"{name}.{kind}.{SUFFIX[format_name]}"
    if os.environ.get("NOVATRACE_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    assert text == path.read_bytes().decode()


def test_no_golden_report_is_left_over():
    """Each golden file belongs to a test."""
    wanted = {f"{name}.{kind}.{suffix}" for name in CASES for kind in KINDS for suffix in SUFFIX.values()}
    assert {path.name for path in GOLDEN.iterdir()} == wanted


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("folder", [*CASES.values(), *sorted((FIXTURES / "real-nova").iterdir())], ids=lambda p: p.name)
def test_json_keeps_its_contract(folder, kind):
    """Every JSON report validates against the schema that ships with the package."""
    case = analysed(folder)
    subject = None
    if kind == "explain":
        move = next(m for m in case.migrations if m.action != "create")
        subject = pipeline.subject_of(case, move.instance_uuid or move.request_id)
    validator = Draft202012Validator(json.loads(pipeline.schema(kind)))
    assert list(validator.iter_errors(json.loads(pipeline.render("json", kind, case, subject)))) == []


def test_formats_are_found_by_walking_the_folder():
    """A format is a file; an unknown one is a KeyError."""
    assert set(interface.names()) == set(options.FORMATS)
    with pytest.raises(KeyError):
        interface.load("pdf")


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_a_terminal_gets_the_words_of_the_pipe(width):
    """Whatever the width, the words are those of the plain report, and ids are whole."""
    plain = rendered("claims-refused", "text", "correlate")
    shown = rendered("claims-refused", "text", "correlate", width=width)
    for move in analysed(CASES["claims-refused"]).migrations:
        assert shown.count(move.instance_uuid) == plain.count(move.instance_uuid)
    words = [word for word in plain.split() if word != "-"]
    assert sorted(set(words)) == sorted(set(shown.replace("-\n", "\n").split()) & set(words))


def test_colour_is_only_added():
    """Taking the colour codes away gives the uncoloured report."""
    plain = rendered("claims-refused", "text", "correlate", width=100)
    coloured = rendered("claims-refused", "text", "correlate", width=100, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


@given(st.text())
def test_neutral_text_has_nothing_that_acts(text):
    """No C0, C1, DEL, bidi, zero-width, separator or surrogate is left, and plain text is untouched."""
    shown = neutralise.neutral(text)
    assert not neutralise._HARMFUL.search(shown)
    if not neutralise._HARMFUL.search(text):
        assert shown == text


@given(st.text(alphabet='\x1b\x07\u202e\u200b\x9b\ud800ab"\\\n'))
def test_json_text_keeps_its_value_and_harms_nobody(text):
    """The escapes are JSON's own: the value comes back, the characters do not stand in the text."""
    safe = neutralise.json_safe(json.dumps(text, ensure_ascii=False))
    assert json.loads(safe) == text
    assert not neutralise._HARMFUL.search(safe)


@given(
    st.text(alphabet="ab1.*_`[]()<>!|#@~&-+/\\:=w \t")
    | st.sampled_from(["http://x.y", "www.x.y", "@all", "- a", "1. b", "/close"])
)
def test_log_text_becomes_no_markdown(text):
    """Escaped text is one paragraph of text: no link, image, code, emphasis, list, heading or HTML."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse("x " + escape(neutralise.neutral(text)))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in tokens[1].children} <= {"text", "text_special", "softbreak"}


@given(st.text(alphabet="ab1.*_`[]()<>!|#@~&-+/\\:=w", min_size=1))
def test_markdown_shows_log_text_as_it_is(text):
    """What a reader sees is the text itself, but for the invisible joiners that keep trackers from linking it."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(escape(text))
    shown = "".join(child.content for child in tokens[1].children)
    assert shown.replace("\u2060", "") == text


@given(st.lists(st.text(alphabet="`~ {}codenfrmat:\\", max_size=30), min_size=1, max_size=4))
def test_nothing_quoted_ends_its_fence(lines):
    """Quoted lines are one block of code in markdown and one {noformat} block in Jira, whatever stands in them."""
    tokens = MarkdownIt("commonmark").parse("\n".join(markdown_report.fenced(tuple(lines))))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == "\n".join(lines) + "\n"
    inner = jira_report.preformatted((*lines, "{noformat}", "{code:java}"))[1:-1]
    assert not any(re.search(r"(?i)\{(noformat|code)", line) for line in inner)


@given(st.text(alphabet="abAB12 .*_{}[]()!|#@~^?-+/\\:;=w&<>", min_size=1))
def test_log_text_becomes_no_jira_markup(text):
    """No macro, link, mention, image, table cell or text effect is left open to Jira's reader."""
    written = jira_report.escape(text)
    assert not re.search(r"(?<!\\)[{}\[\]!*|~^?@]", written)
    assert not re.search(r"(?i)https?:|www\.", written)
    assert "\\\\" not in written


def crowd(arrivals: int):
    """A case with so many moves and victims that no ticket holds them."""
    case = analysed(CASES["claims-refused"])
    burst = next(b for b in case.bursts if b.verdict == "overcommitted")
    many = replace(
        burst, arrivals=tuple(replace(burst.arrivals[-1], instance_uuid=f"{n:08x}") for n in range(arrivals))
    )
    moves = tuple(
        replace(case.migrations[-1], instance_uuid=f"{n:08x}-0000-4000-8000-000000000000") for n in range(arrivals)
    )
    return replace(case, bursts=(many,) * 6, migrations=moves)


@pytest.mark.parametrize(("format_name", "limit"), [("markdown", 60_000), ("jira", 32_767)])
def test_a_ticket_stays_under_the_limit_and_says_what_was_cut(format_name, limit):
    """Trackers refuse long texts; what is left out is named at the top."""
    text = pipeline.render(format_name, "correlate", crowd(900))
    assert len(text) < limit
    assert "SHORTENED" in text
    assert "rows" in text.split("SHORTENED")[1][:600]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
def test_markdown_parses_as_meant(name, kind):
    """Headings, paragraphs, tables and quotes; nothing of it was born from log data."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(rendered(name, "markdown", kind))
    inline = {child.type for token in tokens if token.children for child in token.children}
    assert inline <= {"text", "text_special", "softbreak", "strong_open", "strong_close", "em_open", "em_close"}
    assert {token.tag for token in tokens} <= {
        "h1",
        "h2",
        "p",
        "",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "blockquote",
        "code",
    }


def test_what_is_not_known_cites_no_line():
    """A view that tells none of the three amounts is no witness of what was free."""
    text = pipeline.render("text", "correlate", analysed(FIXTURES / "at-info" / "moved-and-not-confirmed"))
    told = [line.strip() for line in text.splitlines() if "free before: unknown" in line]
    assert told
    assert set(told) == {"free before: unknown"}


def test_bursts_to_one_target_are_told_apart():
    """Moved twice: a target's sentences, rows and findings say when; one that was reached once says no time."""
    case = analysed(FIXTURES / "at-info" / "moved-twice")
    text = pipeline.render("text", "correlate", case)
    verdict = text.split("WHAT TO DO")[0]
    for host, times in {
        "compute-02": ("15:03:17.936", "15:03:39.355"),
        "compute-04": ("15:03:19.344", "15:03:37.874"),
    }.items():
        for when in times:
            assert f"{host} was over-committed (proven) at {when}, binding" in verdict
            assert f"overcommitted-target: {host} was over-committed at {when}: " in text
            assert re.search(rf"^  {host}  {when}  over-committed", verdict, re.MULTILINE)
    assert "compute-03 was over-committed (proven), binding" in verdict
    assert len({f.title for f in case.findings}) == len(case.findings)


def test_headings_are_folded_before_rows():
    """At 80 columns the targets' table keeps each row in one line; no word of a heading is lost."""
    case = analysed(FIXTURES / "real-nova" / "b1-race-placement-room1")
    lines = TextFormat(width=80).correlate(case, tool_version="0").split("\n")
    (row,) = [n for n, line in enumerate(lines) if line.startswith("  compute-02  over-committed (proven)  RAM")]
    assert lines[row].split()[-4:] == ["8", "1", "7", "7"]
    assert " ".join(f"{lines[row - 2]} {lines[row - 1]}".split()) == (
        "short room too turned target verdict of came for many away"
    )


def test_what_a_source_had_free_counts_what_came_to_it():
    """The tracker spoke of 130560 MB before eight VMs of 4096 MB were booted there; what Nova's database had was 97792 MB."""
    text = pipeline.render("text", "correlate", analysed(FIXTURES / "real-nova" / "b1-race-placement-room1"))
    assert re.search(r"compute-01 \(source\) +before +97792 MB ", text)


def test_a_page_leads_to_each_burst_of_a_target_by_its_time():
    """Two links of one name would not say which is which."""
    page = pipeline.render("html", "correlate", analysed(FIXTURES / "at-info" / "moved-twice"))
    labels = re.findall(r'<li><a href="#[^"]+">([^<]+)</a></li>', page)
    assert "Target compute-02, 15:03:17.936" in labels
    assert len(set(labels)) == len(labels)


def test_a_pass_that_the_logs_cut_off_found_no_host_as_little_as_one():
    """Nothing is said of hosts where the choice itself is not logged any more."""
    case = analysed(FIXTURES / "real-nova" / "b1-race-placement-room1")
    move = next(m for m in case.migrations if m.stage == "placement-conflict")
    assert words.tried(move) == "compute-02"
    cut = replace(move.attempts[0], selected=None, outcome="unknown", schedule=None)
    assert words.tried(replace(move, outcome="unknown", stage=None, attempts=(cut,))) == "not logged"
