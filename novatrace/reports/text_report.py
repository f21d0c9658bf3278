"""Plain text, for a terminal at 3 a.m. and for a ticket: the same words on both, colour only where it is asked for.

In a pipe nothing is wrapped or cut. On a terminal paragraphs and the columns that may be folded are, at blanks; ids
and numbers never. Log text reaches ``rich`` only as ``Text``, never as markup.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from novatrace.model.case import Case
from novatrace.model.subject import Subject, WhyNot
from novatrace.reports import view_correlate, view_explain, view_inspect
from novatrace.reports.document import Block, Cell, Document, Paragraph, Table

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {"bad": "bold red", "good": "green", "warn": "yellow", "dim": "dim", "strong": "bold", "": ""}
_STEP = "  "


@dataclass(frozen=True, slots=True)
class TextFormat:
    """See ``reports.interface.ReportFormat``; ``width`` None is the form for pipes and files."""

    width: int | None = None
    colour: bool = False

    def correlate(self, case: Case, *, tool_version: str) -> str:  # noqa: ARG002 - the same call for every format
        """See ``ReportFormat.correlate``."""
        return self._written(view_correlate.document(case))

    def explain(self, case: Case, subject: Subject, why_not: WhyNot | None) -> str:
        """See ``ReportFormat.explain``."""
        return self._written(view_explain.document(case, subject, why_not))

    def inspect(self, case: Case) -> str:
        """See ``ReportFormat.inspect``."""
        return self._written(view_inspect.document(case))

    def _written(self, document: Document) -> str:
        return _plain(document) if self.width is None else _terminal(document, self.width, colour=self.colour)


FORMAT = TextFormat()


def _plain(document: Document) -> str:
    lines: list[str] = []
    for section in document.sections:
        lines += ["", section.title] if lines else [section.title]
        for block in section.blocks:
            lines += _plain_block(block)
    return "\n".join(lines) + "\n"


def _plain_block(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        return [_STEP * (block.indent + 1) + block.text]
    names = [Cell(column.name) for column in block.columns]
    widths = [max(len(row[i].text) for row in (names, *block.rows)) for i in range(len(block.columns))]
    return [_STEP + _plain_row(row, widths, block) for row in (names, *block.rows)]


def _plain_row(row: Sequence[Cell], widths: list[int], block: Table) -> str:
    parts = [
        item.text.rjust(width) if column.right else item.text.ljust(width)
        for item, width, column in zip(row, widths, block.columns, strict=True)
    ]
    return _STEP.join(parts).rstrip()


def _terminal(document: Document, width: int, *, colour: bool) -> str:
    from rich.console import Console  # noqa: PLC0415 - slow to import, and pipes do not need it

    buffer = io.StringIO()
    console = Console(
        file=buffer, width=max(width, 40), force_terminal=colour, no_color=not colour, highlight=False, markup=False,
        emoji=False, legacy_windows=False,
    )  # fmt: skip
    for number, section in enumerate(document.sections):
        if number:
            console.print()
        _print(console, section.title, "bold")
        for block in section.blocks:
            _print_block(console, block, width)
    return "\n".join(line.rstrip() for line in buffer.getvalue().split("\n"))


def _print_block(console: Console, block: Block, width: int) -> None:
    if isinstance(block, Table):
        _print_table(console, block)
        return
    indent = _STEP * (block.indent + 1)
    for line in textwrap.wrap(
        block.text, max(width, 40), initial_indent=indent, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    ):  # fmt: skip
        _print(console, line, _STYLES[block.tone])


def _print(console: Console, line: str, style: str) -> None:
    from rich.text import Text  # noqa: PLC0415 - see _terminal

    console.print(Text(line, style=style), soft_wrap=True)


def _print_table(console: Console, block: Table) -> None:
    """A table that folds only what may be folded; when the whole columns alone do not fit, it is as wide as it must be."""
    from rich.table import Table as RichTable  # noqa: PLC0415 - see _terminal
    from rich.text import Text  # noqa: PLC0415 - see _terminal

    grid = RichTable(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
    grid.add_column("", width=1, no_wrap=True)
    needed = 1
    for index, column in enumerate(block.columns):
        widest = max(len(text) for text in (column.name, *(row[index].text for row in block.rows)))
        least = widest if column.whole else min(widest, 24)
        needed += least + 2
        grid.add_column(
            column.name, no_wrap=column.whole, min_width=least, justify="right" if column.right else "left",
            overflow="fold",
        )  # fmt: skip
    for row in block.rows:
        grid.add_row("", *(Text(item.text, style=_STYLES[item.tone]) for item in row))
    if needed > console.width:
        console.print(grid, width=needed, crop=False, soft_wrap=False, no_wrap=False)
    else:
        console.print(grid)
