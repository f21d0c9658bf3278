"""What tells inputs apart, and which names are no logs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePath, PurePosixPath

from novatrace.model.evidence import Notice
from novatrace.sources.compression import compression_of, has_no_check

HASHED_BYTES = 64 * 1024
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_CALLED = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
_NOT_LOGS = frozenset(
    [
        ".md", ".rst", ".toml", ".conf", ".cfg", ".ini", ".yaml", ".yml", ".py",
        ".pyc", ".sh", ".html", ".css", ".js", ".pdf", ".png", ".svg", ".jpg",
        ".sqlite", ".db", ".whl", ".rpm", ".deb", ".qcow2", ".img", ".iso", ".pem",
        ".key", ".crt", ".csv", ".parquet", ".so", ".o", ".pcap", ".journal", ".core",
        ".doc", ".docx", ".xlsx", ".jar", ".egg", ".mo", ".pyo",
    ]
)  # fmt: skip


def not_a_log(name: str) -> bool:
    """True for a name that no log has."""
    return PurePath(name).suffix.lower() in _NOT_LOGS


def is_odd(name: str) -> bool:
    """True for the name of a member that leads out of its archive, where somebody unpacks it."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or "\0" in name or _DRIVE.match(name) is not None


def oddities(place: str, name: str, head: bytes) -> Iterator[Notice]:
    """What is told of an input by its name and first bytes: a name that promises something else, no checksum inside."""
    compression = compression_of(head)
    called = next((known for ending, known in _CALLED.items() if name.lower().endswith(ending)), None)
    if head and called not in (None, compression):
        text = f"called a {called} file, and is {compression or 'not packed'}; read as what it is"
        yield Notice("I-ARC-NAME", "sources", place, text)
    if has_no_check(head):
        text = f"this {compression} file holds no checksum: bytes that changed since it was packed would not be noticed"
        yield Notice("I-ARC-NOCHECK", "sources", place, text)


def digest(data: bytes) -> str:
    """The hash that tells inputs apart."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def sha256_of(path: str) -> str | None:
    """The SHA-256 of a whole file, as ``sha256sum`` prints it; None where it cannot be read."""
    with suppress(OSError), open(path, "rb") as file:  # noqa: PTH123 - names may not be valid text; os keeps them
        return hashlib.file_digest(file, "sha256").hexdigest()
    return None
