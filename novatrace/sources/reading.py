"""Reads one source to its end, whatever happens: what was decoded is kept, what went wrong becomes a notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from novatrace.model.evidence import Notice
from novatrace.sources.compression import NO_CODEC, Damage, MissingCodecError
from novatrace.sources.interface import Source
from novatrace.sources.ranges import Range

HEAD_BYTES = 1 << 16
_WINDOWS = 512
_WINDOW_BYTES = 4096
_PACKED_BYTES = 4 << 20


class Reading:
    """The blocks of a source, with what went wrong while reading; the first lines can be looked at before.

    Args:
        source: what to read.
        size_bytes: how much there was when it was found; of a plain file its size, where nothing is given.
        start: where a piece begins in the input.
    """

    def __init__(self, source: Source, *, size_bytes: int | None = None, start: int = 0) -> None:
        self.notices: list[Notice] = []
        #: True when it ended before its end: how many lines there are is not known.
        self.cut = False
        self.path = source.evidence.place
        self._source = source
        self._start = start
        plain = source.read_range is not None
        self._size_bytes = source.evidence.size_bytes if size_bytes is None and plain else size_bytes
        self._range: Range | None = None
        self._read = 0
        self._blocks = self._reading()
        self._head: list[bytes] = []

    def head(self) -> bytes:
        """The first blocks, kept for ``blocks``; as many as it takes, for a compressed stream may begin with a crumb."""
        size = sum(map(len, self._head))
        while size < HEAD_BYTES and (block := next(self._blocks, None)) is not None:
            self._head.append(block)
            size += len(block)
        return b"".join(self._head)

    def blocks(self) -> Iterator[bytes]:
        """Every block."""
        yield from self._head
        yield from self._blocks

    def again(self, rest: bytes) -> bool:
        """Gives back the end of the last block, to have it as the beginning of the next; False where that cannot be."""
        if self._range is None:
            return False
        self._range.again(rest)
        self._read -= len(rest)
        return True

    def _reading(self) -> Iterator[bytes]:
        path = self.path
        try:
            blocks = self._source.open_blocks()
            self._range = blocks if isinstance(blocks, Range) else None
            for block in blocks:
                self._read += len(block)
                yield block
            if self._size_bytes is not None and self._read < self._size_bytes:
                text = f"{self._size_bytes - self._read} bytes fewer than when it was found: cut while it was read; what was read is kept"
                self.cut = True
                self.notices.append(Notice("W-IN-SHRUNK", "sources", path, text, incomplete=True))
        except Damage as damage:
            self.notices.append(Notice(damage.kind, "sources", path, damage.text, incomplete=True))
        except MissingCodecError:
            self.notices.append(Notice("W-ARC-NOCODEC", "sources", path, NO_CODEC, incomplete=True))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            text = (
                f"{reason} at byte {self._start + self._read}; what was read before is kept, nothing behind it was read"
            )
            self.cut = True
            self.notices.append(Notice("E-IN-IO", "sources", path, text, incomplete=True))


def windows(source: Source) -> bytes:
    """Pieces of an input from its beginning to its end, in order and on lines of their own: all of it where it is short, else
    what stands at places spread evenly over it. Empty where that cannot be had, or not without unpacking much."""  # noqa: D205, D209
    size = source.evidence.size_bytes
    if source.read_range is None:
        if size > _PACKED_BYTES:
            return b""
        return b"".join(Reading(source).blocks())
    if size <= _WINDOWS * _WINDOW_BYTES:
        return b"".join(Reading(source).blocks())
    starts = [size * number // _WINDOWS for number in range(_WINDOWS)] + [size - _WINDOW_BYTES]
    with suppress(OSError):  # whoever reads it will say so
        return b"\n".join(b"".join(source.read_range(start, start + _WINDOW_BYTES)) for start in starts)
    return b""
