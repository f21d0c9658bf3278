"""Cells for spreadsheets: what a spreadsheet would take for a formula is marked as text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from novatrace.reports.neutralise import neutral

_FORMULA = re.compile(r"^\s*[=+\-@\t\r\0\uff1d\uff0b\uff0d\uff20|%]")
_NUMBER = re.compile(r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$")

Value = str | int | float | bool | None


def safe(value: Value) -> str:
    """The value as a cell: unknown is empty; text that begins as a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    text = neutral(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """A table as CSV after RFC 4180, with a header."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([safe(value) for value in row] for row in rows)
    return buffer.getvalue()
