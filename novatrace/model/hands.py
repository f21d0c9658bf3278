"""Work that may be shared with other processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from novatrace.model.kept import Shelf

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item


class Hands(Protocol):
    """Who does the work: this process alone, or others with it; what comes of it is the same."""

    def share(
        self, work: Callable[[I, Shelf], Iterable[T]], items: Sequence[I], meanwhile: Callable[[], None] | None = None
    ) -> list[T]:
        """What the work finds for each item, in their order.

        Args:
            work: for an item, and where it keeps what is long; it may learn nothing that is needed afterwards.
            items: what it is done for.
            meanwhile: other work that this process does first, if any; whoever helps takes items by then.
        """
