"""Whether anything under some paths is new, told without looking into it; far cheaper than finding what is a log."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator

from novatrace.sources.identity import HASHED_BYTES, digest, not_a_log


def fingerprint(paths: tuple[str, ...]) -> str | None:
    """The same text for the same files with the same content; None where only reading tells (standard input).

    A file counts with its name, identity, size, times (the time of its last change cannot be set back) and the hash of its
    head and tail; what cannot be read counts with the reason.
    """
    if "-" in paths:
        return None
    found = hashlib.blake2b(digest_size=16)
    for given in paths:
        for path in _entries(given):
            found.update(repr((path, *_state(path, follow=path == given))).encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _entries(given: str) -> Iterator[str]:
    """A path and every file, link and folder below it, in one order."""
    yield given
    failed: list[OSError] = []
    for folder, folders, files in os.walk(given, onerror=failed.append):
        folders.sort()
        for name in sorted([*files, *folders]):
            yield os.path.join(folder, name)  # noqa: PTH118 - names may not be valid text; os keeps them
    yield from (f"{error.filename}: {error.errno}" for error in failed)


def _state(path: str, *, follow: bool) -> tuple[object, ...]:
    try:
        status = os.stat(path, follow_symlinks=follow)  # noqa: PTH116 - see _entries
        if stat.S_ISDIR(status.st_mode):
            return (status.st_mode,)
        about = (status.st_mode, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        return (*about, *_ends(path, status.st_size)) if stat.S_ISREG(status.st_mode) and not not_a_log(path) else about
    except OSError as error:
        return (error.errno,)


def _ends(path: str, size: int) -> tuple[str, ...]:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - see _entries
        head = file.read(HASHED_BYTES)
        if size <= HASHED_BYTES:
            return (digest(head),)
        file.seek(max(HASHED_BYTES, size - HASHED_BYTES))
        return digest(head), digest(file.read(HASHED_BYTES))
