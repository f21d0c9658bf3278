"""CSV for a spreadsheet: one table, the one that the report is about. ``novatrace export`` writes every table."""

from __future__ import annotations

from novatrace.model.case import Case
from novatrace.model.funnel import Funnel
from novatrace.model.replay import Replay
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

    def filters(self, case: Case, funnel: Funnel, *, tool_version: str) -> str:  # noqa: ARG002 - see correlate
        """The filters, one a row."""
        columns = (
            "filter", "passes", "counted", "hosts_in", "hosts_left", "removing", "left_one", "left_none", "failures", "widest",
        )  # fmt: skip
        rows = [
            (
                t.name, t.passes, t.counted, *((t.hosts_in, t.hosts_left, t.removing) if t.counted else (None, None, None)),
                t.left_one, t.left_none, t.failures, t.widest,
            )
            for t in funnel.filters
        ]  # fmt: skip
        return csv_text(columns, rows)

    def simulate(self, replay: Replay, *, plan: bool, tool_version: str) -> str:  # noqa: ARG002 - see correlate
        """The policies, one a row."""
        columns = ("policy", "parameters", "errors", "low", "high", "runs", "overloaded", "rounds", "change")
        rows = [
            (
                result.variant.name,
                " ".join(f"{name}={value}" for name, value in result.variant.parameters.items()),
                result.mean if result.exact is None else result.exact,
                result.low, result.high, result.runs, result.overloads, result.rounds, result.variant.change,
            )
            for result in replay.results
        ]  # fmt: skip
        return csv_text(columns, rows)


FORMAT = CsvFormat()


def _written(name: str, case: Case) -> str:
    found = tables.table(name, case)
    return csv_text(found.columns, found.rows)
