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
from novatrace.reports import interface, neutralise
from novatrace.reports.markdown_report import escape

GOLDEN = Path(__file__).parent / "golden"
CASES = {
    "incident": INCIDENT,
    "claims-refused": FIXTURES / "findings" / "overcommitted-target" / "raises-claims-refused",
    "overloaded": FIXTURES / "findings" / "overcommitted-target" / "raises-overloaded",
    "info-only": FIXTURES / "findings" / "chain-not-logged" / "raises-info-only",
    "no-host": FIXTURES / "findings" / "no-valid-host" / "raises-placement-empty",
}
KINDS = ("correlate", "explain", "inspect")
SUFFIX = {"text": "txt", "markdown": "md", "json": "json"}


def rendered(name: str, format_name: str, kind: str, **terminal) -> str:
    """A report of a golden case, with paths as in the repository."""
    case = analysed(CASES[name])
    evidence = tuple(replace(e, path=str(Path(e.path).relative_to(ROOT))) for e in case.evidence)
    notices = tuple(replace(n, place=n.place.replace(f"{ROOT}/", "")) for n in case.notices)
    case = replace(case, evidence=evidence, notices=notices)
    subject = None
    if kind == "explain":
        first = next(m for m in case.migrations if m.attempts and m.action != "create")
        subject = pipeline.subject_of(case, first.instance_uuid or first.request_id)
    return pipeline.render(format_name, kind, case, subject, **terminal)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format_name", ["text", "markdown", "json"])
@pytest.mark.parametrize("name", CASES)
def test_golden_reports(name, format_name, kind):
    """Every report is byte for byte the one that was looked at; NOVATRACE_UPDATE_GOLDEN=1 writes them anew."""
    text = rendered(name, format_name, kind)
    path = GOLDEN / f"{name}.{kind}.{SUFFIX[format_name]}"
    if os.environ.get("NOVATRACE_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


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
    assert interface.names() == ("json", "markdown", "text")
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
    }
