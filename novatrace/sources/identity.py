"""What tells inputs apart, and which names are no logs."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import PurePath

HASHED_BYTES = 64 * 1024
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


def digest(data: bytes) -> str:
    """The hash that tells inputs apart."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def sha256_of(path: str) -> str | None:
    """The SHA-256 of a whole file, as ``sha256sum`` prints it; None where it cannot be read."""
    with suppress(OSError), open(path, "rb") as file:  # noqa: PTH123 - names may not be valid text; os keeps them
        return hashlib.file_digest(file, "sha256").hexdigest()
    return None
