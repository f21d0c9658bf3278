"""What a report format is, and how it is found: a module of this folder with ``FORMAT``.

A format turns a case into the whole text of a report. Nothing is registered: adding a format is adding a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from novatrace import reports
from novatrace.model.case import Case
from novatrace.model.funnel import Funnel
from novatrace.model.subject import Subject, WhyNot
from novatrace.reports import plugins

if TYPE_CHECKING:
    from novatrace.model.replay import Replay  # only simulate needs it


class ReportFormat(Protocol):
    """A format: five reports, each returned as a whole text that ends with a newline."""

    def correlate(self, case: Case, *, tool_version: str) -> str:
        """What happened, to whom, why, and what to do."""

    def explain(self, case: Case, subject: Subject, why_not: WhyNot | None) -> str:
        """The story of one VM, request or host."""

    def inspect(self, case: Case) -> str:
        """What the inputs are and how much of them was understood."""

    def filters(self, case: Case, funnel: Funnel, *, tool_version: str) -> str:
        """What each filter let through over all passes."""

    def simulate(self, replay: Replay, *, plan: bool, tool_version: str) -> str:
        """What other policies would have done; with the wave plan when asked for."""


@runtime_checkable
class InPieces(Protocol):
    """A format whose report of a case grows with it, so that it is not to be in memory as a whole."""

    def correlate_in_pieces(self, case: Case, *, tool_version: str) -> Iterator[str]:
        """The text of ``ReportFormat.correlate``, piece by piece."""


def names() -> tuple[str, ...]:
    """The names of all formats."""
    return plugins.names(reports, "_report")


def load(name: str) -> ReportFormat:
    """The format of this name.

    Raises:
        KeyError: there is none.
    """
    found: ReportFormat = plugins.module(reports, name, "_report").FORMAT
    return found
