"""``novatrace simulate``."""

from __future__ import annotations

from pathlib import Path

import click

from novatrace.cli import options, progress, stderr, writing
from novatrace.errors import UsageError
from novatrace.pipeline import replay


@click.command(
    "simulate",
    epilog="\b\nExamples:\n  novatrace simulate\n  novatrace simulate ten-nodes.toml --runs 10000\n"
    "  novatrace simulate --plan\n  novatrace simulate --plan -f shell -o waves.sh",
)
@click.argument(
    "scenario", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[SCENARIO.toml]"
)
@click.option("--case", "case_file", type=click.Path(path_type=Path), metavar="FILE", help="The case file to use.")
@click.option(
    "--runs",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    help="How often a policy with random choices is played.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Of the random choices: the same seed, the same report."
)
@click.option(
    "--plan", is_flag=True, help="Also say which VMs to move in which wave, so that no target is over-committed."
)
@options.output_as((*options.FORMATS, "shell"))
def command(  # noqa: PLR0913 - one parameter for each option
    scenario: Path | None,
    case_file: Path | None,
    runs: int,
    seed: int,
    format_name: str,
    output: str | None,
    *,
    plan: bool,
    quiet: bool,
) -> int:
    """What would have prevented it: the batch of the newest case (or of a scenario file) replayed under other scheduling
    policies and in waves. Opens with how well the model reproduces what was observed."""  # noqa: D205, D209
    if format_name == "shell" and not plan:
        raise UsageError("-f shell writes the wave plan", next_step="give --plan too")
    with progress.runs_shown(quiet=quiet) as step:
        found, path = replay.simulate(scenario, case_file, runs=runs, seed=seed, progress=step)
    if path is not None and not quiet:
        stderr.note(f"case: {path}")
    if format_name == "shell":
        writing.write(lambda _width, _colour: replay.script(found), output)
    else:
        writing.write(
            lambda width, colour: replay.render(format_name, found, plan=plan, width=width, colour=colour), output
        )
    return 0
