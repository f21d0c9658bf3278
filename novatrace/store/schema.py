"""The layout of a case file."""

from __future__ import annotations

VERSION = "2"
PARTS = ("evidence", "coverage", "notices", "migrations", "bursts", "views", "findings")

SCHEMA = """
PRAGMA journal_mode = DELETE;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE parts (
    part TEXT NOT NULL, position INTEGER NOT NULL, instance_uuid TEXT, request_id TEXT, json TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (part, position)
) WITHOUT ROWID;
CREATE TABLE events (
    kind TEXT NOT NULL, when_us INTEGER, node TEXT, service TEXT, request_id TEXT, instance_uuid TEXT, json TEXT NOT NULL
);
CREATE INDEX events_request ON events (request_id);
CREATE INDEX events_instance ON events (instance_uuid);
"""
