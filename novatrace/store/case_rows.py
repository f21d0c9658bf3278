"""What is long of a kept case, looked up in its file when somebody asks: a case of thousands of moves need not be in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from novatrace.model.kept import KeptEach, KeptTogether
from novatrace.model.migration import (
    Attempt,
    Candidate,
    Citation,
    Claim,
    FilterStep,
    Migration,
    Pass,
    Rejection,
    TimelineEntry,
)
from novatrace.model.parts import changed, fields_of
from novatrace.store.codec import decode, encode

T = TypeVar("T")
_AT_HAND = 16
_TOGETHER = 256
# The long tuples of a move, by the names of their fields, and what they stand in.
_LONG: dict[str, type[Any]] = {
    "citations": Citation,
    "timeline": TimelineEntry,
    "filters": FilterStep,
    "candidates": Candidate,
    "rejected": Rejection,
}
_HOLDERS = (Migration, Attempt, Pass, Claim)
#: The texts of some rows of a part, from a position on.
Texts = Callable[[int, int], Iterable[str]]
_Keep = Callable[[type[Any], tuple[Any, ...]], tuple[Any, ...]]


class Moves:
    """The moves of a case; what is long of them stays in the file.

    Args:
        texts: reads rows of the file.
    """

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.long_of = lru_cache(maxsize=_AT_HAND)(self._long_of)
        self._rows: dict[tuple[type[Any], int], _Together[Any]] = {}

    def slim(self, whole: Migration, position: int) -> Migration:
        """The same move, that stands at a position."""
        number = 0

        def keep(kind: type[Any], items: tuple[Any, ...]) -> tuple[Any, ...]:
            nonlocal number
            number += 1
            rows = self._rows.setdefault((kind, number), _Together(self, kind, number))
            return cast("tuple[Any, ...]", KeptTogether(rows, position, len(items)))

        slim: Migration = _with_long(whole, keep)
        return slim

    def _long_of(self, position: int) -> tuple[tuple[Any, ...], ...]:
        """The long tuples of a move, in the order in which ``slim`` finds them."""
        found: list[tuple[Any, ...]] = []

        def keep(_kind: type[Any], items: tuple[Any, ...]) -> tuple[Any, ...]:
            found.append(items)
            return items

        (text,) = self._texts(position, 1)
        _with_long(decode(Migration, text), keep)
        return tuple(found)


class _Together(Generic[T]):
    """The long tuples of one number of all moves; see ``model.kept.Rows``."""

    def __init__(self, moves: Moves, kind: type[T], number: int) -> None:
        self.kind = kind
        self._moves = moves
        self._number = number

    def items(self, place: int) -> tuple[T, ...]:
        """See ``model.kept.Rows``."""
        return self._moves.long_of(place)[self._number - 1]

    def item(self, place: int) -> T:
        """It holds tuples."""
        raise TypeError(f"{self.kind} at {place} is one of several")

    def text(self, place: int) -> bytes:
        """See ``model.kept.Rows``."""
        return encode(self.items(place)).encode()


class _Each(Generic[T]):
    """The rows of a part, one thing each; see ``model.kept.Rows``. They are read some at a time."""

    def __init__(self, texts: Texts, kind: type[T]) -> None:
        self.kind = kind
        self._texts = texts
        self._some = lru_cache(maxsize=_AT_HAND)(self._decoded)

    def _decoded(self, number: int) -> tuple[T, ...]:
        return tuple(decode(self.kind, text) for text in self._texts(number * _TOGETHER, _TOGETHER))

    def items(self, place: int) -> tuple[T, ...]:
        """It holds single things."""
        raise TypeError(f"{self.kind} at {place} is one")

    def item(self, place: int) -> T:
        """See ``model.kept.Rows``."""
        return self._some(place // _TOGETHER)[place % _TOGETHER]

    def text(self, place: int) -> bytes:
        """See ``model.kept.Rows``."""
        return encode(self.item(place)).encode()


def each(kind: type[T], texts: Texts, count: int) -> tuple[T, ...]:
    """What the rows of a part hold; it does as well as a tuple."""
    return cast("tuple[T, ...]", KeptEach(_Each(texts, kind), range(count)))


def _with_long(thing: Any, keep: _Keep) -> Any:  # noqa: ANN401 - one of _HOLDERS
    """The thing with its long tuples, and those of what it holds, as ``keep`` gives them; empty ones are left out."""
    changes: dict[str, Any] = {}
    for name in fields_of(thing.__class__):
        value = getattr(thing, name)
        if isinstance(value, tuple) and value:
            if name in _LONG:
                changes[name] = keep(_LONG[name], value)
            elif isinstance(value[0], _HOLDERS):
                changes[name] = tuple(_held(value, keep))
        elif isinstance(value, _HOLDERS):
            changes[name] = _with_long(value, keep)
    return changed(thing, **changes)


def _held(things: Iterable[Any], keep: _Keep) -> Iterator[Any]:
    return (_with_long(thing, keep) for thing in things)
