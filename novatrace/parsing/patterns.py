"""The patterns of messages: ours are compiled when they are needed, a user's are watched."""

from __future__ import annotations

import re
from typing import Any, Protocol

USER_MATCH_SECONDS = 0.25
_LONGEST_PATTERN = 10_000


class Pattern(Protocol):
    """What ``re`` and ``regex`` patterns have in common here."""

    def match(self, text: str) -> Any:  # noqa: ANN401 - a match object of either library
        """Match at the start of the text."""


class BuiltinPattern:
    """A pattern of ours, compiled when it is first needed: most runs meet only a part of the catalogue."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._compiled: re.Pattern[str] | None = None

    def __repr__(self) -> str:
        return self._pattern

    def match(self, text: str) -> Any:  # noqa: ANN401 - see Pattern
        """See ``Pattern``."""
        if self._compiled is None:
            self._compiled = re.compile(self._pattern, re.DOTALL)
        return self._compiled.match(text)


class UserPattern:
    """A pattern from a user's file: matching has a time limit (reliability: patterns can explode)."""

    def __init__(self, pattern: str) -> None:
        import regex  # noqa: PLC0415 - slow to import, and few users have messages of their own

        if len(pattern) > _LONGEST_PATTERN:
            raise re.error(f"longer than {_LONGEST_PATTERN} characters")
        try:
            self._compiled = regex.compile(pattern, regex.DOTALL)
        except regex.error as error:
            raise re.error(str(error)) from error

    def __repr__(self) -> str:
        return str(self._compiled.pattern)

    def match(self, text: str) -> Any:  # noqa: ANN401 - see Pattern
        """See ``Pattern``."""
        return self._compiled.match(text, timeout=USER_MATCH_SECONDS)
