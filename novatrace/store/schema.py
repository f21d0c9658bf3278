"""The layout of a case file."""

from __future__ import annotations

VERSION = "7"
PARTS = ("evidence", "coverage", "notices", "migrations", "bursts", "views", "findings", "settings", "clocks")

# pieces: what reading gave, so that the same bytes are not read again. parts: the analysed case, one row an item.
# names: which rows of parts have to do with a VM, a request or a host.
SCHEMA = """
PRAGMA journal_mode = DELETE;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pieces (
    row INTEGER PRIMARY KEY, about TEXT NOT NULL, about_crc INTEGER NOT NULL, scanned TEXT NOT NULL,
    events BLOB NOT NULL, crc INTEGER NOT NULL
);
CREATE TABLE parts (
    part TEXT NOT NULL, position INTEGER NOT NULL, json TEXT NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (part, position)
) WITHOUT ROWID;
CREATE TABLE names (
    name TEXT NOT NULL, kind TEXT NOT NULL, part TEXT NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (name, kind, part, position)
) WITHOUT ROWID;
"""
