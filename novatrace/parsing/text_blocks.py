"""What is told of a block of bytes as a whole, without taking its lines apart."""

from __future__ import annotations

from stringzilla import count, find_first_of

from novatrace.parsing.lines import LINE_CAP_BYTES

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "TRACE", "AUDIT", "CRITICAL", "WARN")
_USUAL = 4
_LEVEL_WORDS = {level: f" {level} ".encode() for level in _LEVELS}
_DISTURBING = b"\0\x1b"  # what stands inside stamps and level words when a log is torn or coloured
_NOT_PLAIN = _DISTURBING + bytes(range(128, 256))


def _plain(data: bytes, start: int, end: int) -> bool:
    """True for text of ASCII alone in which nothing disturbs."""
    found: int = find_first_of(data, _NOT_PLAIN, start, end)
    return found < 0


def undisturbed(data: bytes, start: int, end: int) -> bool:
    """True for valid UTF-8 in which nothing stands that would be in the way of stamps and level words."""
    if _plain(data, start, end):
        return True
    if find_first_of(data, _DISTURBING, start, end) >= 0:
        return False
    try:
        str(memoryview(data)[start:end], "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def levels_in(data: bytes, span: tuple[int, int], total: int) -> dict[str, int]:
    """How often each level word stands in the text; rare ones are looked for only where the usual ones are too few."""
    found = {level: count(data, _LEVEL_WORDS[level], *span) for level in _LEVELS[:_USUAL]}
    if sum(found.values()) < total:
        found |= {level: count(data, _LEVEL_WORDS[level], *span) for level in _LEVELS[_USUAL:]}
    return {level: number for level, number in found.items() if number}


def longest_line(data: bytes, start: int, end: int) -> int:
    """0 unless the span is long enough to hold a line beyond the cap."""
    if end - start <= LINE_CAP_BYTES:
        return 0
    return max(map(len, data[start:end].split(b"\n")))
