"""The last look at a report before it is written: a raw value that was to be masked or replaced must not be in it.

It shares no code with the rules that it checks: known values are searched as they are, in the report and in what becomes
of it when a reader decodes it; and shapes of secrets are searched whatever the rules knew.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

_SHORTEST = 2
_RUN = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_INVISIBLE = re.compile("[\u2060\u200b]")
# Each begins with letters of its own, and looks back from there: that is found in a tenth of the time.
_SHAPES = (
    ("Fernet token", re.compile(r"gAAAAA(?<!\wgAAAAA)[A-Za-z0-9_-]{30,}")),
    ("JSON web token", re.compile(r"eyJ(?<!\weyJ)[A-Za-z0-9_-]{10,300}\.eyJ[A-Za-z0-9_-]{10}")),
    ("private key", re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")),
    ("password in a URL", re.compile(r"://(?<=\w://)[^\s/:@\"'<>\[]{1,80}:(?!\[MASKED)[^\s/:@\"'<>\[]{3,80}@[\w.]")),
    ("access key", re.compile(r"AKIA(?<!\wAKIA)[0-9A-Z]{16}\b")),
)


def leaks(text: str, raw: set[str]) -> list[tuple[str, int]]:
    """(kind, offset) of what the text must not show; the values themselves are not told."""
    found: list[tuple[str, int]] = []
    values = sorted(value for value in raw if len(value) >= _SHORTEST)
    for view in _views(text):
        lowered = view.lower()
        found += [("raw value", at) for value in values if (at := _place(lowered, value.lower())) is not None]
        found += [(kind, match.start()) for kind, pattern in _SHAPES if (match := pattern.search(view))]
        if found:
            return found
    return found


def _views(text: str) -> Iterator[str]:
    """The text as it is, and as a reader's programs would decode it."""
    yield text
    plain = _INVISIBLE.sub("", text)
    yield plain
    yield html.unescape(plain).replace("\\", "")
    yield unquote(plain)
    yield "\n".join(_decoded(plain))


def _decoded(text: str) -> Iterator[str]:
    for match in _RUN.finditer(text):
        run = match[0].rstrip("=")
        try:
            data = base64.b64decode(run[: len(run) - (len(run) % 4 == 1)] + "=" * (-len(run) % 4))
        except (binascii.Error, ValueError):
            continue
        decoded = data.decode("utf-8", "replace")
        if decoded.isprintable():
            yield decoded


def _place(text: str, value: str) -> int | None:
    """Where a value stands by itself, not inside a longer word."""
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        before = text[at - 1] if at else " "
        after = text[end] if end < len(text) else " "
        if not (before.isalnum() and value[0].isalnum()) and not (after.isalnum() and value[-1].isalnum()):
            return at
        at = text.find(value, at + 1)
    return None
