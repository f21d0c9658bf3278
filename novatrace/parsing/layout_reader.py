"""Finds the layout of each line; remembers the last one, because files keep theirs for long.

Envelopes may lie in each other (grep over a container's log of a service that logs to syslog). The text in an envelope
that no other layout fits is *bare*: it goes on what the same process said before it, or stands alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from stringzilla import find

from novatrace.parsing.layouts import OSLO, USER_FIRST, Layout, OsloParts, beats, load_layouts, ordered

COLOUR = re.compile(r"(?:\x1b|#033|\^\[|\\+(?:x1b|033|u001b|e))\[[\d;]*[mK]|\[0[01](?:;\d\d)?m")
# One of them stands in every line in which there is colour.
_COLOUR_SIGNS = ("\x1b[", "^[[", "[00", "033[", "1b[")
_OCTAL = re.compile(r"#(0(?:1[0-7]|0[1-7]|2[0-7]|3[0-7]))")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#39|#x27);")
# How an envelope writes what its text may not hold, and how to undo it.
_ESCAPES: dict[str, Callable[[str], str]] = {
    "octal": lambda raw: _OCTAL.sub(lambda m: chr(int(m[1], 8)), raw) if "#0" in raw else raw,
    "csv": lambda raw: raw.replace('""', '"'),
    "entities": lambda raw: _ENTITY.sub(lambda m: html.unescape(m[0]), raw) if "&" in raw else raw,
}
_DEPTH = 4
_OUTER_TIME = ("month", "day", "year", "date", "time", "fraction", "zone", "created", "created_us", "stamp")


@dataclass(slots=True)
class Line:
    """A line taken apart: the merged fields of envelopes and inner layout.

    Attributes:
        layout: names of the layouts, the outermost first.
        fields: as ``parsing.records`` takes them; ``outer`` has the time fields of the envelope where both have a time.
        writer: which process of which envelope wrote it; None where there is no envelope.
        bare: its text has no layout of its own.
        strict: it is nothing at all unless it goes on another line.
        partial: the line goes on in the next one of its writer.
        more: further lines that stand in the same physical line.
    """

    layout: str
    identity: tuple[str, ...]
    service: str | None
    fields: dict[str, Any]
    writer: tuple[Any, ...] | None = None
    bare: bool = False
    strict: bool = False
    partial: bool = False
    more: list[Line] = field(default_factory=list)

    @property
    def timed(self) -> bool:
        """True when it has a stamp of any kind."""
        return any(name in self.fields for name in _OUTER_TIME)

    @property
    def begins(self) -> bool:
        """True when it is a record of its own, whatever stands before it."""
        return not self.bare and self.timed

    @property
    def text(self) -> str:
        """The text of a bare line."""
        return str(self.fields.get("message", ""))


class LayoutReader:
    """Reads lines one after the other.

    Args:
        layouts: those to know; the built-in ones, where none are given.
        first: layouts of the user's own, which are tried before all others.
        carrier: the outermost layout of the input's first record; "" where its first lines have none, None where it is not known yet.
    """

    def __init__(
        self,
        layouts: tuple[Layout, ...] | None = None,
        *,
        first: tuple[Layout, ...] = (),
        carrier: str | None = None,
    ) -> None:
        known = (*first, *ordered(load_layouts() if layouts is None else layouts))
        if carrier is not None:
            known = tuple(layout for layout in known if not layout.whole_file or layout.name == carrier)
        self._own = first
        self._all = tuple(layout for layout in known if not layout.ignored)
        self._ignored = tuple(layout for layout in known if layout.ignored and not (carrier == "" and layout.of_logs))
        self._orders: dict[tuple[str, bool], tuple[Layout, ...]] = {}
        usual = next((layout for layout in self._all if layout.name == OSLO), self._all[0])
        self._recent = [usual] * (_DEPTH + 1)

    def oslo_parts(self, line: str) -> OsloParts | None:
        """The parts of a line of oslo's default layout, where that is the layout of the file."""
        recent = self._recent[0]
        if not self.usual or recent.pattern is None or coloured(line):
            return None
        match = recent.pattern.fullmatch(line)
        return None if match is None else match.groups()  # type: ignore[return-value]

    @property
    def usual(self) -> bool:
        """True when the last line was of oslo's default layout, and no other layout of the user's may come before it."""
        return self._recent[0].name == OSLO and not self._own

    def read(self, line: str) -> Line | None:
        """The line's fields, or None when no layout fits."""
        return self._read(line, 0)

    def reads_as(self, layout: Layout, line: str) -> bool:
        """True when a layout, by itself or around any other, reads a line without colour codes as a record."""
        if layout.pattern is not None and not layout.envelope:
            return layout.pattern.fullmatch(line) is not None
        fields = layout.fields(line)
        if fields is None or not layout.envelope:
            return fields is not None
        return not (self.unwrapped(layout, fields).bare and layout.strict)

    def rule(self, text: str, *, first: bool = False) -> str | None:
        """The name of the rule by which a text is left out, or None; ``first``: no record stands before it."""
        stripped = text.strip()
        if not stripped:
            return "blank"
        rules = (r for r in self._ignored if first or not r.before_records)
        return next((r.name for r in rules if r.fields(text if r.before_records else stripped) is not None), None)

    def _read(self, line: str, depth: int) -> Line | None:
        line = uncoloured(line)
        bare: Line | None = None
        for layout in self._order(depth):
            fields = layout.fields(line)
            if fields is None:
                continue
            found = self.unwrapped(layout, fields, depth) if layout.envelope else _line(layout, fields)
            if found.bare and layout.strict:
                bare = bare or found
                continue
            self._recent[depth] = layout
            return found
        return bare

    def _order(self, depth: int) -> tuple[Layout, ...]:
        """The layout of the line before this one, after those that beat it; then the others."""
        recent, inside = self._recent[depth], depth > 0
        order = self._orders.get((recent.name, inside))
        if order is None:
            usable = [layout for layout in self._all if not (layout.whole_file if inside else layout.inner_only)]
            early = [layout for layout in usable if beats(layout, recent)]
            first = [*self._own, *early, *([recent] if recent in usable else [])]
            order = (*first, *(layout for layout in usable if layout not in first))
            self._orders[recent.name, inside] = order
        return order

    def unwrapped(self, envelope: Layout, outer: dict[str, Any], depth: int = 0) -> Line:
        """The line in an envelope, with the fields of both."""
        raw = _text(outer.pop("inner", ""))
        writer = (envelope.name, *(outer.get(name) for name in envelope.writer))
        partial = envelope.partial is not None and outer.get(envelope.partial[0]) == envelope.partial[1]
        if envelope.whole_ends:
            partial = not raw.endswith(envelope.whole_ends)
        text = raw if envelope.escapes is None else _ESCAPES[envelope.escapes](raw)
        first, *rest = (part.rstrip("\r") for part in text.rstrip("\n").split("\n"))
        inner = self._read(first, depth + 1) if depth < _DEPTH else None
        line = _merged(envelope, outer, inner, first)
        line.writer = writer if inner is None else (*writer, *(inner.writer or ()))
        line.partial = partial or (inner is not None and inner.partial)
        self._embedded(line, envelope, outer, rest, depth)
        return line

    def _embedded(self, line: Line, envelope: Layout, outer: dict[str, Any], rest: list[str], depth: int) -> None:
        """Further lines of a message: records of their own (tracebacks with headers), or more of the message."""
        last = line
        for text in rest:
            inner = self._read(text, depth + 1)
            if inner is None or inner.bare:
                last.fields["message"] = f"{last.fields.get('message', '')}\n{text}"
            else:
                last = _merged(envelope, outer, inner, text)
                line.more.append(last)


def coloured(line: str) -> bool:
    """True when colour codes stand in a line, in any of the forms that they take on their way."""
    if line.isascii() and not any([find(line, sign) >= 0 for sign in _COLOUR_SIGNS]):  # noqa: C419 - half the time
        return False
    return (
        "\x1b[" in line
        or "^[[" in line
        or "[00m" in line
        or "[00;3" in line
        or ("033[" in line and ("#033[" in line or "\\033[" in line))
        or ("1b[" in line and ("\\x1b[" in line or "\\u001b[" in line))
    )


def uncoloured(line: str) -> str:
    """A line without colour codes."""
    return COLOUR.sub("", line) if coloured(line) else line


def _text(value: Any) -> str:  # noqa: ANN401 - a text, an array of bytes, or a list of texts
    if isinstance(value, list):
        if value and all(isinstance(item, int) and 0 <= item < 256 for item in value):  # noqa: PLR2004 - a byte
            return bytes(value).decode("utf-8", "backslashreplace")
        return "\n".join(str(item) for item in value)
    return str(value)


def _merged(envelope: Layout, outer: dict[str, Any], inner: Line | None, text: str) -> Line:
    if inner is None or inner.bare:
        known = {} if inner is None else inner.fields
        name = envelope.name if inner is None else f"{envelope.name}/{inner.layout}"
        # A document whose fields say what the line's header would have said is a record even so.
        plain = "level" not in outer and "logger" not in outer
        bare = dict(outer, **known)
        bare.setdefault("message", text)
        return Line(name, envelope.identity, envelope.service, bare, bare=plain, strict=envelope.strict)
    timed = any(name in inner.fields for name in ("date", "time", "created", "created_us", "stamp"))
    kept = {k: v for k, v in outer.items() if not (timed and k in _OUTER_TIME)}
    if timed and "outer" not in inner.fields:
        kept["outer"] = {k: v for k, v in outer.items() if k in _OUTER_TIME}
    service = inner.service or envelope.service
    return Line(f"{envelope.name}/{inner.layout}", inner.identity, service, {**kept, **inner.fields})


def _line(layout: Layout, fields: dict[str, Any]) -> Line:
    return Line(layout.name, layout.identity or USER_FIRST, layout.service, fields)


def embedded(line: Line) -> Iterator[Line]:
    """A line and those that stand in the same physical line."""
    yield line
    yield from line.more
