"""What a source of log lines is: evidence, and a way to read its bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from novatrace.model.evidence import Evidence, Notice
from novatrace.sources.beside import Beside


@dataclass(frozen=True, slots=True)
class Source:
    """One input unit.

    Attributes:
        evidence: what it is.
        open_blocks: starts reading from the first byte; raises ``OSError``, ``compression.Damage`` or
            ``compression.MissingCodecError`` while iterated.
        asked_for: True when the user named this very file, so that it is read whatever it looks like.
        read_range: reads the bytes from one offset to another, where they can be read out of order; else None.
        is_archive: True when logs are inside it.
    """

    evidence: Evidence
    open_blocks: Callable[[], Iterator[bytes]]
    asked_for: bool
    read_range: Callable[[int, int], Iterator[bytes]] | None = None
    is_archive: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Every source under the paths that the user gave, in reading order; what could not be taken; what stands beside."""

    sources: tuple[Source, ...]
    notices: tuple[Notice, ...]
    beside: tuple[Beside, ...] = ()
