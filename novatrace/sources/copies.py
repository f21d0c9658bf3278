"""Copies: what was collected twice is read once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator

from novatrace.model.evidence import Notice
from novatrace.sources.compression import Damage, MissingCodecError
from novatrace.sources.interface import Source

_HEAD_BYTES = 4096


def without_copies(sources: list[Source], notices: list[Notice]) -> Iterator[Source]:
    """Sources without those whose text is all in another one, packed or not: a copy, or an older state of a file that
    has grown since. Empty files are no copies."""  # noqa: D205, D209
    alike: dict[bytes, list[int]] = defaultdict(list)
    for number, source in enumerate(sources):
        head = _head(source)
        if head:
            alike[head].append(number)
    copies: dict[int, str] = {}
    for group in alike.values():
        if len(group) > 1:
            copies |= _copies([(number, sources[number]) for number in group])
    for number, source in enumerate(sources):
        if number not in copies:
            yield source
            continue
        text = f"its text is all in {copies[number]}; read once"
        notices.append(Notice("I-IN-DUP", "sources", source.evidence.place, text))


def _head(source: Source) -> bytes:
    """The first bytes of a text; "" where it cannot be read."""
    found = bytearray()
    try:
        for block in source.open_blocks():
            found += block
            if len(found) >= _HEAD_BYTES:
                break
    except (OSError, Damage, MissingCodecError):
        pass
    return bytes(found[:_HEAD_BYTES])


def _copies(group: list[tuple[int, Source]]) -> dict[int, str]:
    """Number → place of the one that has it all, of sources with the same first bytes."""
    sizes = {number: _measured(source) for number, source in group}
    ordered = sorted(group, key=lambda item: (-sizes[item[0]][0], item[0]))
    kept: list[tuple[int, Source]] = []
    copies: dict[int, str] = {}
    for number, source in ordered:
        size, told = sizes[number]
        holder = next((k for k in kept if told == _measured(k[1], size)[1]), None)
        if holder is None:
            kept.append((number, source))
        else:
            copies[number] = holder[1].evidence.place
    return copies


def _measured(source: Source, up_to: int | None = None) -> tuple[int, str]:
    """Size and hash of a text, or of its first bytes."""
    size, told = 0, hashlib.blake2b(digest_size=16)
    try:
        for block in source.open_blocks():
            part = block if up_to is None else block[: up_to - size]
            told.update(part)
            size += len(part)
            if up_to is not None and size >= up_to:
                break
    except (OSError, Damage, MissingCodecError):
        pass
    return size, told.hexdigest()
