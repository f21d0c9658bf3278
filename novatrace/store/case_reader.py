"""Reads case files, whole or only what has to do with one VM, request or host."""

from __future__ import annotations

import os
import sqlite3
import weakref
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from novatrace.errors import CaseDamagedError, CaseMissingError, CaseVersionError
from novatrace.model.capacity import Burst, View
from novatrace.model.case import Case
from novatrace.model.clock import ClockBounds
from novatrace.model.evidence import Coverage, Evidence, NodeSettings, Notice
from novatrace.model.finding import Finding
from novatrace.model.migration import Migration
from novatrace.model.scanned import KeptPiece, Scanned
from novatrace.store import kept_reports
from novatrace.store.case_rows import Moves, each
from novatrace.store.case_writer import crc
from novatrace.store.codec import decode, encode
from novatrace.store.schema import PARTS, VERSION

_TYPES: dict[str, type[Any]] = {
    "evidence": Evidence,
    "coverage": Coverage,
    "notices": Notice,
    "migrations": Migration,
    "bursts": Burst,
    "views": View,
    "findings": Finding,
    "settings": NodeSettings,
    "clocks": ClockBounds,
}
_ABOUT = tuple[Evidence, str, int, int | None]
_REST = tuple[Coverage, int, tuple[Notice, ...]]
_FACTS = tuple[dict[str, int], bool | None, str]
# A case of fewer moves is in memory sooner than it would be looked up.
LONG_MOVES = 500
_LONG = ("migrations", "views")
_UNREADABLE = (LookupError, TypeError, ValueError, RecursionError)


class CaseReader:
    """Reads a case file, opened read-only.

    Every row is held against its checksum, so a damaged disk cannot change a report.

    Raises:
        CaseMissingError: there is none.
        CaseVersionError: it has another schema.
        CaseDamagedError: it is no case file, or its content does not hold together.
    """

    def __init__(self, path: Path) -> None:
        if not os.path.isfile(path):  # noqa: PTH113 - pathlib raises where a folder above may not be entered
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

    @property
    def run(self) -> str:
        """What the case depends on; see ``CaseWriter.finish``."""
        return self._facts[2]

    def count(self, part: str) -> int:
        """How many items a part of the case has."""
        return self._facts[0][part]

    def case(self) -> Case:
        """The whole case; of a long one what is long is read when somebody asks for it."""
        return self._case({}) if self.count("migrations") < LONG_MOVES else self._long_case()

    def about(self, kind: str, name: str) -> Case:
        """The case with only those migrations, bursts, views and findings that have to do with a name."""
        rows = self._query("SELECT part, position FROM names WHERE name = ? AND kind = ?", (name, kind))
        wanted: dict[str, set[int]] = {part: set() for part in ("migrations", "bursts", "views", "findings")}
        for part, position in rows:
            wanted.setdefault(part, set()).add(position)
        return self._case(wanted)

    def names(self, identifier: str) -> list[tuple[str, str]]:
        """(kind, name) of every name that an identifier may mean: itself, or a longer one that begins with it."""
        low, high = identifier, identifier + "\U0010ffff"
        rows = self._query("SELECT DISTINCT kind, name FROM names WHERE name >= ? AND name < ? LIMIT 1000", (low, high))
        return [(str(kind), str(name)) for kind, name in rows]

    def pieces(self) -> list[KeptPiece]:
        """What the case holds of its inputs, in order, without the events."""
        with self._damage():
            found = []
            for row, about, about_crc in self._query("SELECT row, about, about_crc FROM pieces ORDER BY row"):
                evidence, manner, start, end = decode(_ABOUT, _checked(about, about_crc))
                found.append(KeptPiece(evidence, manner, start, end, row))
            return found

    def scanned(self, piece: KeptPiece) -> Scanned:
        """What reading a piece gave."""
        with self._damage():
            ((rest, events, expected),) = self._query(
                "SELECT scanned, events, crc FROM pieces WHERE row = ?", (piece.row,)
            )
            if zlib.crc32(events, crc(rest)) != expected:
                raise ValueError("a piece is not what was written")
            coverage, invalid, notices = decode(_REST, rest)
            return Scanned(events, coverage, invalid, notices)

    @cached_property
    def _facts(self) -> tuple[dict[str, int], bool | None, str]:
        with self._damage():
            facts: tuple[dict[str, int], bool | None, str] = decode(
                _FACTS, _checked(self._meta["facts"], int(self._meta["crc"]))
            )
            return facts

    def _case(self, wanted: dict[str, set[int]]) -> Case:
        counts, in_placement, _ = self._facts
        with self._damage():
            parts: dict[str, Any] = {part: tuple(self._part(part, counts[part], wanted.get(part))) for part in PARTS}
            return Case(**parts, claims_in_placement=in_placement)

    def _long_case(self) -> Case:
        """The whole case, of which what is long stays in the file."""
        counts, in_placement, _ = self._facts
        moves = Moves(partial(self._texts, "migrations"))
        with self._damage():
            parts: dict[str, Any] = {part: tuple(self._every(part)) for part in PARTS if part not in _LONG}
            parts["migrations"] = tuple(moves.slim(move, at) for at, move in enumerate(self._every("migrations")))
            for _ in self._all_texts("views"):
                pass  # held against their checksums
            parts["views"] = each(View, partial(self._texts, "views"), counts["views"])
            return Case(**parts, claims_in_placement=in_placement)

    def _every(self, part: str) -> Iterator[Any]:
        return (decode(_TYPES[part], text) for text in self._all_texts(part))

    def _all_texts(self, part: str) -> Iterator[str]:
        """The texts of all rows of a part, of which there are as many as were written."""
        count, found = self.count(part), 0
        for text in self._texts(part, 0, count + 1):
            found += 1
            yield text
        if found != count:
            raise ValueError(f"{count} {part} were written, {found} are there")

    def _texts(self, part: str, first: int, count: int) -> Iterator[str]:
        """The texts of some rows of a part, from a position on; fewer where there are no more."""
        sql = (
            "SELECT position, json, crc FROM parts WHERE part = ? AND position >= ? AND position < ? ORDER BY position"
        )
        try:
            rows = self._lasting.execute(sql, (part, first, first + count))
            for number, (position, text, expected) in enumerate(rows, first):
                if position != number:
                    raise ValueError(f"row {number} of {part} is not there")
                yield _checked(text, expected)
        except (sqlite3.Error, *_UNREADABLE) as error:
            raise self._damaged(error) from error

    @cached_property
    def _lasting(self) -> sqlite3.Connection:
        """A connection as long as anybody may ask for a row: the file may meanwhile have got a new one in its place."""
        connection = self._connected()
        weakref.finalize(self, connection.close)
        return connection

    def _part(self, part: str, count: int, wanted: set[int] | None) -> Iterator[Any]:
        sql = "SELECT position, json, crc FROM parts WHERE part = ?1 ORDER BY position"
        positions = list(range(count))
        if wanted is not None:
            positions = sorted(wanted)
            sql = sql.replace("ORDER", "AND position IN (SELECT value FROM json_each(?2)) ORDER")
        rows = self._query(sql, (part,) if wanted is None else (part, encode(positions)))
        if [position for position, _, _ in rows] != positions:
            raise ValueError(f"{len(positions)} {part} were written, other ones are there")
        for _, text, expected in rows:
            yield decode(_TYPES[part], _checked(text, expected))

    def _query(self, sql: str, values: tuple[str | int, ...] = ()) -> list[Any]:
        try:
            with closing(self._connected()) as connection:
                return connection.execute(sql, values).fetchall()
        except (sqlite3.Error, ValueError, OverflowError) as error:
            raise self._damaged(error) from error

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)

    @contextmanager
    def _damage(self) -> Iterator[None]:
        try:
            yield
        except _UNREADABLE as error:
            raise self._damaged(error) from error

    def _damaged(self, error: BaseException) -> CaseDamagedError:
        kept_reports.forget(self._path)  # so that the next run makes the case anew
        return CaseDamagedError(
            f"{self._path}: not a readable case file ({error})",
            next_step="run `novatrace correlate PATH…` again; a case is made from the logs and can always be made anew",
        )


def _checked(text: str, expected: int) -> str:
    if crc(text) != expected:
        raise ValueError("a row is not what was written")
    return text
