"""All anchors of the catalogue in one automaton over raw bytes, and what each of them can stand for.

The library finds matches from left to right that do not overlap; where the end of one anchor can be the beginning of
another, or one lies in another, the first one found speaks for both.
"""

from __future__ import annotations

from dataclasses import dataclass

from ahocorasick_rs import MATCHKIND_LEFTMOST_FIRST, BytesAhoCorasick

from novatrace.parsing.definitions import Catalogue, Message, Repeats

FAST_UP_TO = 64


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an anchor may be part of: hints as bytes, each with its rule for repetitions, if it has one."""

    hints: tuple[tuple[bytes, Repeats | None], ...]


class Anchors:
    """Finds anchors in blocks of bytes."""

    def __init__(self, catalogue: Catalogue) -> None:
        hints: dict[bytes, dict[bytes, Repeats | None]] = {}
        for message in catalogue.messages:
            hints.setdefault(_bytes(message.anchor), {})[_bytes(message.hint)] = _rule(message, catalogue)
        self._anchors = sorted(hints, key=lambda anchor: (-len(anchor), anchor))
        self._automaton = BytesAhoCorasick(self._anchors, matchkind=MATCHKIND_LEFTMOST_FIRST)
        self.meanings = [self._meaning(anchor, hints) for anchor in self._anchors]

    def find(self, data: bytes) -> list[tuple[int, int, int]]:
        """(anchor, start, end) of all matches, left to right."""
        found: list[tuple[int, int, int]] = self._automaton.find_matches_as_indexes(data)
        return found

    def _meaning(self, anchor: bytes, hints: dict[bytes, dict[bytes, Repeats | None]]) -> Meaning:
        merged = dict(hints[anchor])
        for other in self._anchors:
            if other != anchor and _hides(anchor, other):
                merged |= hints[other]
        return Meaning(tuple(merged.items()))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8")


def _rule(message: Message, catalogue: Catalogue) -> Repeats | None:
    """The rule of a hint; none when another message shares the hint and has no such rule."""
    rules = {other.repeats for other in catalogue.by_hint[message.hint]}
    return message.repeats if len(rules) == 1 else None


def _hides(found: bytes, other: bytes) -> bool:
    """True when finding one anchor can keep the other from being found."""
    if other in found:
        return True
    return any(found.endswith(other[:size]) for size in range(1, min(len(found), len(other))))
