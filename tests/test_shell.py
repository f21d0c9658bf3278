"""Completion in real shells, the manual page, and the guide's script, each as their user has them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from cases import FIXTURES, ROOT
from test_documented import commands

RACE = FIXTURES / "real-nova" / "b1-race-placement-room1"
SINGLE = FIXTURES / "real-nova" / "a-single-migrate"
SHELLS = {
    "bash": ("bash --norc --noprofile", 'eval "$(novatrace completions bash)"'),
    "zsh": ("zsh -f", 'autoload -Uz compinit; compinit -u -D; eval "$(novatrace completions zsh)"'),
    "fish": ("fish --no-config", "novatrace completions fish | source"),
}


class Terminal:
    """A shell in a real terminal."""

    def __init__(self, start: str, env: dict[str, str]) -> None:
        self.name = f"novatrace-{os.getpid()}-{time.monotonic_ns()}"
        self.tmux("new-session", "-d", "-x", "200", "-y", "50", start, env={**os.environ, **env})

    def tmux(self, *words, env=None) -> str:
        done = subprocess.run(["tmux", "-L", self.name, *words], capture_output=True, text=True, check=False, env=env)
        return done.stdout

    def type(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def shows(self, pattern: str, seconds: float = 60) -> bool:
        """True as soon as the screen has it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if re.search(pattern, self.tmux("capture-pane", "-p")):
                return True
            time.sleep(0.2)
        return False


@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_completes_in_a_real_shell(shell, novatrace, tmp_path):
    """A command, an option's value, and an id of the newest case."""
    if not shutil.which("tmux") or not shutil.which(shell):
        pytest.skip(f"tmux and {shell} are needed")
    novatrace("correlate", SINGLE, "-q")
    start, load = SHELLS[shell]
    path = f"{Path(novatrace.command).parent}{os.pathsep}{os.environ['PATH']}"
    home = {"HOME": str(tmp_path), "XDG_STATE_HOME": novatrace.env["XDG_STATE_HOME"], "PATH": path}
    terminal = Terminal(start, home)
    try:
        terminal.type(f"{load}; echo rea''dy", "Enter")
        assert terminal.shows(r"(?m)^ready")
        for typed, completed in (
            ("novatrace corr", "novatrace correlate "),
            ("novatrace export --format perf", "--format perfetto "),
            ("novatrace explain 65cc", "novatrace explain 65cca1b7-59b2-408f-9bf8-cc54243241c9"),
        ):
            terminal.type(typed, "Tab")
            assert terminal.shows(re.escape(completed.rstrip())), terminal.tmux("capture-pane", "-p")
            terminal.type("C-u")  # C-c makes a new prompt, and what is typed before it stands is lost
    finally:
        terminal.tmux("kill-server")


@pytest.mark.parametrize("shell", SHELLS)
def test_completions_are_scripts_of_that_shell(shell, novatrace):
    """What is printed is what the shell's own parser takes."""
    script = novatrace("completions", shell).stdout
    assert b"_NOVATRACE_COMPLETE" in script
    if not shutil.which(shell):
        pytest.skip(f"{shell} is needed")
    done = subprocess.run([shell, "-n"], input=script, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_completion_without_a_case_offers_nothing(novatrace):
    """No case yet is no error at a TAB."""
    env = {"_NOVATRACE_COMPLETE": "bash_complete", "COMP_WORDS": "novatrace explain ", "COMP_CWORD": "2"}
    done = novatrace(env_extra=env)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, b"", b"")


@pytest.fixture
def page(novatrace, tmp_path) -> Path:
    """The manual page."""
    made = tmp_path / "novatrace.1"
    made.write_bytes(novatrace("guide", "--man", env_extra={"SOURCE_DATE_EPOCH": "1795392000"}).stdout)
    return made


def test_the_manual_page_has_every_command_option_and_exit_code(page):
    """It is made from the commands, so it lists what --help lists."""
    text = page.read_text(encoding="utf-8").replace("\\-", "-")
    assert text.startswith('.TH NOVATRACE 1 2026-11-23 "novatrace ')
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)
    for name, command in commands().items():
        section = text.split(f".SS novatrace {name} ")[1].split(".SS ")[0]
        for parameter in command.params:
            assert parameter.param_type_name == "argument" or parameter.opts[-1] in section, (name, parameter)
    for code in ("0", "3", "20", "129, 130, 143"):
        assert f".TP\n.B {code}\n" in text


LINTERS = {
    "man": ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"],
    "groff": ["groff", "-man", "-Kutf8", "-ww", "-z"],
    "mandoc": ["mandoc", "-T", "lint", "-W", "warning"],
}


@pytest.mark.parametrize("name", LINTERS)
def test_the_manual_page_is_sound(name, page):
    """No complaint of what will show it."""
    if not shutil.which(name):
        pytest.skip(f"{name} is needed")
    done = subprocess.run(
        [*LINTERS[name], page], capture_output=True, text=True, check=False, env={**os.environ, "MANROFFSEQ": ""}
    )
    told = done.stderr if name != "mandoc" else done.stdout + done.stderr
    assert (done.returncode, told) == (0, "")


OPENSTACK = """#!/bin/sh
echo "$*" >> "$CALLS"
case $2 in show) echo None ;; esac
"""
COLLECT = """#!/bin/sh
mkdir -p logs
case $(ls wave-*.md 2>/dev/null | wc -l) in 0) cp -r "$FIRST/." logs/ ;; *) cp -r "$SECOND/." logs/ ;; esac
"""


@pytest.fixture
def waves(novatrace, tmp_path):
    """The guide's script, with an openstack client that only notes what it is asked."""
    text = (ROOT / "novatrace" / "guide" / "scripting.md").read_text(encoding="utf-8")
    lines = re.search(r"(?m)^    #!/bin/sh\n(?:    .*\n|\n)+", text)[0].splitlines()
    programs = {
        "migrate-in-waves.sh": "\n".join(line.removeprefix("    ") for line in lines) + "\n",
        "openstack": OPENSTACK,
        "collect": COLLECT,
        "date": "#!/bin/sh\necho 2026-11-23 00:00:00\n",
    }
    for name, program in programs.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(program)
        path.chmod(0o755)
    folders = f"{tmp_path / 'bin'}{os.pathsep}{Path(novatrace.command).parent}{os.pathsep}{os.environ['PATH']}"

    def run(size, uuids, **env):
        return subprocess.run(
            ["migrate-in-waves.sh", str(size), "collect"],
            input="".join(f"{uuid}\n" for uuid in uuids), capture_output=True, text=True, check=False, cwd=tmp_path,
            executable=tmp_path / "bin" / "migrate-in-waves.sh",
            env={**novatrace.env, "PATH": folders, "CALLS": str(tmp_path / "calls"), "POLL_S": "0", **env},
        )  # fmt: skip

    return run


def test_the_script_stops_after_the_wave_that_over_committed(waves, tmp_path):
    """Two VMs a wave: the first is clean, the second is not, the third is never sent."""
    done = waves(2, ["vm1", "vm2", "vm3", "vm4", "vm5"], FIRST=str(SINGLE), SECOND=str(RACE))
    assert done.returncode == 20, done.stderr
    assert done.stdout == "wave 1: 2 sent, no target over-committed\n"
    assert done.stderr == "wave 2: stopped, see wave-2.md\n"
    assert "was over-committed" in (tmp_path / "wave-2.md").read_text(encoding="utf-8")
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[-1] for call in calls if " migrate " in call] == ["vm1", "vm2", "vm3", "vm4"]


def test_the_script_does_not_go_on_without_a_verdict(waves):
    """No logs, no verdict: it says so and stops; and with nothing left to send it ends well."""
    done = waves(3, ["vm1"], FIRST="/nonexistent", SECOND="/nonexistent")
    assert done.returncode == 1
    done = waves(3, [])
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is needed")
def test_the_script_is_sound(waves, tmp_path):
    """A shell's linter has nothing to say."""
    assert waves
    script = tmp_path / "bin" / "migrate-in-waves.sh"
    done = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
