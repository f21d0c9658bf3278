r"""Reads blocks of bytes and looks closely only where an anchor of the catalogue stands.

A block holds whole records. Where every line of it begins with the stamp of its first line and has one level word,
each line is a record: it is counted, not read, unless an anchor is in it. Everything else (continuation lines, blank
lines, other layouts, damaged text) goes to the reader that takes each line apart, so both ways give the same events
and the same account; tests hold one against the other. Two things are not seen, and are counted as understood: in one
block, a line with a stamp and no level beside a line with a second level word in its text; and a line with a stamp and a
level that is of no layout all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain

from stringzilla import count

from novatrace.model.activity import MINUTE_US
from novatrace.model.evidence import Evidence
from novatrace.parsing.activity import minutes_between
from novatrace.parsing.anchors import Anchors, Meaning
from novatrace.parsing.events import events_of
from novatrace.parsing.lines import LINE_CAP_BYTES, physical_lines
from novatrace.parsing.one_liners import OneLiners, Understood
from novatrace.parsing.record import Record
from novatrace.parsing.records import INHERIT_WITHIN_BYTES, Edge, RecordReader
from novatrace.parsing.repetitions import Repetitions
from novatrace.parsing.sieve import Sieve
from novatrace.parsing.text_blocks import levels_in, longest_line, undisturbed

_STAMP = re.compile(rb"\d{4}-\d\d-\d\d[ T]|[A-Z][a-z]{2} [ \d]\d (?=\d\d:\d\d:\d\d)")
_LF = ord("\n")
# Twice as far as a record may stand from the one that it belongs to, so that the line of that one is whole.
_BEHIND_BYTES = 2 * INHERIT_WITHIN_BYTES
_AGAIN_FROM_BYTES = 1 << 16
Again = Callable[[bytes], bool]


class BlockScanner:
    """Scans one input, or one range of it, that starts at a record.

    Args:
        evidence: the input.
        understood: the catalogue over text.
        anchors: the catalogue over bytes.
        reader: takes lines apart, and has the account.
        sieve: shown every event.
        before: what stands before the range, for records that belong to one there.
    """

    def __init__(
        self,
        evidence: Evidence,
        understood: Understood,
        anchors: Anchors,
        reader: RecordReader,
        sieve: Sieve,
        *,
        before: bytes = b"",
    ) -> None:
        self.reader = reader
        reader.find_head = self._head
        self._coverage = reader.coverage
        self._evidence = evidence
        self._matcher = understood.matcher
        self._anchors = anchors
        self._one_liners = OneLiners(evidence, understood, reader, sieve)
        self._repetitions = Repetitions()
        self._sieve = sieve
        self._past = [(before, 0, len(before))]
        self._data, self._start = b"", 0
        self._base = self._at = 0
        self._line_no = 1

    def scan(self, chunks: Iterable[bytes], *, offset: int = 0, again: Again | None = None) -> None:
        """Reads a stream that begins at ``offset`` of the input.

        A chunk is read where it lies; only what stands on both sides of a border between chunks is put together, unless the
        end of a chunk can be given back, to come once more with the next one: ``again`` does that, and tells whether it could.
        """
        chunks = iter(chunks)
        carry, self._at = b"", offset
        self._led(offset)
        for chunk in chunks:
            held, start = chunk, self._first_record(chunk) if carry and len(chunk) > 2 * len(carry) else 0
            if start > 0:
                self._block(carry + chunk[:start], 0, len(carry) + start)
            elif carry:
                held = carry + chunk
            cut = self._last_record(held, start)
            if cut <= start and len(held) - start > 2 * LINE_CAP_BYTES:
                self._base = self._at
                self._slow(chain([held[start:]], chunks))
                return
            if cut > start:
                self._block(held, start, cut)
                start = cut
            carry = held[start:]
            # Not of a short chunk: there may be no further one, or it was looked at before.
            if _AGAIN_FROM_BYTES < len(chunk) > 2 * len(carry) and again is not None and again(carry):
                carry = b""
        if carry:
            self._block(carry, 0, len(carry))

    def _first_record(self, data: bytes) -> int:
        """Where the first record begins that follows an end of line, or 0."""
        start = data.find(b"\n") + 1
        while start > 0 and not (_STAMP.match(data, start) and self._readable(data, start)):
            start = data.find(b"\n", start) + 1
        return start

    def _last_record(self, data: bytes, first: int) -> int:
        """Where the last record begins: a block ends before it, because its continuation may be in the next one."""
        end = len(data)
        while (start := data.rfind(b"\n", first, end) + 1) > 0:
            if _STAMP.match(data, start) and self._readable(data, start):
                return start
            end = start - 1
        return 0

    def _block(self, data: bytes, start: int, end: int) -> None:
        self._data, self._start, self._base = data, start, self._at - start
        total = count(data, b"\n", start, end) + (data[end - 1] != _LF)
        stamp = _STAMP.match(data, start)
        if stamp is None or not undisturbed(data, start, end):
            self._slow([data[start:end]], offset=start)
        else:
            self._stamped((start, end), stamp[0], total)
        self._at += end - start
        self._past = [(data, start, end)] if end - start > _BEHIND_BYTES else [*self._past, (data, start, end)]

    def _stamped(self, span: tuple[int, int], prefix: bytes, total: int) -> None:
        """A block whose first line has a stamp: spans of one-line records, and what stands between them."""
        levels = levels_in(self._data, span, total)
        if 1 + count(self._data, b"\n" + prefix, *span) == total and sum(levels.values()) == total:
            self._span(span, levels, total)
        else:
            self._mixed(span, prefix)

    def _mixed(self, span: tuple[int, int], prefix: bytes) -> None:
        data, (start, stop) = self._data, span
        while start < stop:
            found = _odd(prefix).search(data, start, stop)
            if found is None:
                self._even((start, stop))
                return
            if self._readable(data, found.end()):  # another day, or another layout
                self._even((start, found.end()))
                start = found.end()
                if (stamp := _STAMP.match(data, start)) is None:
                    self._slow([data[start:stop]], offset=start)
                    return
                prefix = stamp[0]
                continue
            head, end = self._around(start, stop, found, prefix)
            if head > start:
                self._even((start, head))
            self._slow([data[head:end]], offset=head)
            start = end

    def _around(self, start: int, stop: int, found: re.Match[bytes], prefix: bytes) -> tuple[int, int]:
        """The record that an odd line belongs to, and where the next record begins."""
        data = self._data
        head = data.rfind(b"\n", start, found.start()) + 1 or start
        while head > start and not self._readable(data, head):
            head = data.rfind(b"\n", start, head - 1) + 1 or start
        end = data.find(b"\n" + prefix, found.end(), stop) + 1 or stop
        while end < stop and not self._readable(data, end):
            end = data.find(b"\n" + prefix, end, stop) + 1 or stop
        return head, end

    def _readable(self, data: bytes, start: int) -> bool:
        return self.reader.begins(data[start : _end(data, start)])

    def _even(self, span: tuple[int, int]) -> None:
        data, (start, end) = self._data, span
        total = count(data, b"\n", start, end) + (data[end - 1] != _LF)
        levels = levels_in(data, span, total)
        if sum(levels.values()) == total:
            self._span(span, levels, total)
        else:
            self._slow([data[start:end]], offset=start)

    def _slow(self, chunks: Iterable[bytes], *, offset: int = 0) -> None:
        """Line by line; numbers and offsets go on from where the block stands."""
        total = self._coverage.lines.total
        lines = physical_lines(chunks, offset=self._base + offset, number=self._line_no)
        for event in events_of(
            self.reader.records(lines), self._evidence, self._matcher, self.reader.whose, self._coverage
        ):
            self._sieve.take(event)
        self._line_no += self._coverage.lines.total - total

    def _span(self, span: tuple[int, int], levels: dict[str, int], total: int) -> None:
        """One-line records: counted as a whole; read where an anchor stands."""
        data, (start, end) = self._data, span
        last_start = data.rfind(b"\n", start, end - 1) + 1 or start
        first, last = self._edge(start, end), self._edge(last_start, end)
        if first is None or last is None or longest_line(data, start, end) > LINE_CAP_BYTES:
            self._slow([data[start:end]], offset=start)
            return
        self.reader.count_span(first, last, levels, total, end - start)
        self._count_minutes((start, first[0]), (last_start, last[0]))
        self._hits(start, end)
        self._line_no += total

    def _count_minutes(self, first: tuple[int, int | None], last: tuple[int, int | None]) -> None:
        if first[1] is not None and last[1] is not None and last[1] - first[1] > MINUTE_US:
            early, late = (first[0], first[1] // MINUTE_US), (last[0], last[1] // MINUTE_US)
            self.reader.minutes.update(minutes_between(self._data, early, late, self.reader.clock.at))

    def _hits(self, start: int, stop: int) -> None:
        data, base, meanings = self._data, self._base, self._anchors.meanings
        take, usual = self._one_liners.take, self.reader.usual
        again, said = self._repetitions.again, self._repetitions.said
        line_end, number, counted, after = -1, self._line_no, start, start
        for anchor, at, _ in self._anchors.find(memoryview(data)[start:stop]):
            at += start  # noqa: PLW2901 - from the beginning of the data
            if at < line_end:
                continue
            end = data.find(b"\n", at, stop)
            if end < 0:
                end = stop
            meaning = meanings[anchor]
            periodic = meaning.periodic
            if periodic is not None and data.startswith(periodic[0], at - periodic[2]):
                line_end, text = end, data[at - periodic[2] : end]
                if text in said or again(periodic[1], periodic[0], text):
                    continue
                begin = data.rfind(b"\n", start, at) + 1 or start
            else:
                begin = data.rfind(b"\n", start, at) + 1 or start
                wanted = self._wanted(meaning, begin, end)
                if wanted is None:
                    continue
                line_end = end
                if not wanted:
                    continue
            number += 1 if begin == after > start else count(data, b"\n", counted, begin)
            counted, after = begin, end + 1
            line, length = data[begin:end], end - begin + (end < stop)
            if not (usual and take(line, base + begin, length, number)):
                self._long_way(line, base + begin, length, number)
                usual = self.reader.usual

    def _long_way(self, line: bytes, offset: int, length: int, number: int) -> None:
        record = self.reader.single(line, offset, number, length)
        if record is not None:
            self.reader.count_service(record.service)
            for event in events_of(
                [self.reader.adopted(record)], self._evidence, self._matcher, self.reader.whose, self._coverage
            ):
                self._sieve.take(event)

    def _led(self, offset: int) -> None:
        """Lets the followers know what leads them from before the range, which begins at an offset."""
        before, followers = self._past[0][0], self._sieve.followers
        at = before.find(b"\n") + 1 if offset > len(before) else 0
        while at < len(before):
            line = before[at : _end(before, at)]
            if any(hint in line for hint in followers.leading_hints):
                record = self.reader.single(line, offset - len(before) + at, 0, len(line))
                for event in events_of([record] if record else [], self._evidence, self._matcher, self.reader.whose):
                    followers.keeps(event.kind, event.request_id, event.provenance.byte_offset)
            at += len(line) + 1

    def _wanted(self, meaning: Meaning, begin: int, end: int) -> bool | None:
        """True: read the line. False: it says nothing new. None: this anchor means nothing here."""
        find = self._data.find
        for text in meaning.plain:
            if find(text, begin, end) >= 0:
                return True
        if meaning.plain:
            return None
        for hint in meaning.hints:
            at = find(hint.text, begin, end)
            if at >= 0:
                if hint.follows and self._sieve.followers.in_vain(self._data[begin:end], self._base + begin):
                    return None
                return hint.rule is None or not self._repetitions.again(hint.rule, hint.text, self._data[at:end])
        return None

    def _edge(self, begin: int, stop: int) -> Edge | None:
        end = self._data.find(b"\n", begin, stop)
        return self.reader.edge(self._data[begin : stop if end < 0 else end])

    def _head(self, record: Record) -> Record | None:
        """The record before this one, of the same logger and process, that has ids; looked for backwards."""
        if not record.logger:
            return None
        text = self._behind(record.offset)
        offset, needle, end = record.offset - len(text), record.logger.encode(), len(text)
        while (at := text.rfind(needle, max(0, len(text) - INHERIT_WITHIN_BYTES), end)) >= 0:
            end = text.rfind(b"\n", 0, at) + 1
            heads = self.reader.those_of(text[end : _end(text, at)], offset + end, 0, 0)
            for head in reversed(list(heads)):
                if head.request_id and (head.logger, head.pid) == (record.logger, record.pid):
                    return head
        return None

    def _behind(self, offset: int) -> bytes:
        """As much of what stands before an offset as records may belong to."""
        text = b""
        for data, start, end in ((self._data, self._start, offset - self._base), *reversed(self._past)):
            text = data[max(start, end - (_BEHIND_BYTES - len(text))) : end] + text
            if len(text) >= _BEHIND_BYTES:
                break
        return text


@cache
def _odd(prefix: bytes) -> re.Pattern[bytes]:
    """The end of a line after which a line follows that does not begin like the others."""
    return re.compile(rb"\n(?!" + re.escape(prefix) + rb")(?=.)", re.DOTALL)


def _end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end
