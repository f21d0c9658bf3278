"""Reads one source to its end, whatever happens: what was decoded is kept, what went wrong becomes a notice."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.model.evidence import Notice
from novatrace.sources.compression import Damage, MissingCodecError
from novatrace.sources.interface import Source

HEAD_BYTES = 1 << 16


class Reading:
    """The blocks of a source, with what went wrong while reading; the first lines can be looked at before."""

    def __init__(self, source: Source) -> None:
        self.notices: list[Notice] = []
        self.path = source.evidence.place
        self._source = source
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

    def _reading(self) -> Iterator[bytes]:
        path = self.path
        try:
            yield from self._source.open_blocks()
        except Damage as damage:
            self.notices.append(Notice(damage.kind, "sources", path, damage.text, incomplete=True))
        except MissingCodecError:
            text = "zstd cannot be read without its library; skipped; install novatrace[zstd]"
            self.notices.append(Notice("W-ARC-NOCODEC", "sources", path, text, incomplete=True))
        except OSError as error:
            text = f"{(error.strerror or str(error)).lower()}; what was read before is kept"
            self.notices.append(Notice("E-IN-IO", "sources", path, text, incomplete=True))
