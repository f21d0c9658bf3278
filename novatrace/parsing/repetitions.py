"""Periodic messages that say the same again: told from raw bytes, and dropped from events.

A scheduler's DEBUG log holds the state of every host for every request; what did not change adds nothing. Equal bytes
give equal values, so a reader may drop them early; ``without_repetitions`` drops what the bytes did not show, and
what was said on both sides of a border between two readers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from novatrace.model.event import Event
from novatrace.parsing.definitions import Repeats

_NAME_REACH = 80


class Repetitions:
    """What was last said of each subject in one input.

    Attributes:
        said: the texts that say what was last said of their subject.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[bytes, bytes], bytes] = {}
        self.said: set[bytes] = set()  # the values of ``_last``

    def again(self, rule: Repeats, hint: bytes, text: bytes) -> bool:
        """True when the text (from the hint on) says what the last one of its subject said; remembers it."""
        if text in self.said:  # a text tells its subject, so it is that one's last
            return True
        at = text.find(rule.subject)
        if at < 0:
            return False
        at += len(rule.subject)
        subject = text[at : at + _NAME_REACH].split(b",", 1)[0].split(b" ", 1)[0]
        self.said.discard(self._last.get((hint, subject), b""))
        self.said.add(text)
        self._last[hint, subject] = text
        return False


class Periodic:
    """What was last understood of each subject in one input.

    Args:
        kinds: the periodic kinds.
    """

    def __init__(self, kinds: Collection[str]) -> None:
        self.kinds = kinds
        self._last: dict[tuple[str, str | None], dict[str, Any]] = {}

    def again(self, kind: str, values: dict[str, Any]) -> bool:
        """True when the values repeat what was last said of their subject; remembers them."""
        if kind not in self.kinds:
            return False
        key = (kind, _subject(values))
        if self._last.get(key) == values:
            return True
        self._last[key] = values
        return False


def without_repetitions(events: Iterable[Event], kinds: Collection[str]) -> Iterator[Event]:
    """Events of one input, in file order, without periodic ones that repeat what was last said of their subject."""
    said = Periodic(kinds)
    return (event for event in events if event.kind not in kinds or not said.again(event.kind, event.values))


def _subject(values: dict[str, Any]) -> str | None:
    state = values.get("compute_node") or values
    name: str | None = next(
        (state[key] for key in ("provider_uuid", "consumer_uuid", "host", "node") if state.get(key)), None
    )
    return name
