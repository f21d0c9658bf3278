"""The minutes in which a span of lines was written, without a look at each line.

Lines of a log go forward in time, so that between two lines of one minute, or of neighbours, there is nothing to look
for; else the line in the middle tells in which half there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from novatrace.model.activity import MINUTE_US

_DATE_CHARS = 10
_STAMP_CHARS = 19
At = Callable[[str, str, str | None], int | None]


def minutes_between(data: bytes, first: tuple[int, int], last: tuple[int, int], at: At) -> Iterator[int]:
    """The minutes of the lines between two lines of oslo's default layout.

    Args:
        data: the lines.
        first: where the first line begins, and its minute.
        last: the same of the last one.
        at: reads a stamp (``Clock.at``).
    """
    waiting = [(first, last)]
    while waiting:
        (start, early), (end, late) = waiting.pop()
        if abs(late - early) <= 1:
            continue
        middle = data.rfind(b"\n", start, (start + end) // 2) + 1
        if middle <= start:
            middle = data.find(b"\n", start, end) + 1
        if not start < middle < end:
            continue
        minute = _minute(data, middle, at)
        if minute is None:
            minute = early
        else:
            yield minute
        waiting += [((start, early), (middle, minute)), ((middle, minute), (end, late))]


def _minute(data: bytes, start: int, at: At) -> int | None:
    stamp = data[start : start + _STAMP_CHARS].decode("ascii", "replace")
    when = at(stamp[:_DATE_CHARS], stamp[_DATE_CHARS + 1 :], None)
    return None if when is None else when // MINUTE_US
