"""Messages that mean something only behind another one of the same request, close to it in the same input.

They are frequent: every API request fetches its VM. Which are kept is told by distance in bytes, so that it does not
matter where an input is cut into pieces.
"""

from __future__ import annotations

from novatrace.model.event import Event
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
        self._hints = frozenset(m.hint.encode() for m in catalogue.messages if m.follows)
        self._led: dict[tuple[str, str | None], int] = {}
        self._ids: dict[bytes, int] = {}

    def keeps(self, event: Event) -> bool:
        """False for a follower with nothing to follow."""
        offset = event.provenance.byte_offset
        if event.kind in self._leaders:
            self._led[event.kind, event.request_id] = offset
            if event.request_id:
                self._ids[event.request_id.encode()] = offset
        leader = self._leader.get(event.kind)
        if leader is None:
            return True
        led = self._led.get((leader, event.request_id))
        return led is not None and offset - led <= FOLLOWS_WITHIN_BYTES

    def in_vain(self, hint: bytes, line: bytes, offset: int) -> bool:
        """True when a line with this hint would not be kept: told from its ids, before it is taken apart."""
        if hint not in self._hints:
            return False
        led = self._ids
        at = line.find(b"req-") if led else -1
        while at >= 0:
            when = led.get(line[at : at + _ID_BYTES])
            if when is not None and offset - when <= FOLLOWS_WITHIN_BYTES:
                return False
            at = line.find(b"req-", at + 1)
        return True
