"""Markdown for GitHub, GitLab and Launchpad tickets: the same document as the text report.

Everything that may come from logs is escaped, so that it becomes no link, mention, image, HTML or list.
"""

from __future__ import annotations

import re

from novatrace.model.case import Case
from novatrace.model.subject import Subject, WhyNot
from novatrace.reports import view_correlate, view_explain, view_inspect
from novatrace.reports.document import Block, Document, Paragraph, Table

# A word joiner after @ and between a scheme and its slashes keeps mentions and bare links from being recognised.
_SPECIAL = re.compile(r"([\\`*_\[\]<>!|#@~&])")
_LIST = re.compile(r"^(\s*)([-+/]|\d+[.)])(?=\s|/|$)")
_SCHEME = re.compile(r"(?i)\b(https?|ftp|mailto|www)([.:])")
_MARKS = {"bad": "🔴 ", "warn": "🟠 ", "good": "🟢 "}


class MarkdownFormat:
    """See ``reports.interface.ReportFormat``."""

    def correlate(self, case: Case, *, tool_version: str) -> str:
        """See ``ReportFormat.correlate``."""
        return f"{_written(view_correlate.document(case))}\n_novatrace {tool_version}_\n"

    def explain(self, case: Case, subject: Subject, why_not: WhyNot | None) -> str:
        """See ``ReportFormat.explain``."""
        return _written(view_explain.document(case, subject, why_not))

    def inspect(self, case: Case) -> str:
        """See ``ReportFormat.inspect``."""
        return _written(view_inspect.document(case))


FORMAT = MarkdownFormat()


def escape(text: str) -> str:
    """Log text that markdown shows as it is."""
    return _LIST.sub(r"\1\\\2", _inline(text))


def _inline(text: str) -> str:
    """Escaped text for a place that cannot begin a list: a table cell."""
    return _SCHEME.sub(lambda m: f"{m[1]}\\{m[2]}", _SPECIAL.sub(r"\\\1", text))


def _written(document: Document) -> str:
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
    return _table(block)


def _table(block: Table) -> list[str]:
    lines = [
        "| " + " | ".join(escape(column.name) for column in block.columns) + " |",
        "|" + "|".join(" ---: " if column.right else " --- " for column in block.columns) + "|",
    ]
    lines += ["| " + " | ".join(_inline(item.text) for item in row) + " |" for row in block.rows]
    return lines
