"""Loads layouts and messages, and refuses a definition that does not prove itself.

A definition is data (TOML) that carries samples with their whole expected result. It does not load
when it has no sample, when a sample does not match or gives another result, when a hint is not in
its sample, or when a type is unknown. That no other definition matches a sample is checked over all
of them at once by ``ambiguities``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from novatrace.errors import UsageError
from novatrace.model.host_states import HostStates
from novatrace.parsing import toml
from novatrace.parsing.patterns import BuiltinPattern, Pattern, UserPattern
from novatrace.parsing.values import HOST_STATE, TYPES, UUID

MARK_REACH = 2000
_MACROS = {
    "UUID": UUID,
    "LEVEL": "DEBUG|INFO|AUDIT|WARNING|WARN|ERROR|CRITICAL|TRACE",
    "STATE": HOST_STATE,
}
_MACRO = re.compile(r"%([A-Z]+)%")
# A table of a sample, to the next table.
_SAMPLE = re.compile(r"^\[\[message\.sample\]\].*?(?=^\[\[|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sample:
    """One text and the whole result that it must give."""

    text: str
    expect: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Repeats:
    """How to tell that a periodic message says the same again.

    Attributes:
        subject: literal before the quoted or bare name of what the message is about.
    """

    subject: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """What a value of the message tells about the release, beyond the message's own words.

    Attributes:
        pattern: searched for in the message text; the first mark of a message that is found counts.
        since: first release that writes it.
        until: last release.
        source: the template in Nova's source, where there is one.
    """

    pattern: re.Pattern[str]
    since: str
    until: str
    source: str


@dataclass(frozen=True, slots=True)
class Message:
    """One wording of one message kind.

    Attributes:
        kind: what it means; several wordings share a kind.
        about: the meaning in words, on one message of the kind; "" on the others.
        hint: a literal that stands in every such message.
        anchor: the part of the hint that the scanner looks for in raw bytes. Few anchors that begin with rare letters
            scan three times faster than many hints, so several hints share one; the whole hint where none is given.
        repeats: literals around a host's name or an id (``(before, after)``): a text that says the same of it as the
            one before in the same input is counted, not kept (periodic views).
        follows: kind of message without which this one means nothing: it is kept only shortly behind one of the same
            request; "" for most.
        pattern: matched at the start of the message text (after the header, without DEBUG suffix).
        types: group → type name of ``values.TYPES``; ``str`` where absent.
        constants: values that the wording implies.
        since: first release, until: last release, as a series name or year.
        service: services that write it.
        level: as documented; never matched on, levels drift.
        source: the templates of Nova's source that write it, any of them; a slow test holds them against releases of
            Nova. Empty where the text has no template of Nova (other projects' lines).
        marks: values of the text that narrow the range of releases.
        origin: the definition file, for diagnostics.
        sole: of the messages with other hints, only those that are open can match a text that begins with this one's hint,
            so that nothing else need be looked for; a test proves it. For texts that are long and come often.
        open: it may begin with any words.
    """

    kind: str
    hint: str
    anchor: str
    repeats: Repeats | None
    follows: str
    pattern: Pattern
    types: dict[str, str]
    constants: dict[str, Any]
    since: str
    until: str
    service: tuple[str, ...]
    level: str
    source: tuple[str, ...]
    marks: tuple[Mark, ...]
    samples: tuple[Sample, ...]
    origin: str
    about: str = ""
    sole: bool = False
    open: bool = False

    def releases(self, text: str) -> tuple[str, str]:
        """First and last release that write this text; the text is one that the message matches."""
        for mark in self.marks:
            if mark.pattern.search(text[:MARK_REACH]):
                return mark.since, mark.until
        return self.since, self.until

    def values(self, text: str) -> dict[str, Any] | None:
        """The typed values of a message text, or None when it is not this message."""
        try:
            return self.values_in_time(text)
        except TimeoutError:
            return None

    def values_in_time(self, text: str) -> dict[str, Any] | None:
        """The same.

        Raises:
            TimeoutError: a user's pattern does not come to an end on it.
        """
        try:
            match = self.pattern.match(text)
            if match is None:
                return None
            found = {
                name: TYPES[self.types.get(name, "str")](value)
                for name, value in match.groupdict().items()
                if value is not None
            }
        except (ValueError, OverflowError):
            return None
        return {**self.constants, **found} if self.constants else found


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All message definitions, by hint; ``digest`` is another one when any of them changes.

    ``sole`` has the hints of those that are it (see ``Message``), each with all that need be looked for where a text
    begins with it; nothing where messages of the user may match the same.
    """

    messages: tuple[Message, ...]
    digest: str
    by_hint: dict[str, tuple[Message, ...]] = field(default_factory=dict)
    sole: dict[str, tuple[str, ...]] = field(default_factory=dict)


def expand(pattern: str) -> str:
    """A pattern with its macros (``%UUID%``, ``%LEVEL%``) written out."""
    return _MACRO.sub(lambda m: f"(?:{_MACROS[m[1]]})", pattern)


def load_catalogue(user_files: tuple[Path, ...] = (), *, samples: bool = False) -> Catalogue:
    """The built-in messages and those of the user's files.

    Args:
        user_files: files of the user's own; their samples are tried.
        samples: load those of the built-in messages, too; they take as long to read as all the rest, and only the tests
            need them.

    Raises:
        UsageError: a definition is invalid; the message names file, kind and fault.
    """
    messages = list(_builtin(samples=samples))
    for path in user_files:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: cannot be read as a message file: {error}") from error
        messages += parse_messages(text, str(path), trusted=False)
    by_hint: dict[str, list[Message]] = {}
    for message in messages:
        by_hint.setdefault(message.hint, []).append(message)
    digest = hashlib.blake2b(repr(messages).encode(), digest_size=8).hexdigest()
    anywhere = {message.hint for message in messages if message.open}
    sole = {m.hint: tuple(anywhere | {m.hint}) for m in messages if m.sole and not user_files}
    return Catalogue(tuple(messages), digest, {hint: tuple(listed) for hint, listed in sorted(by_hint.items())}, sole)


def _builtin(*, samples: bool) -> Iterator[Message]:
    folder = resources.files("novatrace") / "messages"
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            text = entry.read_text(encoding="utf-8")
            lean = text if samples else _SAMPLE.sub("", text)
            yield from parse_messages(lean, entry.name, trusted=True, check=False)


def parse_messages(text: str, origin: str, *, trusted: bool, check: bool = True) -> list[Message]:
    """The messages of one definition file; ``check`` runs each sample.

    The built-in files are checked by the test suite, not at every start.

    Raises:
        UsageError: invalid TOML, an unknown type, or a sample that the definition fails.
    """
    try:
        tables = toml.loads(text).get("message", [])
    except toml.TOMLDecodeError as error:
        raise UsageError(f"{origin}: not valid TOML: {error}") from error
    messages = [message_of(table, origin, trusted=trusted) for table in tables]
    if check:
        for message in messages:
            if fault := self_test(message):
                raise UsageError(f"{origin}: {message.kind}: {fault}")
    return messages


def message_of(table: dict[str, Any], origin: str, *, trusted: bool = False) -> Message:
    """The message of one table; its samples are not looked at.

    Raises:
        UsageError: a key is missing, a type unknown, or the pattern does not compile.
    """
    kind = str(table.get("kind", ""))
    try:
        pattern = expand(table["pattern"])
        types = dict(table.get("types", {}))
        if unknown := sorted(set(types.values()) - set(TYPES)):
            raise UsageError(f"{origin}: {kind}: unknown type {unknown[0]!r}; known: {', '.join(sorted(TYPES))}")
        compiled: Pattern = BuiltinPattern(pattern) if trusted else UserPattern(pattern)
        samples = tuple(Sample(s["text"], dict(s.get("expect", {}))) for s in table.get("sample", ()))
        return Message(
            kind=table["kind"],
            hint=table["hint"],
            anchor=table.get("anchor", table["hint"]),
            repeats=_repeats(table.get("repeats")),
            follows=str(table.get("follows", "")),
            pattern=compiled,
            types=types,
            constants=dict(table.get("constants", {})),
            since=str(table.get("since", "")),
            until=str(table.get("until", "")),
            service=_words(table.get("service", [])),
            level=str(table.get("level", "")),
            source=_words(table.get("source", [])),
            marks=tuple(_mark(mark) for mark in table.get("mark", ())),
            samples=samples,
            origin=origin,
            about=str(table.get("about", "")),
            sole=bool(table.get("sole", False)),
            open=bool(table.get("open", False)),
        )
    except KeyError as error:
        raise UsageError(f"{origin}: message {kind!r}: {error.args[0]!r} is missing") from error
    except (re.error, RecursionError) as error:
        raise UsageError(f"{origin}: {kind}: pattern does not compile: {error}") from error


def _words(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _mark(table: dict[str, str]) -> Mark:
    return Mark(re.compile(table["pattern"]), table["since"], table["until"], table.get("source", ""))


def _repeats(table: dict[str, str] | None) -> Repeats | None:
    if table is None:
        return None
    return Repeats(table["subject"].encode())


def self_test(message: Message) -> str:
    """What is wrong with a definition, or "" when every sample gives its whole expected result."""
    if not message.samples:
        return "has no sample"
    if message.anchor not in message.hint:
        return "the anchor is not in the hint"
    for number, sample in enumerate(message.samples, 1):
        if message.hint not in sample.text:
            return f"the hint is not in sample {number}"
        values = message.values(sample.text)
        if values is None:
            return f"sample {number} does not match the pattern"
        if _known(values) != sample.expect:
            return f"sample {number} gives {values!r}, not {sample.expect!r}"
    return ""


def _known(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A value without its unknowns: TOML has no null, so a sample leaves them out."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, HostStates)):
        return [_known(item) for item in value]
    return value


def ambiguities(messages: tuple[Message, ...]) -> list[str]:
    """Samples that a message of another kind matches as well."""
    found = []
    for message in messages:
        for sample in message.samples:
            found += [
                f"{message.origin}: {message.kind}: sample also matched by {other.kind} ({other.origin})"
                for other in messages
                if other is not message and other.hint in sample.text and other.values(sample.text) is not None
            ]
    return found
