"""Reports for a ticket: the documents of the text report, written as markup and cut to what the tracker takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from novatrace.model.case import Case
from novatrace.model.funnel import Funnel
from novatrace.model.replay import Replay
from novatrace.model.subject import Subject, WhyNot
from novatrace.reports import view_correlate, view_explain, view_filters, view_inspect, view_simulate
from novatrace.reports.document import Document
from novatrace.reports.fitting import fitted


@dataclass(frozen=True, slots=True)
class TicketFormat:
    """See ``reports.interface.ReportFormat``.

    Attributes:
        written: a document as markup, however long.
        limit: characters that the tracker takes.
    """

    written: Callable[[Document], str]
    limit: int

    def correlate(self, case: Case, *, tool_version: str) -> str:
        """See ``ReportFormat.correlate``."""
        return self._signed(view_correlate.document(case), tool_version)

    def explain(self, case: Case, subject: Subject, why_not: WhyNot | None) -> str:
        """See ``ReportFormat.explain``."""
        return fitted(view_explain.document(case, subject, why_not), self.written, self.limit)

    def inspect(self, case: Case) -> str:
        """See ``ReportFormat.inspect``."""
        return fitted(view_inspect.document(case), self.written, self.limit)

    def filters(self, case: Case, funnel: Funnel, *, tool_version: str) -> str:
        """See ``ReportFormat.filters``."""
        return self._signed(view_filters.document(case, funnel), tool_version)

    def simulate(self, replay: Replay, *, plan: bool, tool_version: str) -> str:
        """See ``ReportFormat.simulate``."""
        return self._signed(view_simulate.document(replay, plan=plan), tool_version)

    def _signed(self, document: Document, tool_version: str) -> str:
        foot = f"\n_novatrace {tool_version}_\n"
        return fitted(document, self.written, self.limit, beside=len(foot)) + foot
