"""Writes case files (SQLite).

A case file appears whole or not at all: it is written beside the old one, flushed to the disk, and takes its place in
one step. Pieces go in while they are read, so that memory does not grow with the logs.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from novatrace.errors import CaseLockedError, CaseNotWritableError
from novatrace.model.case import Case
from novatrace.model.kept import KeptEach
from novatrace.model.scanned import KeptPiece, Scanned
from novatrace.store import kept_reports
from novatrace.store.codec import encode
from novatrace.store.schema import PARTS, SCHEMA, VERSION

Name = tuple[str, str, str, int]


@contextmanager
def case_writer(path: Path) -> Iterator[CaseWriter]:
    """A new case; an older one of this name stays whole until ``finish`` was called and the block has ended.

    Raises:
        CaseLockedError: another process writes it.
        CaseNotWritableError: the directory or the disk does not take it.
    """
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(path):
            fresh.unlink(missing_ok=True)
            try:
                writer = CaseWriter(fresh)
                try:
                    yield writer
                finally:
                    writer.close()
                if writer.finished:
                    _take_place(fresh, path)
            finally:
                fresh.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise CaseNotWritableError(
            f"{path}: the case could not be kept: {_reason(error)}",
            next_step="free space or set XDG_STATE_HOME or --case to a place that can be written",
        ) from error


class CaseWriter:
    """Fills a case file."""

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self._path = path
        self._connection = self._opened()
        self._connection.executescript(f"{SCHEMA} BEGIN;")
        self._rows = 0
        self.finished = False

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path)
        # The file has another name until it is whole and flushed: a journal would only slow it down.
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        return connection

    def keep(self, piece: KeptPiece, scanned: Scanned) -> None:
        """Keeps what reading a piece gave; ``piece.row`` is given here."""
        about = encode((piece.evidence, piece.manner, piece.start, piece.end))
        rest = encode((scanned.coverage, scanned.invalid_utf8_lines, scanned.notices))
        row = (self._rows, about, crc(about), rest, scanned.events, zlib.crc32(scanned.events, crc(rest)))
        self._connection.execute("INSERT INTO pieces VALUES (?, ?, ?, ?, ?, ?)", row)
        self._rows += 1

    def hand_over(self) -> None:
        """Closes the file: a copy of this process may ``finish`` it, with a connection of its own, and this one says that it is."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
        self._connection.close()

    def finish(self, case: Case, names: Iterable[Name], description: str, run: str) -> None:
        """The analysed case, after ``hand_over``.

        Args:
            case: all of it.
            names: (name, kind, part, position) for ``CaseReader.about``.
            description: one line for lists of cases.
            run: what the case depends on; the same text means that there is nothing to do again.
        """
        counts = {part: len(getattr(case, part)) for part in PARTS} | {"pieces": self._rows}
        facts = encode((counts, case.claims_in_placement, run))
        meta = {"version": VERSION, "description": _text(description), "facts": facts, "crc": str(crc(facts))}
        with closing(self._opened()) as connection, connection:
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            connection.executemany("INSERT INTO parts VALUES (?, ?, ?, ?)", _rows(case))
            rows = ((_text(name), kind, part, position) for name, kind, part, position in names)
            connection.executemany("INSERT OR IGNORE INTO names VALUES (?, ?, ?, ?)", rows)
        self.finished = True

    def close(self) -> None:
        """Closes the file, whole or not."""
        self._connection.close()


def crc(text: str) -> int:
    """The checksum of a row's text."""
    return zlib.crc32(text.encode("utf-8"))


def _text(name: str) -> str:
    """A name as SQLite takes it: one that comes from a file's name may be no text."""
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode("utf-8")


def _rows(case: Case) -> Iterator[tuple[str, int, str, int]]:
    for part in PARTS:
        items = getattr(case, part)
        texts = map(bytes.decode, items.texts()) if isinstance(items, KeptEach) else map(encode, items)
        yield from ((part, position, text, crc(text)) for position, text in enumerate(texts))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.with_suffix(".lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise CaseLockedError(
                f"{path}: another novatrace (process {lock.read().strip() or 'unknown'}) is writing this case",
                next_step="wait for it, or name another case with --case",
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _take_place(fresh: Path, path: Path) -> None:
    with fresh.open("rb") as written:
        os.fsync(written.fileno())
    kept_reports.forget(path)
    fresh.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).lower()
