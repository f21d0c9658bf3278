"""All events of a case, which may be more than memory holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from novatrace.model.event import Event


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
