"""The fields of a part of the model, whether it is a dataclass or a ``Struct``."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from dataclasses import replace as replace_of_dataclass
from functools import cache
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace as replace_of_struct

T = TypeVar("T")


@cache
def fields_of(kind: type[object]) -> dict[str, str]:
    """The fields of a class with their types as they are written; {} where it is no part of the model."""
    if issubclass(kind, Struct):
        return {name: kind.__annotations__[name] for name in kind.__struct_fields__}
    if is_dataclass(kind):
        return {each.name: str(each.type) for each in fields(kind)}
    return {}


def changed(part: T, **changes: object) -> T:
    """The same part with other values of some fields."""
    if isinstance(part, Struct):
        return replace_of_struct(part, **changes)
    done: T = replace_of_dataclass(part, **changes)  # type: ignore[type-var]
    return done
