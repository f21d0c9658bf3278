"""Which of the events that were found in a piece are kept, and where they go."""

from __future__ import annotations

from typing import Any

from novatrace.model.event import Event
from novatrace.parsing.followers import Followers
from novatrace.parsing.fragments import Folding
from novatrace.parsing.repetitions import Periodic


class Sieve:
    """Shown every event of a piece, in order; keeps those that say something new.

    Attributes:
        followers: knows which messages mean something only behind others.
        folding: has what was kept.
    """

    def __init__(self, followers: Followers, periodic: Periodic) -> None:
        self.followers = followers
        self.folding = Folding()
        self._periodic = periodic

    def take(self, event: Event) -> None:
        """Keeps an event, if it says something new."""
        if self.admits(event.kind, event.request_id, event.values, event.provenance.byte_offset):
            self.folding.add(event)

    def admits(self, kind: str, request_id: str | None, values: dict[str, Any], offset: int) -> bool:
        """True when an event says something new."""
        return self.followers.keeps(kind, request_id, offset) and not self._periodic.again(kind, values)

    def always(self, kind: str) -> bool:
        """True for the kinds of which every event is kept, whatever stood before it."""
        return kind not in self._periodic.kinds and not self.followers.concerns(kind)
