"""Shortens a document for a place that takes only so many characters: a ticket. Whatever is cut is named, where and how much.

Rows go before paragraphs, long lists before short ones, and the verdict goes never.
"""

from __future__ import annotations

from collections import Counter, defaultdict
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
    paragraphs: int


_LEVELS = (
    _Level(2000, 8000, 400, 400, 2000),
    _Level(500, 4000, 60, 60, 400),
    _Level(150, 2000, 30, 30, 120),
    _Level(60, 1500, 15, 20, 60),
    _Level(25, 1000, 6, 14, 40),
    _Level(10, 600, 2, 10, 24),
    _Level(5, 300, 0, 6, 12),
    _Level(3, 200, 0, 4, 5),
)
_NAMED = 12
_WHOLE = "The formats html and json have everything."
_Cuts = defaultdict[tuple[str, str], list[int]]


def fitted(document: Document, written: Written, limit: int, *, beside: int = 0) -> str:
    """The document, written in at most ``limit`` characters less those ``beside`` it; untouched when it fits."""
    text = written(document)
    for level in _LEVELS:
        if len(text) <= limit - beside:
            return text
        text = written(_cut(document, level, limit))
    return text if len(text) <= limit - beside else f"{text[: limit - beside - 200].rsplit(chr(10), 1)[0]}\n"


def _cut(document: Document, level: _Level, limit: int) -> Document:
    cuts: _Cuts = defaultdict(lambda: [0, 0])
    sections = tuple(_cut_section(section, level, cuts) for section in _kept(document.sections, level.sections, cuts))
    if not cuts:
        return document
    told = [f"{name} without {left} of {total} {what}" for (name, what), (left, total) in cuts.items()]
    named = "; ".join(told[:_NAMED]) + (f"; and {len(told) - _NAMED} more parts" if len(told) > _NAMED else "")
    note = Paragraph(f"Shortened to stay under {limit} characters: {named}. {_WHOLE}", "warn")
    return replace(document, sections=(Section("SHORTENED", (note,)), *sections))


def _kept(sections: tuple[Section, ...], room: int, cuts: _Cuts) -> list[Section]:
    """All sections that say what no other does; of those of which there are many the first, which are the gravest."""
    kinds = [section.title.split(" ", 1)[0] for section in sections]
    number = Counter(kinds)
    alone = sum(number[kind] == 1 for kind in kinds)
    left = max(1, room - alone)
    shown: list[Section] = []
    for section, kind in zip(sections, kinds, strict=True):
        if number[kind] > 1:
            left -= 1
            if left < 0:
                _count(cuts, kind, "sections", 1, 0)
                cuts[kind, "sections"][1] = number[kind]
                continue
        shown.append(section)
    return shown


def _count(cuts: _Cuts, name: str, what: str, left: int, total: int) -> None:
    cuts[name, what][0] += left
    cuts[name, what][1] += total


def _cut_section(section: Section, level: _Level, cuts: _Cuts) -> Section:
    name = section.title.split(":", 1)[0]
    blocks: list[Block] = list(section.blocks)
    for kind, what, room in ((Quote, "quotes", level.quotes), (Paragraph, "paragraphs", level.paragraphs)):
        found = [block for block in blocks if isinstance(block, kind)]
        dropped = {id(block) for block in found[room:]}
        if dropped:
            _count(cuts, name, what, len(dropped), len(found))
            blocks = [block for block in blocks if id(block) not in dropped]
    return Section(_short(section.title, level.characters), tuple(_cut_block(b, level, name, cuts) for b in blocks))


def _short(text: str, characters: int) -> str:
    left = len(text) - characters
    return f"{text[:characters]} … (+{left} characters)" if left > 0 else text


def _cut_row(row: tuple[Cell, ...], level: _Level, name: str, cuts: _Cuts) -> tuple[Cell, ...]:
    for item in row:
        if len(item.text) > level.characters:
            _count(cuts, name, "characters of long cells", len(item.text) - level.characters, len(item.text))
    return tuple(replace(item, text=_short(item.text, level.characters)) for item in row)


def _cut_block(block: Block, level: _Level, name: str, cuts: _Cuts) -> Block:
    if isinstance(block, Table):
        rows = tuple(_cut_row(row, level, name, cuts) for row in block.rows[: level.rows])
        if len(block.rows) > level.rows:
            left = len(block.rows) - level.rows
            _count(cuts, name, "rows", left, len(block.rows))
            rows = (*rows, (Cell(f"… {left} more rows left out", "dim"), *(Cell("") for _ in block.columns[1:])))
        return replace(block, rows=rows)
    if isinstance(block, Paragraph) and len(block.text) > level.characters:
        left = len(block.text) - level.characters
        _count(cuts, name, "characters of long paragraphs", left, len(block.text))
        return replace(block, text=_short(block.text, level.characters))
    if isinstance(block, Figure) and len(block.drawing) > level.rows:
        left = len(block.drawing) - level.rows
        _count(cuts, name, "lines of drawings", left, len(block.drawing))
        return replace(block, drawing=(*block.drawing[: level.rows], f"… {left} more lines left out"))
    return block
