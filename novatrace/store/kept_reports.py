"""Reports of a case as they were printed, so that nothing need be decoded to print one again.

They stand in the state directory, readable by their owner alone, and belong to one case file: a new case, a removed or a
damaged one has none. One that cannot be kept or read is no harm: it is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from novatrace.store.places import state_dir

MOST_CHARS = 64 << 20
_MOST_REPORTS = 12


@dataclass(frozen=True, slots=True)
class KeptReport:
    """What a command printed: the report, what it said on standard error, and its exit code."""

    text: str
    said: str
    code: int


def keep(case_file: Path, key: str, report: KeptReport) -> None:
    """Keeps a report of a case; of many, the newest."""
    if len(report.text) > MOST_CHARS:
        return
    folder = _folder(case_file)
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = report.text.encode("utf-8", "surrogatepass")
        about = [_identity(case_file), report.said, report.code, zlib.crc32(text)]
        fresh = folder / f"{key}.{os.getpid()}.new"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(json.dumps(about).encode() + b"\n")
            file.write(text)
        fresh.replace(folder / key)
        every = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for old in every[:-_MOST_REPORTS]:
            old.unlink()


def find(case_file: Path, key: str) -> KeptReport | None:
    """The report of this key, when it is whole and the case is still the one that it is of."""
    try:
        about, text = (_folder(case_file) / key).read_bytes().split(b"\n", 1)
        identity, said, code, checksum = json.loads(about)
        if identity == _identity(case_file) and zlib.crc32(text) == checksum:
            return KeptReport(text.decode("utf-8", "surrogatepass"), str(said), int(code))
    except (OSError, ValueError, TypeError):
        return None
    return None


def forget(case_file: Path) -> None:
    """The reports of a case are no longer true, or nobody's any more."""
    shutil.rmtree(_folder(case_file), ignore_errors=True)


def _identity(case_file: Path) -> list[int]:
    status = case_file.stat()
    return [status.st_dev, status.st_ino, status.st_size]


def _folder(case_file: Path) -> Path:
    name = hashlib.blake2b(os.fsencode(case_file.absolute()), digest_size=16).hexdigest()
    return state_dir() / "reports" / name
