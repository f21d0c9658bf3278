"""``novatrace correlate``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from novatrace import rerun
from novatrace.cli import again, options, progress, stderr

if TYPE_CHECKING:
    from novatrace.model.case import Case
    from novatrace.pipeline.run_options import RunOptions
    from novatrace.pipeline.sharing import Sharing


@click.command(
    "correlate",
    epilog="\b\nExamples:\n  novatrace correlate logs/\n  novatrace correlate api1/ ctl1/ ctl2/ cn*/ -f markdown -o ticket.md\n"
    "  novatrace correlate logs/ --inventory known.toml --fail-on error",
)
@again.answered
@options.paths(required=True)
@options.reading()
@options.judging()
@options.output()
@options.sharing()
@options.charts()
@options.ending()
@options.wanted
def command(  # noqa: PLR0913 - one parameter for each option
    wanted: RunOptions,
    format_name: str,
    output: str | None,
    charts: Path | None,
    fail_on: str | None,
    *,
    sharing: Sharing,
    strict: bool,
    quiet: bool,
    asked: rerun.Asked | None,
) -> int:
    """Read logs, join what belongs together, and report what happened to each VM, which targets were over-committed,
    by whom, on which resource, and what to do. The result is kept as a case, so that `explain` needs no path.

    PATH is a folder (one for each node, or flat), a file (also .gz), or - for standard input."""  # noqa: D205, D209
    from novatrace import pipeline  # noqa: PLC0415 - heavy, and not needed where nothing is new
    from novatrace.cli import ending  # noqa: PLC0415

    sharing = replace(sharing, case_file=pipeline.case_file(wanted))

    def then(case: Case) -> ending.Ended:
        return ending.ended(case, format_name, output, charts, sharing, fail_on, strict=strict)

    with progress.shown(quiet=quiet) as step:
        end = pipeline.correlated(wanted, step, then)
    end.put()
    said = stderr.ended(end.case, end.code)
    if not quiet:
        stderr.say(said)
    if asked is not None and end.text is not None and not end.case.passing:
        rerun.keep(asked, end.text.blocks(), said, end.code)
    return end.code
