"""Keeps parts of the model aside, as the JSON that they are in a case file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from novatrace.model.kept import KeptEach, KeptTogether
from novatrace.store.codec import decode, encode
from novatrace.store.spool import Spool

T = TypeVar("T")
_AT_HAND = 16
_HELD_BYTES = 2 << 20
_ITEM_BYTES = 400  # about what a citation, a step or a candidate takes


class Shelf:
    """See ``model.kept``; the first tuples stay as they are, as most cases have no more."""

    def __init__(self, spool: Spool, held_bytes: int = _HELD_BYTES) -> None:
        self._spool = spool
        self._left_bytes = held_bytes
        self._rows: dict[type[Any], _Rows[Any]] = {}

    def keep(self, kind: type[T], items: Iterable[T]) -> tuple[T, ...]:
        """Keeps the items; what is returned does as well as a tuple of them."""
        listed = tuple(items)
        if not listed or self._left_bytes > 0:
            self._left_bytes -= len(listed) * _ITEM_BYTES
            return listed
        return self.together(kind, self.put(listed), len(listed))

    def together(self, kind: type[T], place: int, count: int) -> tuple[T, ...]:
        """What was kept at a place; what is returned does as well as a tuple of it."""
        return cast("tuple[T, ...]", KeptTogether(self._of(kind), place, count))

    def put(self, item: object) -> int:
        """Keeps one thing; returns its place."""
        return self._spool.put(encode(item).encode())

    def each(self, kind: type[T], places: Sequence[int]) -> tuple[T, ...]:
        """What was put at some places; what is returned does as well as a tuple of them."""
        return cast("tuple[T, ...]", KeptEach(self._of(kind), places))

    def _of(self, kind: type[T]) -> _Rows[T]:
        rows: _Rows[T] | None = self._rows.get(kind)
        if rows is None:
            rows = self._rows[kind] = _Rows(self._spool, kind)
        return rows


class _Rows(Generic[T]):
    """What is kept of one kind; the last few that were asked for are at hand."""

    def __init__(self, spool: Spool, kind: type[T]) -> None:
        self.kind = kind
        self._spool = spool
        self._together: Any = tuple.__class_getitem__((kind, ...))
        self.items = lru_cache(maxsize=_AT_HAND)(self._items)

    def _items(self, place: int) -> tuple[T, ...]:
        found: tuple[T, ...] = decode(self._together, self.text(place).decode())
        return found

    def item(self, place: int) -> T:
        """See ``model.kept.Rows``."""
        found: T = decode(self.kind, self.text(place).decode())
        return found

    def text(self, place: int) -> bytes:
        """See ``model.kept.Rows``."""
        return self._spool.get(place)
