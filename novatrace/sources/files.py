"""Files and folders: what is a log, in which order, and what cannot be read.

Evidence is opened read-only and never changed. Symbolic links are not followed, each inode is read once, FIFOs and
devices are not opened for reading.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import PurePath
from typing import BinaryIO

from novatrace.model.evidence import Evidence, Notice
from novatrace.sources.archives import LooksLikeLog, is_archive, walk
from novatrace.sources.beside import Beside, beside_of
from novatrace.sources.compression import blocks, capped, compression_of
from novatrace.sources.copies import without_copies
from novatrace.sources.encoding import encoding_of, in_utf8
from novatrace.sources.identity import HASHED_BYTES, digest, not_a_log, oddities
from novatrace.sources.interface import Found, Source
from novatrace.sources.nodes import node_of_path
from novatrace.sources.ranges import Range
from novatrace.sources.rotation import holes
from novatrace.sources.services import service_of_path

_BESIDE_BYTES = 1 << 20
_ROTATED = re.compile(r"^(?P<base>.*?\.(?:log|txt|json))[.\-]?(?P<turn>[\d_\-]*)(?:\.(?:gz|bz2|xz|zst))?$")


def find(
    paths: tuple[str, ...],
    *,
    node: str | None = None,
    stdin: BinaryIO | None = None,
    wanted: LooksLikeLog = lambda _: True,
) -> Found:
    """Sources of all paths in reading order: rotated sets oldest first; ``-`` is standard input.

    Args:
        paths: files, folders, archives, or ``-``.
        node: the node that wrote all of them, where the user says so.
        stdin: instead of the process's own.
        wanted: tells by its first bytes whether a file in an archive is a log.
    """
    sources: list[Source] = []
    notices: list[Notice] = []
    beside: list[Beside] = []
    names: list[str] = []
    links: list[str] = []
    seen: dict[tuple[int, int], str] = {}
    for given in paths:
        if given == "-":
            sources.append(_stdin(stdin, node))
            continue
        for path in _walk(given, notices):
            if path != given:
                names.append(path)
            kind = None if path == given else beside_of(path)
            if kind is not None:
                beside += _beside(path, kind)
                continue
            source = _source(path, given, node, seen, links, notices)
            if source is not None and source.is_archive:
                found = walk(path, node, wanted)
                names += [s.evidence.place for s in found.sources]
                sources += sorted(found.sources, key=lambda s: _rotation_path(s.evidence.member or ""))
                notices += found.notices
                beside += found.beside
            elif source is not None:
                sources.append(source)
    notices += _not_followed(links)
    notices += holes(names, (source.evidence.place for source in sources))
    return Found(tuple(_numbered(without_copies(sources, notices))), tuple(notices), tuple(beside))


def _not_followed(links: list[str]) -> Iterator[Notice]:
    if links:
        more = f" and {len(links) - 1} more" if len(links) > 1 else ""
        text = f"a symbolic link{more}; not followed: give what it points to where that is not read anyway"
        yield Notice("I-IN-LINK", "sources", links[0], text, len(links))


def _beside(path: str, kind: str) -> Iterator[Beside]:
    with suppress(OSError), open(path, "rb") as file:  # noqa: PTH123 - see _walk
        yield Beside(path, kind, file.read(_BESIDE_BYTES))


def _rotation_path(name: str) -> tuple[str, tuple[str, tuple[int, str, int]]]:
    path = PurePath(name)
    return str(path.parent), _rotation_key(path.name)


def _walk(given: str, notices: list[Notice]) -> Iterator[str]:
    """Paths of the files at or below a path, rotated sets in time order."""
    try:
        mode = os.stat(given).st_mode  # noqa: PTH116 - names may not be valid text; os keeps them
    except OSError as error:
        text = f"{_reason(error)}; skipped; check the path"
        notices.append(Notice(_kind(error), "sources", given, text, incomplete=True))
        return
    if not stat.S_ISDIR(mode):
        yield given
        return

    def unreadable(error: OSError) -> None:
        notices.append(
            Notice(
                "W-IN-PERM-DIR",
                "sources",
                str(error.filename),
                f"{_reason(error)}; its contents are unknown",
                incomplete=True,
            )
        )

    left = [given]
    while left:  # not os.walk: it calls itself for each level, and trees may be deeper than Python lets it
        folder = left.pop()
        folders, files = _listed(folder, unreadable)
        for name in sorted(files, key=_rotation_key):
            yield os.path.join(folder, name)  # noqa: PTH118 - see above
        left += [os.path.join(folder, name) for name in sorted(folders, reverse=True)]  # noqa: PTH118 - see above


def _listed(folder: str, unreadable: Callable[[OSError], None]) -> tuple[list[str], list[str]]:
    """Names of the folders in a folder, and of everything else there: links, to folders too, are among the latter."""
    folders: list[str] = []
    others: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                (folders if entry.is_dir(follow_symlinks=False) else others).append(entry.name)
    except OSError as error:
        unreadable(error)
    return folders, others


def _rotation_key(name: str) -> tuple[str, tuple[int, str, int]]:
    """Sorts a rotated set oldest first: dates ascending, then numbers descending, then the live file."""
    match = _ROTATED.match(name)
    turn = match["turn"].strip("-_.") if match else ""
    base = match["base"] if match else name
    if not turn:
        return base, (2, "", 0)
    if turn.isdigit() and len(turn) <= 3:  # noqa: PLR2004 - log.1 … log.999 count back, log-20261123 is a date
        return base, (1, "", -int(turn))
    return base, (0, turn, 0)


def _source(
    path: str, given: str, node: str | None, seen: dict[tuple[int, int], str], links: list[str], notices: list[Notice]
) -> Source | None:
    asked_for = path == given
    if not asked_for and not_a_log(path):
        return None
    try:
        status = os.lstat(path) if not asked_for else os.stat(path)  # noqa: PTH116 - see _walk
        if stat.S_ISLNK(status.st_mode):
            _link(path, links, notices)
            return None
        if not stat.S_ISREG(status.st_mode):
            notices.append(Notice("W-IN-NOTREG", "sources", path, "not a regular file; skipped", incomplete=asked_for))
            return None
        identity = _identity(status)
        if identity in seen:
            notices.append(Notice("I-IN-DUP", "sources", path, f"the same file as {seen[identity]}; read once"))
            return None
        seen[identity] = path
        evidence, head = _evidence(path, given, node, status)
    except OSError as error:
        notices.append(Notice(_kind(error), "sources", path, f"{_reason(error)}; skipped", incomplete=True))
        return None
    notices += oddities(path, path, head)
    plain = compression_of(head) is None and encoding_of(head) is None
    return Source(
        evidence,
        partial(_file_blocks, path, identity, status.st_size),
        asked_for,
        partial(_file_range, path, identity) if plain else None,
        is_archive=is_archive(head),
    )


def _link(path: str, links: list[str], notices: list[Notice]) -> None:
    """A link is not followed; one with a log's name that leads nowhere stands for a log that was not collected."""
    if os.path.exists(path) or ".log" not in PurePath(path).name:  # noqa: PTH110 - see _walk
        links.append(path)
        return
    text = f"a symbolic link to {os.readlink(path)}, which is not there; collect the file itself"  # noqa: PTH115 - see _walk
    notices.append(Notice("W-IN-LINK", "sources", path, text, incomplete=True))


def _evidence(path: str, given: str, node: str | None, status: os.stat_result) -> tuple[Evidence, bytes]:
    with open(path, "rb") as file:  # noqa: PTH123 - see _walk
        head = file.read(HASHED_BYTES)
        file.seek(max(0, status.st_size - HASHED_BYTES))
        tail = file.read(HASHED_BYTES)
    evidence = Evidence(
        id=-1,
        path=path,
        member=None,
        node=node or node_of_path(path, given),
        service=service_of_path(path),
        size_bytes=status.st_size,
        head_hash=digest(head),
        tail_hash=digest(tail),
        mtime_us=status.st_mtime_ns // 1000,
    )
    return evidence, head


def _file_blocks(path: str, identity: tuple[int, int], size: int) -> Iterator[bytes]:
    with open(_opened(path, identity), "rb", buffering=0) as file:
        yield from in_utf8(capped(blocks(file, limit=size), size))


def _file_range(path: str, identity: tuple[int, int], start: int, end: int) -> Range:
    return Range(_opened(path, identity), start, end)


def _opened(path: str, identity: tuple[int, int]) -> int:
    """The file that was found under a path, opened; a log that was rotated meanwhile is another file's name by now.

    Raises:
        OSError: it is gone, or cannot be opened.
    """
    with suppress(FileNotFoundError):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        if _identity(os.fstat(handle)) == identity:
            return handle
        os.close(handle)
    with os.scandir(os.path.dirname(path) or ".") as entries:  # noqa: PTH120 - see _walk
        for entry in entries:
            if entry.inode() == identity[1] and _identity(entry.stat(follow_symlinks=False)) == identity:
                return os.open(entry.path, os.O_RDONLY | os.O_CLOEXEC)
    raise FileNotFoundError(errno.ENOENT, "removed, or replaced by another file, since it was found", path)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _stdin(stdin: BinaryIO | None, node: str | None) -> Source:
    data = (stdin or sys.stdin.buffer).read()
    evidence = Evidence(
        -1, "-", None, node, None, len(data), digest(data[:HASHED_BYTES]), digest(data[-HASHED_BYTES:]), 0
    )
    return Source(evidence, partial(_memory_blocks, data), asked_for=True)


def _memory_blocks(data: bytes) -> Iterator[bytes]:
    yield from in_utf8(blocks(BytesIO(data)))


def _numbered(sources: Iterator[Source]) -> Iterator[Source]:
    for number, source in enumerate(sources):
        yield replace(source, evidence=replace(source.evidence, id=number))


def _kind(error: OSError) -> str:
    """The id of what is told where the system refuses."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return "E-IN-MISSING"
    return "W-IN-PERM" if isinstance(error, PermissionError) else "E-IN-IO"


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
