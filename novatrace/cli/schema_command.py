"""``novatrace schema``."""

from __future__ import annotations

import click

from novatrace import pipeline
from novatrace.cli import writing


@click.command(
    "schema",
    epilog="\b\nExamples:\n  novatrace schema correlate > correlate.schema.json\n  novatrace schema explain",
)
@click.argument("report", type=click.Choice(("correlate", "explain", "filters", "inspect", "simulate")))
def command(report: str) -> int:
    """Print the JSON Schema of a report's JSON."""
    writing.write(lambda _width, _colour: pipeline.schema(report), None)
    return 0
