"""The model's dataclasses as JSON and back, by their type hints; no pickle, so a case file can do no harm."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union

T = TypeVar("T")


def encode(value: Any) -> Any:  # noqa: ANN401 - any part of the model
    """A JSON value: dataclasses become objects, tuples lists; fields at None are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        items = ((f.name, getattr(value, f.name)) for f in fields(value))
        return {name: encode(item) for name, item in items if item is not None}
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    return value


def decode(kind: type[T], data: Any) -> T:  # noqa: ANN401 - any JSON value
    """The dataclass of a JSON object.

    Raises:
        ValueError: the data has not the shape of the type.
    """
    try:
        decoded: T = _decoder(typing.cast("Any", kind))(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from error
    return decoded


@cache
def _decoder(kind: Any) -> Any:  # noqa: ANN401 - a type hint, and a function for it
    if is_dataclass(kind):
        return _dataclass_decoder(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        wanted = [argument for argument in arguments if argument is not type(None)]
        inner = _decoder(wanted[0]) if len(wanted) == 1 else _as_is
        return lambda data: None if data is None else inner(data)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is ...:  # noqa: PLR2004 - tuple[X, ...]
            each = _decoder(arguments[0])
            return lambda data: tuple(each(item) for item in data)
        parts = [_decoder(argument) for argument in arguments]
        return lambda data: tuple(part(item) for part, item in zip(parts, data, strict=True))
    if origin is list:
        each = _decoder(arguments[0])
        return lambda data: [each(item) for item in data]
    return _as_is


def _as_is(data: Any) -> Any:  # noqa: ANN401 - any JSON value
    return data


def _dataclass_decoder(kind: Any) -> Any:  # noqa: ANN401 - see _decoder
    hints = typing.get_type_hints(kind)
    names = [f.name for f in fields(kind)]
    parts: dict[str, Any] = {}

    def decoder(data: Any) -> Any:  # noqa: ANN401 - see _decoder
        if not parts:
            parts.update({name: _decoder(hints[name]) for name in names})
        return kind(**{name: parts[name](data[name]) if name in data else None for name in names})

    return decoder
