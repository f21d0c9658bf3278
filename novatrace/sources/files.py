"""Files and folders: what is a log, in which order, and what cannot be read.

Evidence is opened read-only and never changed. Symbolic links are not followed, each inode is read once, FIFOs and
devices are not opened for reading.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from novatrace.model.evidence import Evidence, Notice
from novatrace.sources.compression import BLOCK_BYTES, blocks, compression_of
from novatrace.sources.encoding import encoding_of, in_utf8
from novatrace.sources.interface import Found, Source
from novatrace.sources.nodes import node_of_path, service_of_file

HASHED_BYTES = 64 * 1024
_NOT_LOGS = frozenset(
    [
        ".md",
        ".rst",
        ".toml",
        ".conf",
        ".cfg",
        ".ini",
        ".yaml",
        ".yml",
        ".py",
        ".pyc",
        ".sh",
        ".html",
        ".css",
        ".js",
        ".pdf",
        ".png",
        ".svg",
        ".jpg",
        ".sqlite",
        ".db",
        ".tar",
        ".tgz",
        ".zip",
        ".whl",
        ".rpm",
        ".deb",
        ".qcow2",
        ".img",
        ".iso",
        ".pem",
        ".key",
        ".crt",
        ".csv",
        ".parquet",
        ".so",
        ".o",
        ".pcap",
        ".journal",
        ".core",
    ]
)
_ROTATED = re.compile(r"^(?P<base>.*?\.(?:log|txt|json))[.\-]?(?P<turn>[\d_\-]*)(?:\.(?:gz|bz2|xz|zst))?$")


def find(paths: tuple[str, ...], *, node: str | None = None, stdin: BinaryIO | None = None) -> Found:
    """Sources of all paths in reading order: rotated sets oldest first; ``-`` is standard input."""
    sources: list[Source] = []
    notices: list[Notice] = []
    seen: dict[tuple[int, int], str] = {}
    for given in paths:
        if given == "-":
            sources.append(_stdin(stdin, node))
            continue
        for path in _walk(given, notices):
            source = _source(path, given, node, seen, notices)
            if source is not None:
                sources.append(source)
    return Found(tuple(_numbered(_without_copies(sources, notices))), tuple(notices))


def _walk(given: str, notices: list[Notice]) -> Iterator[str]:
    """Paths of the files at or below a path, rotated sets in time order."""
    try:
        mode = os.stat(given).st_mode  # noqa: PTH116 - names may not be valid text; os keeps them
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        notices.append(
            Notice(
                "E-IN-MISSING" if missing else "W-IN-PERM",
                "sources",
                given,
                f"{_reason(error)}; skipped; check the path",
                incomplete=True,
            )
        )
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

    for folder, folders, files in os.walk(given, onerror=unreadable):
        folders.sort()
        for name in sorted(files, key=_rotation_key):
            yield os.path.join(folder, name)  # noqa: PTH118 - see above


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
    path: str, given: str, node: str | None, seen: dict[tuple[int, int], str], notices: list[Notice]
) -> Source | None:
    asked_for = path == given
    if not asked_for and Path(path).suffix.lower() in _NOT_LOGS:
        return None
    try:
        status = os.lstat(path) if not asked_for else os.stat(path)  # noqa: PTH116 - see _walk
        if stat.S_ISLNK(status.st_mode):
            notices.append(Notice("I-IN-LINK", "sources", path, "symbolic link; not followed"))
            return None
        if not stat.S_ISREG(status.st_mode):
            notices.append(Notice("W-IN-NOTREG", "sources", path, "not a regular file; skipped", incomplete=asked_for))
            return None
        identity = (status.st_dev, status.st_ino)
        if identity in seen:
            notices.append(Notice("I-IN-DUP", "sources", path, f"the same file as {seen[identity]}; read once"))
            return None
        seen[identity] = path
        evidence, head = _evidence(path, given, node, status)
    except OSError as error:
        notices.append(Notice("W-IN-PERM", "sources", path, f"{_reason(error)}; skipped", incomplete=True))
        return None
    plain = compression_of(head) is None and encoding_of(head) is None
    return Source(
        evidence,
        partial(_file_blocks, path, status.st_size),
        asked_for,
        partial(_file_range, path) if plain else None,
    )


def _evidence(path: str, given: str, node: str | None, status: os.stat_result) -> tuple[Evidence, bytes]:
    with open(path, "rb") as file:  # noqa: PTH123 - see _walk
        head = file.read(HASHED_BYTES)
        file.seek(max(0, status.st_size - HASHED_BYTES))
        tail = file.read(HASHED_BYTES)
    name = os.path.basename(path)  # noqa: PTH119 - see _walk
    evidence = Evidence(
        id=-1,
        path=path,
        member=None,
        node=node or node_of_path(path, given),
        service=service_of_file(name),
        size_bytes=status.st_size,
        head_hash=digest(head),
        tail_hash=digest(tail),
        mtime_us=status.st_mtime_ns // 1000,
    )
    return evidence, head


def _file_blocks(path: str, size: int) -> Iterator[bytes]:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - see _walk
        yield from in_utf8(blocks(file, limit=size))


def _file_range(path: str, start: int, end: int) -> Iterator[bytes]:
    handle = os.open(path, os.O_RDONLY)
    try:
        while start < end:
            block = os.pread(handle, min(BLOCK_BYTES, end - start), start)
            if not block:
                return
            start += len(block)
            yield block
    finally:
        os.close(handle)


def _stdin(stdin: BinaryIO | None, node: str | None) -> Source:
    data = (stdin or sys.stdin.buffer).read()
    evidence = Evidence(
        -1, "-", None, node, None, len(data), digest(data[:HASHED_BYTES]), digest(data[-HASHED_BYTES:]), 0
    )
    return Source(evidence, partial(_memory_blocks, data), asked_for=True)


def _memory_blocks(data: bytes) -> Iterator[bytes]:
    yield from in_utf8(blocks(BytesIO(data)))


def _without_copies(sources: list[Source], notices: list[Notice]) -> Iterator[Source]:
    """Sources without byte-equal copies (a rotated file and its copy); empty files are no copies."""
    first: dict[tuple[int, str, str], str] = {}
    for source in sources:
        evidence = source.evidence
        key = (evidence.size_bytes, evidence.head_hash, evidence.tail_hash)
        if evidence.size_bytes and key in first:
            notices.append(
                Notice(
                    "I-IN-DUP",
                    "sources",
                    evidence.path,
                    f"same size, head and tail as {first[key]}; read once",
                )
            )
            continue
        first[key] = evidence.path
        yield source


def _numbered(sources: Iterator[Source]) -> Iterator[Source]:
    for number, source in enumerate(sources):
        yield replace(source, evidence=replace(source.evidence, id=number))


def digest(data: bytes) -> str:
    """The hash that tells inputs apart."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
