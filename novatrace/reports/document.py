"""A report as neutral parts: sections of paragraphs and tables, with the tone of each cell, no markup of any format.

Text and markdown are written from the same document, so they cannot disagree. All text in it has passed ``neutral``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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


Block = Paragraph | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of a report."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report."""

    title: str
    sections: tuple[Section, ...]


def cell(value: object, tone: str = "") -> Cell:
    """A harmless cell; None and "" are shown as a dash."""
    text = "" if value is None else neutral(str(value))
    return Cell(text or "-", tone if text else "dim")


def say(text: str, tone: str = "", indent: int = 0) -> Paragraph:
    """A harmless paragraph."""
    return Paragraph(neutral(text), tone, indent)


def table(columns: Iterable[Column], rows: Iterable[Iterable[Cell]]) -> Table:
    """A table of cells."""
    return Table(tuple(columns), tuple(tuple(row) for row in rows))
