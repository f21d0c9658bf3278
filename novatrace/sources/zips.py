"""Members of a zip, never extracted; what is damaged, encrypted or a bomb is told and what else there is is read."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import IO

from novatrace.sources.compression import Damage, capped
from novatrace.sources.tar import Member

ZIP = b"PK\x03\x04"
_PIECE = 512 * 1024
_HEADER_BYTES = 30
_Tell = Callable[..., None]


def zip_members(file: IO[bytes], tell: _Tell) -> Iterator[Member]:
    """The regular files of a zip; what cannot be read is told."""
    try:
        archive = zipfile.ZipFile(file)
        members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        tell("W-ARC-DATA", text=f"not a sound zip ({error}); collect it again")
        return
    over = _lying_over_others(members)
    if over:
        tell("E-ARC-BOMB", text=f"{len(over)} members lie over others, as in a zip bomb; those were not read")
    for info in members:
        if info.is_dir() or info.header_offset in over:
            continue
        if info.flag_bits & 1:
            tell("W-ARC-ENC", text=f"{info.filename}: encrypted; not read")
            continue
        yield Member(info.filename, info.file_size, 0, partial(_blocks, archive, info, tell))


def _lying_over_others(members: list[zipfile.ZipInfo]) -> set[int]:
    """Where members begin whose bytes are those of other members, too: no program packs so, and few bytes become many."""
    placed = sorted((m.header_offset, m.header_offset + _HEADER_BYTES + m.compress_size) for m in members)
    found: set[int] = set()
    for (start, end), (following, _) in pairwise(placed):
        if following < end:
            found |= {start, following}
    return found


def _blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo, tell: _Tell) -> Iterator[bytes]:
    try:
        yield from capped(_unpacked(archive, info), info.compress_size)
    except Damage as damage:
        tell(damage.kind, text=f"{info.filename}: {damage.text}")
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, EOFError) as error:
        tell("W-ARC-CRC", text=f"{info.filename}: damaged ({error}); what came before was kept")


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as member:
        while block := member.read(_PIECE):
            yield block
