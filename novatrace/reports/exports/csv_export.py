"""CSV: one file for each table, for a spreadsheet; what a spreadsheet would take for a formula is marked as text."""

from __future__ import annotations

from collections.abc import Sequence

from novatrace.model.case import Case
from novatrace.reports.cells import csv_text
from novatrace.reports.exports.interface import TABLE
from novatrace.reports.tables import Table


class CsvExporter:
    """See ``interface.Exporter``."""

    summary = "one file for each table, for a spreadsheet"
    suffix = ".csv"
    holds = TABLE
    extra = ""
    binary = False

    def available(self) -> bool:
        """It needs nothing."""
        return True

    def written(self, case: Case, tables: Sequence[Table], *, tool_version: str) -> bytes:  # noqa: ARG002 - see Exporter
        """The table, with a header."""
        (table,) = tables
        return csv_text(table.columns, table.rows).encode("utf-8")


EXPORTER = CsvExporter()
