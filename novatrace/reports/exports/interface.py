"""What an export format is, and how it is found: a module ``x_export`` of this folder, with ``EXPORTER``, is the format ``x``.

An exporter turns a case that is fit to be shared into the bytes of a file. Nothing is registered: adding a format is
adding a file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from novatrace.model.case import Case
from novatrace.reports import exports, plugins
from novatrace.reports.neutralise import json_safe
from novatrace.reports.tables import Table

TABLE, TABLES, CASE = "table", "tables", "case"


class Exporter(Protocol):
    """A format.

    Attributes:
        summary: what it is for, half a line.
        suffix: of its files, with the dot.
        holds: what one file holds: ``table``, ``tables`` (those that were asked for), or ``case`` (its own choice).
        extra: what to install for it, or "".
        binary: True when a file of it is no text.
    """

    summary: str
    suffix: str
    holds: str
    extra: str
    binary: bool

    def available(self) -> bool:
        """False when the library that it needs is not installed."""

    def written(self, case: Case, tables: Sequence[Table], *, tool_version: str) -> bytes:
        """A whole file; ``tables`` has exactly one where ``holds`` is ``table``."""


def names() -> tuple[str, ...]:
    """The names of all formats."""
    return plugins.names(exports, "_export")


def load(name: str) -> Exporter:
    """The format of this name.

    Raises:
        KeyError: there is none.
    """
    found: Exporter = plugins.module(exports, name, "_export").EXPORTER
    return found


def json_line(value: dict[str, Any]) -> str:
    """One line of JSON with nothing in it that acts on a terminal."""
    return json_safe(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))) + "\n"
