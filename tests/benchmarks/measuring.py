"""Starts a command and says what it took: wall time, processor time with its children's, and the memory of the largest.

The kernel's own account of the process is used (``wait4``), so nothing is sampled and nothing runs beside the command.
The memory that a process has before it becomes the command is this one's: what is smaller cannot be seen (``floor_mb``).
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command.

    Attributes:
        wall_s: from start to end.
        cpu_s: user and system time of the process and all children that it waited for.
        peak_mb: resident memory (million bytes) of the largest process among them.
        exit_code: negative: the signal that ended it.
        late: it was ended because it took longer than it may; the times are lower bounds.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    exit_code: int
    late: bool = False


def run(command: Sequence[str], *, out: Path, env: dict[str, str] | None = None, limit_s: float | None = None) -> Run:
    """Runs a command once; ``out`` gets its output, and beside it ``.err`` what it says on standard error.

    A regular file, not /dev/null: grep stops at the first hit when nobody can see what it counts.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(out), flags, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, f"{out}.err", flags, 0o644),
    ]
    late = threading.Event()
    begin = time.perf_counter()
    pid = os.posix_spawnp(command[0], list(command), {**os.environ, **(env or {})}, file_actions=actions, setpgroup=0)
    clock = threading.Timer(limit_s or 0, _end, (pid, late))
    if limit_s is not None:
        clock.start()
    try:
        _, status, used = os.wait4(pid, 0)
    except BaseException:
        _end(pid, late)
        raise
    finally:
        clock.cancel()
    wall = time.perf_counter() - begin
    cpu = used.ru_utime + used.ru_stime
    return Run(wall, cpu, used.ru_maxrss * 1024 / 1e6, os.waitstatus_to_exitcode(status), late.is_set())


def _end(pid: int, late: threading.Event) -> None:
    late.set()
    os.killpg(pid, signal.SIGKILL)


def floor_mb(out: Path) -> float:
    """The peak memory that is seen of a process that needs none."""
    return run([shutil.which("true", path=os.defpath) or "true"], out=out).peak_mb


@dataclass(frozen=True, slots=True)
class Median:
    """The medians of several runs, each figure for itself."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    runs: int
    late: bool


def median(runs: Sequence[Run]) -> Median:
    """The medians of runs; late when any of them was ended early."""
    return Median(
        statistics.median(r.wall_s for r in runs),
        statistics.median(r.cpu_s for r in runs),
        statistics.median(r.peak_mb for r in runs),
        len(runs),
        any(r.late for r in runs),
    )
