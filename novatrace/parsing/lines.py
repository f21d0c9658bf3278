r"""Physical lines out of byte blocks, each with its number and offset; only ``\n`` ends a line.

The count of lines is made here, apart from what becomes of them, so that the ledger can be checked.
A line longer than ``LINE_CAP_BYTES`` keeps its head; its true length is known, its memory is not spent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LINE_CAP_BYTES = 1 << 20
# QEMU's own stamps stand inside what libvirt says of it: further lines of one message.
_DATED = re.compile(
    rb"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?!\.\d+Z [\w./\-]*qemu)|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\[\d{4}-\d\d-\d\d "
)
# A line that ends inside the bracket of its ids or behind its header, and what goes on it in the next one. Mail and
# documents indent and quote what they fold, and eat the blank at which they fold.
_OPEN = re.compile(rb"\[(?:None |req-|instance:|instance: )[\w\- ]*\Z")
_HEADER = re.compile(rb"\d\d:\d\d:\d\d\S* (?:\d+ )?(?:[A-Z]{4,8})(?: [a-z_]\w*(?:\.[\w\-]+)+)? ?\Z")
_CLOSED = re.compile(rb"[\w\- ]{0,160}\]")
_FIELD = re.compile(rb"(?:[a-z_]\w*(?:\.[\w\-]+)+ )?\[(?:-\]|None |req-|instance:)")
_WHOLE_ID = re.compile(rb"(?:\A|[\s\[])(?:-|None|instance:|req-[0-9a-f-]{36}|[0-9a-f]{32})\Z")
_MARGIN = b"> \t"
_MOST_FOLDS = 5
_MIN_WRAP_WIDTH = 40
_ENOUGH_HEADS = 3


@dataclass(frozen=True, slots=True)
class PhysicalLine:
    r"""One line: its bytes without ``\n``, offset in the decoded stream, number from 1, whole length in bytes."""

    text: bytes
    offset: int
    number: int
    length: int

    @property
    def too_long(self) -> bool:
        """True when only the head of the line was kept."""
        return self.length > LINE_CAP_BYTES + 1


def physical_lines(blocks: Iterable[bytes], *, offset: int = 0, number: int = 1) -> Iterator[PhysicalLine]:
    """The lines of a stream; a last line without an end counts as a line.

    Args:
        blocks: the stream.
        offset: of its first byte in the input.
        number: of its first line in the input.
    """
    number -= 1
    head: list[bytes] = []
    held = pending = 0
    for block in blocks:
        start = 0
        while (end := block.find(b"\n", start)) >= 0:
            piece = block[start:end]
            if pending:
                head.append(piece[: max(0, LINE_CAP_BYTES - held)])
                text, length = b"".join(head), pending + len(piece) + 1
                head, held, pending = [], 0, 0
            else:
                text, length = piece[:LINE_CAP_BYTES], len(piece) + 1
            number += 1
            yield PhysicalLine(text, offset, number, length)
            offset += length
            start = end + 1
        if rest := block[start:]:
            kept = rest[: max(0, LINE_CAP_BYTES - held)]
            head.append(kept)
            held += len(kept)
            pending += len(rest)
    if pending:
        yield PhysicalLine(b"".join(head), offset, number + 1, pending)


def looks_dated(text: bytes) -> bool:
    """True when a line starts with something like a time stamp, so that it is a record of its own."""
    return _DATED.match(text) is not None


def wrap_width(lines: list[PhysicalLine]) -> int | None:
    """The terminal width at which records of this file were broken, or None.

    A terminal breaks each longer record at its width and joins nothing. So every first line that has undated lines
    after it is exactly that long, no dated line is longer, and the break falls anywhere, also inside the
    bracket of the ids. The pieces after the first may be longer: people copy from more than one window.
    """
    texts = [line.text.rstrip(b"\r") for line in lines]
    dated = [looks_dated(text) for text in texts]
    if not texts or not dated[0] or any(line.too_long for line in lines):
        return None
    pairs = [(i, i + 1) for i in range(len(texts) - 1) if dated[i] and not dated[i + 1] and texts[i + 1]]
    if not pairs or any(texts[after].startswith((b"  ", b"\t", b"Traceback")) for _, after in pairs):
        return None
    heads = [texts[first] for first, _ in pairs]
    width = len(heads[0])
    if width < _MIN_WRAP_WIDTH or any(len(head) != width for head in heads):
        return None
    if max(len(text) for text, is_dated in zip(texts, dated, strict=True) if is_dated) > width:
        return None
    open_bracket = any(head.count(b"[") > head.count(b"]") for head in heads)
    return width if open_bracket or len({head[_MIN_WRAP_WIDTH:] for head in heads}) >= _ENOUGH_HEADS else None


def closed(lines: Iterable[PhysicalLine]) -> Iterator[tuple[PhysicalLine, int]]:
    """Lines of which one that ends inside the bracket of its ids, or behind its header, has got what goes on it there.

    Somebody's terminal, editor or mail broke it there; of the others nobody knows whether they were broken. Yields how
    many further lines each took.
    """
    held: PhysicalLine | None = None
    joined = 0
    for line in lines:
        if held is not None:
            text = _folded(held.text.rstrip(b"\r"), line.text) if joined < _MOST_FOLDS else None
            if text is not None:
                held, joined = PhysicalLine(text, held.offset, held.number, held.length + line.length), joined + 1
                if not _unfinished(text):
                    yield held, joined
                    held = None
                continue
            yield held, joined
        held, joined = (line, 0) if _unfinished(line.text.rstrip(b"\r")) else (None, 0)
        if held is None:
            yield line, 0
    if held is not None:
        yield held, joined


def _unfinished(text: bytes) -> bool:
    if text.rfind(b"[") > text.rfind(b"]"):
        return _OPEN.search(text) is not None
    return not text.endswith(b"]") and _HEADER.search(text[-120:]) is not None


def _folded(text: bytes, following: bytes) -> bytes | None:
    """A line with the next one, where that goes on it; None where it does not."""
    following = following.lstrip(_MARGIN)
    if looks_dated(following):
        return None
    if text.rfind(b"[") > text.rfind(b"]"):
        goes_on = _CLOSED.match(following) or (_OPEN.search(b"[req-" + following) and following.strip())
        return text + (b" " if _WHOLE_ID.search(text) else b"") + following if goes_on else None
    return text.rstrip() + b" " + following if _FIELD.match(following) else None


def unbroken(lines: Iterable[PhysicalLine], width: int) -> Iterator[tuple[PhysicalLine, int]]:
    """Lines with what a terminal of a width broke off put back, and how many further lines that took."""
    held: PhysicalLine | None = None
    broken, joined = False, 0
    for line in lines:
        if held is not None and broken and not looks_dated(line.text):
            text = held.text.rstrip(b"\r") + line.text.rstrip(b"\r")
            held = PhysicalLine(text, held.offset, held.number, held.length + line.length)
            joined += 1
        else:
            if held is not None:
                yield held, joined
            held, joined = line, 0
            broken = len(line.text.rstrip(b"\r")) == width
    if held is not None:
        yield held, joined
