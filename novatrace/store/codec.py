"""The model as JSON text and back, by its type hints; no pickle, so a case file can do no harm."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import msgspec

from novatrace.model.kept import Kept, KeptTogether

_NO_TEXT = re.compile(r"\\ud[c-f]")


def _as_kept(item: object) -> object:
    """What is kept aside is JSON already."""
    if isinstance(item, KeptTogether):
        return msgspec.Raw(item.text)
    raise TypeError(f"{type(item)} in a case")


def _plain(item: object) -> object:
    return list(item) if isinstance(item, Kept) else _as_kept(item)


_ENCODER = msgspec.json.Encoder(enc_hook=_as_kept)


def encode(item: object) -> str:
    """A part of the model as JSON text."""
    try:
        return _ENCODER.encode(item).decode("utf-8")
    except UnicodeEncodeError:  # the name of a file that is no text
        return json.dumps(msgspec.to_builtins(item, str_keys=True, enc_hook=_plain))


def decode(kind: Any, text: str) -> Any:  # noqa: ANN401 - a type, or a form of one such as ``tuple[str, int]``
    """The part of the model that a text holds.

    Raises:
        ValueError: it is no JSON, or has not the shape of the type.
    """
    try:
        return _decoder(kind).decode(text)
    except msgspec.DecodeError:
        if _NO_TEXT.search(text) is None:
            raise
        return msgspec.convert(json.loads(text), kind, str_keys=True)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 - see decode
    return msgspec.json.Decoder(kind)
