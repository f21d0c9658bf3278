"""What the documents say is true: shown output, commands, options, findings, exit codes."""

from __future__ import annotations

import re
import shlex

import pytest
from cases import ROOT

from novatrace import errors, findings
from novatrace.cli.main import COMMANDS

README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "novatrace" / "guide").glob("*.md"))}
SHOWN = re.findall(r"```console\n\$ (novatrace [^\n]*)\n(.*?)```", README, re.DOTALL)
TYPED = re.findall(r"^ {4,}(novatrace [^\n|>]*)", "\n".join(GUIDE.values()), re.MULTILINE)
NEEDS_A_CASE = "explain"


def test_the_readme_shows_output():
    """There is output to compare."""
    assert len(SHOWN) >= 3


def test_the_shown_output_is_what_is_printed(novatrace):
    """Every command of the tour, in its order, prints what the README shows."""
    for command, output in SHOWN:
        done = novatrace(*shlex.split(command)[1:], cwd=str(ROOT))
        assert done.returncode == 0, command
        assert done.stdout.decode().rstrip("\n") == output.rstrip("\n"), command


def test_the_readme_has_the_two_commands():
    """One runs the main job on the shipped incident, one passes the tests; both from a fresh clone."""
    assert ".venv/bin/pip install . && .venv/bin/novatrace correlate fixtures/" in README
    assert ".venv/bin/pip install '.[test]' && .venv/bin/python -m pytest" in README


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_readme_and_in_help(novatrace, command):
    """A command that is not documented does not exist for its users."""
    assert f"`novatrace {command}" in README
    assert command in novatrace("--help").stdout.decode()


@pytest.mark.parametrize("line", TYPED)
def test_commands_of_the_guide_exist(novatrace, line):
    """Each command line of the guide names a command and options that its help knows."""
    words = shlex.split(line.split("||")[0])
    text = novatrace(words[1], "--help").stdout.decode()
    assert words[1] in COMMANDS
    for option in (word for word in words[2:] if word.startswith("-") and word != "-"):
        assert option in text, option


def test_every_finding_is_explained():
    """Each finding has its section in the guide, with what it means, its cause and its cure; and no section is of none."""
    sections = re.split(r"^## `([\w-]+)`$", GUIDE["findings"], flags=re.MULTILINE)
    assert sorted(sections[1::2]) == list(findings.slugs())
    for slug, text in zip(sections[1::2], sections[2::2], strict=True):
        assert [text.count(f"- {part}: ") for part in ("Means", "Cause", "Cure")] == [1, 1, 1], slug


def test_every_exit_code_is_in_the_table():
    """The codes of the error tree are the documented ones."""
    tree = [errors.NovatraceError]
    for cls in tree:
        tree += cls.__subclasses__()
        assert f"| {cls.exit_code} |" in GUIDE["exit-codes"], cls
    for code in (errors.EXIT_COMPLETE, errors.EXIT_INCOMPLETE, errors.EXIT_FINDINGS):
        assert f"| {code} |" in GUIDE["exit-codes"]


def test_the_guide_is_printed_as_it_is(novatrace):
    """`novatrace guide TOPIC` prints the chapter; an unknown one lists them."""
    for topic, text in GUIDE.items():
        assert novatrace("guide", topic).stdout.decode() == text
    done = novatrace("guide", "nothing")
    assert done.returncode == 2
    assert all(topic in done.stderr.decode() for topic in GUIDE)


def test_the_changelog_has_a_place_for_what_is_new():
    """CHANGELOG.md begins with what is unreleased."""
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
