"""TOML by the compiled twin of the standard library's reader, where it is installed: definitions are read at every start."""

from __future__ import annotations

try:
    import tomli as reader
except ImportError:
    import tomllib as reader  # type: ignore[no-redef]

loads = reader.loads
TOMLDecodeError = reader.TOMLDecodeError
