r"""Text as a reader takes it, where its characters are not what they seem: ``pass\x1b[1mword``, ``ｐａｓｓｗｏｒｄ``.

Colour codes (as bytes or spelled out, as syslog and pagers do), characters that are not seen, wide forms and letters of
other scripts that look like Latin ones hide a key from a search, and not from an eye.
"""

from __future__ import annotations

import re

_UNSEEN = (
    "\x00\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
)
_ALIKE = dict(zip("аеорсхуіјѕԁԛԝһκορτν", "aeopcxyijsdqwhkoptv", strict=True))
_SIGNS = ("\x1b", "\x00", "\\", "#033[", "^[[", "&#")
_COVER = re.compile(
    rf"[{_UNSEEN}]+"
    r"|(?:(?:\x1b|\\{1,4}(?:x1b|033|e|u001[bB])|#033|\^\[|&#(?:27|x1[bB]);)\[|\x9b)[\d;]{0,12}[mK]"
    r"|\\{1,4}u(?:00ad|200[b-f]|2060|feff)"
    rf"|(?P<wide>[\uff01-\uff5e])|(?P<alike>[{''.join(_ALIKE)}])"
)


def uncovered(text: str) -> tuple[str, list[int]] | None:
    """(the text as it is read, for each character of that where it stands in ``text``); None where they are the same."""
    if text.isascii() and not any(sign in text for sign in _SIGNS):
        return None  # most lines: the search below takes longer than all other rules together
    if _COVER.search(text) is None:
        return None
    pieces: list[str] = []
    origins: list[int] = []
    at = 0
    for match in _COVER.finditer(text):
        pieces.append(text[at : match.start()])
        origins += range(at, match.start())
        at = match.end()
        read = _read(match)
        pieces.append(read)
        origins += [match.start()] * len(read)
    pieces.append(text[at:])
    origins += range(at, len(text))
    return "".join(pieces), origins


def _read(match: re.Match[str]) -> str:
    if match["wide"]:
        return chr(ord(match[0]) - 0xFEE0)
    return _ALIKE.get(match[0], "")
