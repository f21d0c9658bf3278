"""Reads places of inputs again: the lines that a report quotes. What is not what it was is left out, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from novatrace.model.evidence import Evidence, Provenance
from novatrace.sources import files
from novatrace.sources.compression import Damage, MissingCodecError
from novatrace.sources.identity import HASHED_BYTES, digest
from novatrace.sources.interface import Source

_LONGEST = 64 * 1024


def excerpts(evidence: Evidence, places: Iterable[Provenance]) -> dict[Provenance, bytes]:
    """The bytes at these places, each at most 64 KiB; nothing when the input is gone or another one by now."""
    wanted = set(places)
    source = source_of(evidence, sources_at(evidence.path)) if wanted else None
    return {} if source is None else read_places(source, wanted, longest=_LONGEST)


def sources_at(path: str) -> tuple[Source, ...]:
    """What is at the path of an input by now; nothing where the input was standard input."""
    return () if path == "-" else files.find((path,)).sources


def source_of(evidence: Evidence, sources: Iterable[Source]) -> Source | None:
    """The source that an input was read from, if it still is what it was, or has only grown."""
    return next((s for s in sources if s.evidence.member == evidence.member and _same(s, evidence)), None)


def read_places(source: Source, places: Iterable[Provenance], *, longest: int | None = None) -> dict[Provenance, bytes]:
    """The bytes at these places, as far as they can be read; of each at most ``longest``."""
    wanted = sorted(set(places), key=lambda place: place.byte_offset)
    found: dict[Provenance, bytes] = {}
    try:
        if source.read_range is not None:
            for place in wanted:
                end = place.byte_offset + _length(place, longest)
                found[place] = b"".join(source.read_range(place.byte_offset, end))
        else:
            found.update(_streamed(source.open_blocks(), wanted, longest))
    except (OSError, Damage, MissingCodecError):
        return found
    return found


def ending(source: Source, evidence: Evidence) -> tuple[bytes, int]:
    """The last bytes of an input as it was when it was read, and their offset; nothing where they cannot be read."""
    data, offset = b"", 0
    try:
        if source.read_range is not None:
            offset = max(0, evidence.size_bytes - HASHED_BYTES)
            return b"".join(source.read_range(offset, evidence.size_bytes)), offset
        for block in source.open_blocks():
            joined = data + block
            data = joined[-HASHED_BYTES:]
            offset += len(joined) - len(data)
    except (OSError, Damage, MissingCodecError):
        return data, offset
    return data, offset


def _length(place: Provenance, longest: int | None) -> int:
    return place.length if longest is None else min(place.length, longest)


def _same(source: Source, evidence: Evidence) -> bool:
    """True when the input is unchanged, or has only grown since."""
    now = source.evidence
    if (now.size_bytes, now.head_hash, now.tail_hash) == (evidence.size_bytes, evidence.head_hash, evidence.tail_hash):
        return True
    if now.size_bytes <= evidence.size_bytes or source.read_range is None:
        return False
    with suppress(OSError):
        head = b"".join(source.read_range(0, min(evidence.size_bytes, HASHED_BYTES)))
        return digest(head) == evidence.head_hash and ended_here(evidence, source)
    return False


def ended_here(then: Evidence, source: Source) -> bool:
    """True when an input still has, where it once ended, what it had there."""
    if source.read_range is None:
        return False
    with suppress(OSError):
        tail = b"".join(source.read_range(max(0, then.size_bytes - HASHED_BYTES), then.size_bytes))
        return digest(tail) == then.tail_hash
    return False


def _streamed(
    blocks: Iterator[bytes], wanted: list[Provenance], longest: int | None
) -> Iterator[tuple[Provenance, bytes]]:
    """The places of a stream that can only be read from its beginning; reading stops behind the last one."""
    kept = b""
    kept_from = 0
    at = 0
    for block in blocks:
        kept += block
        while at < len(wanted):
            place = wanted[at]
            end = place.byte_offset + _length(place, longest)
            if end > kept_from + len(kept):
                break
            yield place, kept[place.byte_offset - kept_from : end - kept_from]
            at += 1
        if at == len(wanted):
            return
        drop = min(len(kept), max(0, wanted[at].byte_offset - kept_from))
        kept, kept_from = kept[drop:], kept_from + drop
