"""The last record of an input: it tells until when the log goes on."""

from __future__ import annotations

from itertools import islice

from novatrace.parsing.layout_reader import LayoutReader

_LINES = 200


def last_record(data: bytes) -> int | None:
    """Where the last record begins in bytes that an input ends with; a first line that may be cut is no record."""
    reader = LayoutReader()
    end = len(data)
    for _ in islice(iter(int, 1), _LINES):
        start = data.rfind(b"\n", 0, max(0, end - 1)) + 1
        if start <= 0:
            return None
        line = reader.read(data[start:end].decode("utf-8", "replace").rstrip("\r\n"))
        if line is not None and line.begins:
            return start
        end = start
    return None
