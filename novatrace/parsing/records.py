r"""From physical lines to records: header fields, ids, message, and the lines that belong to it.

A record is one header line with the lines after it that have none: tracebacks, multi-line messages (joined with
``\n``), and what a terminal broke off (joined with nothing). Every physical line is put into the ledger exactly once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from novatrace.model.evidence import SAMPLES_KEPT, Coverage
from novatrace.parsing.context import identity, service_of
from novatrace.parsing.layouts import USER_FIRST, LayoutReader, Line, OsloParts
from novatrace.parsing.lines import PhysicalLine, looks_dated
from novatrace.parsing.timestamps import Clock

MESSAGE_CAP_CHARS = 1 << 18
_SUFFIX_REACH = 400
INHERIT_WITHIN_BYTES = 1 << 16
_INHERIT_WITHIN_US = 2_000_000
_SUFFIX = re.compile(
    r"\s(?:\{\{\(?(?:pid=\d+\) )?[^{}\n]+? \S+:\d+\}\}|(?:from \(pid=\d+\) )?[\w.<>]+ /?\S*\.pyc?:\d+)\s*$"
)
_IGNORED = re.compile(rb"\s*$|-- (?:Logs begin|Journal begins|Boot|Reboot|No entries)|==> .* <==$")
_NO_IDS = (None, None, None, None)
_OWN_ID = re.compile(r"\[req-[0-9a-f-]{36}\] ")


class Record(Struct, gc=False):
    """One log record. ``message`` has no header, no instance prefix and no DEBUG suffix."""

    layout: str
    when_us: int | None
    node: str | None
    service: str | None
    pid: int | None
    level: str
    logger: str
    request_id: str | None
    global_request_id: str | None
    user_id: str | None
    project_id: str | None
    instance_uuid: str | None
    message: str
    line_no: int
    offset: int
    length: int
    inherited: bool = False
    traceback: tuple[str, ...] = ()


@dataclass(slots=True)
class _Open:
    """A record that may still grow."""

    line: Line
    physical: PhysicalLine
    length: int
    more: list[str] = field(default_factory=list)
    more_chars: int = 0


class RecordReader:
    """Turns the lines of one input into records and keeps the input's account.

    Args:
        coverage: the account to fill.
        clock: reads the stamps.
        service: service named by the file name, or None.
        wrap_width: width at which a terminal broke the records, or None.
        find_head: finds the record that one without ids belongs to, for a caller that does not show every line.
    """

    def __init__(
        self,
        coverage: Coverage,
        clock: Clock,
        *,
        service: str | None,
        wrap_width: int | None = None,
        find_head: Callable[[Record], Record | None] | None = None,
    ) -> None:
        self.coverage = coverage
        self.invalid_utf8_lines = 0
        self._clock = clock
        self._service = service
        self._width = wrap_width
        self._layouts = LayoutReader()
        self._last: dict[tuple[str, int | None], Record] = {}
        self._find_head = find_head or (lambda record: self._last.get((record.logger, record.pid)))

    def records(self, lines: Iterable[PhysicalLine]) -> Iterator[Record]:
        """All records, in file order."""
        open_record: _Open | None = None
        ledger = self.coverage.lines
        for physical, broken_off in self._unwrapped(lines):
            text = self._decoded(physical.text, physical.number)
            line = None if physical.too_long else self._layouts.read(text)
            if line is not None:
                if open_record is not None:
                    yield self._closed(open_record)
                ledger.parsed += 1
                open_record = _Open(line, physical, physical.length)
            elif physical.too_long:
                ledger.too_long += 1
            elif _IGNORED.match(physical.text):
                ledger.ignored += 1
            elif open_record is None or looks_dated(physical.text):
                self._not_understood(physical, text)
            else:
                ledger.continuation += 1
                _grow(open_record, text, physical)
            ledger.continuation += broken_off
        if open_record is not None:
            yield self._closed(open_record)

    def _unwrapped(self, lines: Iterable[PhysicalLine]) -> Iterator[tuple[PhysicalLine, int]]:
        """Lines with what a terminal broke off put back, and how many physical lines that took."""
        ledger = self.coverage.lines
        held: PhysicalLine | None = None
        broken, joined = False, 0
        for line in lines:
            ledger.total += 1
            self.coverage.bytes_decoded += line.length
            if self._width is None:
                yield line, 0
                continue
            if held is not None and broken and not looks_dated(line.text):
                held = PhysicalLine(
                    held.text.rstrip(b"\r") + line.text.rstrip(b"\r"),
                    held.offset,
                    held.number,
                    held.length + line.length,
                )
                joined += 1
            else:
                if held is not None:
                    yield held, joined
                held, joined = line, 0
                broken = len(line.text.rstrip(b"\r")) == self._width
        if held is not None:
            yield held, joined

    def _decoded(self, line: bytes, number: int) -> str:
        raw = line.rstrip(b"\r")
        if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
            raw = raw[3:]
        if b"\0" in raw:
            raw = raw.replace(b"\0", b"")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            self.invalid_utf8_lines += 1
            return raw.decode("utf-8", "backslashreplace")

    def _not_understood(self, physical: PhysicalLine, text: str) -> None:
        self.coverage.lines.unparsed += 1
        if len(self.coverage.samples) < SAMPLES_KEPT:
            self.coverage.samples.append((physical.number, text[:200]))

    def _closed(self, opened: _Open) -> Record:
        record = self._record(opened)
        self._count(record)
        if record.request_id is not None:
            self._last[record.logger, record.pid] = record
        return self.adopted(record)

    def adopted(self, record: Record) -> Record:
        """A record without ids that belongs to the one before it (traceback lines carry no bracket), with its ids."""
        if record.request_id is not None or record.level not in ("ERROR", "TRACE"):
            return record
        return _inherited(record, self._find_head(record))

    def single(self, raw: bytes, offset: int, number: int, length: int) -> Record | None:
        """The record of one line that has no continuation, or None when no layout fits; it is not counted."""
        text = self._decoded(raw, number)
        parts = self._layouts.oslo_parts(text)
        if parts is not None:
            return self._of_parts(parts, offset, number, length)
        line = self._layouts.read(text)
        if line is None:
            return None
        return self._record(_Open(line, PhysicalLine(raw, offset, number, length), length))

    def _of_parts(self, parts: OsloParts, offset: int, number: int, length: int) -> Record:
        """The same as ``_record`` for the commonest layout, without the dicts in between."""
        date, time, fraction, pid, level, logger, context, instance, message = parts
        request_id, global_id, user, project = identity(context, USER_FIRST) if context else _NO_IDS
        if "[req-" in message[:5]:
            message = _OWN_ID.sub("", message, count=1)
        return Record(
            layout="oslo",
            when_us=self._clock.at(date, time, fraction),
            node=None,
            service=self._service or service_of(logger),
            pid=None if pid is None else int(pid),
            level=level,
            logger=logger,
            request_id=request_id,
            global_request_id=global_id,
            user_id=user,
            project_id=project,
            instance_uuid=instance,
            message=without_suffix(message),
            line_no=number,
            offset=offset,
            length=length,
        )

    def _record(self, opened: _Open) -> Record:
        fields = opened.line.fields
        request_id, global_id, user, project = _ids(opened.line)
        logger = str(fields.get("logger", ""))
        message = "\n".join([str(fields.get("message", "")), *opened.more])
        if "[req-" in message[:5]:
            message = _OWN_ID.sub("", message, count=1)
        return Record(
            layout=opened.line.layout,
            when_us=self._clock.when_us(fields),
            node=fields.get("host"),
            service=opened.line.service or self._service or service_of(logger),
            pid=_pid(fields.get("pid")),
            level=str(fields.get("level", "")),
            logger=logger,
            request_id=request_id,
            global_request_id=global_id,
            user_id=user,
            project_id=project,
            instance_uuid=_instance(fields.get("instance")),
            message=without_suffix(message),
            line_no=opened.physical.number,
            offset=opened.physical.offset,
            length=opened.length,
            traceback=_traceback(fields.get("traceback")),
        )

    def count_span(self, first: Record, last: Record, levels: dict[str, int], lines: int, length: int) -> None:
        """Counts one-line records of one layout that are not read one by one, from the first to the last of them."""
        coverage = self.coverage
        coverage.lines.total += lines
        coverage.lines.parsed += lines
        coverage.bytes_decoded += length
        coverage.layouts[first.layout] = coverage.layouts.get(first.layout, 0) + lines
        for level, number in levels.items():
            coverage.levels[level] = coverage.levels.get(level, 0) + number
        for record in (first, last):
            self._count_time(record.when_us)
            self.count_service(record)
        if self._service is not None:
            coverage.services[self._service] = coverage.services.get(self._service, 0) + lines

    def count_service(self, record: Record) -> None:
        """Where the file's name does not tell the service, those of the records that are read stand for all."""
        if self._service is None and record.service:
            services = self.coverage.services
            services[record.service] = services.get(record.service, 0) + 1

    def _count(self, record: Record) -> None:
        coverage = self.coverage
        coverage.layouts[record.layout] = coverage.layouts.get(record.layout, 0) + 1
        coverage.levels[record.level or "-"] = coverage.levels.get(record.level or "-", 0) + 1
        if record.service:
            coverage.services[record.service] = coverage.services.get(record.service, 0) + 1
        self._count_time(record.when_us)

    def _count_time(self, when: int | None) -> None:
        coverage = self.coverage
        if when is not None:
            coverage.first_us = when if coverage.first_us is None else min(coverage.first_us, when)
            coverage.last_us = when if coverage.last_us is None else max(coverage.last_us, when)


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


def without_suffix(message: str) -> str:
    """The message without oslo.log's DEBUG suffix (function, file and line) of any era."""
    tail = message[-_SUFFIX_REACH:].rstrip()
    blank = tail.rfind(" ")
    place = tail[blank + 1 :]
    if place.endswith("}}"):
        start = message.rfind(" {{")
    elif ".py" in place and place[-1].isdigit():
        start = len(message) - len(message[-_SUFFIX_REACH:]) + tail.rfind(" ", 0, blank)
    else:
        return message
    match = _SUFFIX.match(message, start) if start >= 0 else None
    if match is None or message[:start].endswith(")"):
        match = _SUFFIX.search(message, max(0, len(message) - _SUFFIX_REACH))
    return message if match is None else message[: match.start()]


def _grow(opened: _Open, text: str, physical: PhysicalLine) -> None:
    if opened.more_chars < MESSAGE_CAP_CHARS:
        opened.more.append(text)
        opened.more_chars += len(text) + 1
    opened.length = physical.offset + physical.length - opened.physical.offset


def _ids(line: Line) -> tuple[str | None, str | None, str | None, str | None]:
    fields = line.fields
    if "context" in fields:
        return identity(fields["context"], line.identity)
    text: Callable[[str], str | None] = lambda key: str(fields[key]) if fields.get(key) else None  # noqa: E731
    return text("request_id"), text("global_request_id"), text("user_id"), text("project_id")


def _pid(value: Any) -> int | None:  # noqa: ANN401 - text or number, by layout
    return int(value) if isinstance(value, (int, str)) and str(value).isdigit() else None


_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def _instance(value: Any) -> str | None:  # noqa: ANN401 - an id, or nova's whole prefix, by layout
    match = _UUID.search(value) if isinstance(value, str) else None
    return match[0] if match else None


def _traceback(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - a list or a text, by oslo.log release
    if isinstance(value, str):
        return tuple(value.splitlines())
    if isinstance(value, list):
        return tuple(line for item in value if isinstance(item, str) for line in item.splitlines())
    return ()
