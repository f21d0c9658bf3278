"""Fields of a JSON document that nobody described: looked for under the keys that are usual, wherever they stand in it.

A site's own collector names its fields as it likes. A path that begins with ``~`` (``~loglevel``) means a key of that
name in any spelling (``log_level``, ``LogLevel``, ``@log.level``), at any depth, the outermost first; what stands there
counts only where it looks like the field that is sought.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

ANYWHERE = "~"
_DEPTH = 5
# Where answers of Elasticsearch, OpenSearch and Loki, and OpenTelemetry's batches, hold their documents.
_PACKS = ("hits", "data", "result", "resourceLogs", "scopeLogs", "logRecords")
_OTHER = re.compile(r"[^a-z0-9]")
_NUMBER = re.compile(r"\d{10,19}|\d{9,10}\.\d{1,9}")
# What a value must look like to be a field of this name; other fields are taken as they are.
_LOOKS = {
    "stamp": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d.*|\d{10,19}|\d{9,10}\.\d{1,9}", re.DOTALL),
    "level": re.compile(r"(?i:debug|info|information|notice|audit|warn|warning|err|error|crit|critical|fatal|trace)"),
    "logger": re.compile(r"[A-Za-z_]\w*(?:\.[\w\-]+)+"),
    "host": re.compile(r"(?!nova[-_]|placement)[A-Za-z0-9][\w.\-]*"),
    "pid": re.compile(r"\d{1,8}"),
    "request_id": re.compile(r"req-[\w\-]{8,}"),
    "global_request_id": re.compile(r"req-[\w\-]{8,}"),
    "instance": re.compile(r".*[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}.*"),
}
_PAIR = re.compile(r'([A-Za-z_@][\w.@/\-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?:[ \t]+|$)')
_FIRST_PAIR_WITHIN = 64


class Document(dict[str, Any]):
    """A JSON object."""

    @cached_property
    def named(self) -> dict[str, list[Any]]:
        """All values by their keys in one spelling, looked for once, because each field asks for them."""
        found: dict[str, list[Any]] = {}
        for key, value in _pairs(self):
            if value not in (None, "") and not isinstance(value, (dict, bool)):
                found.setdefault(key, []).append(value)
        return found


@lru_cache(maxsize=2)
def document(line: str) -> Document | None:
    """The JSON object that a line is, or None."""
    try:
        record = json.loads(line)
        if "\\ud" in line or "\\uD" in line:  # half of a pair is no text: it becomes a question mark
            record = json.loads(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return Document(_hit(record)) if isinstance(record, dict) else None


def _hit(record: dict[str, Any]) -> dict[str, Any]:
    """A search engine's hit: its document, or the fields that were asked for, each in a list."""
    source, fields = record.get("_source"), record.get("fields")
    if isinstance(source, dict):
        return source
    if isinstance(fields, dict) and fields and all(isinstance(v, list) and len(v) == 1 for v in fields.values()):
        return {name: values[0] for name, values in fields.items()}
    return record


def anywhere(record: dict[str, Any], field: str, name: str) -> Any:  # noqa: ANN401 - whatever the JSON holds
    """The value under a key of this name that looks like the field, or None."""
    looks, whole = _LOOKS.get(field), record if isinstance(record, Document) else Document(record)
    for value in whole.named.get(name, ()):
        if looks is None or looks.fullmatch(str(value)):
            return _number(value) if field == "stamp" else value
    return None


def _number(value: Any) -> Any:  # noqa: ANN401 - a text or a number
    """A stamp that is a number, though it was written as a text."""
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


@lru_cache(maxsize=1024)
def _spelt(key: str) -> str:
    return _OTHER.sub("", key.lower())


def _pairs(record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys in one spelling with their values, level after level; a dotted key counts by its last part, too."""
    level = [record]
    for _ in range(_DEPTH):
        for part in level:
            for key, value in part.items():
                yield _spelt(key), value
                if "." in key:
                    yield _spelt(key.rpartition(".")[2]), value
        level = [value for part in level for value in part.values() if isinstance(value, dict)]


def text_of(line: str) -> str | None:
    """The text that a line writes as JSON, perhaps as the item of an array; None for any other line."""
    bare = line.strip().removesuffix(",")
    if not bare.startswith('"'):
        return None
    try:
        text = json.loads(bare)
    except ValueError:
        return None
    return text if isinstance(text, str) else None


def pairs_of(line: str) -> dict[str, Any] | None:
    """The pairs of a line that consists of nothing but ``key=value`` (logfmt), values perhaps quoted; None for any other line."""
    if "=" not in line[:_FIRST_PAIR_WITHIN] or not line[0].isalpha():
        return None
    found: dict[str, Any] = {}
    at = 0
    while at < len(line):
        pair = _PAIR.match(line, at)
        if pair is None:
            return None
        value = pair[2]
        found[pair[1]] = (text_of(value) or value.strip('"')) if value.startswith('"') else value
        at = pair.end()
    return found if len(found) > 1 else None


def packed(line: str) -> list[str] | None:
    """The documents that stand in one line: an array, a search engine's or Loki's answer, OpenTelemetry's batch.

    Returns:
        Each as a line of its own; None where the line is no such pack.
    """
    if not line.startswith(("{", "[")):
        return None
    try:
        held = json.loads(line)
    except (ValueError, RecursionError):
        return None
    found = [json.dumps(one, ensure_ascii=False) for one in _unpacked(held)]
    return found if found and found != [json.dumps(held, ensure_ascii=False)] else None


def _unpacked(held: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - whatever the JSON holds
    """Documents in a list, or behind the keys under which programs pack them."""
    if isinstance(held, list):
        for one in held:
            yield from _unpacked(one)
        return
    if not isinstance(held, dict):
        return
    inside = next((held[key] for key in _PACKS if isinstance(held.get(key), (list, dict))), None)
    if isinstance(held.get("stream"), dict) and isinstance(held.get("values"), list):
        for pair in held["values"]:
            if isinstance(pair, list) and len(pair) >= 2:  # noqa: PLR2004 - stamp and line
                yield {**held["stream"], "timestamp": pair[0], "line": pair[1]}
    elif inside is None:
        yield held
    else:
        yield from _unpacked(inside)
