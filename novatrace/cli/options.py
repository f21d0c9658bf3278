"""Options that several commands share, each declared once; and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

F = TypeVar("F", bound=Callable[..., Any])
FORMATS = ("text", "markdown", "jira", "html", "json", "csv")
SEVERITIES = ("info", "warning", "error", "critical")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _all(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Decorators applied so that ``--help`` lists the options in this order."""

    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


def paths(*, required: bool) -> Callable[[F], F]:
    """Folders, files, or ``-``."""
    return click.argument(
        "paths", nargs=-1, required=required, type=click.Path(), metavar="PATH…" if required else "[PATH…]"
    )


def reading() -> Callable[[F], F]:
    """How logs are read."""
    return _all(
        click.option(
            "--tz",
            multiple=True,
            metavar="ZONE|NODE=ZONE",
            callback=lambda _ctx, _param, given: ",".join(given) or None,
            help="Zone of the stamps, such as Europe/Berlin or +02:00, of all nodes or of one; may be repeated. "
            "Default: UTC, assumed.",
        ),
        click.option(
            "--log-format",
            "log_formats",
            multiple=True,
            metavar="FORMAT",
            help="Your logging_context_format_string, where it is not Nova's default; may be repeated.",
        ),
        click.option(
            "--node", metavar="NAME", help="The node that wrote the logs, where no folder or file name tells."
        ),
        click.option(
            "--messages",
            multiple=True,
            type=_FILE,
            metavar="FILE",
            help="A catalogue file of your own; may be repeated.",
        ),
        click.option(
            "--jobs",
            type=click.IntRange(min=1),
            metavar="N",
            help="Processes that read at once. Default: one for each processor; small inputs need one.",
        ),
        click.option(
            "--patience",
            "patience_s",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="How long a reading process may take over a block of a log before it is ended. Default: 300.",
        ),
    )


def judging() -> Callable[[F], F]:
    """What is judged, and what is known beside the logs."""
    return _all(
        click.option("--since", metavar="TIME", help="Leave out actions that began before this moment."),
        click.option("--until", metavar="TIME", help="Leave out actions that began after this moment."),
        click.option(
            "--inventory", type=_FILE, metavar="FILE",
            help="What you know of hosts and flavors: TOML, or JSON of the openstack client.",
        ),
        click.option(
            "--correct-clocks", is_flag=True,
            help="Put clocks right that show an effect before its cause; what was added is said.",
        ),
        click.option("--case", "case_file", type=click.Path(path_type=Path), metavar="FILE", help="The case file to use."),
    )  # fmt: skip


def kept_case() -> Callable[[F], F]:
    """Which kept case, for commands that read no logs."""
    return click.option(
        "--case",
        "case_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The case file; default: the newest.",
    )


def sharing() -> Callable[[F], F]:
    """What a report may show of names, as one ``sharing``; secrets are masked in any case."""

    def packed(function: F) -> F:
        @wraps(function)
        def with_sharing(
            *args: Any,  # noqa: ANN401 - the command's own
            redact: bool,
            redaction_key: Path | None,
            redact_words: Path | None,
            **kwargs: Any,  # noqa: ANN401 - the command's own
        ) -> Any:  # noqa: ANN401 - see above
            from novatrace.pipeline.sharing import Sharing  # noqa: PLC0415 - heavy, and needed by a command that runs alone

            asked = redact or redaction_key is not None or redact_words is not None
            return function(*args, sharing=Sharing(asked, None, redaction_key, redact_words), **kwargs)

        return cast("F", with_sharing)

    return _all(
        click.option(
            "--redact", is_flag=True, help="Replace names of hosts, users, projects and addresses by pseudonyms."
        ),
        click.option(
            "--redaction-key",
            type=_FILE,
            metavar="FILE",
            help="A key of your own: the same pseudonyms in several cases.",
        ),
        click.option("--redact-words", type=_FILE, metavar="FILE", help="Further names to replace, one a line."),
        packed,
    )


def wanted(function: F) -> F:
    """What the options of ``reading`` and ``judging`` ask for, as one ``wanted`` (``pipeline.RunOptions``); the innermost."""

    @wraps(function)
    def with_wanted(**given: Any) -> Any:  # noqa: ANN401 - the command's own
        from novatrace.pipeline.run_options import RunOptions  # noqa: PLC0415 - heavy, and needed by a command that runs alone

        own = {each.name: given.pop(each.name) for each in fields(RunOptions) if each.name in given}
        return function(wanted=RunOptions(**own), **given)

    return cast("F", with_wanted)


def charts() -> Callable[[F], F]:
    """The figures as files."""
    return click.option(
        "--charts", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", callback=_drawable,
        help="Also write the figures as SVG and PNG there (novatrace[charts]).",
    )  # fmt: skip


def _drawable(_ctx: click.Context, _param: click.Parameter, folder: Path | None) -> Path | None:
    """The folder, where its pictures can be drawn: said before the logs are read, not after."""
    if folder is not None:
        from novatrace.pipeline import drawing  # noqa: PLC0415 - heavy, and only needed for this option

        drawing.check()
    return folder


def ending() -> Callable[[F], F]:
    """What the exit code depends on."""
    return _all(
        click.option(
            "--fail-on", type=click.Choice(SEVERITIES), help="Exit with 20 when a finding is this grave or graver."
        ),
        strict(),
    )


def strict() -> Callable[[F], F]:
    """No report of a part."""
    return click.option(
        "--strict", is_flag=True, help="Write nothing and exit with 3 when something could not be read."
    )


def known_ids(*kinds: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Completes ids (``instance``, ``request``, ``host``) of the case that is asked for, else of the newest."""

    def complete(ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
        from novatrace import pipeline  # noqa: PLC0415 - heavy, and only needed for a TAB
        from novatrace.errors import NovatraceError  # noqa: PLC0415 - see above

        try:
            return pipeline.names_like(begun, kinds, ctx.params.get("case_file"))
        except NovatraceError:
            return []

    return complete


def output() -> Callable[[F], F]:
    """How and where the report is written."""
    return output_as(FORMATS)


def output_as(formats: tuple[str, ...]) -> Callable[[F], F]:
    """The same for a command with formats of its own."""
    return _all(
        click.option(
            "-f", "--format", "format_name", type=click.Choice(formats), default="text", show_default=True,
            help="Format of the report.",
        ),
        click.option("-o", "--output", metavar="FILE", help="Write the report to a file; - is standard output."),
        click.option("-q", "--quiet", is_flag=True, help="No warnings and no summary on standard error."),
    )  # fmt: skip
