"""What is wrong with a catalogue file of the user's own: every fault at once, with its line, the reason and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from novatrace.errors import UsageError
from novatrace.model.releases import RELEASES, known, position
from novatrace.parsing import toml
from novatrace.parsing.definitions import Catalogue, Message, message_of, self_test
from novatrace.parsing.values import TYPES

_KEYS = (
    "kind", "about", "hint", "anchor", "pattern", "types", "constants", "since", "until", "service", "level", "source",
    "sample", "mark", "repeats", "follows",
)  # fmt: skip
_NEEDED = ("kind", "hint", "pattern", "sample")
_TABLE = re.compile(r"\s*\[\[message\]\]")
_HELP = {
    "pattern": "write a regular expression with named groups that matches from the start of the message, without header",
    "hint": "write a piece of the message that is always the same, in ASCII: it is what lines are looked through for",
    "kind": "write what the message means in a word; `novatrace catalogue list` has the kinds that conclusions rest on",
    "sample": "add a [[message.sample]] with `text` and the whole result in `expect`",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        line: where, from 1.
        what: in a few words.
        quoted: the line of the file, or "".
        why: the reason.
        what_to_do: the next step.
    """

    line: int
    what: str
    quoted: str
    why: str
    what_to_do: str


def faults_of(text: str, origin: str, catalogue: Catalogue) -> tuple[int, list[Fault]]:
    """How many messages a file has, and everything that is wrong with them, in the order of the file.

    Args:
        text: the file.
        origin: its name.
        catalogue: the built-in messages, which the file's own must not contradict.
    """
    lines = text.splitlines()
    try:
        tables = toml.loads(text).get("message", [])
    except toml.TOMLDecodeError as error:
        where = re.search(r"at line (\d+)", str(error))
        number = int(where[1]) if where else max(1, len(lines))
        return 0, [
            _fault(lines, number, "not valid TOML", str(error), "see toml.io; patterns stand in '''three quotes'''")
        ]
    if not isinstance(tables, list) or not tables:
        return 0, [
            _fault(lines, 1, "no message", "the file has no [[message]]", "begin each message with a line [[message]]")
        ]
    starts = [number for number, line in enumerate(lines, 1) if _TABLE.match(line)]
    found: list[Fault] = []
    for number, table in enumerate(tables):
        start = starts[number] if number < len(starts) else 1
        end = starts[number + 1] if number + 1 < len(starts) else len(lines) + 1
        found += _faults_of_message(table, _Place(lines, start, end), origin, catalogue)
    return len(tables), found


@dataclass(frozen=True, slots=True)
class _Place:
    """The lines of one message in a file: from ``start`` up to ``end``, from 1."""

    lines: list[str]
    start: int
    end: int

    def fault(self, key: str, what: str, why: str, what_to_do: str) -> Fault:
        """A fault at the line of a key, else at the message's first."""
        marks = re.compile(rf"\s*(?:{re.escape(key)}\s*=|\[\[?message\.{re.escape(key)}\b)")
        inside = range(self.start, self.end)
        number = next((n for n in inside if marks.match(self.lines[n - 1])), self.start)
        return _fault(self.lines, number, what, why, what_to_do)


def _fault(lines: list[str], number: int, what: str, why: str, what_to_do: str) -> Fault:
    quoted = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return Fault(number, what, quoted, why, what_to_do)


def _faults_of_message(table: dict[str, Any], place: _Place, origin: str, catalogue: Catalogue) -> Iterator[Fault]:
    name = f"message {table.get('kind', '?')!r}"
    for key in sorted(set(table) - set(_KEYS)):
        yield place.fault(key, f"{name}: unknown key {key!r}", "no such key", f"known keys: {', '.join(_KEYS)}")
    missing = [key for key in _NEEDED if not table.get(key)]
    for key in missing:
        yield place.fault("", f"{name}: no {key}", f"{key!r} is missing or empty", _HELP[key])
    yield from _faults_of_releases(table, place, name)
    if set(missing) - {"sample"}:
        return
    if not str(table["hint"]).isascii():
        yield place.fault("hint", f"{name}: the hint is not ASCII", "lines are looked through as bytes", _HELP["hint"])
    try:
        message = message_of(table, origin)
    except UsageError as error:
        key = "types" if "unknown type" in error.message else "pattern"
        why = error.message.removeprefix(f"{origin}: ")
        todo = f"known types: {', '.join(sorted(TYPES))}" if key == "types" else _HELP["pattern"]
        yield place.fault(key, f"{name}: {key} cannot be used", why, todo)
        return
    except (TypeError, AttributeError, ValueError) as error:
        yield place.fault(
            "", f"{name}: cannot be read", str(error), "compare it with the example in `novatrace guide catalogue`"
        )
        return
    if message.samples:
        yield from _faults_of_samples(message, place, name, catalogue)


def _faults_of_releases(table: dict[str, Any], place: _Place, name: str) -> Iterator[Fault]:
    named = {key: str(table[key]) for key in ("since", "until") if table.get(key)}
    for key, release in named.items():
        if not known(release):
            todo = f"write one of {', '.join(RELEASES)}"
            yield place.fault(key, f"{name}: unknown release {release!r}", "no release of Nova is called so", todo)
    if len(named) > 1 and all(map(known, named.values())) and position(named["since"]) > position(named["until"]):
        yield place.fault("until", f"{name}: ends before it begins", "`until` is older than `since`", "turn them round")


def _faults_of_samples(message: Message, place: _Place, name: str, catalogue: Catalogue) -> Iterator[Fault]:
    if wrong := self_test(message):
        key = "anchor" if "anchor" in wrong else "sample"
        todo = "put right the pattern, the types or what is expected: the whole result must stand in `expect`, with its types"
        yield place.fault(key, f"{name}: does not prove itself", wrong, todo)
        return
    for sample in message.samples:
        for other in catalogue.messages:
            if other.hint in sample.text and other.kind != message.kind and other.values(sample.text) is not None:
                yield place.fault(
                    "sample", f"{name}: the text has a meaning already", f"the catalogue takes it for {other.kind!r} ({other.origin})",
                    f"give it that kind, or make the pattern narrower; `novatrace catalogue show {other.kind}` has its wordings",
                )  # fmt: skip
