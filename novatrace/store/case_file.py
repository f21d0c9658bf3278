"""Writes and reads case files (SQLite).

A case file appears whole or not at all: it is written beside the old one, flushed to the disk, and takes its place in
one step.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from novatrace.errors import (
    CaseDamagedError,
    CaseLockedError,
    CaseMissingError,
    CaseNotWritableError,
    CaseVersionError,
)
from novatrace.model.capacity import Burst, View
from novatrace.model.case import Case
from novatrace.model.event import Event
from novatrace.model.evidence import Coverage, Evidence, Notice
from novatrace.model.finding import Finding
from novatrace.model.migration import Migration
from novatrace.store.codec import decode, encode
from novatrace.store.schema import PARTS, SCHEMA, VERSION

T = TypeVar("T")
_TYPES: dict[str, type[Any]] = {
    "evidence": Evidence,
    "coverage": Coverage,
    "notices": Notice,
    "migrations": Migration,
    "bursts": Burst,
    "views": View,
    "findings": Finding,
}


def write_case(path: Path, case: Case, events: Iterable[Event], description: str) -> None:
    """Writes a case; an older one of this name stays whole until the new one is complete.

    Raises:
        CaseLockedError: another process writes it.
        CaseNotWritableError: the directory or the disk does not take it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(path):
            fresh = path.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            try:
                _fill(fresh, case, events, description)
                fresh.replace(path)
                _flush_directory(path.parent)
            finally:
                fresh.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise CaseNotWritableError(
            f"{path}: the case could not be kept: {_reason(error)}",
            next_step="free space or set XDG_STATE_HOME or --case to a place that can be written",
        ) from error


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


def _fill(path: Path, case: Case, events: Iterable[Event], description: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(path)
    try:
        connection.executescript(SCHEMA)
        connection.execute("PRAGMA synchronous = FULL")
        with connection:
            counts = {part: len(getattr(case, part)) for part in PARTS}
            facts = json.dumps({"claims_in_placement": case.claims_in_placement, "counts": counts})
            meta = {"version": VERSION, "description": description, "facts": facts, "crc": str(_crc(facts))}
            connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            connection.executemany("INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?)", _rows(case))
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", map(_event_row, events))
    finally:
        connection.close()
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _rows(case: Case) -> Iterator[tuple[str, int, str | None, str | None, str, int]]:
    for part in PARTS:
        for position, item in enumerate(getattr(case, part)):
            subject = getattr(item, "instance_uuid", None)
            request = getattr(item, "request_id", None)
            text = _dumps(item)
            yield part, position, subject, request, text, _crc(text)


def _event_row(event: Event) -> tuple[str, int | None, str | None, str | None, str | None, str | None, str]:
    return (
        event.kind,
        event.when_us,
        event.node,
        event.service,
        event.request_id,
        event.instance_uuid,
        _dumps(event),
    )


def _crc(text: str) -> int:
    return zlib.crc32(text.encode())


def _dumps(item: object) -> str:
    return json.dumps(encode(item), ensure_ascii=True, separators=(",", ":"))


def _flush_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class CaseReader:
    """Reads a case file, opened read-only.

    Raises:
        CaseMissingError: there is none.
        CaseVersionError: it has another schema.
        CaseDamagedError: it is no case file, or its content does not hold together.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise CaseMissingError(f"{path}: no such case", next_step="run `novatrace correlate PATH…` first")
        self._path = path
        self._meta: dict[str, str] = dict(self._query("SELECT key, value FROM meta"))
        if self._meta.get("version") != VERSION:
            raise CaseVersionError(
                f"{path}: written by another version of novatrace (schema {self._meta.get('version')}, this one reads "
                f"{VERSION})",
                next_step="run `novatrace correlate PATH…` again",
            )

    @property
    def description(self) -> str:
        """What the case is about: its paths and counts."""
        return str(self._meta.get("description", ""))

    def case(self) -> Case:
        """The whole case; every row is held against its checksum, so a damaged disk cannot change a report."""
        try:
            facts = json.loads(self._checked(self._meta["facts"], int(self._meta["crc"])))
            parts = {part: tuple(self._part(part, facts["counts"][part])) for part in PARTS}
            return Case(**parts, claims_in_placement=facts["claims_in_placement"])
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise self._damaged(error) from error

    def _part(self, part: str, count: int) -> Iterator[Any]:
        rows = self._query("SELECT position, json, crc FROM parts WHERE part = ? ORDER BY position", (part,))
        if [position for position, _, _ in rows] != list(range(count)):
            raise ValueError(f"{count} {part} were written, other ones are there")
        for _, text, crc in rows:
            yield decode(_TYPES[part], json.loads(self._checked(text, crc)))

    @staticmethod
    def _checked(text: str, crc: int) -> str:
        if _crc(text) != crc:
            raise ValueError("a row is not what was written")
        return text

    def _query(self, sql: str, values: tuple[str, ...] = ()) -> list[Any]:
        try:
            connection = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)
            try:
                return connection.execute(sql, values).fetchall()
            finally:
                connection.close()
        except (sqlite3.Error, ValueError, OverflowError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> CaseDamagedError:
        return CaseDamagedError(
            f"{self._path}: not a readable case file ({error})",
            next_step="run `novatrace correlate PATH…` again; a case is made from the logs and can always be made anew",
        )


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).lower()
