"""``novatrace guide``."""

from __future__ import annotations

import click

from novatrace import pipeline
from novatrace.cli import writing


@click.command("guide", epilog="\b\nExamples:\n  novatrace guide\n  novatrace guide quick-start")
@click.argument("topic", required=False)
def command(topic: str | None) -> int:
    """The manual, offline. Without a TOPIC the topics are listed."""
    writing.write(lambda _width, _colour: pipeline.guide(topic), None)
    return 0
