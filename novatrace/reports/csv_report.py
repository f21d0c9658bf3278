"""CSV for a spreadsheet: one table, the one that the report is about. ``novatrace export`` writes every table."""

from __future__ import annotations

from novatrace.model.case import Case
from novatrace.model.subject import Subject, WhyNot
from novatrace.reports import tables
from novatrace.reports.cells import csv_text


class CsvFormat:
    """See ``reports.interface.ReportFormat``."""

    def correlate(self, case: Case, *, tool_version: str) -> str:  # noqa: ARG002 - the same call for every format
        """The moves, one a row."""
        return _written("migrations", case)

    def explain(self, case: Case, subject: Subject, why_not: WhyNot | None) -> str:  # noqa: ARG002 - see correlate
        """The steps of the subject's moves, one a row."""
        found = tables.Table(
            "timeline", tables.TABLES["timeline"].columns, list(tables.steps(case, subject.migrations))
        )
        return csv_text(found.columns, found.rows)

    def inspect(self, case: Case) -> str:
        """The inputs, one a row."""
        return _written("inputs", case)


FORMAT = CsvFormat()


def _written(name: str, case: Case) -> str:
    found = tables.table(name, case)
    return csv_text(found.columns, found.rows)
