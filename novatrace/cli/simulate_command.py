"""``novatrace simulate``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from novatrace.cli import options, progress, stderr, writing
from novatrace.errors import EXIT_COMPLETE, EXIT_INCOMPLETE, UsageError
from novatrace.pipeline import replay
from novatrace.pipeline.sharing import Sharing


@click.command(
    "simulate",
    epilog="\b\nExamples:\n  novatrace simulate\n  novatrace simulate ten-nodes.toml --runs 10000\n"
    "  novatrace simulate --plan\n  novatrace simulate --plan -f shell -o waves.sh\n"
    "  novatrace simulate --batches\n  novatrace simulate --batch 2",
)
@click.argument(
    "scenario", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[SCENARIO.toml]"
)
@options.kept_case()
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
@click.option("--batches", is_flag=True, help="List the batches of the case, and replay none.")
@click.option(
    "--batch", type=click.IntRange(1), metavar="N", help="Replay this batch of the list. Default: the newest."
)
@click.option("--target", metavar="HOST", help="Replay the newest batch that sent a VM to this host.")
@click.option("--since", metavar="TIME", help="Leave out moves that began before this moment (UTC without a zone).")
@click.option("--until", metavar="TIME", help="Leave out moves that began after this moment.")
@options.output_as((*options.FORMATS, "shell"))
@options.sharing()
def command(  # noqa: PLR0913 - one parameter for each option
    scenario: Path | None,
    case_file: Path | None,
    runs: int,
    seed: int,
    batch: int | None,
    target: str | None,
    since: str | None,
    until: str | None,
    format_name: str,
    output: str | None,
    *,
    sharing: Sharing,
    plan: bool,
    batches: bool,
    quiet: bool,
) -> int:
    """What would have prevented it: the batch of the newest case (or of a scenario file) replayed under other scheduling
    policies and in waves. Opens with how well the model reproduces what was observed."""  # noqa: D205, D209
    if format_name == "shell" and not plan:
        raise UsageError("-f shell writes the wave plan", next_step="give --plan too")
    choice = replay.Choice(batch, target, since, until)
    if batches:
        listed = replay.batches_of(case_file, choice, sharing)
        writing.write(lambda width, colour: listed.text(width, colour=colour), output)
        return EXIT_INCOMPLETE if listed.incomplete else EXIT_COMPLETE
    with progress.runs_shown(quiet=quiet) as step:
        found, path = replay.simulate(scenario, case_file, choice, runs=runs, seed=seed, progress=step)
    if path is not None and not quiet:
        stderr.note(f"case: {path}")
    sharing = replace(sharing, case_file=path)
    if format_name == "shell":
        writing.write(lambda _width, _colour: replay.script(found, sharing), output)
    else:
        writing.write(
            lambda width, colour: replay.render(
                format_name, found, plan=plan, width=width, colour=colour, sharing=sharing
            ),
            output,
        )
    return EXIT_COMPLETE if found.scenario.complete else EXIT_INCOMPLETE
