"""The parts of a document as HTML. Every piece of text goes through ``escaped``; nothing else writes text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from novatrace.reports import pictures
from novatrace.reports.document import Block, Cell, Column, Figure, Paragraph, Quote, Table

_ID = re.compile(r"(?:req-)?\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_PLACE = re.compile(r"(?<![\w./\-])[\w.\-]{1,30}/[\w.\-]{1,30}:\d+\b")
_OPTION = re.compile(r"(?<!\S)\S{0,40}-\S{1,40}")
_COMMAND = re.compile(r"`([^`]{1,200})`")


def escaped(text: str) -> str:
    """Text for an element or a quoted attribute."""
    return html.escape(text, quote=True)


def prose(text: str) -> str:
    """Text for an element; ids and places in it are kept on one line, commands in backticks are shown as such."""
    return "".join(
        f"<code>{_together(_OPTION, part)}</code>" if number % 2 else _together(_PLACE, part, _ID)
        for number, part in enumerate(_COMMAND.split(text))
    )


def _together(pattern: re.Pattern[str], text: str, *more: re.Pattern[str]) -> str:
    """Text for an element, with what the patterns match never parted at the end of a line."""
    shown = escaped(text)
    for each in (*more, pattern):
        shown = each.sub(r'<span class="id">\g<0></span>', shown)
    return shown


class Blocks:
    """Writes blocks; numbers the pictures, so that their inner names differ on one page."""

    def __init__(self, *, with_pictures: bool) -> None:
        self._pictures = with_pictures
        self._number = 0

    def written(self, blocks: Iterable[Block], about: str) -> Iterator[str]:
        """The blocks of a section; ``about`` names its tables for who cannot see them."""
        for block in blocks:
            if isinstance(block, Paragraph):
                yield paragraph(block)
            elif isinstance(block, Table):
                yield table(block, about)
            elif isinstance(block, Figure):
                yield self._figure(block)
            else:
                yield _quote(block)

    def _figure(self, block: Figure) -> str:
        self._number += 1
        if self._pictures:
            drawn = f'<div class="scroll" tabindex="0" role="img" aria-label="{escaped(block.alternative)}">'
            drawn += f"{pictures.svg_for_page(block.data, self._number)}</div>"
        else:
            lines = escaped("\n".join(block.drawing))
            drawn = (
                f'<pre class="drawing" tabindex="0" role="img" aria-label="{escaped(block.alternative)}">{lines}</pre>'
            )
        return (
            f'<figure><p class="picture">{escaped(block.title)}</p>{drawn}'
            f"<figcaption>{prose(block.alternative)}</figcaption></figure>"
        )


def paragraph(block: Paragraph) -> str:
    """A paragraph with its tone."""
    names = " ".join(name for name in (block.tone, "in" if block.indent else "") if name)
    return f"<p{_class(names)}>{prose(block.text)}</p>"


def table(block: Table, about: str) -> str:
    """A table with headers of its columns, in a group that can be scrolled with keys; no landmark: pages have hundreds."""
    head = "".join(f'<th scope="col"{_class(_side(c))}>{escaped(c.name)}</th>' for c in block.columns)
    rows = "".join(f"<tr>{''.join(_cells(row, block.columns))}</tr>" for row in block.rows)
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="Table: {escaped(about)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cells(row: Sequence[Cell], columns: Sequence[Column]) -> Iterator[str]:
    for item, column in zip(row, columns, strict=True):
        names = " ".join(name for name in (item.tone, _side(column), "" if column.whole else "fold") if name)
        yield f"<td{_class(names)}>{prose(item.text)}</td>"


def _side(column: Column) -> str:
    return "right" if column.right else ""


def _quote(block: Quote) -> str:
    lines = escaped("\n".join(block.lines))
    return f'<p class="place">{escaped(block.place)}</p><pre>{lines}</pre>'


def _class(names: str) -> str:
    return f' class="{names}"' if names else ""
