"""What all events together tell of hosts and requests, learnt while they go by for the first time: reading has them at hand."""

from __future__ import annotations

from collections.abc import Iterable

from novatrace.analysis.hosts import HostMap
from novatrace.analysis.requests import Requests
from novatrace.analysis.sketches import Sketches
from novatrace.model.event import Event
from novatrace.model.events import Events


class Heard:
    """Heeds every event of a case, input after input and in the order of lines, and is asked when all have gone by."""

    def __init__(self) -> None:
        self._hosts = HostMap()
        self._sketches = Sketches()

    def heed(self, events: Iterable[Event]) -> None:
        """Learns from some events."""
        hosts, sketches = self._hosts.heed, self._sketches.heed
        for event in events:
            hosts(event)
            sketches(event)

    def hosts(self) -> HostMap:
        """Who is who."""
        return self._hosts.settled()

    def requests(self, events: Events) -> Requests:
        """The requests of the events that were heeded; to be asked once, for the sketches are gone then."""
        sketches, self._sketches = self._sketches, Sketches()
        return Requests(events, sketches)
