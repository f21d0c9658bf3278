"""The end of a command: its report where one is wanted, and its exit code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from novatrace import pipeline
from novatrace.cli import stderr, writing
from novatrace.errors import EXIT_BUG, EXIT_COMPLETE, EXIT_FINDINGS, EXIT_INCOMPLETE
from novatrace.model.case import Case
from novatrace.pipeline.sharing import Sharing


def code(case: Case, fail_on: str | None) -> int:
    """1 when the program failed on a part of the logs, else 3 when something could not be read, else 20 when a finding is
    at or above ``fail_on``, else 0."""  # noqa: D205, D209
    if case.failed:
        return EXIT_BUG
    if pipeline.incomplete(case):
        return EXIT_INCOMPLETE
    if fail_on is not None and pipeline.reaches(case, fail_on):
        return EXIT_FINDINGS
    return EXIT_COMPLETE


def withheld(ended: int, *, strict: bool) -> bool:
    """True when ``--strict`` forbids to write what rests on a part of the evidence; it says so, with ``--quiet`` too."""
    if not strict or ended not in (EXIT_BUG, EXIT_INCOMPLETE):
        return False
    stderr.error_line(
        "E-STRICT",
        "not all of the logs could be read, so nothing was written",
        "collect again what is named without -q, or leave out --strict to have what the rest tells",
    )
    return True


def ended(  # noqa: PLR0913 - what the options of a report say
    case: Case,
    format_name: str,
    output: str | None,
    charts: Path | None,
    sharing: Sharing,
    fail_on: str | None,
    *,
    strict: bool,
) -> Ended:
    """The report of a case, made and not yet written; withheld where ``strict`` and something could not be read."""
    exit_code = code(case, fail_on)
    if withheld(exit_code, strict=strict):
        return Ended(case, exit_code, None, output, None, sharing)
    text = writing.made(
        lambda width, colour: pipeline.report(format_name, case, width=width, colour=colour, sharing=sharing),
        output,
    )
    return Ended(case, exit_code, text, output, charts, sharing)


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has only to write.

    Attributes:
        case: what the report is of.
        code: the exit code.
        text: the report; None where it is withheld.
        output: where to.
        charts: folder for its figures; None where none are wanted.
        sharing: how much of the names figures may show.
    """

    case: Case
    code: int
    text: writing.Text | None
    output: str | None
    charts: Path | None
    sharing: Sharing

    def put(self) -> None:
        """Writes the report and its figures."""
        if self.text is not None:
            writing.put(self.text, self.output)
        if self.charts is not None:
            pipeline.draw(self.charts, self.case, sharing=self.sharing)
