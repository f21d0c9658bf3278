"""JSON as text, in pieces where it is long: a report of thousands of moves need not be in memory as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from novatrace.reports.neutralise import json_safe

_ENCODER = msgspec.json.Encoder()


def whole(value: Mapping[str, Any]) -> str:
    """An object as text that ends with a newline."""
    return "".join(pieces(value))


def pieces(value: Mapping[str, Any]) -> Iterator[str]:
    """The text of an object, piece by piece; a member that is an iterator is an array whose items are made one by one."""
    before = "{"
    for name, member in value.items():
        yield f"{before}\n {_text(name, 1)}: "
        if isinstance(member, Iterator):
            yield from _items(member)
        else:
            yield _text(member, 1)
        before = ","
    yield "\n}\n"


def _items(items: Iterable[Any]) -> Iterator[str]:
    before = "["
    for item in items:
        yield f"{before}\n  {_text(item, 2)}"
        before = ","
    yield "[]" if before == "[" else "\n ]"


def _text(value: Any, depth: int) -> str:  # noqa: ANN401 - whatever JSON can hold
    try:
        text = msgspec.json.format(_ENCODER.encode(value), indent=1).decode()
    except UnicodeEncodeError:  # the name of a file that is no text
        text = json.dumps(value, ensure_ascii=False, indent=1)
    return json_safe(text).replace("\n", "\n" + " " * depth)
