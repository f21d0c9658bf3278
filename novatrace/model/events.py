"""All events of a case, which may be more than memory holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Protocol

from msgspec import Struct

from novatrace.model.event import Event

_SECOND_US = 1_000_000


class Extent(Struct, frozen=True, gc=False):
    """Where some events of one input stand in time.

    Attributes:
        evidence_id: the input.
        events: how many.
        first_us: the earliest stamp; None where none can be read.
        last_us: the latest.
        timeless: one of them has no stamp that can be read.
        resolution_us: the finest part of a second that a stamp tells.
    """

    evidence_id: int
    events: int
    first_us: int | None
    last_us: int | None
    timeless: bool
    resolution_us: int


def extent_of(events: list[Event]) -> Extent:
    """The extent of one or more events of an input."""
    stamps = [event.when_us for event in events if event.when_us is not None]
    resolution_us = (
        1 if any(us % 1000 for us in stamps) else 1000 if any(us % _SECOND_US for us in stamps) else _SECOND_US
    )
    return Extent(
        events[0].provenance.evidence_id,
        len(events),
        min(stamps, default=None),
        max(stamps, default=None),
        len(stamps) < len(events),
        resolution_us,
    )


class Extended(Protocol):
    """Events in batches of one input each, of which some can be left out without being looked at."""

    def extents(self) -> Iterable[Extent]:
        """One for each batch."""

    def reaching(self, wanted: Callable[[Extent], bool]) -> Iterator[tuple[int, Event]]:
        """The events of the batches that are wanted, with their positions in all events."""


class Events(Protocol):
    """Events that can be gone through as often as is wanted, and looked up by what they belong to."""

    def __iter__(self) -> Iterator[Event]:
        """Input after input, in the order of lines."""

    def of_kinds(self, kinds: Collection[str]) -> Iterator[Event]:
        """Those of some kinds, in the same order."""

    def of(self, key: str) -> list[Event]:
        """Those of one ``Event.key``, in the same order."""

    def ids(self) -> Iterable[str]:
        """Every local and global request id, in the order in which they come up."""

    def naming(self, request_id: str) -> list[Event]:
        """The events that have this local or global request id, in the same order."""
