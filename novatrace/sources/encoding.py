"""Text that is not UTF-8: streams of UTF-16 (what Windows tools save) become UTF-8 on the way.

Offsets of such an input count in its UTF-8 form.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

_MARKS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LOOKED_AT = 64
_FEW = 4


def encoding_of(head: bytes) -> str | None:
    """``utf-16-le`` or ``utf-16-be`` when the first bytes show it, by a mark or by the zeros of plain letters; else None."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    sample = head[:_LOOKED_AT]
    if len(sample) < _FEW:
        return None
    high, low = sample[1::2], sample[0::2]
    if high.count(0) == len(high) and low.count(0) == 0:
        return "utf-16-le"
    if low.count(0) == len(low) and high.count(0) == 0:
        return "utf-16-be"
    return None


def in_utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks of a stream in UTF-8."""
    decoder = None
    for number, block in enumerate(blocks):
        if number == 0:
            name = encoding_of(block)
            decoder = codecs.getincrementaldecoder(name)("replace") if name else None
            mark = next((mark for mark, _ in _MARKS if block.startswith(mark)), b"") if name else b""
            block = block[len(mark) :]  # noqa: PLW2901 - the mark is no text
        yield block if decoder is None else decoder.decode(block).encode("utf-8", "replace")
    if decoder is not None and (rest := decoder.decode(b"", final=True)):
        yield rest.encode("utf-8", "replace")
