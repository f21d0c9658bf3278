"""Wiki markup for Jira (Data Center, and Cloud's importer): the same document, within Jira's limit for a field.

Log text becomes no macro, link, mention, image, emoticon or issue reference; lines of logs stand in ``{noformat}``, and
what would end that block is visibly altered.
"""

from __future__ import annotations

import re

from novatrace.reports.document import Block, Document, Figure, Paragraph, Quote, Table
from novatrace.reports.ticket import TicketFormat

LIMIT = 32_000  # Jira refuses a field of more than 32 767 characters
_JOINER = "\u2060"
_ALWAYS = re.compile(r"[{}\[\]!*|~^?@]|\((?=(?:[yni/x!+\-?*]|on|off|\*[rgby]|flag|flagoff)\))")
# These act only where a word begins or ends; inside ids and names they are left alone.
_AT_EDGES = re.compile(r"(?<!\w)[-_+#](?=\S)|(?<=\S)[-_+](?!\w)|(?<=[:;])\)|(?<=:)[PD]\b|-(?=-)")
_SCHEME = re.compile(r"(?i)(https?|ftps?|mailto|file|irc|www)([.:])")
_ISSUE = re.compile(r"\b([A-Z][A-Z0-9_]+)-(?=\d)")
_BLOCK = re.compile(r"(?i)\{(?=noformat|code|quote|panel|color)")
_ENTITY = re.compile(r"&(?=#?\w{1,10};)")
_STARTS = re.compile(r"^(\s*)(h[1-6]|bq)\.")
_COLOURS = {"bad": "#b3261e", "warn": "#8a5a00", "good": "#1a6b2f"}


def escape(text: str) -> str:
    """Log text that Jira shows as it is; a backslash is written as an entity, since two of them break the line."""
    parts = [_escape_part(part) for part in text.split("\\")]
    return "&#92;".join(parts)


def _escape_part(text: str) -> str:
    text = _ENTITY.sub("&amp;", text)
    text = _STARTS.sub(rf"\1\2{_JOINER}.", text)
    text = _SCHEME.sub(rf"\1{_JOINER}\2{_JOINER}", text)
    text = _ISSUE.sub(rf"\1{_JOINER}-", text)
    text = _AT_EDGES.sub(lambda m: f"\\{m[0]}", text)
    return _ALWAYS.sub(lambda m: f"\\{m[0]}", text)


def written(document: Document) -> str:
    """The document as wiki markup, however long."""
    lines = [f"h1. {escape(document.title)}"]
    for section in document.sections:
        lines += ["", f"h2. {escape(section.title)}"]
        for block in section.blocks:
            lines += ["", *_block(block)]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        text = escape(block.text)
        colour = _COLOURS.get(block.tone)
        if colour:
            text = f"{{color:{colour}}}{text}{{color}}"
        elif block.tone == "strong":
            text = f"*{text}*"
        return [f"{'bq. ' if block.indent else ''}{text}"]
    if isinstance(block, Figure):
        return [f"{escape(block.title)}:", *preformatted(block.drawing)]
    if isinstance(block, Quote):
        return [f"{escape(block.place)}:", *preformatted(block.lines)]
    return _table(block)


def preformatted(lines: tuple[str, ...]) -> list[str]:
    """The lines in a block that nothing in them can end: a macro's brace in them gets a blank behind it."""
    return ["{noformat}", *(_BLOCK.sub("{ ", line) for line in lines), "{noformat}"]


def _table(block: Table) -> list[str]:
    rows = ["||" + "||".join(escape(column.name) for column in block.columns) + "||"]
    rows += ["|" + "|".join(escape(item.text) or " " for item in row) + "|" for row in block.rows]
    return rows


FORMAT = TicketFormat(written, LIMIT)
