"""``novatrace filters``."""

from __future__ import annotations

from dataclasses import replace

import click

from novatrace import pipeline
from novatrace.cli import ending, options, progress, stderr, writing
from novatrace.pipeline.run_options import RunOptions
from novatrace.pipeline.sharing import Sharing


@click.command(
    "filters",
    epilog="\b\nExamples:\n  novatrace filters\n  novatrace filters logs/ --since 2026-11-23T00:00\n"
    "  novatrace filters -f json | jq '.filters[] | select(.failures > 0)'",
)
@options.paths(required=False)
@options.reading()
@options.judging()
@options.output()
@options.sharing()
@options.strict()
@options.wanted
def command(
    wanted: RunOptions,
    format_name: str,
    output: str | None,
    *,
    sharing: Sharing,
    strict: bool,
    quiet: bool,
) -> int:
    """Over all scheduler passes: how many hosts came into each filter and how many it left, where it left one or none, and
    which failures it decided; by project and by flavor. Without PATH the newest case is used."""  # noqa: D205, D209
    with progress.shown(quiet=quiet) as step:
        case, path = pipeline.case_of(wanted, step)
    if path is not None and not quiet:
        stderr.note(f"case: {path}")
    sharing = replace(sharing, case_file=path or pipeline.case_file(wanted))
    code = ending.code(case, None)
    if not ending.withheld(code, strict=strict):
        writing.write(
            lambda width, colour: pipeline.render(
                format_name, "filters", case, width=width, colour=colour, sharing=sharing
            ),
            output,
        )
    if not quiet and path is None:
        stderr.warnings(case)
        stderr.summary(case, code)
    return code
