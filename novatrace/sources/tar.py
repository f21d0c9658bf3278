"""Members of a tar stream, one after the other, never extracted; damage is told and what comes after it is still read.

The standard library's reader ends without a word when an archive is cut between members or a header is damaged; here
the end marks are looked for, and after damage the next sound header.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from novatrace.sources.compression import Damage

_BLOCK = 512
_PIECE = 512 * 1024
_ZERO = bytes(_BLOCK)
_NAME_CAP = 1 << 16
_MAGIC_AT = slice(257, 262)
_REGULAR = (b"\x00", b"0", b"7")
_SPARSE, _LONG_NAME, _PAX = b"S", b"L", b"x"


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file in an archive: its name, size and time, and its bytes, which can be read once, now."""

    name: str
    size_bytes: int
    mtime_us: int
    blocks: Callable[[], Iterator[bytes]]


class ByteStream:
    """Reads a number of bytes from blocks; what ended the blocks is kept."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.damage: Damage | None = None
        self._blocks = blocks
        self._held = b""

    def read(self, size: int) -> bytes:
        """So many bytes, or what is left."""
        parts, wanted = [], size
        while wanted:
            if not self._held:
                self._held = self._next()
                if not self._held:
                    break
            part, self._held = self._held[:wanted], self._held[wanted:]
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _next(self) -> bytes:
        try:
            return next((block for block in self._blocks if block), b"")
        except Damage as damage:
            self.damage = damage
            self._blocks = iter(())
            return b""


def is_tar(head: bytes) -> bool:
    """True when a stream that begins like this is a tar archive."""
    return head[_MAGIC_AT] == b"ustar"


class TarReader:
    """Walks a tar stream; ``notices`` has (id, text) of what was wrong once ``members`` has ended."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.stream = ByteStream(blocks)
        self.notices: list[tuple[str, str]] = []
        self._name: str | None = None
        self._ended = False

    def members(self) -> Iterator[Member]:
        """The regular files, in the archive's order; each is read, or skipped, before the next one."""
        import tarfile  # noqa: PLC0415 - only where an archive is read

        zeros, lost = 0, False
        while header := self.stream.read(_BLOCK):
            if header == _ZERO:
                zeros += 1
                self._ended = self._ended or zeros > 1
                continue
            try:
                info = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
            except tarfile.HeaderError:
                if not lost:
                    self._tell("a header is damaged; the next sound one was looked for")
                lost = True
                continue
            if zeros and not lost:
                self._tell("members after an end mark were read, too")
            zeros, lost, self._ended = 0, False, False
            yield from self._member(info.type, info.name, info.size, info.mtime)
        if self.stream.damage is not None:
            self.notices.append((self.stream.damage.kind, self.stream.damage.text))
        elif not self._ended:
            self._tell("the archive ends without its end mark: members may be missing; collect it again")

    def _member(self, kind: bytes, name: str, size: int, mtime: float) -> Iterator[Member]:
        padded = -(-size // _BLOCK) * _BLOCK
        if kind in (_LONG_NAME, _PAX) and size <= _NAME_CAP:
            data = self.stream.read(padded)[:size]
            self._name = _long_name(data) if kind == _LONG_NAME else _pax_name(data) or self._name
            return
        left = [size]

        def blocks() -> Iterator[bytes]:
            while left[0] > 0:
                block = self.stream.read(min(_PIECE, left[0]))
                if not block:
                    return
                left[0] -= len(block)
                yield block

        if kind in _REGULAR:
            yield Member(self._name or name, size, int(mtime * 1_000_000), blocks)
        elif kind == _SPARSE:
            self._tell(f"{name}: a sparse file; not read")
        self._name = None
        for _ in blocks():
            pass
        if left[0] > 0 and self.stream.damage is None:
            self._tell(f"the archive ends inside {name}; what was there was kept")
        self.stream.read(padded - size)

    def _tell(self, text: str) -> None:
        self.notices.append(("W-TAR-END", text))


def _long_name(data: bytes) -> str:
    return data.rstrip(b"\0").decode("utf-8", "surrogateescape")


def _pax_name(data: bytes) -> str | None:
    """The path in a pax header: records of ``LENGTH key=value``."""
    while data:
        size, _, _ = data.partition(b" ")
        if not size.isdigit() or not 0 < int(size) <= len(data):
            return None
        key, _, value = data[len(size) + 1 : int(size) - 1].partition(b"=")
        if key == b"path":
            return value.decode("utf-8", "surrogateescape")
        data = data[int(size) :]
    return None
