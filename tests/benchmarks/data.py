"""The logs that are measured: made once by the generator, and used again when they are what it would make."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_GENERATOR = Path(__file__).with_name("cloud.py")


@dataclass(frozen=True, slots=True)
class Logs:
    """One folder of logs."""

    folder: Path
    mix: str
    hosts: int
    packed: bool

    @property
    def title(self) -> str:
        """As a column is headed."""
        return self.mix + (f", {self.hosts} hosts" if self.hosts != 36 else "") + (", .gz" if self.packed else "")

    @property
    def files(self) -> list[str]:
        """Every log of it."""
        return [str(path) for path in sorted(self.folder.glob("*/*.log*"))]

    @property
    def size_bytes(self) -> int:
        """Of all logs, as they lie there."""
        return sum(Path(path).stat().st_size for path in self.files)

    @property
    def lines(self) -> int:
        """Of all logs that are not packed."""
        return sum(lines_of(path) for path in self.files)

    def requests(self) -> list[str]:
        """The request ids of all migrations that the generator wrote."""
        return re.findall(r'"request": "([^"]*)"', (self.folder / "truth.json").read_text(encoding="utf-8"))

    def warm(self) -> None:
        """Reads all of it, so that every contestant finds it in memory."""
        for path in self.files:
            lines_of(path)


def lines_of(path: str | Path) -> int:
    """Ends of lines in a file, read in blocks."""
    with Path(path).open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


def made(folder: Path, mb: float, mix: str, *, hosts: int = 36, seed: int = 1, packed: bool = False) -> Logs:
    """The logs of these numbers under ``folder``; a process of its own makes them, so that this one stays small."""
    name = f"{mix}-{hosts}-hosts-{mb:g}-mb-seed-{seed}{'-gz' if packed else ''}"
    logs = Logs(folder / name, mix, hosts, packed)
    mark, digest = folder / f"{name}.made", hashlib.sha256(_GENERATOR.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text(encoding="utf-8") == digest:
        return logs
    for stale in (mark, folder / f"searches-{name}.json"):
        stale.unlink(missing_ok=True)
    shutil.rmtree(logs.folder, ignore_errors=True)
    numbers = ["--mb", f"{mb:g}", "--mix", mix, "--hosts", str(hosts), "--seed", str(seed)]
    command = [sys.executable, str(_GENERATOR), str(logs.folder), *numbers, *(["--pack"] if packed else [])]
    subprocess.run(command, check=True)
    mark.write_text(digest, encoding="utf-8")
    return logs
