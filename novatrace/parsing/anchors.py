"""All anchors of the catalogue in one automaton over raw bytes, and what each of them can stand for.

The library finds matches from left to right that do not overlap; where the end of one anchor can be the beginning of
another, or one lies in another, the first one found speaks for both.
"""

from __future__ import annotations

from dataclasses import dataclass

from ahocorasick_rs import MATCHKIND_LEFTMOST_FIRST, BytesAhoCorasick

from novatrace.parsing.anchor_groups import grouped
from novatrace.parsing.definitions import Catalogue, Message, Repeats

FAST_UP_TO = 64


@dataclass(frozen=True, slots=True)
class Hint:
    """A literal of which an anchor may be part.

    Attributes:
        text: the literal.
        rule: how repetitions are told, where all messages with the hint agree on one.
        follows: its messages mean something only behind another one.
    """

    text: bytes
    rule: Repeats | None
    follows: bool


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an anchor may stand for.

    Attributes:
        hints: all of them.
        plain: any of these literals makes a line worth reading; empty where it depends on more.
        periodic: the first of the hints with its rule, and where in it the anchor begins, if it tells repetitions and the
            anchor is a part of it; what makes up most of a scheduler's DEBUG log is told by it alone.
    """

    hints: tuple[Hint, ...]
    plain: tuple[bytes, ...]
    periodic: tuple[bytes, Repeats, int] | None


class Anchors:
    """Finds anchors in blocks of bytes."""

    def __init__(self, catalogue: Catalogue) -> None:
        hints: dict[bytes, dict[bytes, Hint]] = {}
        for message in catalogue.messages:
            hints.setdefault(_bytes(message.anchor), {})[_bytes(message.hint)] = _hint(message, catalogue)
        self._anchors = grouped(hints)
        self._automaton = BytesAhoCorasick(self._anchors, matchkind=MATCHKIND_LEFTMOST_FIRST)
        self.meanings = [self._meaning(anchor, hints) for anchor in self._anchors]

    def find(self, data: bytes | memoryview) -> list[tuple[int, int, int]]:
        """(anchor, start, end) of all matches, left to right."""
        found: list[tuple[int, int, int]] = self._automaton.find_matches_as_indexes(data)
        return found

    def _meaning(self, anchor: bytes, hints: dict[bytes, dict[bytes, Hint]]) -> Meaning:
        merged = dict(hints[anchor])
        for other in self._anchors:
            if other != anchor and _hides(anchor, other):
                merged |= hints[other]
        found = tuple(merged.values())
        plain = all(hint.rule is None and not hint.follows for hint in found)
        return Meaning(found, tuple(hint.text for hint in found) if plain else (), _periodic(anchor, found[0]))


def _periodic(anchor: bytes, first: Hint) -> tuple[bytes, Repeats, int] | None:
    if first.rule is None or first.follows or anchor not in first.text:
        return None
    return first.text, first.rule, first.text.find(anchor)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8")


def _hint(message: Message, catalogue: Catalogue) -> Hint:
    alike = catalogue.by_hint[message.hint]
    rules = {other.repeats for other in alike}
    follows = any(other.follows for other in alike)
    return Hint(_bytes(message.hint), message.repeats if len(rules) == 1 else None, follows)


def _hides(found: bytes, other: bytes) -> bool:
    """True when finding one anchor can keep the other from being found."""
    sizes = range(1, min(len(found), len(other)))
    return other in found or (found[-1] in other and any(found.endswith(other[:size]) for size in sizes))
