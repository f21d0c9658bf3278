"""Every command at a real terminal: no id is broken at any width, no word is lost, colour only where it is wanted."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from functools import cache

import pytest
from cases import FIXTURES

pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")
fcntl = pytest.importorskip("fcntl", reason="no pseudo-terminals on this system")
termios = pytest.importorskip("termios", reason="no pseudo-terminals on this system")

RACE = "real-nova/d4-reschedule"  # from the fixtures: how long a whole path is depends on the machine
VM = "0b71ec2c-2c06-43a0-a4f4-eeedea9fd125"
REQUEST_OR_UUID = re.compile(r"(?:req-)?\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
PIECE = re.compile(
    r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){0,3}[0-9a-f]{0,11}$|^\s*(?:[0-9a-f]{4}-){1,3}[0-9a-f]{12}\b", re.MULTILINE
)
CODES = re.compile(r"\x1b\[[\d;]*m")
COMMANDS = {
    "correlate": ("correlate", RACE),
    "explain a VM": ("explain", VM),
    "explain a host": ("explain", "compute-02"),
    "explain why not": ("explain", VM, "--why-not", "compute-02"),
    "filters": ("filters",),
    "inspect": ("inspect", RACE),
    "simulate": ("simulate", "--plan", "--runs", "50"),
    "batches": ("simulate", "--batches"),
    "case list": ("case", "list"),
    "case show": ("case", "show"),
    "catalogue": ("catalogue", "list"),
    "guide": ("guide", "findings"),
    "export": ("export", "-f", "csv", "--table", "migrations"),
}
REPORTS = ("correlate", "explain a VM", "explain a host", "explain why not", "filters", "inspect", "simulate")


@pytest.fixture(scope="module")
def shell(tmp_path_factory, installed):
    """(what a command prints into a pipe, what it prints at a terminal of a width), with the case of ``RACE`` made."""
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")), "PYTHONWARNINGS": "error"}
    env = {name: value for name, value in env.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}

    @cache
    def piped(*words, **extra):
        done = subprocess.run(
            [installed, *map(str, words)], capture_output=True, text=True, check=False, env=env | extra, cwd=FIXTURES
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def at_terminal(width, *words, **extra):
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (40, width))
        told = env | {"TERM": "xterm-256color"} | extra
        child = subprocess.Popen(
            [installed, *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            env=told,
            cwd=FIXTURES,
        )
        os.close(theirs)
        data = b""
        while piece := _read(ours):
            data += piece
        os.close(ours)
        assert child.wait() == 0
        return data.decode().replace("\r\n", "\n")

    piped("correlate", RACE, "-q")
    return piped, at_terminal


def _read(end: int) -> bytes:
    try:
        return os.read(end, 65536)
    except OSError:  # Linux says so when the other side is closed
        return b""


def words_of(text: str) -> Counter[str]:
    """The words, without the dashes that stand for nothing."""
    return Counter(word for word in text.split() if word.strip("-"))


@pytest.mark.parametrize(
    ("name", "width"),
    [
        *((name, 80) for name in COMMANDS),
        *((name, 60) for name in ("correlate", "explain a VM", "filters", "simulate")),
    ],
)
def test_no_id_is_broken_and_no_word_is_lost(shell, name, width):
    """A terminal shows what a pipe gets, folded between words alone; no line is wider but for what cannot be folded."""
    piped, at_terminal = shell
    plain = piped(*COMMANDS[name])
    shown = CODES.sub("", at_terminal(width, *COMMANDS[name]))
    assert "\x1b" not in plain
    assert Counter(REQUEST_OR_UUID.findall(shown)) == Counter(REQUEST_OR_UUID.findall(plain))
    assert not PIECE.findall(shown)
    assert words_of(shown) == words_of(plain)
    if name in REPORTS:
        wide = [line for line in shown.split("\n") if len(line) > 80 and len(line.split()) > 1]
        assert wide == []


def test_colour_where_it_is_wanted(shell):
    """A terminal has it, unless it is dumb or NO_COLOR is set; a pipe has none, unless FORCE_COLOR is."""
    piped, at_terminal = shell
    command = COMMANDS["filters"]
    assert CODES.search(at_terminal(80, *command))
    for none in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}):
        assert "\x1b" not in at_terminal(80, *command, **none)
    assert "\x1b" not in piped(*command)
    forced = piped(*command, FORCE_COLOR="1")
    assert CODES.search(forced)
    assert words_of(CODES.sub("", forced)) == words_of(piped(*command))


def test_a_reader_that_goes_is_no_error(novatrace):
    """`| head` ends the command quietly."""
    done = subprocess.run(
        ["bash", "-c", f"{novatrace.command} correlate {RACE} -q | head -3; echo ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, check=False, cwd=FIXTURES, env=novatrace.env,
    )  # fmt: skip
    assert done.stdout.splitlines()[0] == "VERDICT"
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""
