"""A list of hosts as a scheduler printed it, kept as text until somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, overload

State = dict[str, Any]
_KEPT = 16


class HostStates(Sequence[State]):
    """HostState or WeighedHost representations of one line (``host``, ``node``, free MB …, weight), in its order.

    A scheduler prints every host for every request, and most lists are never looked at: the text is kept, and taken
    apart when an item is asked for. The dicts are shared; do not change them.

    Args:
        text: as printed.
        states: takes a text apart.
        pairs: reads only the names of its hosts, (host, node).
        number: how many there are, where that is known already.
    """

    __slots__ = ("_pairs", "_states", "number", "text")

    def __init__(
        self,
        text: str,
        states: Callable[[str], list[State]],
        pairs: Callable[[str], list[tuple[str, str | None]]],
        number: int | None = None,
    ) -> None:
        self.text = text
        self._states = states
        self._pairs = pairs
        self.number = number

    @overload
    def __getitem__(self, index: int) -> State: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[State]: ...
    def __getitem__(self, index: int | slice) -> State | Sequence[State]:
        return _decoded(self._states, self.text)[index]

    def __iter__(self) -> Iterator[State]:
        return iter(_decoded(self._states, self.text))

    def __len__(self) -> int:
        return len(self.pairs()) if self.number is None else self.number

    def __bool__(self) -> bool:
        return bool(self.text.strip("[] "))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, HostStates):
            return self.text == other.text
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"HostStates({self.text!r})"

    def marks(self) -> list[str]:
        """What stands in brackets before each state, of the form that has them: told in a tenth of the time of ``pairs``."""
        return [part[part.rfind("(") + 1 :] for part in self.text.split(") ram:")[:-1]]

    def pairs(self) -> list[tuple[str, str | None]]:
        """(host, node) of each; far cheaper than the states, and as many."""
        found = self._pairs(self.text)
        self.number = len(found)
        return found


@lru_cache(maxsize=_KEPT)
def _decoded(states: Callable[[str], list[State]], text: str) -> tuple[State, ...]:
    return tuple(states(text))
