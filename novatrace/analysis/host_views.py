"""Every view of every room, in time order; kept aside, with only what searches need in memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field

from novatrace.model.capacity import View
from novatrace.model.kept import Shelf


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class _Known:
    """Views of one room in time order: their moments (0: not known), and their places on the shelf."""

    when_us: array[int] = field(default_factory=_numbers)
    places: array[int] = field(default_factory=_numbers)


class HostViews:
    """Filled with ``add``, put in order with ``settle``, and then asked."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._added: dict[str, list[tuple[int, int, int, str]]] = defaultdict(list)
        self._rooms: dict[str, _Known] = {}
        self._of_kind: dict[tuple[str, str], _Known] = defaultdict(_Known)

    def add(self, room: str, view: View) -> None:
        """Adds a view of a room."""
        offset = view.provenance.byte_offset if view.provenance else 0
        kind = view.whose if view.free.known else ""
        self._added[room].append((view.when_us or 0, offset, self._shelf.put(view), kind))

    def settle(self) -> None:
        """All have been added; of one moment and line, the first added comes first."""
        for room, added in self._added.items():
            known = self._rooms[room] = _Known()
            for when_us, _, place, kind in sorted(added, key=lambda item: item[:2]):
                for each in (known, self._of_kind[room, kind]) if kind else (known,):
                    each.when_us.append(when_us)
                    each.places.append(place)
        self._added.clear()

    def rooms(self) -> list[str]:
        """Every room that has a view."""
        return sorted(self._rooms)

    def every(self) -> tuple[View, ...]:
        """Every view, by room and time."""
        places = array("q", (place for room in self.rooms() for place in self._rooms[room].places))
        return self._shelf.each(View, places)

    def about(self, host: str) -> tuple[View, ...]:
        """The views of a host by room and time, and the first of each other room."""
        found: array[int] = array("q")
        for room in self.rooms():
            places = self._rooms[room].places
            own = host in (room, self._shelf.each(View, places)[0].target.host)
            found += places if own else places[:1]
        return self._shelf.each(View, found)

    def during(self, room: str, first_us: int, until_us: int | None) -> tuple[View, ...]:
        """The views of a room from one moment to before another."""
        known = self._rooms.get(room, _Known())
        start = bisect_left(known.when_us, first_us)
        end = len(known.when_us) if until_us is None else bisect_left(known.when_us, until_us)
        return self._shelf.each(View, known.places[start:end])

    def newest(self, room: str, whose: str, until_us: int | None) -> View | None:
        """The newest view of a kind, up to a moment, that tells what is free."""
        known = self._of_kind.get((room, whose))
        end = self.number(room, whose, until_us)
        return None if known is None or not end else self._shelf.each(View, known.places)[end - 1]

    def number(self, room: str, whose: str, until_us: int | None) -> int:
        """How many views of a kind there are up to a moment that tell what is free."""
        known = self._of_kind.get((room, whose))
        if known is None:
            return 0
        return len(known.when_us) if until_us is None else bisect_right(known.when_us, until_us)
