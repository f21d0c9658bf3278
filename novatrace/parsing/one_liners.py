"""The shortest way from a line to an event: records of one line in oslo's default layout.

Most lines of most logs are such records, and they share nearly all that they hold: many lines of one request begin alike
but for the part of the second, and many texts come again and again (``Filter X returned N host(s)``). What was once
taken apart is remembered by its bytes, and a line whose parts are all known is not decoded. What is unusual in any way
is left to the reader that takes every line apart (``records``); both give the same event.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, TypeVar

from stringzilla import find

from novatrace.model.evidence import Evidence
from novatrace.parsing.context import identity, is_foreign, service_of
from novatrace.parsing.events import MessageMatcher, wording_of
from novatrace.parsing.fragments import Context, Line
from novatrace.parsing.layout_reader import coloured
from novatrace.parsing.layouts import CONTEXT, INSTANCE, USER_FIRST, WRITER, compiled
from novatrace.parsing.records import RecordReader
from novatrace.parsing.sieve import Sieve
from novatrace.parsing.suffixes import without_suffix

# From then on DevStack's files, which have no process id, name the project before the user.
_DEVSTACK_SINCE = "2018"
_NO_IDS = (None, None, None, None)
_INHERITS = ("ERROR", "TRACE")
_SECOND = re.compile(rb"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)[.,]")
_WRITER = compiled(rf"(?P<pid>\d+) {WRITER} ")
_CONTEXT = compiled(f"{CONTEXT} ")
_INSTANCE = compiled(f"{INSTANCE} ")
_SECOND_BYTES = len("2026-11-23 00:05:14.")
_STAMP_BYTES = len("2026-11-23 00:05:14.123 ")
_HEAD_BYTES = 400
_INSTANCE_BYTES = len("[instance: ce014e67-71c6-4283-8857-75e8ac84e144] ")
# Long texts come again, too: the state of a host for every request, the host that was chosen.
_REMEMBERED_BYTES = 1024
_REMEMBERED = 20_000
_UNDERSTOOD_BYTES = 4 << 20
# One of them stands in every line in which there is colour, beside the escape itself, which does not come here.
_COLOUR_SIGNS = (b"^[[", b"[00", b"033[", b"1b[")
_Known = TypeVar("_Known")
_Ids = tuple[str | None, str | None, str | None, str | None]
_Sense = tuple[str | None, dict[str, Any], str, bool]
_NOTHING: _Sense = (None, {}, "", False)


class _Head:
    """What stands between the stamp and the message, and the fragments of the lines that begin so, by instance."""

    __slots__ = ("ids", "known", "level", "lines", "pid", "service")

    def __init__(self, pid: int | None, level: str, logger: str, service: str | None, ids: _Ids) -> None:
        self.pid, self.level, self.service, self.ids = pid, level, service or service_of(logger), ids
        self.known = not is_foreign(logger)
        self.lines: dict[str | None, list[Line]] = {}


class _Meaning:
    """What the catalogue says of a message; ``odd`` where it cannot be told here (colours, HP's codes).

    ``numbers`` has the folding's number of the kind at a level, from the second time on where every line is kept.
    """

    __slots__ = ("always", "kind", "named", "numbers", "odd", "releases", "said", "values")

    def __init__(self, sense: _Sense | None) -> None:
        self.odd = sense is None
        self.kind, values, self.releases, self.always = sense or _NOTHING
        self.values = values
        self.said = -1
        self.numbers: dict[str, int] = {}
        named = values.get("instance_uuid") or values.get("server_uuid")
        self.named = named if isinstance(named, str) else None


class Understood:
    """What texts say, remembered from one piece to the next.

    Args:
        matcher: the catalogue over text.
    """

    def __init__(self, matcher: MessageMatcher) -> None:
        self.matcher = matcher
        self._known: dict[bytes, _Sense | None] = {}
        self._left_bytes = _UNDERSTOOD_BYTES

    def sense(self, message: bytes, sieve: Sieve) -> _Sense | None:
        """What the catalogue says of a message: kind, values, releases that write it, whether it is always kept.

        None where it cannot be told here: colour, numbered messages.
        """
        if message in self._known:
            return self._known[message]
        found = self._looked_up(message, sieve)
        # Texts of which a user's pattern does not tell are counted in each input.
        if len(message) <= _REMEMBERED_BYTES and not self.matcher.undecided:
            self._left_bytes -= len(message)
            if self._left_bytes < 0:
                self._known.clear()
                self._left_bytes = _UNDERSTOOD_BYTES
            self._known[message] = found
        return found

    def _looked_up(self, message: bytes, sieve: Sieve) -> _Sense | None:
        decoded = message.decode("utf-8")
        odd = any([find(message, sign) >= 0 for sign in _COLOUR_SIGNS]) and coloured(decoded)  # noqa: C419 - half the time
        if odd or message.startswith(b"NV-"):
            return None
        text = without_suffix(decoded)
        found = self.matcher.match(text)
        if found is None:
            return _NOTHING
        return found[0].kind, found[1], wording_of(*found, text), sieve.always(found[0].kind)


class OneLiners:
    """Reads single lines of one input, in their order."""

    def __init__(self, evidence: Evidence, understood: Understood, reader: RecordReader, sieve: Sieve) -> None:
        self._evidence = evidence
        self._named = evidence.service is not None
        self._understood = understood
        self._reader = reader
        self._sieve = sieve
        self._clock = reader.clock
        self._second = b""
        self._second_us: int | None = None
        self._parts_of_second = _milliseconds()
        self._writers: dict[bytes, tuple[int, str, str]] = {}
        self._ids: dict[bytes, _Ids] = {}
        self._heads: dict[bytes, _Head] = {}
        self._instances: dict[bytes, str] = {}
        self._meanings: dict[bytes, _Meaning] = {}

    def take(self, line: bytes, offset: int, length: int, number: int) -> bool:
        """Keeps what a line of valid UTF-8 says; False where it has to be taken apart.

        The reader must have found that the lines around it are of oslo's default layout.
        """
        end = line.find(b"] ", _STAMP_BYTES, _HEAD_BYTES) + 2
        head = self._heads.get(line[_STAMP_BYTES:end]) or self._head(line, end)
        part_us = self._parts_of_second.get(line[_SECOND_BYTES:_STAMP_BYTES])
        if head is None or part_us is None or (line[:_SECOND_BYTES] != self._second and not self._new_second(line)):
            return self._take_apart(line, offset, length, number)
        instance = None
        if line.startswith(b"[instance: ", end):
            prefix = line[end : end + _INSTANCE_BYTES]
            instance = self._instances.get(prefix) or self._instance(prefix)
            if instance is None:
                return self._take_apart(line, offset, length, number)
            end += _INSTANCE_BYTES
        when_us = None if self._second_us is None else self._second_us + part_us
        message = line[end:].rstrip(b"\r")
        found = self._meanings.get(message)
        if found is not None and self._named:
            kind, lines = found.numbers.get(head.level), head.lines.get(instance or found.named)
            if kind is not None and lines is not None:
                lines.append(Line(kind, when_us, found.said, False, offset, length, number))
                return True
        return self._keep(head, instance, found or self._meaning(message), when_us, (offset, length, number))

    def _head(self, line: bytes, end: int) -> _Head | None:
        """What stands between the stamp and ``end``, where it has the usual form."""
        start = line.find(b" [", _STAMP_BYTES, end) + 1
        if start <= 0:
            return None
        written, bracket = line[_STAMP_BYTES:start], line[start:end]
        writer = self._writers.get(written) or self._writer(written)
        ids = self._ids.get(bracket) or self._ids_of(bracket)
        if writer is None or ids is None or (ids[0] is None and writer[1] in _INHERITS):
            return None
        head = _Head(*writer, self._evidence.service, ids)
        _remember(self._heads, line[_STAMP_BYTES:end], head)
        return head

    def _writer(self, written: bytes) -> tuple[int, str, str] | None:
        match = _WRITER.fullmatch(written.decode("utf-8", "replace"))
        if match is None:
            return None
        found = int(match["pid"]), match["level"], match["logger"]
        _remember(self._writers, written, found)
        return found

    def _ids_of(self, bracket: bytes) -> _Ids | None:
        match = _CONTEXT.fullmatch(bracket.decode("utf-8", "replace"))
        if match is None:
            return None
        found = identity(match["context"], USER_FIRST)
        _remember(self._ids, bracket, found)
        return found

    def _new_second(self, line: bytes) -> bool:
        match = _SECOND.match(line)
        if match is None or match[2].endswith(b"60"):  # a leap second has no fraction: the clock knows what to do
            return False
        self._second = match[0]
        self._second_us = self._clock.at(match[1].decode("ascii"), match[2].decode("ascii"), None)
        return True

    def _instance(self, prefix: bytes) -> str | None:
        match = _INSTANCE.fullmatch(prefix.decode("utf-8", "replace"))
        if match is None:
            return None
        _remember(self._instances, prefix, match["instance"])
        return match["instance"]

    def _take_apart(self, line: bytes, offset: int, length: int, number: int) -> bool:
        """A line whose head has not the usual form; the layout says whether it is one at all."""
        parts = self._reader.oslo_parts(line.decode("utf-8").rstrip("\r"))
        if parts is None:
            return False
        date, time, fraction, pid, level, logger, context, instance, message = parts
        ids = identity(context, USER_FIRST) if context else _NO_IDS
        if (ids[0] is None and level in _INHERITS) or (pid is None and date >= _DEVSTACK_SINCE):
            return False
        head = _Head(None if pid is None else int(pid), level, logger, self._evidence.service, ids)
        when_us = self._clock.at(date, time, fraction)
        raw = message.encode()
        found = self._meanings.get(raw) or self._meaning(raw)
        return self._keep(head, instance, found, when_us, (offset, length, number))

    def _keep(
        self, head: _Head, instance: str | None, found: _Meaning, when_us: int | None, place: tuple[int, int, int]
    ) -> bool:
        if found.odd:
            return False
        if self._evidence.service is None:
            self._reader.count_service(head.service)
        if found.kind is None or not head.known:
            return True
        if found.releases:
            self._reader.coverage.wordings.setdefault(found.releases, (place[2], found.kind))
        folding = self._sieve.folding
        if not (found.always or self._sieve.admits(found.kind, head.ids[0], found.values, place[0])):
            return True
        if found.said < 0:
            found.said = folding.said(found.values)
        named = instance or found.named
        lines = head.lines.get(named)
        if lines is None:
            lines = head.lines[named] = folding.lines_of(
                Context(self._evidence.node, head.service, head.pid, *head.ids, named)
            )
        kind = folding.kind(found.kind, head.level)
        if found.always:
            found.numbers[head.level] = kind
        lines.append(Line(kind, when_us, found.said, False, *place))
        return True

    def _meaning(self, message: bytes) -> _Meaning:
        """What the catalogue says of a message; most are remembered."""
        found = _Meaning(self._understood.sense(message, self._sieve))
        if len(message) <= _REMEMBERED_BYTES:
            _remember(self._meanings, message, found)
        return found


def _remember(known: dict[bytes, _Known], name: bytes, what: _Known) -> None:
    if len(known) > _REMEMBERED:
        known.clear()
    known[name] = what


@cache
def _milliseconds() -> dict[bytes, int]:
    """Microseconds by what stands in a stamp behind the point, with the blank after it."""
    return {b"%03d " % number: number * 1000 for number in range(1000)}
