"""What a report format is, and how it is found: a module of this folder with ``FORMAT``.

A format turns a case into the whole text of a report. Nothing is registered: adding a format is adding a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Protocol

from novatrace import reports
from novatrace.model.case import Case
from novatrace.model.funnel import Funnel
from novatrace.model.replay import Replay
from novatrace.model.subject import Subject, WhyNot


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


@cache
def names() -> tuple[str, ...]:
    """The names of all formats: a module ``x_report`` is the format ``x``."""
    modules = (module.name for module in pkgutil.iter_modules(reports.__path__))
    return tuple(sorted(name.removesuffix("_report") for name in modules if name.endswith("_report")))


def load(name: str) -> ReportFormat:
    """The format of this name.

    Raises:
        KeyError: there is none.
    """
    if name not in names():
        raise KeyError(name)
    found: ReportFormat = importlib.import_module(f"{reports.__name__}.{name}_report").FORMAT
    return found
