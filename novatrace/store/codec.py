"""The model as JSON text and back, by its type hints; no pickle, so a case file can do no harm."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder()


def encode(item: object) -> str:
    """A part of the model as JSON text."""
    return _ENCODER.encode(item).decode("utf-8")


def decode(kind: Any, text: str) -> Any:  # noqa: ANN401 - a type, or a form of one such as ``tuple[str, int]``
    """The part of the model that a text holds.

    Raises:
        ValueError: it is no JSON, or has not the shape of the type.
    """
    return _decoder(kind).decode(text)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 - see decode
    return msgspec.json.Decoder(kind)
