"""The shape of a line that no layout fits: what changes from line to line is masked, so that alike lines count as one."""

from __future__ import annotations

import re

SHAPE_CHARS = 120
_MASKS = (
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?\b"), "<time>"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "<ip>"),
    (re.compile(r"\b(?:0x)?(?=[0-9a-f]*\d)[0-9a-f]{6,}\b"), "<hex>"),
    (re.compile(r"\d+"), "<n>"),
    (re.compile(r"'[^']{3,}'|\"[^\"]{3,}\""), "<text>"),
)


def shape_of(text: str) -> str:
    """The masked beginning of a line."""
    shape = text[: 2 * SHAPE_CHARS].strip()
    for pattern, name in _MASKS:
        shape = pattern.sub(name, shape)
    return shape[:SHAPE_CHARS]
