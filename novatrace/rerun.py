"""What `correlate` printed the last time, where nothing is new since: no line is read, nothing decoded, little imported.

Beside the pipeline, which is heavy to import, and as it the place where rooms meet.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from novatrace import __version__
from novatrace.sources.fingerprint import fingerprint
from novatrace.store import kept_reports
from novatrace.store.kept_reports import KeptReport
from novatrace.store.places import case_path

# What a report does not depend on, or what is written beside it.
_NO_MATTER = ("jobs", "patience_s", "output", "quiet", "case_file")
_NEVER_KEPT = ("charts", "redact", "redaction_key", "redact_words")
_GIVEN_FILES = ("messages", "inventory")


@dataclass(frozen=True, slots=True)
class Asked:
    """A report that was asked for, with all that it depends on as one text."""

    case_file: Path
    key: str


def asked(given: Mapping[str, Any], *, width: int | None, colour: bool) -> Asked | None:
    """What a command's options ask for; None where the answer is never kept.

    Args:
        given: the options of ``correlate`` by name.
        width: of the terminal, None for the form of pipes and files.
        colour: True when colour is wanted.
    """
    paths: tuple[str, ...] = given["paths"]
    inputs = None if any(given[name] for name in _NEVER_KEPT) else fingerprint(paths)
    if inputs is None:
        return None
    case_file = given["case_file"] or case_path(paths)
    options = sorted((name, value) for name, value in given.items() if name not in (*_NO_MATTER, *_NEVER_KEPT))
    try:
        depends = (__version__, list(_program()), inputs, repr(options), list(_contents(given)), width, colour)
    except OSError:  # a file that has just gone; whoever needs it will say so
        return None
    key = hashlib.blake2b(repr(depends).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return Asked(case_file, key)


def kept(report: Asked) -> KeptReport | None:
    """The report as it was printed the last time; its case is then the one that was asked for last."""
    found = kept_reports.find(report.case_file, report.key)
    if found is not None:
        os.utime(report.case_file)
    return found


def keep(report: Asked, text: Iterable[bytes], said: str, code: int) -> None:
    """Keeps a report that was printed, for the next time; its text in blocks."""
    kept_reports.keep(report.case_file, report.key, text, said, code)


def _program() -> Iterator[tuple[str, int, int]]:
    """Every file of the program and its data: a changed one may print another report, whatever the version says."""
    for folder, folders, files in os.walk(Path(__file__).parent):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            status = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - hundreds of them, at every start
            yield name, status.st_size, status.st_mtime_ns


def _contents(given: Mapping[str, Any]) -> Iterator[str]:
    """The content of the files that options name."""
    for name in _GIVEN_FILES:
        value = given[name] or ()
        for path in value if isinstance(value, tuple) else (value,):
            yield hashlib.blake2b(Path(path).read_bytes()).hexdigest()
