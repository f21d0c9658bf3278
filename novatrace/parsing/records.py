r"""From physical lines to records: which lines belong together, and the account of every line.

A record is one header line with the lines after it that have none: tracebacks, multi-line messages (joined with
``\n``), and what a terminal or a container runtime broke off (joined with nothing). Every physical line is put into the
ledger exactly once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from novatrace.model.activity import MINUTE_US
from novatrace.model.evidence import SAMPLES_KEPT, Coverage
from novatrace.parsing.context import service_of
from novatrace.parsing.journal_export import entries
from novatrace.parsing.layout_reader import LayoutReader, Line, embedded
from novatrace.parsing.layouts import OSLO, OsloParts, compiled
from novatrace.parsing.lines import PhysicalLine, closed, looks_dated, unbroken
from novatrace.parsing.manner import Manner
from novatrace.parsing.pretty_json import documents_of
from novatrace.parsing.quoted_printable import decoded
from novatrace.parsing.record import Naming, Record, record_of
from novatrace.parsing.shapes import shape_of

MESSAGE_CAP_CHARS = 1 << 18
INHERIT_WITHIN_BYTES = 1 << 16
# How far the rest of a record may reach that begins before its file.
BEGINS_WITHIN_LINES = 1000
CUT_OFF = "cut-off-before"
Edge = tuple[int | None, str | None]
_INHERIT_WITHIN_US = 2_000_000
_TIME = re.compile(r"\d\d:\d\d:\d\d")
_LEVEL = compiled(r"\b(?:%LEVEL%)\b|\b(?:level|lvl|severity)=")
_HEADER_CHARS = 300


@dataclass(slots=True)
class _Open:
    """A record that may still grow; ``counted`` is False for a further one of the same physical line."""

    line: Line
    physical: PhysicalLine
    length: int
    counted: bool = True
    more: list[str] = field(default_factory=list)
    more_chars: int = 0


class RecordReader:
    """Turns the lines of one input into records and keeps the input's account.

    Args:
        coverage: the account to fill.
        manner: how the input is read.
        service: service named by the file name, or None.
        naming: (node, service) of a file's name that stands in a line.

    Attributes:
        find_head: finds the record that one without ids belongs to; replaced by a caller that does not show every line.
    """

    def __init__(
        self, coverage: Coverage, manner: Manner, *, service: str | None, naming: Naming | None = None
    ) -> None:
        self.coverage = coverage
        self.invalid_utf8_lines = 0
        #: Minutes, since 1970 UTC, in which there are lines.
        self.minutes: set[int] = set()
        self._manner = manner
        #: The node of a line, by its input's and the name in it.
        self.whose = manner.node
        self.clock = manner.clock
        self.clock.begin()
        self._service = service
        self._layouts = LayoutReader(first=manner.layouts, carrier=manner.carrier)
        self._naming = naming
        self._last: dict[tuple[str, int | None], Record] = {}
        self.find_head: Callable[[Record], Record | None] = lambda record: self._last.get((record.logger, record.pid))

    def records(self, lines: Iterable[PhysicalLine]) -> Iterator[Record]:
        """All records, in file order."""
        opened: _Open | None = None
        ledger = self.coverage.lines
        for physical, broken_off in self._whole(lines):
            text = self._decoded(physical.text, physical.number)
            line = None if physical.too_long else self._layouts.read(text)
            if line is not None and opened is not None and opened.line.timed and not (line.bare or line.timed):
                line = None  # beside lines with a stamp, one that has none is no record
            if not self._loose(physical, text, line, opened) and line is not None:
                if opened is not None:
                    yield self._closed(opened)
                ledger.parsed += 1
                *whole, last = embedded(line)
                for number, part in enumerate(whole):
                    yield self._closed(_Open(part, physical, physical.length, counted=number == 0))
                opened = _Open(last, physical, physical.length, counted=not whole)
            ledger.continuation += broken_off
        if opened is not None:
            yield self._closed(opened)

    def _loose(self, physical: PhysicalLine, text: str, line: Line | None, opened: _Open | None) -> bool:
        """True when a line is no record of its own; it is accounted for, and goes on the open record if it belongs to it."""
        if physical.too_long:
            self.coverage.lines.too_long += 1
            return True
        if line is not None and not line.bare:
            return False
        inner = text if line is None else line.text
        first = opened is None and physical.number <= BEGINS_WITHIN_LINES and (line is None or line.strict)
        if first and _like_a_record(text):
            first = physical.number == 1 and self._manner.carrier == OSLO  # the rest of a stamp, cut off with its head
        rule = self._layouts.rule(inner, first=first)
        if rule is None and line is not None and line.strict:
            rule = self._layouts.rule(text)
        if rule is None and first and physical.number == 1 and text[:1] not in ("{", "["):
            rule = CUT_OFF  # files begin anywhere, also in the middle of a line
        if rule is not None:
            self.coverage.lines.ignored += 1
            self.coverage.ignored[rule] = self.coverage.ignored.get(rule, 0) + 1
        elif opened is not None and _goes_on(line, opened, physical):
            self.coverage.lines.continuation += 1
            _grow(
                opened,
                text if opened.line.writer is None else inner,
                physical,
                partial=line is not None and line.partial,
            )
        elif line is None or line.strict:
            self._not_understood(physical, text)
        else:
            return False
        return True

    def _whole(self, lines: Iterable[PhysicalLine]) -> Iterator[tuple[PhysicalLine, int]]:
        """Lines with what belongs to them put together, and how many further physical lines that took."""
        counted = self._counted(lines)
        if self._manner.export:
            return entries(counted)
        if self._manner.pretty:
            return documents_of(counted)
        if self._manner.mailed:
            return decoded(counted)
        width = self._manner.wrap_width
        return closed(counted) if width is None else unbroken(counted, width)

    def _counted(self, lines: Iterable[PhysicalLine]) -> Iterator[PhysicalLine]:
        for line in lines:
            self.coverage.lines.total += 1
            self.coverage.bytes_decoded += line.length
            yield line

    def _decoded(self, line: bytes, number: int) -> str:
        """The text of a line that is counted."""
        text, valid = _text_of(line, number)
        self.invalid_utf8_lines += not valid
        self.coverage.nul_lines += b"\0" in line
        return text

    def _not_understood(self, physical: PhysicalLine, text: str) -> None:
        self.coverage.lines.unparsed += 1
        self.coverage.add_shape(shape_of(text), 1, physical.number)
        if len(self.coverage.samples) < SAMPLES_KEPT:
            self.coverage.samples.append((physical.number, text[:200]))

    def _closed(self, opened: _Open) -> Record:
        record = self._record(opened)
        if opened.counted:
            self._count(record)
        if record.request_id is not None:
            self._last[record.logger, record.pid] = record
        if opened.counted:
            return self.adopted(record)
        # What stands in one physical line belongs together, whoever looks for heads in the lines before.
        head = self._last.get((record.logger, record.pid))
        return self.adopted(record, head if head is not None and head.offset == record.offset else None)

    def adopted(self, record: Record, head: Record | None = None) -> Record:
        """A record without ids that belongs to the one before it (traceback lines carry no bracket), with its ids."""
        if record.request_id is not None or record.unasked or record.level not in ("ERROR", "TRACE"):
            return record
        return _inherited(record, head or self.find_head(record))

    def single(self, raw: bytes, offset: int, number: int, length: int) -> Record | None:
        """The record of one line that has no continuation, or None when no layout fits; it is not counted."""
        return next(self.those_of(raw, offset, number, length), None)

    def those_of(self, raw: bytes, offset: int, number: int, length: int) -> Iterator[Record]:
        """The records of one line, of which there are several where documents are packed; they are not counted."""
        line = self._layouts.read(_text_of(raw, number)[0])
        if line is not None and not line.bare:
            for part in embedded(line):
                yield self._record(_Open(part, PhysicalLine(raw, offset, number, length), length))

    def edge(self, raw: bytes) -> Edge | None:
        """The moment and the service of a line of oslo's default layout (valid UTF-8); None for any other line."""
        parts = self.oslo_parts(raw.decode("utf-8").rstrip("\r"))
        if parts is not None and parts[3] is not None:  # without a process id, it may be of another layout
            return self.clock.at(*parts[:3]), self._service or service_of(parts[5])
        record = self.single(raw, 0, 0, 0)
        return None if record is None or record.layout != OSLO else (record.when_us, record.service)

    def begins(self, raw: bytes) -> bool:
        """True when a line begins a record, whatever stands before it."""
        line = self._layouts.read(raw.decode("utf-8", "replace"))
        return line is not None and line.begins

    def oslo_parts(self, text: str) -> OsloParts | None:
        """The parts of a line of oslo's default layout, where that is the layout of the lines before it."""
        return self._layouts.oslo_parts(text)

    @property
    def usual(self) -> bool:
        """True when ``oslo_parts`` can read the next line."""
        return self._layouts.usual

    def _record(self, opened: _Open) -> Record:
        physical = opened.physical
        place = (physical.number, physical.offset, opened.length)
        return record_of(opened.line, "".join(opened.more), self.clock, self._service, self._naming, place)

    def count_span(self, first: Edge, last: Edge, levels: dict[str, int], lines: int, length: int) -> None:
        """Counts one-line records of oslo's layout that are not read one by one, from the first to the last of them."""
        coverage = self.coverage
        coverage.lines.total += lines
        coverage.lines.parsed += lines
        coverage.bytes_decoded += length
        coverage.layouts[OSLO] = coverage.layouts.get(OSLO, 0) + lines
        for level, number in levels.items():
            coverage.levels[level] = coverage.levels.get(level, 0) + number
        for when_us, service in (first, last):
            self._count_time(when_us)
            self.count_service(service)
        if self._service is not None:
            coverage.services[self._service] = coverage.services.get(self._service, 0) + lines

    def count_service(self, service: str | None) -> None:
        """Where the file's name does not tell the service, those of the records that are read stand for all."""
        if self._service is None and service:
            services = self.coverage.services
            services[service] = services.get(service, 0) + 1

    def _count(self, record: Record) -> None:
        coverage = self.coverage
        coverage.layouts[record.layout] = coverage.layouts.get(record.layout, 0) + 1
        coverage.levels[record.level or "-"] = coverage.levels.get(record.level or "-", 0) + 1
        if record.service:
            coverage.services[record.service] = coverage.services.get(record.service, 0) + 1
        if record.node:
            coverage.nodes[record.node] = coverage.nodes.get(record.node, 0) + 1
        self._count_time(record.when_us)

    def _count_time(self, when: int | None) -> None:
        coverage = self.coverage
        if when is not None:
            coverage.first_us = when if coverage.first_us is None else min(coverage.first_us, when)
            coverage.last_us = when if coverage.last_us is None else max(coverage.last_us, when)
            self.minutes.add(when // MINUTE_US)


def _like_a_record(text: str) -> bool:
    """True for what has a time and a level, though no layout knows it: nothing leaves it out."""
    return _TIME.search(text, 0, _HEADER_CHARS) is not None and _LEVEL.search(text, 0, _HEADER_CHARS) is not None


def _text_of(line: bytes, number: int) -> tuple[str, bool]:
    """The text of a line without NUL bytes and byte order mark, and whether it is valid UTF-8."""
    raw = line.rstrip(b"\r")
    if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
    if b"\0" in raw:
        raw = raw.replace(b"\0", b"")
    try:
        return raw.decode("utf-8"), True
    except UnicodeDecodeError:
        return raw.decode("utf-8", "backslashreplace"), False


def _goes_on(line: Line | None, opened: _Open, physical: PhysicalLine) -> bool:
    """True when a line without a header belongs to the record that is open."""
    if line is None or (line.strict and opened.line.writer is None):
        return not looks_dated(physical.text)
    return not opened.line.bare and opened.line.writer == line.writer


def _inherited(record: Record, head: Record | None) -> Record:
    """A traceback line with the ids of the record that it follows (same logger and process, close in time and place)."""
    if head is None or head.when_us is None or record.when_us is None:
        return record
    if not 0 <= record.when_us - head.when_us <= _INHERIT_WITHIN_US:
        return record
    if record.offset - head.offset > INHERIT_WITHIN_BYTES:
        return record
    return replace(
        record,
        request_id=head.request_id,
        global_request_id=head.global_request_id,
        user_id=head.user_id,
        project_id=head.project_id,
        instance_uuid=record.instance_uuid or head.instance_uuid,
        inherited=True,
    )


def _grow(opened: _Open, text: str, physical: PhysicalLine, *, partial: bool) -> None:
    if opened.more_chars < MESSAGE_CAP_CHARS:
        opened.more.append(text if opened.line.partial else f"\n{text}")
        opened.more_chars += len(text) + 1
    opened.line.partial = partial
    opened.length = physical.offset + physical.length - opened.physical.offset
