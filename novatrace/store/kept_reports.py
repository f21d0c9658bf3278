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
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from novatrace.store.places import state_dir

MOST_BYTES = 64 << 20
_MOST_REPORTS = 12


@dataclass(frozen=True, slots=True)
class KeptReport:
    """What a command printed: the report in UTF-8, what it said on standard error, and its exit code."""

    text: bytes
    said: str
    code: int


def keep(case_file: Path, key: str, text: Iterable[bytes], said: str, code: int) -> None:
    """Keeps a report of a case, given in blocks; of many, the newest; none that is very long."""
    folder = _folder(case_file)
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = folder / f"{key}.{os.getpid()}.new"
        size = checksum = 0
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for block in text:
                size += len(block)
                if size > MOST_BYTES:
                    break
                checksum = zlib.crc32(block, checksum)
                file.write(block)
            about = [_identity(case_file), said, code, checksum]
            file.write(b"\n" + json.dumps(about).encode())
        if size > MOST_BYTES:
            fresh.unlink()
            return
        fresh.replace(folder / key)
        every = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for old in every[:-_MOST_REPORTS]:
            old.unlink()


def find(case_file: Path, key: str) -> KeptReport | None:
    """The report of this key, when it is whole and the case is still the one that it is of."""
    try:
        text, about = (_folder(case_file) / key).read_bytes().rsplit(b"\n", 1)
        identity, said, code, checksum = json.loads(about)
        if identity == _identity(case_file) and zlib.crc32(text) == checksum:
            return KeptReport(text, str(said), int(code))
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
