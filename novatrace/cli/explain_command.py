"""``novatrace explain``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from novatrace import pipeline
from novatrace.cli import ending, options, progress, stderr, writing
from novatrace.pipeline.run_options import RunOptions
from novatrace.pipeline.sharing import Sharing


@click.command(
    "explain",
    epilog="\b\nExamples:\n  novatrace explain 32fc6596-d4ab-4ca8-91c3-1c8578ca9fbf\n  novatrace explain 32fc --why-not compute-07\n"
    "  novatrace explain compute-02\n  pbpaste | novatrace explain req-7a578ff5-2e78-410b-8168-5219efa84f9b -",
)
@click.argument("identifier", metavar="ID", shell_complete=options.known_ids("instance", "request", "host"))
@options.paths(required=False)
@click.option(
    "--why-not",
    metavar="HOST",
    multiple=True,
    shell_complete=options.known_ids("host"),
    help="Also say why this host was not chosen; may be repeated.",
)
@options.reading()
@options.judging()
@options.output()
@options.sharing()
@options.charts()
@options.ending()
@options.wanted
def command(  # noqa: PLR0913 - one parameter for each option
    wanted: RunOptions,
    identifier: str,
    why_not: tuple[str, ...],
    format_name: str,
    output: str | None,
    charts: Path | None,
    fail_on: str | None,
    *,
    sharing: Sharing,
    strict: bool,
    quiet: bool,
) -> int:
    """The whole story of one VM (its UUID or a unique prefix), one request id, or one host, step by step with the line
    that tells each step. Without PATH the newest case is used. --fail-on counts the findings that concern it."""  # noqa: D205, D209
    with progress.shown(quiet=quiet) as step:
        case, subject, path = pipeline.explain(identifier, wanted, step, whole=bool(why_not))
    if path is not None and not quiet:
        stderr.note(f"case: {path}")
    code = ending.code(case if fail_on is None else pipeline.concerning(case, subject), fail_on)
    if not ending.withheld(code, strict=strict):
        answers = [pipeline.why_not(case, subject, host) for host in dict.fromkeys(why_not)]
        answer = replace(answers[0], also=tuple(answers[1:])) if answers else None
        sharing = replace(sharing, case_file=path or pipeline.case_file(wanted))
        writing.write(
            lambda width, colour: pipeline.render(
                format_name, "explain", case, subject, answer, width=width, colour=colour, sharing=sharing
            ),
            output,
        )
        if charts is not None:
            pipeline.draw(charts, case, subject, sharing=sharing)
    if not quiet and path is None:
        stderr.warnings(case)
        stderr.summary(case, code)
    return code
