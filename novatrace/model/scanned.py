"""What reading a piece of an input gave; it passes between processes and is kept in the case file."""

from __future__ import annotations

from dataclasses import dataclass

from novatrace.model.evidence import Coverage, Evidence, Notice


@dataclass(slots=True)
class Scanned:
    """A piece of an input, read.

    Attributes:
        events: the events, folded (``parsing/fragments.py``).
        coverage: its account; line numbers of events and samples count from the piece's first line.
        invalid_utf8_lines: lines of it that are not valid UTF-8.
        notices: what went wrong while reading it.
        cut: it ended before its end: no line behind it has a number.
    """

    events: bytes
    coverage: Coverage
    invalid_utf8_lines: int
    notices: tuple[Notice, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class KeptPiece:
    """A piece of an input that a case file holds.

    Attributes:
        evidence: the input as it was.
        manner: everything beside its bytes that its events depend on.
        start: offset of the piece.
        end: offset behind the piece, or None for a whole input that cannot be cut.
        row: its place in the case file.
    """

    evidence: Evidence
    manner: str
    start: int
    end: int | None
    row: int
