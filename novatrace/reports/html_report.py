"""One self-contained page: no network, no script, a content policy that forbids both; dark, light and printable.

The page opens with the five questions that somebody asks who never saw the tool. Pictures are SVG where the extra
``novatrace[charts]`` is installed; without it the page says so and shows the same figures drawn in characters.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import resources

from novatrace.model.case import Case
from novatrace.model.funnel import Funnel
from novatrace.model.replay import Replay
from novatrace.model.subject import Subject, WhyNot
from novatrace.reports import (
    pictures,
    view_answers,
    view_correlate,
    view_explain,
    view_filters,
    view_inspect,
    view_simulate,
    view_stories,
    words,
)
from novatrace.reports.document import Block, Document, Figure, Section, Table
from novatrace.reports.html_blocks import Blocks, escaped, paragraph


class HtmlFormat:
    """See ``reports.interface.ReportFormat``; ``with_pictures`` None draws them where the extra is installed."""

    def __init__(self, *, with_pictures: bool | None = None) -> None:
        self._with_pictures = with_pictures

    def correlate(self, case: Case, *, tool_version: str) -> str:
        """See ``ReportFormat.correlate``."""
        document = view_correlate.document(case)
        flagged = view_correlate.flagged(case)
        blocks = self._blocks()
        *sections, coverage = [
            kept for section in document.sections if (kept := _beside_the_minute(section)) is not None
        ]
        shown, fitted = _without_the_fitted(sections)
        at = next((n for n, s in enumerate(shown) if not s.about), len(shown))
        parts = [_minute(case), *self._sections(shown[:at], blocks), *_closed(fitted, blocks)]
        parts += [*self._sections(shown[at:], blocks), _stories(case, blocks), *self._sections([coverage], blocks)]
        heads = [*shown[:at], *[Section(_FITTED, ())] * bool(fitted), *shown[at:], Section("STORIES", ()), coverage]
        return self._page(view_answers.headline(case, flagged), _span(case), heads, parts, tool_version)

    def explain(self, case: Case, subject: Subject, why_not: WhyNot | None) -> str:
        """See ``ReportFormat.explain``."""
        return self._document(view_explain.document(case, subject, why_not), _span(case))

    def inspect(self, case: Case) -> str:
        """See ``ReportFormat.inspect``."""
        return self._document(view_inspect.document(case), _span(case))

    def filters(self, case: Case, funnel: Funnel, *, tool_version: str) -> str:
        """See ``ReportFormat.filters``."""
        return self._document(view_filters.document(case, funnel), _span(case), tool_version)

    def simulate(self, replay: Replay, *, plan: bool, tool_version: str) -> str:
        """See ``ReportFormat.simulate``."""
        lead = f"{words.count(len(replay.scenario.vms), 'VM')}, {words.count(len(replay.scenario.hosts), 'host')}"
        return self._document(view_simulate.document(replay, plan=plan), lead, tool_version)

    def _document(self, document: Document, lead: str, tool_version: str = "") -> str:
        parts = list(self._sections(list(document.sections), self._blocks()))
        return self._page(document.title, lead, list(document.sections), parts, tool_version)

    @property
    def _draws(self) -> bool:
        return pictures.available() if self._with_pictures is None else self._with_pictures

    def _blocks(self) -> Blocks:
        return Blocks(with_pictures=self._draws)

    def _sections(self, sections: list[Section], blocks: Blocks) -> Iterator[str]:
        for section, anchor in zip(sections, _anchors([section.title for section in sections]), strict=True):
            title = _sentence_case(section.title)
            inner = "".join(blocks.written(_pictures_first(section.blocks), title))
            yield f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{escaped(title)}</h2>{inner}</section>'

    def _page(self, title: str, lead: str, heads: list[Section], parts: list[str], tool_version: str) -> str:
        links = "".join(
            f'<li><a href="#{anchor}">{escaped(_sentence_case(label))}</a></li>' for label, anchor in _linked(heads)
        )
        missing = (
            f"<p class=\"warn\">Figures are drawn in characters here: with <code>pip install '{pictures.EXTRA}'</code> they "
            "become pictures.</p>"
        )
        style = _style()
        body = "\n".join(parts)
        return (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(style)}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
            f"<title>{escaped(title)} – novatrace</title><style>{style}</style></head>\n"
            f'<body><a class="skip" href="#main">Skip to the report</a>\n<header><h1>{escaped(title)}</h1>'
            f'<p class="dim">{escaped(lead)}</p>{"" if self._draws else missing}'
            f'<nav aria-label="Sections"><ul>{links}</ul></nav></header>\n'
            f'<main id="main">{body}</main>\n<footer><p>Written by novatrace {escaped(tool_version)} from log files '
            "alone; every statement says its basis: observed, proven, computed, inferred or assumed. Secrets are masked as far "
            "as they can be recognised: look it through before you share it.</p></footer></body></html>\n"
        )


FORMAT = HtmlFormat()
_FITTED = "TARGETS WHERE ALL FITTED"
_OPEN_FITTED = 3  # more are closed, as they would part what went wrong from why
_LINKED = 4


@cache
def _style() -> str:
    return (resources.files("novatrace") / "reports" / "page.css").read_text(encoding="utf-8")


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _sentence_case(title: str) -> str:
    """``TARGET compute-02: …`` as ``Target compute-02: …``: only the leading word is in capitals, names are left alone."""
    return re.sub(r"^[A-Z][A-Z ]*(?=$|[^A-Za-z])", lambda m: m[0].capitalize(), title)


def _anchors(titles: list[str]) -> list[str]:
    """A name for each section, none twice: two targets at one time may be written alike."""
    named: dict[str, int] = {}
    found = []
    for title in titles:
        anchor = "s-" + re.sub(r"[^a-z0-9]+", "-", title.split(",", 1)[0].lower()).strip("-")
        named[anchor] = named.get(anchor, 0) + 1
        found.append(anchor if named[anchor] == 1 else f"{anchor}-{named[anchor]}")
    return found


def _pictures_first(blocks: tuple[Block, ...]) -> list[Block]:
    """On a page the picture stands before the table of the same numbers, behind the sentences that open a section."""
    table = next((at for at, block in enumerate(blocks) if isinstance(block, Table)), len(blocks))
    later = blocks[table:]
    return [
        *blocks[:table],
        *(block for block in later if isinstance(block, Figure)),
        *(block for block in later if not isinstance(block, Figure)),
    ]


def _span(case: Case) -> str:
    times = [t for c in case.coverage for t in (c.first_us, c.last_us) if t is not None]
    lines = sum(c.lines.total for c in case.coverage)
    read = f"{words.count(len(case.coverage), 'log')}, {words.count(lines, 'line')}"
    return f"{read}, {words.when(min(times))} to {words.when(max(times))} UTC" if times else read


def _minute(case: Case) -> str:
    """The five questions and their answers."""
    rows = "".join(
        f"<dt>{escaped(question)}</dt><dd>{''.join(paragraph(p) for p in told)}</dd>"
        for question, told in view_answers.answers(case, view_correlate.flagged(case))
    )
    return f'<section aria-label="In a minute"><dl class="minute">{rows}</dl></section>'


def _without_the_fitted(sections: list[Section]) -> tuple[list[Section], list[Section]]:
    """The sections, and apart from them those of targets where all fitted, where there are many."""
    fitted = [section for section in sections if section.about == "fitting"]
    if len(fitted) <= _OPEN_FITTED:
        return sections, []
    return [section for section in sections if section not in fitted], fitted


def _closed(fitted: list[Section], blocks: Blocks) -> Iterator[str]:
    """Sections that are closed until they are asked for, under one heading."""
    if fitted:
        (anchor,) = _anchors([_FITTED])
        yield f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{_sentence_case(_FITTED)}</h2>'
        for section in fitted:
            title = _sentence_case(section.title)
            inner = "".join(blocks.written(_pictures_first(section.blocks), title))
            yield f"<details><summary>{escaped(title)}</summary>{inner}</details>"
        yield "</section>"


def _linked(heads: list[Section]) -> Iterator[tuple[str, str]]:
    """(label, anchor) of what the page leads to from its top: of many targets the first, the gravest; one reached twice by its times."""
    labels = [section.title.split(":", 1)[0] for section in heads]
    targets = 0
    for section, label, anchor in zip(heads, labels, _anchors([section.title for section in heads]), strict=True):
        target = section.about in ("target", "fitting")
        targets += target
        if targets <= _LINKED or not target:
            when = section.title.rsplit(" ", 1)[-1] if target and labels.count(label) > 1 else ""
            yield f"{label}, {when}" if when else label, anchor


def _beside_the_minute(section: Section) -> Section | None:
    """What the answers at the top leave of a section: of the verdict a table of several targets, of short advice nothing."""
    if section.title == "VERDICT":
        kept = tuple(b for b in section.blocks if isinstance(b, Table) and len(b.rows) > 1)
        return replace(section, title="TARGETS", blocks=kept) if kept else None
    if section.title == "WHAT TO DO" and len(section.blocks) <= view_answers.ADVICE:
        return None
    return section


def _stories(case: Case, blocks: Blocks) -> str:
    """Every move's story, closed until it is asked for."""
    total = len(view_stories.moves(case))
    parts = [f'<section aria-labelledby="s-stories"><h2 id="s-stories">Stories</h2><p>{_stories_lead(total)}</p>']
    for story in view_stories.stories(case):
        inner = "".join(_story_section(section, story.name, blocks) for section in story.sections)
        parts.append(
            f'<details><summary><span class="id">{escaped(story.name)}</span> <span class="{story.tone}">{escaped(story.outcome)}</span>: '
            f"{escaped(story.summary)}</summary>{inner}</details>"
        )
    return "".join([*parts, "</section>"])


def _story_section(section: Section, name: str, blocks: Blocks) -> str:
    title = _sentence_case(section.title)
    return f"<h3>{escaped(title)}</h3>{''.join(blocks.written(section.blocks, f'{title}, of {name}'))}"


def _stories_lead(total: int) -> str:
    if not total:
        return "No move is in these logs."
    if total <= view_stories.SHOWN:
        moves = words.count(total, "move")
        return f"One for each of {moves}, those that failed first; open one to see each step with its line. Print shows what is open."
    return (
        f"The first {view_stories.SHOWN} of {total} moves, those that failed first; <code>novatrace explain ID</code> tells each "
        "of the others."
    )
