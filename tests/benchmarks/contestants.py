"""Who is measured: novatrace's own commands and its peers, each with its version and the way it is asked."""

from __future__ import annotations

import compileall
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from data import Logs, lines_of

import novatrace

HERE = Path(__file__).parent
NOVATRACE = str(Path(sys.executable).with_name("novatrace"))


@dataclass(frozen=True, slots=True)
class Contestant:
    """A command that is measured.

    Attributes:
        name: as a row is headed.
        command: what is run on some logs.
        version: of the tool.
        env: variables beside the usual ones.
        fresh: a folder that is removed before each run.
        slow: run less often, and ended when it takes too long.
        expects: what its output must hold of these logs; None: any output is right.
        reads_gz: what it makes of packed logs is comparable.
    """

    name: str
    command: Callable[[Logs], list[str]]
    version: str
    env: dict[str, str] = field(default_factory=dict)
    fresh: Path | None = None
    slow: bool = False
    expects: Callable[[Logs, Path], bool] | None = None
    reads_gz: bool = False


def _said(*command: str) -> str:
    """The first line of a tool's output, or nothing when there is no such tool."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return ""
    return (done.stdout.splitlines() or [""])[0].strip() if done.returncode == 0 else ""


def _head(out: Path) -> str:
    with out.open("rb") as stream:
        return stream.read(1 << 16).decode("utf-8", "replace")


def _numbers(text: str) -> str:
    found = re.search(r"\d+(?:\.\w+)+", text)
    return found[0] if found else ""


def _as_installed() -> None:
    """Compiles the package, as an installer does; a working copy has no bytecode where Python may not write any."""
    compileall.compile_dir(Path(novatrace.__file__).parent, quiet=1)


def ours(state: Path, jobs: int | None = None) -> list[Contestant]:
    """The commands of novatrace: all is read; nothing is new; a question to the case."""
    _as_installed()
    version, env = _numbers(_said(NOVATRACE, "--version")), {"XDG_STATE_HOME": str(state)}
    more = [] if jobs is None else ["--jobs", str(jobs)]

    def correlate(logs: Logs) -> list[str]:
        return [NOVATRACE, "correlate", str(logs.folder), "-q", *more]

    def explain(logs: Logs) -> list[str]:
        asked = logs.requests()
        return [NOVATRACE, "explain", asked[len(asked) // 2], "-q"]

    def all_told(logs: Logs, out: Path) -> bool:
        return f" {len(logs.requests())} moves " in _head(out)

    def named(logs: Logs, out: Path) -> bool:
        return explain(logs)[2] in _head(out)

    return [
        Contestant("novatrace correlate, cold", correlate, version, env, state, expects=all_told, reads_gz=True),
        Contestant("novatrace correlate, nothing new", correlate, version, env, expects=all_told, reads_gz=True),
        Contestant("novatrace explain, warm", explain, version, env, expects=named, reads_gz=True),
    ]


def counters(folder: Path) -> list[Contestant]:
    """Those that count lines with literals: the catalogue's hints; and the fewer, shorter anchors of novatrace's scanner."""
    subprocess.run([sys.executable, str(HERE / "literals.py"), str(folder)], check=True)
    hints, anchors = str(folder / "hints"), str(folder / "anchors")
    rg, grep = _numbers(_said("rg", "--version")), _numbers(_said("grep", "--version"))
    ripgrep = ["rg", "-a", "-j1", "-c", "-F", "-f"]
    return [
        Contestant("rg -a -j1 -c -F -f hints", lambda logs: [*ripgrep, hints, *logs.files], rg),
        Contestant("rg -a -j1 -c -F -f anchors", lambda logs: [*ripgrep, anchors, *logs.files], rg),
        Contestant(
            "grep -a -c -F -f hints", lambda logs: ["grep", "-a", "-c", "-F", "-f", hints, *logs.files],
            grep, {"LC_ALL": "C"}, expects=lambda logs, out: lines_of(out) == len(logs.files),
        ),
    ]  # fmt: skip


def readers(folder: Path, python: str) -> list[Contestant]:
    """Those that read every line for what it says."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    lnav = _numbers(_said("lnav", "-V"))
    kit = _said(python, "-c", "import importlib.metadata as m; print(m.version('searchkit'))")
    merger = _said(python, "-c", "import importlib.metadata as m; print(m.version('os-log-merger'))")
    query = ";SELECT count(*) FROM openstack_log"

    def counted(logs: Logs, out: Path) -> bool:
        return logs.packed or re.search(rf"^\s*{logs.lines}\s*$", _head(out), re.MULTILINE) is not None

    def search(logs: Logs) -> list[str]:
        found = folder / f"searches-{logs.folder.name}.json"
        if not found.exists():
            subprocess.run([sys.executable, str(HERE / "literals.py"), str(found), *logs.files], check=True)
        return [python, str(HERE / "searchkit_search.py"), str(found), *logs.files]

    return [
        Contestant(
            "lnav -n, load and count", lambda logs: ["lnav", "-n", "-c", query, *logs.files],
            lnav, {"HOME": str(home), "TERM": "dumb"}, slow=True, expects=counted, reads_gz=True,
        ),
        Contestant("searchkit, equivalent searches", search, kit, slow=True),
        Contestant(
            "os-log-merger", lambda logs: ["os-log-merger", *logs.files], merger, slow=True,
            expects=lambda logs, out: lines_of(out) >= logs.lines,
        ),
    ]  # fmt: skip


def starts() -> list[Contestant]:
    """Start-up: the help, and the least that a command built on click can take."""
    click = _said(sys.executable, "-c", "import importlib.metadata as m; print(m.version('click'))")
    return [
        Contestant("novatrace --help", lambda _: [NOVATRACE, "--help"], _numbers(_said(NOVATRACE, "--version"))),
        Contestant("python3 -c 'import click'", lambda _: [sys.executable, "-c", "import click"], click),
    ]


def bare_gz() -> Contestant:
    """The yardstick of packed logs."""
    isal = _said(sys.executable, "-c", "import importlib.metadata as m; print(m.version('isal'))")
    return Contestant(
        "isal alone", lambda logs: [sys.executable, str(HERE / "isal_read.py"), *logs.files], isal, reads_gz=True
    )


def with_peers(folder: Path | None) -> str:
    """Puts a folder of tools before the others; its Python, or this one, has the peers that are libraries."""
    if folder is None:
        return sys.executable
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    own = shutil.which("python3", path=str(folder))
    return own or sys.executable


def present(all_of_them: Sequence[Contestant]) -> tuple[list[Contestant], list[str]]:
    """Those that are here, and the names of those that are not."""
    return [c for c in all_of_them if c.version], [c.name for c in all_of_them if not c.version]
