"""Byte blocks of a plain or compressed stream; damage keeps every decodable byte and is said.

The raw decompressor objects are used, not the file objects of the standard library: those drop good data before they
raise, and some accept a cut or dirty stream without a word.
"""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO, Protocol

BLOCK_BYTES = 512 * 1024
_READ_BYTES = 64 * 1024
_MOST_AT_ONCE = 4 << 20
# zstandard's decoder has no bound of its own: 4 KiB become 130 MB at most.
_ZSTD_BYTES = 4096
# No log is packed to less than a thousandth of it; a gigabyte may be anything.
MAY_BE_BYTES = 1 << 30
MOST_TIMES = 1000
MOST_BYTES = 64 << 30
_ERRORS = (("isal.isal_zlib", "error"), ("zstandard", "ZstdError"))
# RFC 8878 section 3.1.1.1.1; the .xz file format, section 2.1.1.2.
_ZSTD_FLAGS_AT, _ZSTD_CHECKED, _XZ_CHECK_AT = 4, 4, 7
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))


class Decompressor(Protocol):
    """The part that zlib's, bz2's, lzma's and zstandard's objects have in common."""

    @property
    def eof(self) -> bool:
        """True when the end of the stream was seen."""

    @property
    def unused_data(self) -> bytes:
        """What came after the end."""

    def decompress(self, data: bytes, /) -> bytes:
        """Decode some bytes."""


class Damage(Exception):  # noqa: N818 - not an error of ours: the stream's state, told after its last good byte
    """A stream that is cut or dirty: ``kind`` is ``W-ARC-TRUNC``, ``W-ARC-DATA`` or ``W-ARC-TRAILING``."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text


class MissingCodecError(Exception):
    """The decompressor of this format is not installed."""


NO_CODEC = "zstd cannot be read without its library; skipped; install novatrace[zstd]"


def compression_of(head: bytes) -> str | None:
    """The compression that the first bytes show, or None; names are not trusted."""
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def has_no_check(head: bytes) -> bool:
    """True for an xz or zstd stream that says in its header that no checksum comes with it."""
    compression = compression_of(head)
    if compression == "xz":
        return len(head) > _XZ_CHECK_AT and head[_XZ_CHECK_AT] == 0
    return compression == "zstd" and len(head) > _ZSTD_FLAGS_AT and not head[_ZSTD_FLAGS_AT] & _ZSTD_CHECKED


def blocks(stream: BinaryIO, *, limit: int | None = None) -> Iterator[bytes]:
    """Decoded blocks of a stream, up to ``limit`` raw bytes (a growing file is read to the size it had).

    Raises:
        Damage: after the last good byte, when the stream is cut or dirty.
        MissingCodecError: zstandard is needed and not installed.
    """
    head = stream.read(_READ_BYTES if limit is None else min(limit, _READ_BYTES))
    compression = compression_of(head)
    if compression is None:
        yield from _raw(stream, head, limit, BLOCK_BYTES)
    else:
        yield from _decoded(_raw(stream, head, limit, _READ_BYTES), _decompressor(compression), compression)


def decoded(raw: Iterator[bytes]) -> Iterator[bytes]:
    """The decoded form of blocks that may be compressed; see ``blocks``."""
    first = next(raw, b"")
    whole = chain([first], raw)
    compression = compression_of(first)
    return whole if compression is None else _decoded(whole, _decompressor(compression), compression)


def capped(unpacked: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The blocks of an input of so many bytes on disk, as long as they are not more than any log can become.

    Raises:
        Damage: ``E-ARC-BOMB``, after what was allowed.
    """
    total, allowed = 0, min(MOST_BYTES, MAY_BE_BYTES + MOST_TIMES * size)
    for block in unpacked:
        total += len(block)
        if total > allowed:
            yield block[: allowed - total]
            raise Damage(
                "E-ARC-BOMB",
                f"{size} bytes unpack to more than {allowed}: no log does; what came before was kept",
            )
        yield block


def _raw(stream: BinaryIO, head: bytes, limit: int | None, size: int) -> Iterator[bytes]:
    left = None if limit is None else limit - len(head)
    if head:
        yield head
    while left is None or left > 0:
        block = stream.read(size if left is None else min(size, left))
        if not block:
            return
        if left is not None:
            left -= len(block)
        yield block


def _decompressor(compression: str) -> Callable[[], Decompressor]:
    if compression == "gzip":
        return _gzip()
    if compression == "bzip2":
        return bz2.BZ2Decompressor
    if compression == "xz":
        return lzma.LZMADecompressor
    try:
        import zstandard  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise MissingCodecError from error
    return lambda: zstandard.ZstdDecompressor().decompressobj()


def _gzip() -> Callable[[], Decompressor]:
    """The decompressor of isal, which is twice as fast; the standard library's where its wheel does not exist."""
    try:
        from isal import isal_zlib  # noqa: PLC0415 - only where a .gz is read
    except ImportError:
        return lambda: zlib.decompressobj(31)
    return lambda: isal_zlib.decompressobj(31)


def _decoded(raw: Iterator[bytes], make: Callable[[], Decompressor], name: str) -> Iterator[bytes]:
    decoder, begun, done = make(), False, 0
    for chunk in _small(raw) if name == "zstd" else raw:
        data = chunk
        while data:
            if decoder.eof:
                if done and not data.strip(b"\0"):
                    break
                if not _begins(data, name):
                    raise _damage(name, None, first=True)
                decoder, begun = make(), False
            yield from _pieces(decoder, data, name, trailing=not begun and done > 0)
            begun = True
            data = decoder.unused_data if decoder.eof else b""
            done += decoder.eof
    if begun and not decoder.eof:
        raise Damage(
            "W-ARC-TRUNC",
            f"the {name} stream ended early; every byte before was kept; collect this file again",
        )


def _small(raw: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in raw:
        yield from (chunk[at : at + _ZSTD_BYTES] for at in range(0, len(chunk), _ZSTD_BYTES))


def _pieces(decoder: Decompressor, data: bytes, name: str, *, trailing: bool) -> Iterator[bytes]:
    """What some bytes decode to, never very much at once: a kilobyte of bzip2 may stand for a gigabyte."""
    more = True
    while more:
        more = False
        try:
            if isinstance(decoder, (bz2.BZ2Decompressor, lzma.LZMADecompressor)):
                piece = decoder.decompress(data, _MOST_AT_ONCE)
                more = not decoder.eof and not decoder.needs_input
            else:
                piece = decoder.decompress(data)
        except Exception as error:
            if not isinstance(error, (zlib.error, OSError, lzma.LZMAError, EOFError, *_library_errors())):
                raise
            raise _damage(name, error, first=trailing) from error
        if piece:
            yield piece
        data, trailing = b"", False


def _begins(data: bytes, name: str) -> bool:
    """True when the data can be the beginning of a stream of this compression; isal takes garbage for a short one."""
    magic = next(magic for magic, known in _MAGIC if known == name)
    return magic.startswith(data[: len(magic)])


def _damage(name: str, error: Exception | None, *, first: bool) -> Damage:
    if first:
        return Damage(
            "W-ARC-TRAILING", f"bytes after the {name} stream's end are not {name}; what came before was kept"
        )
    return Damage(
        "W-ARC-DATA",
        f"the {name} stream is damaged ({error}); what came before was kept; collect this file again",
    )


def _library_errors() -> tuple[type[Exception], ...]:
    """The errors of those decompressors that have been imported."""
    found = (getattr(sys.modules.get(name), error, None) for name, error in _ERRORS)
    return tuple(error for error in found if error is not None)
