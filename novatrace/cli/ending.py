"""The exit code of a command that finished."""

from __future__ import annotations

from novatrace import pipeline
from novatrace.errors import EXIT_COMPLETE, EXIT_FINDINGS, EXIT_INCOMPLETE
from novatrace.model.case import Case


def code(case: Case, fail_on: str | None) -> int:
    """3 when something could not be read, else 20 when a finding is at or above ``fail_on``, else 0."""
    if pipeline.incomplete(case):
        return EXIT_INCOMPLETE
    if fail_on is not None and pipeline.reaches(case, fail_on):
        return EXIT_FINDINGS
    return EXIT_COMPLETE
