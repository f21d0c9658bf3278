"""``novatrace catalogue``."""

from __future__ import annotations

from pathlib import Path

import click

from novatrace.cli import writing
from novatrace.errors import UsageError
from novatrace.pipeline import catalogue


@click.group(
    "catalogue",
    epilog="\b\nExamples:\n  novatrace catalogue list\n  novatrace catalogue show claim-refused\n  novatrace catalogue check mine.toml",
)
def command() -> None:
    """The messages that are understood."""


@command.command(
    "list",
    short_help="List every message: kind, releases, services.",
    epilog="\b\nExample:\n  novatrace catalogue list",
)
def list_messages() -> int:
    """List every message: kind, releases, services, the literal that it is found by."""
    writing.write(lambda _width, _colour: catalogue.listed(), None)
    return 0


@command.command("show", epilog="\b\nExample:\n  novatrace catalogue show claim-refused")
@click.argument("kind")
def show(kind: str) -> int:
    """Show a kind: its meaning, its wordings by release, examples."""
    text = catalogue.shown(kind)
    writing.write(lambda _width, _colour: text, None)
    return 0


@command.command("check", epilog="\b\nExample:\n  novatrace catalogue check mine.toml")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> int:
    """Check a file of your own: what is wrong, where, why, what to do."""
    text, faults = catalogue.checked(file)
    writing.write(lambda _width, _colour: text, None)
    if faults:
        raise UsageError(
            f"{file}: {faults} fault{'' if faults == 1 else 's'}; it cannot be used",
            next_step="put right what is told on standard output",
        )
    return 0
