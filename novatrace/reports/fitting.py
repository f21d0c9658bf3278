"""Shortens a document for a place that takes only so many characters: a ticket. Whatever is cut is named, where and how much.

Rows go before paragraphs, long lists before short ones, and the verdict goes never.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

from novatrace.reports.document import Block, Cell, Document, Figure, Paragraph, Quote, Section, Table

Written = Callable[[Document], str]


@dataclass(frozen=True, slots=True)
class _Level:
    """How much of each kind of block is kept."""

    rows: int
    characters: int
    quotes: int
    sections: int


_LEVELS = (
    _Level(2000, 8000, 400, 400),
    _Level(500, 4000, 60, 60),
    _Level(150, 2000, 30, 30),
    _Level(60, 1500, 15, 20),
    _Level(25, 1000, 6, 14),
    _Level(10, 600, 2, 10),
    _Level(5, 300, 0, 6),
)
_NAMED = 12
_WHOLE = "The formats html and json have everything."
_Cuts = defaultdict[tuple[str, str], list[int]]


def fitted(document: Document, written: Written, limit: int) -> str:
    """The document, written in at most ``limit`` characters; untouched when it fits."""
    text = written(document)
    for level in _LEVELS:
        if len(text) <= limit:
            return text
        text = written(_cut(document, level, limit))
    return text if len(text) <= limit else f"{text[: limit - 200].rsplit(chr(10), 1)[0]}\n"


def _cut(document: Document, level: _Level, limit: int) -> Document:
    cuts: _Cuts = defaultdict(lambda: [0, 0])
    kept: list[Section] = []
    for number, section in enumerate(document.sections):
        if number >= level.sections and number < len(document.sections) - 1:
            _count(cuts, section.title.split(" ", 1)[0], "sections", 1, 1)
        else:
            kept.append(_cut_section(section, level, cuts))
    if not cuts:
        return document
    told = [f"{name} without {left} of {total} {what}" for (name, what), (left, total) in cuts.items()]
    shown = "; ".join(told[:_NAMED]) + (f"; and {len(told) - _NAMED} more parts" if len(told) > _NAMED else "")
    note = Paragraph(f"Shortened to stay under {limit} characters: {shown}. {_WHOLE}", "warn")
    return replace(document, sections=(Section("SHORTENED", (note,)), *kept))


def _count(cuts: _Cuts, name: str, what: str, left: int, total: int) -> None:
    cuts[name, what][0] += left
    cuts[name, what][1] += total


def _cut_section(section: Section, level: _Level, cuts: _Cuts) -> Section:
    name = section.title.split(":", 1)[0]
    quotes = [block for block in section.blocks if isinstance(block, Quote)]
    dropped = {id(block) for block in quotes[level.quotes :]}
    if dropped:
        _count(cuts, name, "quotes", len(dropped), len(quotes))
    kept = (block for block in section.blocks if id(block) not in dropped)
    return replace(section, blocks=tuple(_cut_block(block, level, name, cuts) for block in kept))


def _cut_block(block: Block, level: _Level, name: str, cuts: _Cuts) -> Block:
    if isinstance(block, Table) and len(block.rows) > level.rows:
        left = len(block.rows) - level.rows
        _count(cuts, name, "rows", left, len(block.rows))
        filler = (Cell(f"… {left} more rows left out", "dim"), *(Cell("") for _ in block.columns[1:]))
        return replace(block, rows=(*block.rows[: level.rows], filler))
    if isinstance(block, Paragraph) and len(block.text) > level.characters:
        left = len(block.text) - level.characters
        _count(cuts, name, "characters of long paragraphs", left, len(block.text))
        return replace(block, text=f"{block.text[: level.characters]} … (+{left} characters)")
    if isinstance(block, Figure) and len(block.drawing) > level.rows:
        left = len(block.drawing) - level.rows
        _count(cuts, name, "lines of drawings", left, len(block.drawing))
        return replace(block, drawing=(*block.drawing[: level.rows], f"… {left} more lines left out"))
    return block
