"""The end of a command: its report where one is wanted, and its exit code."""

from __future__ import annotations

from pathlib import Path

from novatrace import pipeline
from novatrace.cli import stderr, writing
from novatrace.errors import EXIT_COMPLETE, EXIT_FINDINGS, EXIT_INCOMPLETE
from novatrace.model.case import Case
from novatrace.pipeline.sharing import Sharing


def code(case: Case, fail_on: str | None) -> int:
    """3 when something could not be read, else 20 when a finding is at or above ``fail_on``, else 0."""
    if pipeline.incomplete(case):
        return EXIT_INCOMPLETE
    if fail_on is not None and pipeline.reaches(case, fail_on):
        return EXIT_FINDINGS
    return EXIT_COMPLETE


def withheld(ended: int, *, strict: bool) -> bool:
    """True when ``--strict`` forbids to write what rests on a part of the evidence; it says so, with ``--quiet`` too."""
    if not strict or ended != EXIT_INCOMPLETE:
        return False
    stderr.error_line(
        "E-STRICT",
        "not all of the logs could be read, so nothing was written",
        "collect again what is named without -q, or leave out --strict to have what the rest tells",
    )
    return True


def report(  # noqa: PLR0913 - what the options of a report say
    case: Case,
    format_name: str,
    output: str | None,
    charts: Path | None,
    sharing: Sharing,
    fail_on: str | None,
    *,
    strict: bool,
) -> tuple[int, writing.Text | None]:
    """Writes the report of a case and its figures; nothing where ``strict`` and something could not be read.

    Returns:
        The exit code, and the text that was written.
    """
    ended = code(case, fail_on)
    if withheld(ended, strict=strict):
        return ended, None
    text = writing.write(
        lambda width, colour: pipeline.report(format_name, case, width=width, colour=colour, sharing=sharing),
        output,
    )
    if charts is not None:
        pipeline.draw(charts, case, sharing=sharing)
    return ended, text
