"""The key of a case's pseudonyms and what they stand for: kept in the state directory, readable by their owner alone."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from novatrace.errors import CaseNotWritableError, UsageError
from novatrace.store.places import is_folder, state_dir

_KEY_BYTES = 32
_SHORTEST_KEY = 16


def key_of(case_file: Path) -> bytes:
    """The key of a case, made when it is first asked for."""
    path = _folder() / f"{case_file.stem}.key"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        key = secrets.token_bytes(_KEY_BYTES)
        _write(path, key)
        return key


def key_from(path: Path) -> bytes:
    """A key that the user gives, so that several cases share their pseudonyms.

    Raises:
        UsageError: it is too short to be a secret.
    """
    key = path.read_bytes().strip()
    if len(key) < _SHORTEST_KEY:
        raise UsageError(
            f"{path}: a key of {len(key)} bytes can be guessed",
            next_step=f"give at least {_SHORTEST_KEY}, such as `head -c 32 /dev/urandom > {path}` writes",
        )
    return key


def remember(case_file: Path, known: dict[str, str]) -> Path:
    """Keeps what the pseudonyms of a case stand for, beside those that are known already."""
    path = _folder() / f"{case_file.stem}.json"
    every = {**_read(path), **known}
    _write(
        path, json.dumps(dict(sorted(every.items())), ensure_ascii=False, indent=1).encode("utf-8", "surrogateescape")
    )
    return path


def reveal(alias: str) -> list[str]:
    """What a pseudonym stands for in any case of this machine."""
    folder = state_dir() / "redaction"
    maps = sorted(folder.glob("*.json")) if is_folder(folder) else []
    return sorted({known[alias] for path in maps if alias in (known := _read(path))})


def _read(path: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return known


def _folder() -> Path:
    folder = state_dir() / "redaction"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CaseNotWritableError(f"{folder}: {(error.strerror or str(error)).lower()}") from error
    return folder


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.new")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.replace(path)
    except OSError as error:
        raise CaseNotWritableError(f"{path}: {(error.strerror or str(error)).lower()}") from error
