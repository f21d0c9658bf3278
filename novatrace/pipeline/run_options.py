"""What a run is asked for; light, because every command needs it and few read logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: Told of every input that has been read: bytes so far, bytes in all, its place.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user asked for, free of click."""

    paths: tuple[str, ...]
    tz: str | None = None
    node: str | None = None
    since: str | None = None
    until: str | None = None
    inventory: Path | None = None
    messages: tuple[Path, ...] = ()
    case_file: Path | None = None
    jobs: int | None = None
    patience_s: float | None = None
    log_formats: tuple[str, ...] = ()
    correct_clocks: bool = False
    line_by_line: bool = False
