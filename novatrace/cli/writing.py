"""Writes a finished report: to standard output as its reader can take it, or to a file, whole or not at all."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from novatrace.errors import OutputError, ReaderGoneError, UsageError

Render = Callable[[int | None, bool], str | Iterator[str]]
_IN_MEMORY_BYTES = 4 << 20
_BLOCK_BYTES = 1 << 20


class Text:
    """A report that was made, however long: in memory, or in a file without a name."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._held = bytearray()
        self._file: IO[bytes] | None = None
        for piece in pieces:
            self._held += piece.encode("utf-8", "backslashreplace")
            if len(self._held) > _IN_MEMORY_BYTES:
                self._put_aside()

    def _put_aside(self) -> None:
        if self._file is None:
            import tempfile  # noqa: PLC0415 - slow to import, and most reports are short

            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the text is
            weakref.finalize(self, self._file.close)
        self._file.write(self._held)
        self._held = bytearray()

    def blocks(self) -> Iterator[bytes]:
        """All of it in UTF-8."""
        if self._file is not None:
            self._file.seek(0)
            while block := self._file.read(_BLOCK_BYTES):
                yield block
        yield bytes(self._held)


def form(output: str | None) -> tuple[int | None, bool]:
    """(width, colour) of a report for a sink: a terminal's own, else None and False, the plain form."""
    if (output is not None and output != "-") or sys.stdout is None:
        return None, False
    terminal = sys.stdout.isatty()
    width = os.get_terminal_size().columns if terminal and _has_size() else None
    colour = _colour(terminal=terminal)
    return width or (100 if colour else None), colour


def write(render: Render, output: str | None) -> Text:
    """Renders for the sink (see ``form``) and writes; nothing is written before all is made.

    Raises:
        OutputError: the sink does not take it; a file that was there before is unchanged.
        ReaderGoneError: the reader has gone.
    """
    text = made(render, output)
    put(text, output)
    return text


def made(render: Render, output: str | None) -> Text:
    """Renders for the sink (see ``form``); nothing is written.

    Raises:
        OutputError: there is no sink, or no room to make it.
    """
    if output is None or output == "-":
        _open()
    report = render(*form(output))
    try:
        return Text([report] if isinstance(report, str) else report)
    except OSError as error:
        raise OutputError(
            f"temporary files: {(error.strerror or str(error)).lower()}",
            next_step="free space, or set TMPDIR to a place that has it",
        ) from error


def put(text: Text, output: str | None) -> None:
    """Writes what was made.

    Raises:
        OutputError, ReaderGoneError: see ``write``.
    """
    if output is not None and output != "-":
        _to_file(Path(output), text.blocks())
    else:
        _to_stdout(text.blocks())


def write_bytes(data: bytes, output: str | None, *, binary: bool) -> None:
    """Writes what is made for programs; no terminal is flooded with what is no text.

    Raises:
        UsageError: it is no text, and standard output is a terminal.
        OutputError: see ``write``.
    """
    if output is not None and output != "-":
        _to_file(Path(output), [data])
        return
    _open()
    if binary and sys.stdout.isatty():
        raise UsageError("this format is no text for a terminal", next_step="give -o FILE")
    _to_stdout([data])


def write_folder(files: Iterable[tuple[str, bytes]], folder: Path) -> None:
    """Writes files into a folder, which is made where there is none.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: {(error.strerror or str(error)).lower()}", next_step="name a folder that can be written"
        ) from error
    for name, data in files:
        _to_file(folder / name, [data])


def _open() -> None:
    if sys.stdout is None:
        raise OutputError("standard output is closed", next_step="give -o FILE")


def _to_stdout(blocks: Iterable[bytes]) -> None:
    try:
        sys.stdout.buffer.writelines(blocks)
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError from error
    except OSError as error:
        sys.stdout = None
        raise OutputError(
            f"standard output: {(error.strerror or str(error)).lower()}",
            next_step="free space, or give -o FILE",
        ) from error


def _has_size() -> bool:
    try:
        return os.get_terminal_size().columns > 0
    except OSError:
        return False


def _colour(*, terminal: bool) -> bool:
    """True when colour is wanted: NO_COLOR forbids, FORCE_COLOR demands, else a terminal that is not dumb."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return terminal and os.environ.get("TERM", "") not in ("", "dumb")


def _to_file(path: Path, blocks: Iterable[bytes]) -> None:
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - pathlib raises where it may not look
        _to_device(path, blocks)
        return
    import tempfile  # noqa: PLC0415 - slow to import, and most reports go to standard output

    folder = path.parent
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile("wb", dir=folder, prefix=f".{path.name}.", delete=False) as file:
            temporary = file.name
            file.writelines(blocks)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise OutputError(
            f"{path}: {(error.strerror or str(error)).lower()}", next_step="name a file that can be written"
        ) from error


def _to_device(path: Path, blocks: Iterable[bytes]) -> None:
    """Writes into a pipe or a device; renaming a file onto it, as below, would put the file in its place."""
    try:
        with path.open("wb") as device:
            device.writelines(blocks)
    except OSError as error:
        raise OutputError(
            f"{path}: {(error.strerror or str(error)).lower()}", next_step="name a file that can be written"
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
