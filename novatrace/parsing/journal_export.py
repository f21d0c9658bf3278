"""Entries of ``journalctl -o export``: several lines of KEY=value, an empty line after each entry.

A value with control characters is written as its name alone on a line, its length (64 bits, little endian) and its
bytes (systemd, Journal Export Formats). An entry becomes one line, its fields parted by a character that no log holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from novatrace.parsing.lines import PhysicalLine

PART = b"\x1e"
_BEGINS = (b"__CURSOR=", b"__REALTIME_TIMESTAMP=", b"__MONOTONIC_TIMESTAMP=")
_LENGTH_BYTES = 8
_WANTED = 1 << 20


def is_export(lines: Iterable[PhysicalLine]) -> bool:
    """True when the first line that is not empty begins an entry."""
    first = next((line for line in lines if line.text.strip()), None)
    return first is not None and first.text.startswith(_BEGINS)


def entries(lines: Iterator[PhysicalLine]) -> Iterator[tuple[PhysicalLine, int]]:
    """Each entry as one line, and how many further lines it took; empty lines as they are."""
    fields: list[bytes] = []
    first, length, taken = None, 0, 0
    for line in lines:
        if not line.text.strip():
            if first is not None:
                yield PhysicalLine(PART.join(fields), first.offset, first.number, length), taken - 1
            fields, first, length, taken = [], None, 0, 0
            yield line, 0
            continue
        first = first or line
        length += line.length
        taken += 1
        if b"=" in line.text:
            fields.append(line.text)
            continue
        value, more, size = _binary(lines)
        fields.append(line.text + b"=" + value)
        taken += more
        length += size
    if first is not None:
        yield PhysicalLine(PART.join(fields), first.offset, first.number, length), taken - 1


def _binary(lines: Iterator[PhysicalLine]) -> tuple[bytes, int, int]:
    """A value that is written with its length: its bytes, and the lines and bytes that it took."""
    data, taken, size = bytearray(), 0, 0
    wanted = _LENGTH_BYTES
    for line in lines:
        data += line.text + b"\n"
        taken += 1
        size += line.length
        if len(data) >= _LENGTH_BYTES:
            wanted = int.from_bytes(data[:_LENGTH_BYTES], "little") + _LENGTH_BYTES
        if size > wanted or wanted > _WANTED:
            break
    return bytes(data[_LENGTH_BYTES:wanted]), taken, size
