"""Writes the figures of a report as files, for a ticket or a talk."""

from __future__ import annotations

from pathlib import Path

from novatrace.errors import OutputError, UsageError
from novatrace.pipeline.sharing import Sharing, passed
from novatrace.reports import pictures
from novatrace.reports.document import Document, Figure
from novatrace.reports.redaction import Redaction


def check() -> None:
    """Nothing, where figures can be drawn as pictures.

    Raises:
        UsageError: the library that draws is not installed.
    """
    if not pictures.available():
        raise UsageError("pictures need a library that is not installed", next_step=f"pip install '{pictures.EXTRA}'")


def drawn(document: Document, folder: Path, redaction: Redaction, sharing: Sharing) -> list[Path]:
    """The files that were written: each figure once as SVG and once as PNG.

    Raises:
        UsageError: the library that draws is not installed.
        OutputError: the folder cannot be written.
        LeakError: a figure would show what was to be hidden.
    """
    check()
    figures = {b.name: b for section in document.sections for b in section.blocks if isinstance(b, Figure)}
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            svg = passed(pictures.svg(figure.data), redaction, sharing, what=f"figure {name}")
            for suffix, data in ((".svg", svg.encode("utf-8")), (".png", pictures.png(figure.data))):
                path = folder / f"{name}{suffix}"
                path.write_bytes(data)
                written.append(path)
    except OSError as error:
        raise OutputError(
            f"{folder}: {(error.strerror or str(error)).lower()}", next_step="name a folder that can be written"
        ) from error
    return written
