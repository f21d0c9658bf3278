"""JSON documents over several lines (``journalctl -o json-pretty``, an export that was laid out for people to read).

A document begins with a line that is a brace alone, perhaps indented or after a bracket, and ends where its braces are
closed. It becomes one line, which the layouts of JSON read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from novatrace.parsing.lines import PhysicalLine

_BEGINS = re.compile(rb"\s*\[?\s*\{\s*")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
# A document of more bytes is none: what began it was a brace in a message.
_WIDEST = 1 << 20


def is_pretty(lines: Iterable[PhysicalLine]) -> bool:
    """True when the first line that is neither empty nor a bracket alone begins a document."""
    first = next((line.text for line in lines if line.text.strip() not in (b"", b"[")), b"")
    return _BEGINS.fullmatch(first) is not None


def documents_of(lines: Iterator[PhysicalLine]) -> Iterator[tuple[PhysicalLine, int]]:
    """Each document as one line, and how many further lines it took; other lines as they are."""
    held: list[PhysicalLine] = []
    depth = size = 0
    for line in lines:
        if not held and _BEGINS.fullmatch(line.text) is None:
            yield line, 0
            continue
        held.append(line)
        size += line.length
        bare = _TEXT.sub(b"", line.text)
        depth += bare.count(b"{") - bare.count(b"}")
        if depth <= 0 or size > _WIDEST:
            yield _joined(held), len(held) - 1
            held, depth, size = [], 0, 0
    if held:
        yield _joined(held), len(held) - 1


def _joined(held: list[PhysicalLine]) -> PhysicalLine:
    text = b"".join(line.text.strip() for line in held).lstrip(b"[").rstrip(b"],")
    return PhysicalLine(text, held[0].offset, held[0].number, sum(line.length for line in held))
