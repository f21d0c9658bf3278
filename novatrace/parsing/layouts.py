"""Line layouts: which fields a physical line has, whatever wrote it.

A layout is data (``layouts/*.toml``). An *envelope* (journal, syslog, container log, grep) carries another layout's line
in its ``inner`` field; an *inner only* layout has no time of its own; an *ignored* one says which lines are left out
on purpose, and its name is the rule. No order between layouts is kept by hand: which is more specific is found by
trying each one on the samples of all others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from novatrace.errors import UsageError
from novatrace.parsing import toml
from novatrace.parsing.definitions import Sample, expand
from novatrace.parsing.documents import ANYWHERE, anywhere, document, packed, pairs_of, text_of
from novatrace.parsing.months import LOCAL_MONTH

# The name of oslo.log's default layout: most lines have it, and it is read by shorter ways.
OSLO = "oslo"
USER_FIRST = ("user", "project")
# What follows stamp and process id in a line of oslo.log: level, logger, context, instance, message.
WRITER = r"(?P<level>%LEVEL%) (?P<logger>[A-Za-z_][\w.\-]*)"
CONTEXT = r"\[(?P<context>-|(?:[\w\-]+ |None | )?req-[^\]\[]*)\]"
INSTANCE = r"\[instance: (?P<instance>%UUID%)\]"
# HP's builds of Nova put a number of their own before each message.
HP_CODE = r"NV-[0-9A-F]{7} "
_OSLO = rf"{WRITER} ?(?:{CONTEXT}(?: |$))?(?:{HP_CODE})?(?:{INSTANCE}(?: |$))?(?:{HP_CODE})?(?P<message>.*)"
# The groups of layouts/oslo.toml in their order: date, time, fraction, pid, level, logger, context, instance, message.
OsloParts = tuple[str, str, str | None, str | None, str, str, str | None, str | None, str]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """One line layout.

    Attributes:
        name: as shown in reports.
        kind: ``text`` (a pattern), ``json`` (one object a line, fields by key path), ``pack`` (several objects in one
            line), ``string`` (a text of JSON), ``logfmt`` (key=value pairs) or ``export`` (a journal's entry, several lines of KEY=value).
        envelope: its ``inner`` field holds the line of another layout.
        strict: an envelope that counts only around a line of another layout.
        whole_file: an envelope that counts only where the first record of an input is in it: what looks like it in the
            middle of a log is a quotation inside a message.
        inner_only: it has no time stamp, so it counts only inside an envelope.
        ignored: its lines are left out on purpose; the name is the rule.
        before_records: an ignored one that counts only before the first record of an input.
        of_logs: an ignored one that counts only where a record stands in the first lines of an input.
        identity: order of the two identity fields after the request id.
        service: service that writes it, where the layout itself tells.
        writer: fields that tell which process an enveloped line is from.
        partial: (field, text): the field has this text where the line goes on in the next one.
        whole_ends: what the inner text ends with where the line does not go on.
        escapes: ``octal`` where control characters are written ``#012``, ``csv`` where quotation marks are doubled, ``entities`` where
            those of HTML stand.
        guess: it fits what nobody described, so that what it gives is less sure.
    """

    name: str
    title: str
    kind: str
    pattern: re.Pattern[str] | None
    keys: dict[str, tuple[str, ...]]
    required: tuple[str, ...]
    envelope: bool
    strict: bool
    whole_file: bool
    inner_only: bool
    ignored: bool
    before_records: bool
    of_logs: bool
    identity: tuple[str, ...]
    service: str | None
    writer: tuple[str, ...]
    partial: tuple[str, str] | None
    whole_ends: str
    escapes: str | None
    samples: tuple[Sample, ...]
    guess: bool = False

    def fields(self, line: str) -> dict[str, Any] | None:
        """The fields of a line, or None when it is not of this layout; absent fields are left out."""
        if self.pattern is not None:
            match = self.pattern.fullmatch(line)
            return None if match is None else {k: v for k, v in match.groupdict().items() if v is not None}
        if self.kind in ("pack", "string"):
            inner = packed(line) if self.kind == "pack" else text_of(line)
            return None if inner is None else {"inner": inner}
        if self.kind == "export":
            entry = dict(part.split("=", 1) for part in line.split("\x1e" if "\x1e" in line else "\n") if "=" in part)
            return self.of_record(entry) if line.startswith("__") else None
        if self.kind == "logfmt":
            pairs = pairs_of(line)
            return None if pairs is None else self.of_record(pairs)
        return self._json_fields(line)

    def _json_fields(self, line: str) -> dict[str, Any] | None:
        record = document(line) if line.startswith("{") else None
        return None if record is None else self.of_record(record)

    def of_record(self, record: dict[str, Any]) -> dict[str, Any] | None:
        """The fields of an object, or None when it lacks a required key (``a|b``: one of both) or the text inside."""
        for wanted in self.required:
            if all(_at(record, path) is None for path in wanted.split("|")):
                return None
        found = {}
        for name, paths in self.keys.items():
            value = next((v for path in paths if (v := _at(record, path, name)) is not None), None)
            if value is not None:
                found[name] = value
        return None if self.guess and "inner" not in found else found


def _at(record: dict[str, Any], path: str, field: str = "") -> Any:  # noqa: ANN401 - whatever the JSON holds
    """The value of a path; a key that has dots in itself is found too. ``~key``: anywhere (``parsing.documents``)."""
    if path.startswith(ANYWHERE):
        return anywhere(record, field, path[1:])
    if path in record:
        value: Any = record[path]
        return None if isinstance(value, dict) else value
    value = record
    for key in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value if not isinstance(value, dict) else None


def parse_layout(text: str, origin: str) -> Layout:
    """The layout of one definition file.

    Raises:
        UsageError: invalid TOML, a missing key, or a pattern that does not compile.
    """
    try:
        table = toml.loads(text)
        partial = table.get("partial")
        return Layout(
            name=table["name"],
            title=table["title"],
            kind=table.get("kind", "text"),
            pattern=compiled(table["pattern"]) if table.get("kind", "text") == "text" else None,
            keys={name: tuple(paths) for name, paths in table.get("keys", {}).items()},
            required=tuple(table.get("required", ())),
            envelope=bool(table.get("envelope", False)),
            strict=bool(table.get("strict", False)),
            whole_file=bool(table.get("whole_file", False)),
            inner_only=bool(table.get("inner_only", False)),
            ignored=bool(table.get("ignored", False)),
            before_records=bool(table.get("before_records", False)),
            of_logs=bool(table.get("of_logs", False)),
            identity=tuple(table.get("identity", USER_FIRST)),
            service=table.get("service"),
            writer=tuple(table.get("writer", ())),
            partial=None if partial is None else (partial["field"], partial["text"]),
            whole_ends=table.get("whole_ends", ""),
            escapes=table.get("escapes"),
            samples=tuple(Sample(s["line"], dict(s["expect"])) for s in table.get("sample", ())),
            guess=bool(table.get("guess", False)),
        )
    except (toml.TOMLDecodeError, KeyError, re.error) as error:
        raise UsageError(f"{origin}: not a layout: {error}") from error


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern with its macros written out.

    ``%OSLO%`` is what follows stamp and process id in a line of oslo.log, ``%LOCAL_MONTH%`` a month in another language.
    """
    written_out = pattern.replace("%OSLO%", _OSLO).replace("%LOCAL_MONTH%", LOCAL_MONTH)
    return re.compile(expand(written_out), re.DOTALL)


def self_test(layout: Layout) -> str:
    """What is wrong with a layout, or "" when every sample gives its whole expected result."""
    if not layout.samples:
        return "has no sample"
    for number, sample in enumerate(layout.samples, 1):
        fields = layout.fields(sample.text)
        if fields != sample.expect:
            return f"sample {number} gives {fields!r}"
    return ""


@cache
def load_layouts() -> tuple[Layout, ...]:
    """The built-in layouts, specific ones before general ones, else by name."""
    folder = resources.files("novatrace") / "layouts"
    entries = sorted((e for e in folder.iterdir() if e.name.endswith(".toml")), key=lambda e: e.name)
    return ordered(tuple(parse_layout(entry.read_text(encoding="utf-8"), entry.name) for entry in entries))


@cache
def ordered(layouts: tuple[Layout, ...]) -> tuple[Layout, ...]:
    """Layouts in an order in which each one comes before those that it beats."""
    waiting = list(layouts)
    rivals = {layout.name: [o for o in waiting if beats(o, layout)] for layout in waiting}
    placed: list[Layout] = []
    while waiting:
        done = {layout.name for layout in placed}
        ready = next((x for x in waiting if all(o.name in done for o in rivals[x.name])), waiting[0])
        waiting.remove(ready)
        placed.append(ready)
    return tuple(placed)


@cache
def beats(special: Layout, general: Layout) -> bool:
    """True when the general layout takes a sample of the special one and the special one none of the general's."""
    if special is general or special.inner_only != general.inner_only or special.ignored != general.ignored:
        return False
    return _takes(general, special) and not _takes(special, general)


def _takes(layout: Layout, other: Layout) -> bool:
    return any(layout.fields(sample.text) is not None for sample in other.samples)
