r"""Reads blocks of bytes and looks closely only where an anchor of the catalogue stands.

A block holds whole records. Where every line of it begins with the stamp of its first line and has one level word,
each line is a record: it is counted, not read, unless an anchor is in it. Everything else (continuation lines, blank
lines, other layouts, damaged text) goes to the reader that takes each line apart, so both ways give the same events
and the same account; tests hold one against the other. One thing is not seen: in one block, a line with a stamp and no
level beside a line with a second level word in its text; the first is then counted as understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain

from stringzilla import count, find_first_of

from novatrace.model.activity import MINUTE_US
from novatrace.model.event import Event
from novatrace.model.evidence import Evidence
from novatrace.parsing.activity import minutes_between
from novatrace.parsing.anchors import Anchors
from novatrace.parsing.events import MessageMatcher, events_of
from novatrace.parsing.followers import Followers
from novatrace.parsing.lines import LINE_CAP_BYTES, physical_lines
from novatrace.parsing.one_liners import OneLiners
from novatrace.parsing.record import Record
from novatrace.parsing.records import INHERIT_WITHIN_BYTES, RecordReader
from novatrace.parsing.repetitions import Repetitions

_STAMP = re.compile(rb"\d{4}-\d\d-\d\d[ T]|[A-Z][a-z]{2} [ \d]\d (?=\d\d:\d\d:\d\d)")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "TRACE", "AUDIT", "CRITICAL", "WARN")
_USUAL = 4
_DISTURBING = b"\0\x1b"  # what stands inside stamps and level words when a log is torn or coloured
_LEVEL_WORDS = {level: f" {level} ".encode() for level in _LEVELS}


class BlockScanner:
    """Scans one input, or one range of it, that starts at a record.

    Args:
        evidence: the input.
        matcher: the catalogue over text.
        anchors: the catalogue over bytes.
        reader: takes lines apart, and has the account.
        followers: shown every event; knows which lines would be dropped.
        before: what stands before the range, for records that belong to one there.
    """

    def __init__(
        self,
        evidence: Evidence,
        matcher: MessageMatcher,
        anchors: Anchors,
        reader: RecordReader,
        followers: Followers,
        *,
        before: bytes = b"",
    ) -> None:
        self.reader = reader
        reader.find_head = self._head
        self._coverage = reader.coverage
        self._evidence = evidence
        self._matcher = matcher
        self._anchors = anchors
        self._one_liners = OneLiners(evidence, matcher, reader)
        self._repetitions = Repetitions()
        self._followers = followers
        self._before = before
        self._data = b""
        self._base = 0
        self._line_no = 1

    def events(self, chunks: Iterable[bytes], *, offset: int = 0) -> Iterator[Event]:
        """The events of a stream that begins at ``offset`` of the input."""
        chunks = iter(chunks)
        carry, self._base = b"", offset
        self._led()
        for chunk in chunks:
            held = carry + chunk if carry else chunk
            cut = self._last_record(held)
            if cut <= 0:
                if len(held) > 2 * LINE_CAP_BYTES:
                    yield from self._slow(chain([held], chunks))
                    return
                carry = held
                continue
            carry = held[cut:]
            yield from self._block(held[:cut])
        if carry:
            yield from self._block(carry)

    def _last_record(self, data: bytes) -> int:
        """Where the last record begins: a block ends before it, because its continuation may be in the next one."""
        end = len(data)
        while (start := data.rfind(b"\n", 0, end) + 1) > 0:
            if _STAMP.match(data, start) and self._readable(data, start):
                return start
            end = start - 1
        return 0

    def _block(self, data: bytes) -> Iterator[Event]:
        self._data = data
        total = count(data, b"\n") + (not data.endswith(b"\n"))
        stamp = _STAMP.match(data)
        if stamp is None or not (data.isascii() or _utf8(data)) or find_first_of(data, _DISTURBING) >= 0:
            yield from self._slow([data])
        else:
            yield from self._stamped(data, stamp[0], total)
        self._before = (self._before + data)[-2 * INHERIT_WITHIN_BYTES :]
        self._base += len(data)

    def _stamped(self, data: bytes, prefix: bytes, total: int) -> Iterator[Event]:
        """A block whose first line has a stamp: spans of one-line records, and what stands between them."""
        levels = _levels(data, total)
        heads = 1 + count(data, b"\n" + prefix)
        if heads == total and sum(levels.values()) == total:
            yield from self._span(data, 0, len(data), levels, total)
            return
        yield from self._mixed(data, prefix)

    def _mixed(self, data: bytes, prefix: bytes) -> Iterator[Event]:
        start, size = 0, len(data)
        while start < size:
            found = _odd(prefix).search(data, start)
            if found is None:
                yield from self._even(data, start, size)
                return
            if self._readable(data, found.start() + 1):  # another day, or another layout
                yield from self._even(data, start, found.start() + 1)
                start = found.start() + 1
                if (stamp := _STAMP.match(data, start)) is None:
                    yield from self._slow([data[start:]], offset=start)
                    return
                prefix = stamp[0]
                continue
            head, end = self._around(data, start, found, prefix)
            if head > start:
                yield from self._even(data, start, head)
            yield from self._slow([data[head:end]], offset=head)
            start = end

    def _around(self, data: bytes, start: int, found: re.Match[bytes], prefix: bytes) -> tuple[int, int]:
        """The record that an odd line belongs to, and where the next record begins."""
        head = data.rfind(b"\n", start, found.start()) + 1 or start
        while head > start and not self._readable(data, head):
            head = data.rfind(b"\n", start, head - 1) + 1 or start
        end = data.find(b"\n" + prefix, found.end()) + 1 or len(data)
        while end < len(data) and not self._readable(data, end):
            end = data.find(b"\n" + prefix, end) + 1 or len(data)
        return head, end

    def _readable(self, data: bytes, start: int) -> bool:
        return self.reader.begins(data[start : _end(data, start)])

    def _even(self, data: bytes, start: int, end: int) -> Iterator[Event]:
        part = data[start:end]
        total = count(part, b"\n") + (not part.endswith(b"\n"))
        levels = _levels(part, total)
        if sum(levels.values()) == total:
            yield from self._span(data, start, end, levels, total)
        else:
            yield from self._slow([part], offset=start)

    def _slow(self, chunks: Iterable[bytes], *, offset: int = 0) -> Iterator[Event]:
        """Line by line; numbers and offsets go on from where the block stands."""
        total = self._coverage.lines.total
        lines = physical_lines(chunks, offset=self._base + offset, number=self._line_no)
        yield from events_of(self.reader.records(lines), self._evidence, self._matcher, self._coverage)
        self._line_no += self._coverage.lines.total - total

    def _span(self, data: bytes, start: int, end: int, levels: dict[str, int], total: int) -> Iterator[Event]:
        """One-line records: counted as a whole; read where an anchor stands."""
        first = self._single(start, self._line_no)
        last_start = data.rfind(b"\n", start, end - 1) + 1 or start
        last = self._single(last_start, self._line_no + total - 1)
        if (
            first is None
            or last is None
            or not first.layout == last.layout == "oslo"
            or _longest(data, start, end) > LINE_CAP_BYTES
        ):
            yield from self._slow([data[start:end]], offset=start)
            return
        self.reader.count_span(first, last, levels, total, end - start)
        self._count_minutes(data, (start, first.when_us), (last_start, last.when_us))
        part = data if start == 0 and end == len(data) else data[start:end]
        yield from self._hits(part, start)
        self._line_no += total

    def _count_minutes(self, data: bytes, first: tuple[int, int | None], last: tuple[int, int | None]) -> None:
        if first[1] is not None and last[1] is not None and last[1] - first[1] > MINUTE_US:
            early, late = (first[0], first[1] // MINUTE_US), (last[0], last[1] // MINUTE_US)
            self.reader.minutes.update(minutes_between(data, early, late, self.reader.clock.at))

    def _hits(self, part: bytes, start: int) -> Iterator[Event]:
        line_end, number, counted = -1, self._line_no, 0
        base = self._base + start
        for anchor, at, _ in self._anchors.find(part):
            if at < line_end:
                continue
            begin, end = part.rfind(b"\n", 0, at) + 1, _end(part, at)
            line = part[begin:end]
            wanted = self._wanted(anchor, line, base + begin)
            if wanted is None:
                continue
            line_end = end
            if not wanted:
                continue
            number += count(part, b"\n", counted, begin)
            counted = begin
            event = self._one_liners.event(line, base + begin, end - begin + (end < len(part)), number)
            if isinstance(event, Event):
                yield event
            elif event is not None:
                yield from self._long_way(part, begin, line, start, number)

    def _long_way(self, part: bytes, begin: int, line: bytes, start: int, number: int) -> Iterator[Event]:
        record = self._record(part, begin, line, start, number)
        if record is not None:
            self.reader.count_service(record.service)
            yield from events_of([self.reader.adopted(record)], self._evidence, self._matcher, self._coverage)

    def _led(self) -> None:
        """Lets the followers know what leads them from before the range."""
        at = self._before.find(b"\n") + 1 if self._base > len(self._before) else 0
        while at < len(self._before):
            line = self._before[at : _end(self._before, at)]
            if any(hint in line for hint in self._followers.leading_hints):
                record = self.reader.single(line, self._base - len(self._before) + at, 0, len(line))
                for event in events_of([record] if record else [], self._evidence, self._matcher):
                    self._followers.keeps(event)
            at += len(line) + 1

    def _wanted(self, anchor: int, line: bytes, offset: int) -> bool | None:
        """True: read the line. False: it says nothing new. None: this anchor means nothing here."""
        for hint, rule in self._anchors.meanings[anchor].hints:
            at = line.find(hint)
            if at >= 0:
                if self._followers.in_vain(hint, line, offset):
                    return None
                return rule is None or not self._repetitions.again(rule, hint, line[at:])
        return None

    def _single(self, start: int, number: int) -> Record | None:
        return self._record(self._data, start, self._data[start : _end(self._data, start)], 0, number)

    def _record(self, part: bytes, begin: int, line: bytes, start: int, number: int) -> Record | None:
        length = len(line) + (begin + len(line) < len(part))
        return self.reader.single(line, self._base + start + begin, number, length)

    def _head(self, record: Record) -> Record | None:
        """The record before this one, of the same logger and process, that has ids; looked for backwards."""
        if not record.logger:
            return None
        text = self._before + self._data[: record.offset - self._base]
        offset, needle, end = record.offset - len(text), record.logger.encode(), len(text)
        while (at := text.rfind(needle, max(0, len(text) - INHERIT_WITHIN_BYTES), end)) >= 0:
            end = text.rfind(b"\n", 0, at) + 1
            head = self.reader.single(text[end : _end(text, at)], offset + end, 0, 0)
            if head is not None and head.request_id and (head.logger, head.pid) == (record.logger, record.pid):
                return head
        return None


@cache
def _odd(prefix: bytes) -> re.Pattern[bytes]:
    """The end of a line after which a line follows that does not begin like the others."""
    return re.compile(rb"\n(?!" + re.escape(prefix) + rb")(?=.)", re.DOTALL)


def _end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end


def _utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _levels(data: bytes, total: int) -> dict[str, int]:
    """How often each level word stands in the text; rare ones are looked for only where the usual ones are too few."""
    found = {level: count(data, _LEVEL_WORDS[level]) for level in _LEVELS[:_USUAL]}
    if sum(found.values()) < total:
        found |= {level: count(data, _LEVEL_WORDS[level]) for level in _LEVELS[_USUAL:]}
    return {level: number for level, number in found.items() if number}


def _longest(data: bytes, start: int, end: int) -> int:
    """0 unless the span is long enough to hold a line beyond the cap."""
    if end - start <= LINE_CAP_BYTES:
        return 0
    return max(map(len, data[start:end].split(b"\n")))
