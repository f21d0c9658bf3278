"""Messages that mean something only behind another one of the same request, close to it in the same input.

They are frequent: every API request fetches its VM. Which are kept is told by distance in bytes, so that it does not
matter where an input is cut into pieces.
"""

from __future__ import annotations

from novatrace.parsing.definitions import Catalogue

FOLLOWS_WITHIN_BYTES = 1 << 16
_ID_BYTES = len("req-") + 36


class Followers:
    """Remembers where requests were led; made for one reading of an input, shown every event in order."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._leader = {message.kind: message.follows for message in catalogue.messages if message.follows}
        leaders = set(self._leader.values())
        self._leaders = frozenset(leaders)
        self.leading_hints = tuple(m.hint.encode() for m in catalogue.messages if m.kind in leaders)
        self._led: dict[tuple[str, str | None], int] = {}
        self._ids: dict[bytes, int] = {}

    def keeps(self, kind: str, request_id: str | None, offset: int) -> bool:
        """False for an event that is a follower with nothing to follow."""
        if kind in self._leaders:
            self._led[kind, request_id] = offset
            if request_id:
                self._ids[request_id.encode()] = offset
        leader = self._leader.get(kind)
        if leader is None:
            return True
        led = self._led.get((leader, request_id))
        return led is not None and offset - led <= FOLLOWS_WITHIN_BYTES

    def concerns(self, kind: str) -> bool:
        """True for the kinds that follow or lead."""
        return kind in self._leaders or kind in self._leader

    def in_vain(self, line: bytes, offset: int) -> bool:
        """True when a follower's line would not be kept: told from its ids, before it is taken apart."""
        led = self._ids
        at = line.find(b"req-") if led else -1
        while at >= 0:
            when = led.get(line[at : at + _ID_BYTES])
            if when is not None and offset - when <= FOLLOWS_WITHIN_BYTES:
                return False
            at = line.find(b"req-", at + 1)
        return True
