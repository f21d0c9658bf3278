"""What oslo.log appends to DEBUG messages: function, file and line, in the form of each era."""

from __future__ import annotations

import re
from functools import lru_cache

_SUFFIX_REACH = 400
_SUFFIX = re.compile(
    r"\s(?:\{\{\(?(?:pid=\d+\) )?[^{}\n]+? \S+:\d+\}\}|(?:from \(pid=\d+\) )?[\w.<>]+ /?\S*\.pyc?:\d+)\s*$"
)


def without_suffix(message: str) -> str:
    """The message without oslo.log's DEBUG suffix (function, file and line) of any era."""
    reach = min(len(message), _SUFFIX_REACH)
    tail = message[-reach:].rstrip() if reach else ""
    blank = tail.rfind(" ")
    place = tail[blank + 1 :]
    if place.endswith("}}"):
        start = message.rfind(" {{")
    elif ".py" in place and place[-1].isdigit():
        start = len(message) - reach + tail.rfind(" ", 0, blank)
    else:
        return message
    if start >= 0 and _is_suffix(message[start:]) and not _with_process(message, start):
        return message[:start]
    match = _SUFFIX.search(message, max(0, len(message) - _SUFFIX_REACH))
    return message if match is None else message[: match.start()]


def _with_process(message: str, end: int) -> bool:
    """True where ``(pid=…)`` stands before the function, which may belong to the suffix."""
    return message[end - 1 : end] == ")" and message.startswith("(pid=", message.rfind("(", 0, end))


@lru_cache(maxsize=1024)
def _is_suffix(text: str) -> bool:
    """True for a whole suffix; they are as many as Nova has lines that log."""
    return _SUFFIX.match(text) is not None
