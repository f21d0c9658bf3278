"""Where cases live: the user's state directory, never the evidence folder."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from novatrace.errors import CaseMissingError, UsageError


def state_dir() -> Path:
    """``$XDG_STATE_HOME/novatrace``, else ``~/.local/state/novatrace``."""
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base else Path.home() / ".local" / "state") / "novatrace"


def case_path(paths: tuple[str, ...]) -> Path:
    """The case file of a set of paths: the same paths give the same case."""
    absolute = sorted(str(Path(path).absolute()) for path in paths)
    digest = hashlib.blake2b("\n".join(absolute).encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    name = re.sub(r"[^\w.\-]+", "-", Path(absolute[0]).name or "case").strip("-.") or "case"
    return state_dir() / "cases" / f"{name[:40]}-{digest}.sqlite"


def is_folder(path: Path) -> bool:
    """True for a folder; pathlib's own question raises where a folder above may not be entered."""
    return os.path.isdir(path)  # noqa: PTH112 - see above


def cases() -> list[Path]:
    """All case files of the state directory, newest first."""
    folder = state_dir() / "cases"
    found = [path for path in folder.glob("*.sqlite") if path.is_file()] if is_folder(folder) else []
    return sorted(found, key=lambda path: (-path.stat().st_mtime_ns, path.name))


def newest_case() -> Path:
    """The case written last.

    Raises:
        CaseMissingError: there is none yet.
    """
    found = cases()
    if not found:
        raise CaseMissingError(
            "there is no case yet", next_step="run `novatrace correlate PATH…` first, or give the paths"
        )
    return found[0]


def refuse_inside_evidence(path: Path, inputs: tuple[str, ...]) -> None:
    """Evidence stays as it is: no case file is written into a folder that is being read.

    Raises:
        UsageError: the case file lies in one of the given folders.
    """
    for given in inputs:
        folder = Path(given)
        if given != "-" and is_folder(folder) and path.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                f"the case file {path} would lie inside the evidence folder {given}",
                next_step="name another place with --case or XDG_STATE_HOME; evidence is never changed",
                error_id="E-USAGE-SELF",
            )
