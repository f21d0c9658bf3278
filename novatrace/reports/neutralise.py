r"""Log text made harmless for every sink: what could steer a terminal or hide text becomes visible.

Log text is written by whoever can name a VM. Control characters (C0, C1, DEL), escape sequences, bidirectional and
zero-width characters, line separators and lone surrogates are shown as ``\x1b`` or ``\u202e``.
"""

from __future__ import annotations

import re

_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def neutral(text: str) -> str:
    """The text on one line, with nothing in it that acts on a terminal."""
    return _HARMFUL.sub(_visible, text)


def json_safe(text: str) -> str:
    """JSON text with the same characters as JSON escapes: the value is unchanged, a terminal that shows it is safe."""
    return _HARMFUL.sub(lambda match: match[0] if match[0] == "\n" else f"\\u{ord(match[0]):04x}", text)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - two hex digits are enough below
