"""``novatrace catalogue``."""

from __future__ import annotations

from pathlib import Path

import click

from novatrace import pipeline
from novatrace.cli import writing


@click.group("catalogue", epilog="\b\nExamples:\n  novatrace catalogue list\n  novatrace catalogue check mine.toml")
def command() -> None:
    """The messages that are understood."""


@command.command("list", epilog="\b\nExample:\n  novatrace catalogue list")
def list_messages() -> int:
    """List every message: kind, releases, services, the literal that it is found by."""
    writing.write(lambda _width, _colour: pipeline.catalogue_text(), None)
    return 0


@command.command("check", epilog="\b\nExample:\n  novatrace catalogue check mine.toml")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> int:
    """Check a catalogue file of your own: every sample must give its whole expected result."""
    writing.write(
        lambda _width, _colour: f"{file}: {pipeline.checked_messages(file)} message(s), every sample as expected\n",
        None,
    )
    return 0
