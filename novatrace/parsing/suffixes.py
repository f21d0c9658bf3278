"""What oslo.log appends to DEBUG messages: function, file and line, in the form of each era."""

from __future__ import annotations

import re

_SUFFIX_REACH = 400
_SUFFIX = re.compile(
    r"\s(?:\{\{\(?(?:pid=\d+\) )?[^{}\n]+? \S+:\d+\}\}|(?:from \(pid=\d+\) )?[\w.<>]+ /?\S*\.pyc?:\d+)\s*$"
)


def without_suffix(message: str) -> str:
    """The message without oslo.log's DEBUG suffix (function, file and line) of any era."""
    tail = message[-_SUFFIX_REACH:].rstrip()
    blank = tail.rfind(" ")
    place = tail[blank + 1 :]
    if place.endswith("}}"):
        start = message.rfind(" {{")
    elif ".py" in place and place[-1].isdigit():
        start = len(message) - len(message[-_SUFFIX_REACH:]) + tail.rfind(" ", 0, blank)
    else:
        return message
    match = _SUFFIX.match(message, start) if start >= 0 else None
    if match is None or message[:start].endswith(")"):
        match = _SUFFIX.search(message, max(0, len(message) - _SUFFIX_REACH))
    return message if match is None else message[: match.start()]
