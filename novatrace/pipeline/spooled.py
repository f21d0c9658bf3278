"""The events of a case by what they belong to: the first stay in memory, all more are put aside, however many there are."""

from __future__ import annotations

import struct
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import groupby, islice
from operator import attrgetter

from novatrace.model.event import Event
from novatrace.model.events import Extent, extent_of
from novatrace.model.host_states import HostStates
from novatrace.parsing.event_rows import packed, unpacked
from novatrace.store.spool import Spool

_TOGETHER = 4096
_HELD_BYTES = 12 << 20
_EVENT_BYTES = 700  # about what an event, its place and its values take
_LAST_BIT = 63
_HEAD = struct.Struct("<q")
_NO_PLACE = -1
# What lines tell of hosts is asked for several times, of all of them at once.
_OF_HOSTS = frozenset(
    ["host-state-updated", "resource-view", "placement-over-capacity", "inventory", "migration-usage"]
)
Heed = Callable[[list[Event]], None]
_INPUT = attrgetter("provenance.evidence_id")
_IN_FILE = attrgetter("provenance.byte_offset")
_IN_CASE = attrgetter("provenance.evidence_id", "provenance.byte_offset")


class SpooledEvents:
    """See ``model.events.Events``.

    What belongs together is kept as one row for each few thousand events of an input; each row names the one before it.
    Rows that are held in memory have negative places: most cases need no others, and folding costs time. When they
    become too many all of them are put aside. What lines tell of hosts stands in rows of its own as well.

    Args:
        spool: where rows are put aside.
        held_bytes: about so many bytes of events stay in memory.
        heed: told of all events, a few thousand of an input at a time, while they are taken in.
    """

    def __init__(self, spool: Spool, held_bytes: int = _HELD_BYTES, heed: Heed | None = None) -> None:
        self._spool = spool
        self._heed = heed
        self._held: list[tuple[int, list[Event]]] = []
        self._moved = array("q")
        self._left_bytes = held_bytes
        self._last: dict[str, int] = {}
        # For each few thousand events of an input, the places of their rows, and which kinds stand in each row.
        self._batches: list[tuple[array[int], array[int]]] = []
        self._extents: list[Extent] = []
        self._of_hosts = array("q")
        self._bits: dict[str, int] = {}
        # Keys of the events that name a request id; () for the usual, the one key that is the id itself.
        self._named: dict[str, tuple[str, ...]] = {}

    def take(self, events: Iterable[Event]) -> None:
        """Takes in the events of one input, in the order of lines."""
        coming = iter(events)
        while batch := list(islice(coming, _TOGETHER)):
            if self._heed is not None:
                self._heed(batch)
            by_key: dict[str, list[Event]] = defaultdict(list)
            of_hosts = []
            for event in batch:
                key = event.key
                by_key[key].append(event)
                self._note(event, key)
                if event.kind in _OF_HOSTS:
                    of_hosts.append(event)
            places = array("q", [self._put(key, listed) for key, listed in by_key.items()])
            self._batches.append((places, array("Q", map(self._kinds, by_key.values()))))
            self._extents.append(extent_of(batch))
            if of_hosts:
                self._of_hosts.append(self._hold_or_put(_NO_PLACE, of_hosts, size_bytes=0))

    def without(self, positions: Collection[int], heed: Heed | None = None) -> SpooledEvents:
        """The same without those at some positions of all."""
        left = SpooledEvents(self._spool, self._left_bytes, heed)
        kept = (event for number, event in enumerate(self) if number not in positions)
        for _, of_input in groupby(kept, key=_INPUT):
            left.take(of_input)
        return left

    def __iter__(self) -> Iterator[Event]:
        for places, _ in self._batches:
            yield from self._batch(places)

    def extents(self) -> Iterable[Extent]:
        """See ``model.events.Extended``."""
        return self._extents

    def reaching(self, wanted: Callable[[Extent], bool]) -> Iterator[tuple[int, Event]]:
        """See ``model.events.Extended``."""
        position = 0
        for (places, _), extent in zip(self._batches, self._extents, strict=True):
            if wanted(extent):
                yield from enumerate(self._batch(places), position)
            position += extent.events

    def of_kinds(self, kinds: Collection[str]) -> Iterator[Event]:
        """See ``Events``."""
        if _OF_HOSTS.issuperset(kinds):
            for place in self._of_hosts:
                yield from (event for event in self._row(place)[1] if event.kind in kinds)
            return
        wanted = 0
        for kind in kinds:
            wanted |= self._bits.get(kind, 0)
        for places, masks in self._batches:
            batch = self._batch(place for place, mask in zip(places, masks, strict=True) if mask & wanted)
            yield from (event for event in batch if event.kind in kinds)

    def _batch(self, places: Iterable[int]) -> list[Event]:
        """Events of some rows of one batch, in the order of lines."""
        batch = [event for place in places for event in self._row(place)[1]]
        batch.sort(key=_IN_FILE)
        return batch

    def _kinds(self, events: Iterable[Event]) -> int:
        """A bit for each kind of some events; the last bit is for all kinds beyond the first many."""
        mask = 0
        for kind in {event.kind for event in events}:
            mask |= self._bits.setdefault(kind, 1 << min(len(self._bits), _LAST_BIT))
        return mask

    def of(self, key: str) -> list[Event]:
        """See ``Events``."""
        rows = []
        place = self._last.get(key, _NO_PLACE)
        while place != _NO_PLACE:
            place, row = self._row(place)
            rows.append(row)
        return [event for row in reversed(rows) for event in row]

    def ids(self) -> Iterable[str]:
        """See ``Events``."""
        return self._named

    def naming(self, request_id: str) -> list[Event]:
        """See ``Events``."""
        keys = self._named.get(request_id, ())
        if not keys:
            return self.of(request_id)
        found = [event for key in keys for event in self.of(key)]
        found = [event for event in found if request_id in (event.request_id, event.global_request_id)]
        return sorted(found, key=_IN_CASE)

    def _note(self, event: Event, key: str) -> None:
        for name in (event.request_id, event.global_request_id):
            if not name:
                continue
            keys = self._named.setdefault(name, () if key == name else (key,)) or (name,)
            if key not in keys:
                self._named[name] = (*keys, key)

    def _put(self, key: str, events: list[Event]) -> int:
        size_bytes = sum(map(_size_bytes, events)) if self._left_bytes > 0 else 0
        place = self._last[key] = self._hold_or_put(self._last.get(key, _NO_PLACE), events, size_bytes)
        return place

    def _hold_or_put(self, before: int, events: list[Event], size_bytes: int) -> int:
        if self._left_bytes <= 0:
            return self._aside(before, events)
        self._held.append((before, events))
        place = _NO_PLACE - len(self._held)
        self._left_bytes -= size_bytes
        if self._left_bytes <= 0:
            self._moved.extend(self._aside(*row) for row in self._held)
            self._held.clear()
        return place

    def _aside(self, before: int, events: list[Event]) -> int:
        return self._spool.put(_HEAD.pack(before) + packed(events))

    def _row(self, place: int) -> tuple[int, list[Event]]:
        """A row: the place of the one before it, and its events."""
        if place < _NO_PLACE:
            number = _NO_PLACE - 1 - place
            if self._held:
                return self._held[number]
            place = self._moved[number]
        data = memoryview(self._spool.get(place))
        return _HEAD.unpack_from(data)[0], unpacked(data[_HEAD.size :])


def _size_bytes(event: Event) -> int:
    """About what an event takes in memory; lists of hosts are as long as the cloud is large."""
    return _EVENT_BYTES + sum(len(v.text) for v in event.values.values() if isinstance(v, HostStates))
