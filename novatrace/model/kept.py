"""Parts of the model that are kept aside and looked up when somebody asks.

A case has thousands of moves, each with dozens of lines, steps and hosts, and nobody looks at all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar, overload

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Shelf(Protocol):
    """Where things are kept aside."""

    def keep(self, kind: type[T], items: Iterable[T]) -> tuple[T, ...]:
        """A tuple, or a ``Kept`` that does as well as one."""

    def put(self, item: object) -> int:
        """Keeps one thing; returns its place."""

    def each(self, kind: type[T], places: Sequence[int]) -> tuple[T, ...]:
        """What was put at some places: a ``Kept`` that does as well as a tuple."""


class Rows(Protocol[T_co]):
    """What is kept of one kind, by place."""

    kind: type[object]

    def items(self, place: int) -> tuple[T_co, ...]:
        """The items of a place."""

    def item(self, place: int) -> T_co:
        """The one item of a place."""

    def text(self, place: int) -> bytes:
        """What is at a place, as JSON."""


class Kept(Sequence[T_co]):
    """Stands for a tuple, whose items are kept aside."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows[T_co]) -> None:
        self._rows = rows

    @property
    def kind(self) -> type[object]:
        """What its items are."""
        return self._rows.kind

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Kept, tuple)):
            return len(self) == len(other) and tuple(self) == tuple(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __add__(self, other: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*self, *other)

    def __radd__(self, other: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*other, *self)

    def __repr__(self) -> str:
        return repr(tuple(self))


class KeptTogether(Kept[T_co]):
    """A short tuple, kept at one place."""

    __slots__ = ("_count", "place")

    def __init__(self, rows: Rows[T_co], place: int, count: int) -> None:
        super().__init__(rows)
        self.place = place
        self._count = count

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T_co, ...]: ...
    def __getitem__(self, index: int | slice) -> T_co | tuple[T_co, ...]:
        return self._rows.items(self.place)[index]

    def __iter__(self) -> Iterator[T_co]:
        return iter(self._rows.items(self.place))

    def __len__(self) -> int:
        return self._count

    @property
    def text(self) -> bytes:
        """The items as JSON."""
        return self._rows.text(self.place)


class KeptEach(Kept[T_co]):
    """A long tuple, whose items each have a place."""

    __slots__ = ("_places",)

    def __init__(self, rows: Rows[T_co], places: Sequence[int]) -> None:
        super().__init__(rows)
        self._places = places

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T_co, ...]: ...
    def __getitem__(self, index: int | slice) -> T_co | tuple[T_co, ...]:
        if isinstance(index, slice):
            return tuple(map(self._rows.item, self._places[index]))
        return self._rows.item(self._places[index])

    def __iter__(self) -> Iterator[T_co]:
        return map(self._rows.item, self._places)

    def __len__(self) -> int:
        return len(self._places)

    def texts(self) -> Iterator[bytes]:
        """Each item as JSON."""
        return map(self._rows.text, self._places)
