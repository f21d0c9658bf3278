"""Logs inside archives (tar in any compression, zip, archives in archives), read as streams and never extracted.

An archive is walked once. What looks like a log is kept packed in memory while there is room, else it is found again in
the archive when it is read. A member's name is a name, never a path to write to.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO

from novatrace.model.evidence import Evidence, Notice
from novatrace.sources.beside import Beside, beside_of
from novatrace.sources.compression import NO_CODEC, Damage, MissingCodecError, blocks, capped, decoded
from novatrace.sources.encoding import in_utf8
from novatrace.sources.identity import HASHED_BYTES, digest, is_odd, not_a_log, oddities
from novatrace.sources.interface import Source
from novatrace.sources.nodes import node_in_archive
from novatrace.sources.services import service_of_path
from novatrace.sources.tar import Member, TarReader, is_tar
from novatrace.sources.zips import ZIP, zip_members

DEPTH = 5
MEMBERS = 1_000_000
HELD_BYTES = 128 << 20
_ZIP_IN_MEMORY = 256 << 20
_HEAD_BYTES = 512 * 1024
LooksLikeLog = Callable[[bytes], bool]


def is_archive(head: bytes) -> bool:
    """True when a file that begins like this is an archive, packed or not."""
    if head.startswith(ZIP):
        return True
    try:
        return is_tar(_decoded_head(head))
    except (Damage, MissingCodecError):
        return False


def _decoded_head(head: bytes) -> bytes:
    """What the beginning of a file, packed or not, decodes to, as far as it goes.

    Raises:
        Damage: it does not decode at all.
        MissingCodecError: the library for it is not installed.
    """
    found = bytearray()
    try:
        for block in blocks(BytesIO(head)):
            found += block
            if len(found) >= _HEAD_BYTES:
                break
    except Damage as damage:
        if not found and damage.kind != "W-ARC-TRUNC":
            raise
    return bytes(found)


@dataclass(slots=True)
class Walk:
    """What the walk through one archive file has found."""

    path: str
    node: str | None
    wanted: LooksLikeLog
    room_bytes: int = HELD_BYTES
    sources: list[Source] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    beside: list[Beside] = field(default_factory=list)
    members: int = 0
    skipped: int = 0
    odd: list[str] = field(default_factory=list)

    def archive(self, stream: Iterator[bytes], place: tuple[int, ...], inside: str) -> None:
        """Walks an archive: the file itself, or one in it."""
        try:
            first = next(stream, b"")
            whole = _again(first, stream)
            if first.startswith(ZIP):
                self._zip(whole, place, inside)
                return
        except Damage as damage:
            self.tell(damage.kind, inside, damage.text)
            return
        reader = TarReader(whole)
        for number, member in enumerate(reader.members()):
            self._member(member, (*place, number), inside)
            if self.members > MEMBERS:
                self.tell("W-ARC-DEPTH", inside, f"more than {MEMBERS} members; the rest was not read")
                break
        for kind, text in reader.notices:
            self.tell(kind, inside, text)

    def _zip(self, whole: Iterator[bytes], place: tuple[int, ...], inside: str) -> None:
        data = BytesIO()
        for block in whole:
            if data.tell() + len(block) > _ZIP_IN_MEMORY:
                self.tell("W-ARC-DEPTH", inside, "a zip of more than 256 MiB inside an archive; not read")
                return
            data.write(block)
        for number, member in enumerate(zip_members(data, partial(self.tell, inside=inside))):
            self._member(member, (*place, number), inside)

    def _member(self, member: Member, place: tuple[int, ...], inside: str) -> None:
        self.members += 1
        if is_odd(member.name):
            self.odd.append(member.name)
        name = f"{inside}!{member.name}" if inside else member.name
        kept = beside_of(name)
        if kept is not None and member.size_bytes <= _HEAD_BYTES:
            self.beside.append(Beside(f"{self.path}!{name}", kept, b"".join(member.blocks())))
            return
        if not_a_log(member.name):
            self.skipped += 1
            return
        raw = member.blocks()
        first = next(raw, b"")
        if is_archive(first):
            if len(place) >= DEPTH:
                self.tell("W-ARC-DEPTH", name, f"archives in archives, {DEPTH} deep; not read")
                return
            nested = _again(first, raw)
            stream = nested if first.startswith(ZIP) else capped(decoded(nested), member.size_bytes)
            self.archive(stream, place, name)
            return
        if self._is_log(first, name):
            self._keep(member, first, raw, place, name)

    def _is_log(self, first: bytes, name: str) -> bool:
        """True where it begins like one; what cannot be unpacked at all is told, for it may be one."""
        try:
            if self.wanted(_decoded_head(first)):
                return True
            self.skipped += 1
        except Damage as damage:
            self.tell(damage.kind, name, damage.text)
        except MissingCodecError:
            self.tell("W-ARC-NOCODEC", name, NO_CODEC)
        return False

    def _keep(self, member: Member, first: bytes, raw: Iterator[bytes], place: tuple[int, ...], name: str) -> None:
        packer, held, tail = zlib.compressobj(1), bytearray(), b""
        for block in _again(first, raw):
            tail = (tail + block)[-HASHED_BYTES:]
            if len(held) <= self.room_bytes:
                held += packer.compress(block)
        held += packer.flush()
        reopen = partial(held_blocks, bytes(held), member.size_bytes)
        if len(held) > self.room_bytes:
            reopen = partial(found_again, self.path, place, member.size_bytes)
        else:
            self.room_bytes -= len(held)
        evidence = Evidence(
            id=-1,
            path=self.path,
            member=name,
            node=self.node or node_in_archive(self.path, name),
            service=service_of_path(name),
            size_bytes=member.size_bytes,
            head_hash=digest(first[:HASHED_BYTES]),
            tail_hash=digest(tail),
            mtime_us=member.mtime_us,
        )
        self.sources.append(Source(evidence, reopen, asked_for=False))
        self.notices += oddities(evidence.place, member.name, first)

    def tell(self, kind: str, inside: str, text: str) -> None:
        """Notes what was wrong."""
        where = f"{self.path}!{inside}" if inside else self.path
        self.notices.append(Notice(kind, "sources", where, text, incomplete=True))


def walk(path: str, node: str | None, wanted: LooksLikeLog) -> Walk:
    """The logs of an archive file, as far as it can be read."""
    found = Walk(path, node, wanted)
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - names may not be valid text; os keeps them
            if file.read(len(ZIP)) == ZIP:
                tell = partial(found.tell, inside="")
                for number, member in enumerate(zip_members(file, tell)):
                    found._member(member, (number,), "")  # noqa: SLF001 - its own module
            else:
                file.seek(0)
                found.archive(capped(blocks(file), _size(path)), (), "")
    except MissingCodecError:
        found.tell("W-ARC-NOCODEC", "", NO_CODEC)
    except OSError as error:
        found.tell("E-IN-IO", "", f"{(error.strerror or str(error)).lower()}; the members before were read, no other")
    if found.odd:
        text = f"names that lead out of the archive, such as {found.odd[0]}: names only, for nothing is unpacked"
        found.notices.append(Notice("I-ARC-NAME-ODD", "sources", path, text, len(found.odd)))
    if found.skipped:
        text = f"{found.skipped} members are no logs; not read"
        found.notices.append(Notice("I-IN-NOTLOG", "sources", path, text))
    return found


def held_blocks(packed: bytes, size: int) -> Iterator[bytes]:
    """The blocks of a member that was kept in memory, which may itself be packed."""
    unpacker = zlib.decompressobj()
    pieces = (unpacker.decompress(packed[at : at + _HEAD_BYTES]) for at in range(0, len(packed), _HEAD_BYTES))
    yield from in_utf8(capped(decoded(pieces), size))


def found_again(path: str, place: tuple[int, ...], size: int) -> Iterator[bytes]:
    """The blocks of a member that is looked for in the archive once more."""
    with open(path, "rb") as file:  # noqa: PTH123 - see walk
        yield from in_utf8(capped(decoded(_at(blocks(file), place, file)), size))


def _at(stream: Iterator[bytes], place: tuple[int, ...], file: IO[bytes] | None = None) -> Iterator[bytes]:
    number, *deeper = place
    first = next(stream, b"")
    whole = _again(first, stream)
    if first.startswith(ZIP):
        data = file if file is not None else BytesIO(b"".join(whole))
        members = zip_members(data, lambda *_, **__: None)
    else:
        members = TarReader(whole).members()
    for at, member in enumerate(members):
        if at == number:
            yield from _at(decoded(member.blocks()), tuple(deeper)) if deeper else member.blocks()
            return


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _size(path: str) -> int:
    return Path(path).stat().st_size
