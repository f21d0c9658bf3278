"""JSON Lines: every row of every table on a line of its own, with the table's name; for jq, DuckDB or a log store."""

from __future__ import annotations

from collections.abc import Sequence

from novatrace.model.case import Case
from novatrace.reports.exports.interface import TABLES, json_line
from novatrace.reports.tables import Table


class JsonLinesExporter:
    """See ``interface.Exporter``."""

    summary = "one line for each row, with the table's name in it"
    suffix = ".jsonl"
    holds = TABLES
    extra = ""
    binary = False

    def available(self) -> bool:
        """It needs nothing."""
        return True

    def written(self, case: Case, tables: Sequence[Table], *, tool_version: str) -> bytes:  # noqa: ARG002 - see Exporter
        """The rows of the tables, one table after the other; unknown is null."""
        return "".join(
            json_line({"table": table.name, **dict(zip(table.columns, row, strict=True))})
            for table in tables
            for row in table.rows
        ).encode("utf-8")


EXPORTER = JsonLinesExporter()
