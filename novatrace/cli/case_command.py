"""``novatrace case``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from novatrace import pipeline
from novatrace.cli import ending, options, stderr, writing
from novatrace.errors import EXIT_COMPLETE, EXIT_INCOMPLETE
from novatrace.pipeline import verifying
from novatrace.pipeline.sharing import Sharing


@click.group(
    "case",
    epilog="\b\nExamples:\n  novatrace case list\n  novatrace case show\n  novatrace case verify\n  novatrace case remove FILE",
)
def command() -> None:
    """The kept cases."""


@command.command("list", epilog="\b\nExample:\n  novatrace case list")
def list_cases() -> int:
    """List all cases, the newest first."""
    rows = [f"{path}  {text}" for path, text in pipeline.known_cases()]
    writing.write(lambda _width, _colour: "".join(f"{row}\n" for row in rows) or "no case yet\n", None)
    return 0


@command.command(
    "show", short_help="Print the report of a case again.", epilog="\b\nExample:\n  novatrace case show -f json"
)
@options.kept_case()
@options.output()
@options.sharing()
@options.charts()
@options.ending()
def show(  # noqa: PLR0913 - one parameter for each option
    case_file: Path | None,
    format_name: str,
    output: str | None,
    charts: Path | None,
    fail_on: str | None,
    *,
    sharing: Sharing,
    strict: bool,
    quiet: bool,
) -> int:
    """Print the report of a case again; logs are read only for the lines that a ticket or a page quotes."""
    path = pipeline.case_named(case_file)
    case = pipeline.kept_case(path)
    sharing = replace(sharing, case_file=path)
    end = ending.ended(case, format_name, output, charts, sharing, fail_on, strict=strict)
    end.put()
    if not quiet:
        stderr.summary(case, end.code)
    return end.code


@command.command(
    "verify",
    short_help="Tell whether the logs of a case are still what they were.",
    epilog="\b\nExample:\n  novatrace case verify",
)
@options.kept_case()
def verify(case_file: Path | None) -> int:
    """Tell whether each log of a case is still what it was when it was read; ends with 3 where one is not."""
    text, lost = verifying.verified(pipeline.case_named(case_file))
    writing.write(lambda _width, _colour: text, None)
    return EXIT_INCOMPLETE if lost else EXIT_COMPLETE


@command.command(
    "reveal",
    short_help="Tell what a pseudonym of --redact stands for.",
    epilog="\b\nExample:\n  novatrace case reveal host-k7q2m4xw3a",
)
@click.argument("pseudonym")
def reveal(pseudonym: str) -> int:
    """Tell what a pseudonym of --redact stands for; this machine alone knows it."""
    names = pipeline.revealed(pseudonym)
    writing.write(lambda _width, _colour: "".join(f"{name}\n" for name in names), None)
    return 0


@command.command("remove", epilog="\b\nExample:\n  novatrace case remove FILE")
@click.argument("case_file", type=click.Path(path_type=Path))
def remove(case_file: Path) -> int:
    """Remove a case file; the logs are not touched."""
    pipeline.remove_case(case_file)
    return 0
