"""``novatrace case``."""

from __future__ import annotations

from pathlib import Path

import click

from novatrace import pipeline
from novatrace.cli import options, writing


@click.group("case", epilog="\b\nExamples:\n  novatrace case list\n  novatrace case show\n  novatrace case remove FILE")
def command() -> None:
    """The kept cases."""


@command.command("list", epilog="\b\nExample:\n  novatrace case list")
def list_cases() -> int:
    """List all cases, the newest first."""
    rows = [f"{path}  {text}" for path, text in pipeline.known_cases()]
    writing.write(lambda _width, _colour: "".join(f"{row}\n" for row in rows) or "no case yet\n", None)
    return 0


@command.command("show", epilog="\b\nExample:\n  novatrace case show -f json")
@click.option(
    "--case",
    "case_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The case file; default: the newest.",
)
@options.output()
def show(case_file: Path | None, format_name: str, output: str | None, *, quiet: bool) -> int:  # noqa: ARG001 - shared option
    """Print the report of a case again, without reading any log."""
    case = pipeline.kept_case(case_file)
    writing.write(
        lambda width, colour: pipeline.render(format_name, "correlate", case, width=width, colour=colour),
        output,
    )
    return 0


@command.command("remove", epilog="\b\nExample:\n  novatrace case remove FILE")
@click.argument("case_file", type=click.Path(path_type=Path))
def remove(case_file: Path) -> int:
    """Remove a case file; the logs are not touched."""
    pipeline.remove_case(case_file)
    return 0
