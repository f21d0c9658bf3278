"""Markdown for GitHub, GitLab and Launchpad tickets: the same document as the text report, short enough for a ticket.

Everything that may come from logs is escaped, so that it becomes no link, mention, image, HTML or list; lines of logs
stand in fences that are longer than any run of backticks in them.
"""

from __future__ import annotations

import re

from novatrace.reports.document import Block, Document, Figure, Paragraph, Quote, Table
from novatrace.reports.ticket import TicketFormat

LIMIT = 60_000
_SPECIAL = re.compile(r"([\\`*_\[\]<>!|#@~&])")
_LIST = re.compile(r"^(\s*)(?:([-+/=])(?=\s|/|=|-|$)|(\d+)([.)])(?=\s|$))")
# Trackers look for mentions, references and addresses in what markdown has made of the text, where a backslash is gone
# again. An invisible word joiner behind the sign is what keeps `@all`, `#12`, `!3` and `https://` plain.
_JOINER = "\u2060"
_SCHEME = re.compile(r"(?i)(https?|ftp|mailto|xmpp|www)([.:])")
_MENTION = re.compile(r"@|#(?=\w)|(?<!\w)[!~%$&^](?=[\w\"])")
_RUNS = re.compile("`+")
_MARKS = {"bad": "🔴 ", "warn": "🟠 ", "good": "🟢 "}


def escape(text: str) -> str:
    """Log text that markdown shows as it is."""
    return _LIST.sub(lambda m: f"{m[1]}\\{m[2]}" if m[2] else f"{m[1]}{m[3]}\\{m[4]}", _inline(text))


def _inline(text: str) -> str:
    """Escaped text for a place that cannot begin a list: a table cell."""
    joined = _MENTION.sub(lambda m: f"{m[0]}{_JOINER}", text)
    return _SCHEME.sub(lambda m: f"{m[1]}\\{m[2]}{_JOINER}", _SPECIAL.sub(r"\\\1", joined))


def written(document: Document) -> str:
    """The document as markdown, however long."""
    lines = [f"# {escape(document.title)}"]
    for section in document.sections:
        lines += ["", f"## {escape(section.title)}"]
        for block in section.blocks:
            lines += ["", *_block(block)]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        mark = _MARKS.get(block.tone, "")
        text = escape(block.text)
        return [f"{'> ' * min(block.indent, 1)}{mark}{f'**{text}**' if block.tone == 'strong' else text}"]
    if isinstance(block, Figure):
        return [f"{escape(block.title)}:", "", *fenced(block.drawing)]
    if isinstance(block, Quote):
        return [f"{escape(block.place)}:", "", *fenced(block.lines)]
    return _table(block)


def fenced(lines: tuple[str, ...]) -> list[str]:
    """The lines in a fence that nothing in them can close."""
    longest = max((len(run) for line in lines for run in _RUNS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *lines, fence]


def _table(block: Table) -> list[str]:
    lines = [
        "| " + " | ".join(escape(column.name) for column in block.columns) + " |",
        "|" + "|".join(" ---: " if column.right else " --- " for column in block.columns) + "|",
    ]
    lines += ["| " + " | ".join(_inline(item.text) for item in row) + " |" for row in block.rows]
    return lines


FORMAT = TicketFormat(written, LIMIT)
