"""The man page, made from the commands themselves, so that it cannot say anything else than ``--help``."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator

import click

from novatrace import __version__

_ROW = re.compile(r"^\| ([\d, ]+) \| (.*) \|$", re.MULTILINE)
_CODE = re.compile(r"`([^`]*)`")


def page(root: click.Group, exit_codes: str) -> str:
    """The page as roff.

    Args:
        root: the command with all its commands.
        exit_codes: the guide's chapter with their table.
    """
    context = click.Context(root, info_name="novatrace", **root.context_settings)
    lines = [
        f'.TH NOVATRACE 1 {_date()} "novatrace {__version__}" "User Commands"',
        ".SH NAME",
        "novatrace \\- log forensics for OpenStack Nova migrations",
        ".SH SYNOPSIS",
        ".B novatrace",
        ".I COMMAND",
        ".RI [ OPTION ...]",
        ".RI [ ARGUMENT ...]",
        ".SH DESCRIPTION",
        *_paragraphs(root.help or ""),
        ".SH COMMANDS",
    ]
    for command, inner in _commands(root, context):
        lines += _command(command, inner)
    lines += [".SH EXIT STATUS"]
    for code, meaning in _ROW.findall(exit_codes):
        lines += [".TP", f".B {_escaped(code)}", _text(_CODE.sub(r"\1", meaning))]
    lines += [*_environment(), ".SH SEE ALSO", "The manual, offline:", ".B novatrace guide"]
    return "\n".join(lines) + "\n"


def _date() -> str:
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _commands(group: click.Group, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Every command, and those of groups, with their contexts."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from _commands(command, inner)
        else:
            yield command, inner


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f".SS {_escaped(context.command_path)} {_escaped(' '.join(command.collect_usage_pieces(context)))}"
    yield from _paragraphs(command.help or "")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1]:
            yield from (".TP", f".B {_escaped(record[0])}", _text(record[1]))
    if command.epilog:
        yield from _paragraphs(command.epilog)


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs as click means them: those that begin with a backspace keep their lines."""
    for number, part in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number or part.startswith("\b"):
            yield ".PP"
        if part.startswith("\b"):
            yield from (".nf", *(_text(line) for line in part.strip("\b\n").split("\n")), ".fi")
        else:
            yield _text(" ".join(part.split()))


def _environment() -> Iterator[str]:
    yield ".SH ENVIRONMENT"
    for name, meaning in (
        ("XDG_STATE_HOME", "Cases and pseudonyms are kept below it; default: ~/.local/state."),
        ("NO_COLOR, FORCE_COLOR", "No colour at all; colour also in a pipe."),
        ("NOVATRACE_DEBUG", "A bug shows where it happened."),
    ):
        yield from (".TP", f".B {_escaped(name)}", _text(meaning))


def _text(line: str) -> str:
    """A line that begins with no roff request."""
    escaped = _escaped(line)
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def _escaped(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-")
