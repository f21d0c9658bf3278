"""Reads places of inputs again: the lines that a report quotes. What is not what it was is left out, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from novatrace.model.evidence import Evidence, Provenance
from novatrace.sources import files
from novatrace.sources.compression import Damage, MissingCodecError
from novatrace.sources.identity import HASHED_BYTES, digest
from novatrace.sources.interface import Source

_LONGEST = 64 * 1024


def excerpts(evidence: Evidence, places: Iterable[Provenance]) -> dict[Provenance, bytes]:
    """The bytes at these places, each at most 64 KiB; nothing when the input is gone or another one by now."""
    wanted = sorted(set(places), key=lambda place: place.byte_offset)
    if not wanted or evidence.path == "-":
        return {}
    source = next(
        (
            s
            for s in files.find((evidence.path,)).sources
            if s.evidence.member == evidence.member and _same(s, evidence)
        ),
        None,
    )
    if source is None:
        return {}
    found: dict[Provenance, bytes] = {}
    try:
        if source.read_range is not None:
            for place in wanted:
                end = place.byte_offset + min(place.length, _LONGEST)
                found[place] = b"".join(source.read_range(place.byte_offset, end))
        else:
            found.update(_streamed(source.open_blocks(), wanted))
    except (OSError, Damage, MissingCodecError):
        return found
    return found


def _same(source: Source, evidence: Evidence) -> bool:
    """True when the input is unchanged, or has only grown since."""
    now = source.evidence
    if (now.size_bytes, now.head_hash, now.tail_hash) == (evidence.size_bytes, evidence.head_hash, evidence.tail_hash):
        return True
    if now.size_bytes <= evidence.size_bytes or source.read_range is None:
        return False
    head = b"".join(source.read_range(0, min(evidence.size_bytes, HASHED_BYTES)))
    return digest(head) == evidence.head_hash


def _streamed(blocks: Iterator[bytes], wanted: list[Provenance]) -> Iterator[tuple[Provenance, bytes]]:
    """The places of a stream that can only be read from its beginning; reading stops behind the last one."""
    kept = b""
    kept_from = 0
    at = 0
    for block in blocks:
        kept += block
        while at < len(wanted):
            place = wanted[at]
            end = place.byte_offset + min(place.length, _LONGEST)
            if end > kept_from + len(kept):
                break
            yield place, kept[place.byte_offset - kept_from : end - kept_from]
            at += 1
        if at == len(wanted):
            return
        drop = min(len(kept), max(0, wanted[at].byte_offset - kept_from))
        kept, kept_from = kept[drop:], kept_from + drop
