"""A range of a plain file in blocks, of which the end of one can be had again as the beginning of the next.

A block ends anywhere; whoever reads records wants the last of them whole, and need not put it together from two blocks.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator

from novatrace.sources.compression import BLOCK_BYTES


class Range(Iterator[bytes]):
    """The bytes of an open file from one offset to another; it closes the file.

    Args:
        handle: the open file.
        start: offset of the first byte.
        end: offset behind the last byte.
    """

    def __init__(self, handle: int, start: int, end: int) -> None:
        self._handle, self._start, self._end = handle, start, end
        self._given_back = b""
        self._close = weakref.finalize(self, os.close, handle)

    def __next__(self) -> bytes:
        if self._start < self._end and self._close.alive:
            block = self._block()
            self._given_back = b""
            if block:
                self._start += len(block)
                return block
        self._close()
        raise StopIteration

    def again(self, rest: bytes) -> None:
        """The next block begins with this, which is the end of the last one; alone where no more can be read."""
        self._start -= len(rest)
        self._given_back = rest

    def _block(self) -> bytes:
        try:
            block = os.pread(self._handle, min(BLOCK_BYTES, self._end - self._start), self._start)
        except OSError:
            if not self._given_back:
                raise
            return self._given_back
        return block if len(block) > len(self._given_back) else self._given_back
