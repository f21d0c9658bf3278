"""User-info in URLs: the password between ``scheme://user:`` and the last ``@``, of one host or several."""

from __future__ import annotations

import re
from collections.abc import Iterator

from novatrace.reports.secret_shapes import Hit

_USERINFO = re.compile(r"[^\s\"'<>`]++")
_AT = re.compile(r"@|%(?:25){0,3}40")
_COLON = re.compile(r":|%(?:25){0,3}3[aA]")
_PORT = re.compile(r"\d{1,5}/")
_SEVERAL = re.compile(r"[^:@,/]+:([^@,]+)@[^,@:/]+(?::\d+)?(?:,|$)")
# As a generator writes it: no name of a user has digits, small and capital letters mixed.
_TOKEN = re.compile(r"(?=\D{0,40}\d)(?=[^a-z\s]{0,40}[a-z])(?=[^A-Z\s]{0,40}[A-Z])[\w\-]{10,}(?=@)|[\w\-]{30,}(?=@)")


class Urls:
    """Finds user-info in URLs; remembers the stretch that it looked through, so that none is searched twice."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self._last_at = -1

    def userinfo(self, start: int) -> Iterator[Hit]:
        """Passwords between ``scheme://`` and the last ``@`` of a URL, also of one with several hosts."""
        if self._text.startswith("[MASKED:", start):
            return
        if start >= self._end:
            token = _USERINFO.match(self._text, start)
            self._end = token.end() if token else start
            found = _AT.finditer(self._text, start, self._end)
            self._last_at = max((match.start() for match in found), default=-1)
        colon = _COLON.search(self._text, start, self._last_at) if self._last_at > start else None
        if colon is None:
            yield from self._alone(start)
            return
        if _PORT.match(self._text, colon.end()) or colon.end() == self._last_at:
            return
        hosts = list(_SEVERAL.finditer(f"{self._text[start : self._last_at]}@x"))
        if len(hosts) > 1 and sum(len(host[0]) for host in hosts) == self._last_at + 2 - start:
            yield from (Hit(start + host.start(1), start + host.end(1), "url") for host in hosts)
        else:
            yield Hit(colon.end(), self._last_at, "url")

    def _alone(self, start: int) -> Iterator[Hit]:
        """A token in the place of the user's name."""
        match = _TOKEN.match(self._text, start)
        if match is not None and match.end() == self._last_at:
            yield Hit(start, self._last_at, "url")
