"""``novatrace inspect``."""

from __future__ import annotations

import click

from novatrace import pipeline
from novatrace.cli import ending, options, progress, stderr, writing
from novatrace.pipeline.run_options import RunOptions


@click.command(
    "inspect",
    epilog="\b\nExamples:\n  novatrace inspect logs/\n  novatrace inspect nova-compute.log.1.gz --node cn7\n"
    "  novatrace inspect logs/ -f json",
)
@options.paths(required=True)
@options.reading()
@options.output()
@options.strict()
@options.wanted
def command(
    wanted: RunOptions,
    format_name: str,
    output: str | None,
    *,
    strict: bool,
    quiet: bool,
) -> int:
    """What each input is: layout, node, service, times, levels, the account of its lines, and what was not
    understood. Nothing is analysed and no case is kept."""  # noqa: D205, D209
    with progress.shown(quiet=quiet) as step:
        case = pipeline.inspect(wanted, step)
    code = ending.code(case, None)
    if not ending.withheld(code, strict=strict):
        writing.write(
            lambda width, colour: pipeline.render(format_name, "inspect", case, width=width, colour=colour),
            output,
        )
    if not quiet:
        stderr.warnings(case)
        stderr.summary(case, code)
    return code
