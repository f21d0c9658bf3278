"""Plain text, for a terminal at 3 a.m. and for a ticket: the same words on both, colour only where it is asked for.

In a pipe nothing is wrapped or cut. On a terminal paragraphs are wrapped at blanks, and a table row that is too wide goes
on in indented lines; ids and numbers are never broken. Log text reaches ``rich`` only as ``Text``, never as markup.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from novatrace.model.case import Case
from novatrace.model.funnel import Funnel
from novatrace.model.subject import Subject, WhyNot
from novatrace.reports import view_correlate, view_explain, view_filters, view_inspect
from novatrace.reports.document import Block, Cell, Column, Document, Figure, Paragraph, Quote, Section, Table

if TYPE_CHECKING:
    from rich.console import Console

    from novatrace.model.replay import ListedBatch, Replay  # only simulate needs it

_STYLES = {"bad": "bold red", "good": "green", "warn": "yellow", "dim": "dim", "strong": "bold", "": ""}
_STEP = "  "
_LEAST_WIDTH = 40
_LEAST_FOLD = 30


@dataclass(frozen=True, slots=True)
class TextFormat:
    """See ``reports.interface.ReportFormat``; ``width`` None is the form for pipes and files."""

    width: int | None = None
    colour: bool = False

    def correlate(self, case: Case, *, tool_version: str) -> str:  # noqa: ARG002 - the same call for every format
        """See ``ReportFormat.correlate``."""
        return self._written(view_correlate.document(case))

    def correlate_in_pieces(self, case: Case, *, tool_version: str) -> Iterator[str]:
        """See ``reports.interface.InPieces``: a pipe takes section after section, a terminal all of them."""
        if self.width is None:
            return _plain_sections(view_correlate.sections(case))
        return iter([self.correlate(case, tool_version=tool_version)])

    def explain(self, case: Case, subject: Subject, why_not: WhyNot | None) -> str:
        """See ``ReportFormat.explain``."""
        return self._written(view_explain.document(case, subject, why_not))

    def inspect(self, case: Case) -> str:
        """See ``ReportFormat.inspect``."""
        return self._written(view_inspect.document(case))

    def filters(self, case: Case, funnel: Funnel, *, tool_version: str) -> str:  # noqa: ARG002 - see correlate
        """See ``ReportFormat.filters``."""
        return self._written(view_filters.document(case, funnel))

    def simulate(self, replay: Replay, *, plan: bool, tool_version: str) -> str:  # noqa: ARG002 - see correlate
        """See ``ReportFormat.simulate``."""
        from novatrace.reports import view_simulate  # noqa: PLC0415 - only simulate needs it

        return self._written(view_simulate.document(replay, plan=plan))

    def batches(self, found: Sequence[ListedBatch]) -> str:
        """The list of ``simulate --batches``, which this format alone has."""
        from novatrace.reports import batch_list  # noqa: PLC0415 - only simulate needs it

        return self._written(batch_list.document(found))

    def _written(self, document: Document) -> str:
        return _plain(document) if self.width is None else _terminal(document, self.width, colour=self.colour)


FORMAT = TextFormat()


def _plain(document: Document) -> str:
    return "".join(_plain_sections(document.sections))


def _plain_sections(sections: Iterable[Section]) -> Iterator[str]:
    before = ""
    for section in sections:
        lines = [before + section.title]
        for block in section.blocks:
            lines += _plain_block(block)
        yield "\n".join(lines) + "\n"
        before = "\n"


def _plain_block(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        return [_STEP * (block.indent + 1) + block.text]
    if not isinstance(block, Table):
        return [(_STEP + line).rstrip() for line in _drawn(block)]
    names = [Cell(column.name) for column in block.columns]
    widths = [max(len(row[i].text) for row in (names, *block.rows)) for i in range(len(block.columns))]
    return [_STEP + _plain_row(row, widths, block) for row in (names, *block.rows)]


def _drawn(block: Figure | Quote) -> tuple[str, ...]:
    """Lines that stand as they are: a drawing under its title, quoted lines under their place."""
    if isinstance(block, Figure):
        return (f"{block.title}:", *block.drawing)
    return (f"{block.place}:", *(_STEP + line for line in block.lines))


def _plain_row(row: Sequence[Cell], widths: list[int], block: Table) -> str:
    parts = [
        item.text.rjust(width) if column.right else item.text.ljust(width)
        for item, width, column in zip(row, widths, block.columns, strict=True)
    ]
    return _STEP.join(parts).rstrip()


def _terminal(document: Document, width: int, *, colour: bool) -> str:
    from rich.console import Console  # noqa: PLC0415 - slow to import, and pipes do not need it

    width = max(width, _LEAST_WIDTH)
    buffer = io.StringIO()
    console = Console(
        file=buffer, width=width, force_terminal=colour, no_color=not colour, highlight=False, markup=False,
        emoji=False, legacy_windows=False,
    )  # fmt: skip
    for number, section in enumerate(document.sections):
        if number:
            _print(console, [])
        for title in _wrapped(section.title, width, "", _STEP):
            _print(console, [Cell(title, "strong")])
        for block in section.blocks:
            for line in _terminal_block(block, width):
                _print(console, line)
    return buffer.getvalue()


def _terminal_block(block: Block, width: int) -> list[list[Cell]]:
    if isinstance(block, Paragraph):
        return _paragraph(block, width)
    if isinstance(block, Table):
        return _table(block, width)
    return [[Cell(_STEP + line, "dim" if isinstance(block, Quote) else "")] for line in _drawn(block)]


def _print(console: Console, line: Sequence[Cell]) -> None:
    from rich.text import Text  # noqa: PLC0415 - see _terminal

    text = Text.assemble(*((item.text, _STYLES[item.tone]) for item in line))
    text.rstrip()
    console.print(text, soft_wrap=True)


def _paragraph(block: Paragraph, width: int) -> list[list[Cell]]:
    indent = _STEP * (block.indent + 1)
    return [[Cell(line, block.tone)] for line in _wrapped(block.text, width, indent, indent)]


def _wrapped(text: str, width: int, first: str, later: str) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def _table(block: Table, width: int) -> list[list[Cell]]:
    """The lines of a table.

    Where it is wider than the terminal headings of several words are folded; where that is not enough each row goes on in
    indented lines, in which what may be folded stands by itself.
    """
    cells = [max((len(row[i].text) for row in block.rows), default=0) for i in range(len(block.columns))]
    names = [[column.name] for column in block.columns]
    if not _on_one_line(_widths(names, cells), width):
        folded = [_heading(column.name, least) for column, least in zip(block.columns, cells, strict=True)]
        names = folded if _on_one_line(_widths(folded, cells), width) else names
    widths = _widths(names, cells)
    groups = _groups(block.columns, widths, width)
    deep = max(map(len, names))
    headings = [
        [Cell(line, "strong") for line in row] for row in zip(*(_at_the_foot(n, deep) for n in names), strict=True)
    ]
    lines: list[list[Cell]] = []
    for row in (*headings, *block.rows):
        for number, group in enumerate(groups):
            indent = _STEP if not number else _STEP * 4
            if number and all(row[i].text == "-" for i in group):
                continue
            *whole, last = group
            if not number or block.columns[last].whole:
                lines.append([Cell(indent), *_padded(row, group, widths, block.columns)])
            else:
                before = _padded(row, whole, widths, block.columns)
                lines += _folded(row[last], before, indent, width)
    return lines


def _widths(names: Sequence[Sequence[str]], cells: Sequence[int]) -> list[int]:
    return [max(least, *map(len, lines)) for lines, least in zip(names, cells, strict=True)]


def _on_one_line(widths: Sequence[int], width: int) -> bool:
    return len(_STEP) + sum(widths) + len(_STEP) * (len(widths) - 1) <= width


def _heading(name: str, least: int) -> list[str]:
    """A heading in as many lines as its column's cells leave room for beside each other."""
    return textwrap.wrap(name, max(least, *map(len, name.split())), break_on_hyphens=False) if name else [name]


def _at_the_foot(lines: list[str], deep: int) -> list[str]:
    return [""] * (deep - len(lines)) + lines


def _folded(item: Cell, before: list[Cell], indent: str, width: int) -> list[list[Cell]]:
    """A text that goes on in further lines, behind the cells that stand before it in its first."""
    taken = sum(len(part.text) for part in before)
    first, *later = _wrapped(item.text, width, indent + " " * taken, indent)
    return [
        [Cell(indent), *before, Cell(first[len(indent) + taken :], item.tone)],
        *([Cell(line, item.tone)] for line in later),
    ]


def _padded(row: Sequence[Cell], group: Sequence[int], widths: Sequence[int], columns: Sequence[Column]) -> list[Cell]:
    parts: list[Cell] = []
    for i in group:
        text = row[i].text.rjust(widths[i]) if columns[i].right else row[i].text.ljust(widths[i])
        parts += [Cell(text, row[i].tone), Cell(_STEP)]
    return parts


def _groups(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[list[int]]:
    """Columns by the line of a row that they stand in: one line when all fit, else as few as needed.

    A column that may be folded goes on behind others in a further line where it has some room, else it has its own.
    """
    if _on_one_line(widths, width):
        return [list(range(len(columns)))]
    groups: list[list[int]] = [[]]
    room = width - len(_STEP)
    for i in sorted(range(len(columns)), key=lambda i: not columns[i].whole):
        needed = widths[i] if columns[i].whole else min(widths[i], _LEAST_FOLD) if len(groups) > 1 else width
        if groups[-1] and needed > room:
            groups.append([])
            room = width - len(_STEP) * 4
        groups[-1].append(i)
        room = room - widths[i] - len(_STEP) if columns[i].whole else 0
    return groups
