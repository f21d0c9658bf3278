"""Logs in the raw source of a mail (RFC 2045, 6.7): lines broken with ``=`` at the width of mail, odd bytes as ``=3D``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from novatrace.parsing.lines import PhysicalLine

_WIDEST = 76
_NARROWEST = 60
_FEWEST = 2
_MOST_JOINED = 2000
_BYTE = re.compile(rb"=([0-9A-F]{2})")


def is_quoted_printable(lines: list[PhysicalLine]) -> bool:
    """True when lines end softly at the width of mail, and hardly any is longer."""
    texts = [line.text.rstrip(b"\r") for line in lines]
    soft = sum(text.endswith(b"=") and _NARROWEST <= len(text) <= _WIDEST for text in texts)
    return soft >= _FEWEST and sum(len(text) > _WIDEST for text in texts) * 10 <= len(texts)


def decoded(lines: Iterable[PhysicalLine]) -> Iterator[tuple[PhysicalLine, int]]:
    """Lines as they were before the mail was written, and how many further lines each took."""
    held: PhysicalLine | None = None
    parts: list[bytes] = []
    length = 0
    for line in lines:
        text = line.text.rstrip(b"\r")
        if held is None:
            held, length = line, 0
        length += line.length
        parts.append(_BYTE.sub(_byte, text.removesuffix(b"=")))
        if not text.endswith(b"=") or len(parts) > _MOST_JOINED:
            yield PhysicalLine(b"".join(parts), held.offset, held.number, length), len(parts) - 1
            held, parts = None, []
    if held is not None:
        yield PhysicalLine(b"".join(parts), held.offset, held.number, length), len(parts) - 1


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)])
