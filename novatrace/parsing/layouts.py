"""Line layouts: which fields a physical line has, whatever wrote it.

A layout is data (``layouts/*.toml``). An *envelope* (journal, syslog) carries another layout's line in its
``inner`` field; an *inner only* layout has no time of its own. Which layout a file has is found line by line:
the one that matched last is tried first, so a file may change its layout in the middle. No order between
layouts is kept by hand: a test proves that no layout matches another's samples.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from novatrace.errors import UsageError
from novatrace.parsing.definitions import Sample, expand

_COLOUR = re.compile(r"(?:\x1b|#033|\^\[|\\x1b)\[[\d;]*m")


USER_FIRST = ("user", "project")
# The groups of layouts/oslo.toml in their order: date, time, fraction, pid, level, logger, context, instance, message.
OsloParts = tuple[str, str, str | None, str | None, str, str, str | None, str | None, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """One line layout.

    Attributes:
        name: as shown in reports.
        kind: ``text`` (a pattern) or ``json`` (one object a line, fields by key path).
        envelope: its ``inner`` field holds the line of another layout.
        inner_only: it has no time stamp, so it counts only inside an envelope.
        identity: order of the two identity fields after the request id.
        service: service that writes it, where the layout itself tells.
    """

    name: str
    title: str
    kind: str
    pattern: re.Pattern[str] | None
    keys: dict[str, tuple[str, ...]]
    required: tuple[str, ...]
    envelope: bool
    inner_only: bool
    identity: tuple[str, ...]
    service: str | None
    samples: tuple[Sample, ...]

    def fields(self, line: str) -> dict[str, Any] | None:
        """The fields of a line, or None when it is not of this layout; absent fields are left out."""
        if self.pattern is not None:
            match = self.pattern.fullmatch(line)
            return None if match is None else {k: v for k, v in match.groupdict().items() if v is not None}
        return self._json_fields(line)

    def _json_fields(self, line: str) -> dict[str, Any] | None:
        if not line.startswith("{"):
            return None
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(record, dict) or any(key not in record for key in self.required):
            return None
        found = {}
        for name, paths in self.keys.items():
            value = next((v for path in paths if (v := _at(record, path)) is not None), None)
            if value is not None:
                found[name] = value
        return found


def _at(record: dict[str, Any], path: str) -> Any:  # noqa: ANN401 - whatever the JSON holds
    value: Any = record
    for key in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value if not isinstance(value, dict) else None


def parse_layout(text: str, origin: str) -> Layout:
    """The layout of one definition file.

    Raises:
        UsageError: invalid TOML, a missing key, or a sample that the layout fails.
    """
    try:
        table = tomllib.loads(text)
        kind = table.get("kind", "text")
        layout = Layout(
            name=table["name"],
            title=table["title"],
            kind=kind,
            pattern=re.compile(expand(table["pattern"]), re.DOTALL) if kind == "text" else None,
            keys={name: tuple(paths) for name, paths in table.get("keys", {}).items()},
            required=tuple(table.get("required", ())),
            envelope=bool(table.get("envelope", False)),
            inner_only=bool(table.get("inner_only", False)),
            identity=tuple(table.get("identity", USER_FIRST)),
            service=table.get("service"),
            samples=tuple(Sample(s["line"], dict(s["expect"])) for s in table.get("sample", ())),
        )
    except (tomllib.TOMLDecodeError, KeyError, re.error) as error:
        raise UsageError(f"{origin}: not a layout: {error}") from error
    return layout


def self_test(layout: Layout) -> str:
    """What is wrong with a layout, or "" when every sample gives its whole expected result."""
    if not layout.samples:
        return "has no sample"
    for number, sample in enumerate(layout.samples, 1):
        fields = layout.fields(sample.text)
        if fields != sample.expect:
            return f"sample {number} gives {fields!r}"
    return ""


@cache
def load_layouts() -> tuple[Layout, ...]:
    """The built-in layouts, by name."""
    folder = resources.files("novatrace") / "layouts"
    entries = sorted((e for e in folder.iterdir() if e.name.endswith(".toml")), key=lambda e: e.name)
    return tuple(parse_layout(entry.read_text(encoding="utf-8"), entry.name) for entry in entries)


def _coloured(line: str) -> bool:
    return "\x1b[" in line or "#033[" in line or "^[[" in line or "\\x1b[" in line


@dataclass(frozen=True, slots=True)
class Line:
    """A line taken apart: the merged fields of envelope and inner layout."""

    layout: str
    identity: tuple[str, ...]
    service: str | None
    fields: dict[str, Any]


class LayoutReader:
    """Finds each line's layout; remembers the last one, because files keep theirs for long."""

    def __init__(self, layouts: tuple[Layout, ...] | None = None) -> None:
        self._layouts = list(load_layouts() if layouts is None else layouts)

    def oslo_parts(self, line: str) -> OsloParts | None:
        """The parts of a line of oslo's default layout, where that is the layout of the file."""
        first = self._layouts[0]
        if first.name != "oslo" or first.pattern is None or _coloured(line):
            return None
        match = first.pattern.fullmatch(line)
        return None if match is None else match.groups()  # type: ignore[return-value]

    def read(self, line: str) -> Line | None:
        """The line's fields, or None when no layout fits."""
        if _coloured(line):
            line = _COLOUR.sub("", line)
        for index, layout in enumerate(self._layouts):
            if layout.inner_only:
                continue
            fields = layout.fields(line)
            if fields is None:
                continue
            found = self._unwrapped(layout, fields) if layout.envelope else _line(layout, fields)
            if found is not None:
                if index:
                    self._layouts.insert(0, self._layouts.pop(index))
                return found
        return None

    def _unwrapped(self, envelope: Layout, outer: dict[str, Any]) -> Line | None:
        text = outer.pop("inner", "")
        for layout in self._layouts:
            if layout.envelope:
                continue
            inner = layout.fields(text)
            if inner is not None:
                timed = "date" in inner or "created" in inner
                kept = {k: v for k, v in outer.items() if not (timed and k in ("month", "day", "time", "fraction"))}
                return Line(f"{envelope.name}/{layout.name}", layout.identity, layout.service, {**kept, **inner})
        return Line(envelope.name, envelope.identity, None, {**outer, "message": text})


def _line(layout: Layout, fields: dict[str, Any]) -> Line:
    return Line(layout.name, layout.identity, layout.service, fields)
