"""What a run puts aside: few bytes stay in memory, many go to a file without a name, which is gone when the run is."""

from __future__ import annotations

import os
import struct
import weakref
from pathlib import Path

from novatrace.errors import CaseNotWritableError
from novatrace.store.places import is_folder

_IN_MEMORY_BYTES = 4 << 20
_READ_BYTES = 8 << 10
_LENGTH = struct.Struct("<I")


class Spool:
    """Rows of bytes, added at the end and read in any order.

    Args:
        folder: where the file is made when there is much; None: where the system keeps such files.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._handle = -1
        self._written = 0
        self._tail = bytearray()

    def put(self, row: bytes) -> int:
        """Adds a row; returns its place.

        Raises:
            CaseNotWritableError: the disk does not take it.
        """
        place = self._written + len(self._tail)
        self._tail += _LENGTH.pack(len(row))
        self._tail += row
        if len(self._tail) > _IN_MEMORY_BYTES:
            self.flush()
        return place

    def get(self, place: int) -> bytes:
        """The row at a place."""
        if place >= self._written:
            start = place - self._written
            (length,) = _LENGTH.unpack_from(self._tail, start)
            start += _LENGTH.size
            return bytes(self._tail[start : start + length])
        data = os.pread(self._handle, _READ_BYTES, place)
        (length,) = _LENGTH.unpack_from(data)
        row = data[_LENGTH.size : _LENGTH.size + length]
        missing = length - len(row)
        return row + os.pread(self._handle, missing, place + len(data)) if missing else row

    def open(self) -> None:
        """Makes its file, so that a copy of this process can write rows into it."""
        if self._handle < 0:
            self._handle = nameless(self._folder)
            weakref.finalize(self, os.close, self._handle)

    def written_by_another(self) -> None:
        """A copy of this process has put rows into it and flushed them."""
        self._written = os.fstat(self._handle).st_size

    def flush(self) -> None:
        """Writes to the file what is still in memory.

        Raises:
            CaseNotWritableError: the disk does not take it.
        """
        try:
            self.open()
            view = memoryview(self._tail)
            while view:
                view = view[os.write(self._handle, view) :]
        except OSError as error:
            raise CaseNotWritableError(
                f"{self._folder or 'temporary files'}: {(error.strerror or str(error)).lower()}",
                next_step="free space, or set TMPDIR to a place that has it",
            ) from error
        self._written += len(self._tail)
        self._tail = bytearray()


def nameless(folder: Path | None) -> int:
    """A handle of a new file that has no name, in a folder or where the system keeps such files."""
    import tempfile  # noqa: PLC0415 - slow to import, and small cases need no file

    handle, name = tempfile.mkstemp(prefix="novatrace-", dir=folder if folder and is_folder(folder) else None)
    Path(name).unlink()
    return handle
