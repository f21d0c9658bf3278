"""Nothing exists that is not documented, and nothing is documented that does not exist."""

from __future__ import annotations

import re

import click
import pytest
from cases import ROOT

from novatrace import findings
from novatrace.cli import options
from novatrace.cli.main import COMMANDS, SUMMARIES, cli
from novatrace.pipeline import exporting
from novatrace.reports import interface

README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "novatrace" / "guide").glob("*.md")))
PROSE = re.sub(r"(?m)^python tests/.*$", "", f"{README}\n{GUIDE}")
OTHERS = {  # options of other programs in examples
    "--availability-zone",
    "--host",
    "--ignore-missing-args",
    "--long",
    "--name",
}


def commands() -> dict[str, click.Command]:
    """Every command by its whole name."""
    found = {}
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        if isinstance(command, click.Group):
            found |= {f"{name} {inner}": command.commands[inner] for inner in command.commands}
        else:
            found[name] = command
    return found


def all_options() -> set[str]:
    """Every long option of every command."""
    found = {"--help", "--version"}
    for command in commands().values():
        found |= {opt for parameter in command.params for opt in parameter.opts if opt.startswith("--")}
    return found


@pytest.mark.parametrize("name", commands())
def test_every_command_is_shown_in_the_guide_or_readme(name):
    """As it is typed, `novatrace NAME` or in the README's list of a group's commands."""
    group, _, inner = name.partition(" ")
    listed = re.search(rf"`novatrace {group} [\w\\|]*{inner or ''}", README)
    assert f"novatrace {name}" in PROSE or (inner and listed)


@pytest.mark.parametrize("option", sorted(all_options()))
def test_every_option_is_documented(option):
    """In the README or a chapter of the guide; its help says something, too."""
    assert re.search(rf"{option}(?![\w-])", PROSE)


def test_every_parameter_has_help():
    """An option without a word of help is a riddle."""
    for name, command in commands().items():
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (name, parameter.name)


def test_every_documented_option_exists():
    """What is written like an option in the documents is one, of novatrace or of a program that is named beside it."""
    mentioned = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", PROSE))
    assert mentioned - all_options() - OTHERS == set()


def test_every_format_is_documented():
    """Of reports and of exports; the guide says what each is for."""
    assert set(interface.names()) == set(options.FORMATS)
    for name in {*interface.names(), *exporting.formats()}:
        assert re.search(rf"`(?:-f )?{name}`", GUIDE), name
    for name in exporting.table_names():
        assert f"`{name}`" in GUIDE, name


def test_formats_of_the_same_name_mean_the_same():
    """Only csv is both a report and an export; a test of exports holds them together byte for byte."""
    assert set(interface.names()) & set(exporting.formats()) == {"csv"}


def test_every_finding_is_in_the_guide():
    """By its slug."""
    for slug in findings.slugs():
        assert f"`{slug}`" in GUIDE, slug


def test_every_summary_is_of_a_command():
    """The list of commands in --help has each of them once."""
    assert set(SUMMARIES) == set(COMMANDS)
