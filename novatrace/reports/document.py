"""A report as neutral parts: sections of paragraphs, tables, figures and quotes, with no markup of any format.

Every format but JSON is written from the same document, so they cannot disagree. All text in it has passed ``neutral``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from novatrace.reports.figure_data import FigureData
from novatrace.reports.neutralise import neutral

TONES = ("", "bad", "good", "warn", "dim", "strong")


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text with its tone."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A table column; ``whole`` ones are never folded (ids, numbers)."""

    name: str
    whole: bool = True
    right: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One sentence or more; ``indent`` in steps."""

    text: str
    tone: str = ""
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture, as its numbers and as a drawing in characters.

    Attributes:
        name: a file name without suffix, the same in every run.
        title: what is seen, one line.
        alternative: what the picture shows, in words, for whoever cannot see it.
        drawing: the picture in characters, at most 78 columns.
        data: its numbers, from which formats that can hold pictures draw it.
    """

    name: str
    title: str
    alternative: str
    drawing: tuple[str, ...]
    data: FigureData


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines of evidence as they stand in a log, and where."""

    place: str
    lines: tuple[str, ...]


Block = Paragraph | Table | Figure | Quote


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of a report; ``about``: ``target`` (a burst), ``fitting`` (one where all fitted), ``answer`` (the minute's), or ""."""

    title: str
    blocks: tuple[Block, ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report."""

    title: str
    sections: tuple[Section, ...]


def cell(value: object, tone: str = "") -> Cell:
    """A harmless cell; None and "" are shown as a dash."""
    text = "" if value is None else neutral(str(value))
    return _shared(text or "-", tone if text else "dim")


@lru_cache(maxsize=4096)
def _shared(text: str, tone: str) -> Cell:
    """The same few cells stand in the rows of many moves."""
    return Cell(text, tone)


def say(text: str, tone: str = "", indent: int = 0) -> Paragraph:
    """A harmless paragraph."""
    return Paragraph(neutral(text), tone, indent)


def table(columns: Iterable[Column], rows: Iterable[Iterable[Cell]]) -> Table:
    """A table of cells."""
    return Table(tuple(columns), tuple(tuple(row) for row in rows))
