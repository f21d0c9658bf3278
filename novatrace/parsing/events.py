"""From records to events: a message pattern is tried only where its hint was seen.

All hints of the catalogue stand in one automaton. Also what the first lines of an input tell about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind
from stringzilla import find

from novatrace.model.event import Event
from novatrace.model.evidence import Coverage, Evidence, Notice, Provenance
from novatrace.model.releases import of_version, span
from novatrace.parsing.context import is_foreign
from novatrace.parsing.day_month import AMBIGUOUS
from novatrace.parsing.definitions import Catalogue, Message
from novatrace.parsing.journal_export import is_export
from novatrace.parsing.layout_reader import LayoutReader
from novatrace.parsing.layouts import Layout
from novatrace.parsing.lines import PhysicalLine
from novatrace.parsing.patterns import USER_MATCH_SECONDS
from novatrace.parsing.pretty_json import documents_of, is_pretty
from novatrace.parsing.record import Record
from novatrace.parsing.suffixes import without_suffix

_SOLE_REACH = 8
Whose = Callable[[str | None, str | None], str | None]
_UNDECIDED_AT_MOST = 20
_TRACEBACK_HINT = "ComputeResourcesUnavailable"


class MessageMatcher:
    """Finds the catalogue message of a text."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._hints = sorted(catalogue.by_hint, key=_rank)
        self._messages = [catalogue.by_hint[hint] for hint in self._hints]
        self._sole = {
            begins[:_SOLE_REACH]: (begins, [(hint, catalogue.by_hint[hint]) for hint in sorted(hints, key=_rank)])
            for begins, hints in catalogue.sole.items()
        }
        self._automaton = AhoCorasick(
            self._hints, matchkind=MatchKind.Standard, implementation=Implementation.ContiguousNFA, store_patterns=False
        )  # made in a tenth of the time of a table of all states, and few long texts come here
        #: Texts of which a user's pattern did not tell whether they are this kind.
        self.undecided: Counter[str] = Counter()

    def match(self, text: str) -> tuple[Message, dict[str, object]] | None:
        """The message and its values, or None when the catalogue does not know the text."""
        found = self._matched(text)
        if found is not None or "\n" not in text:
            return found
        # What goes on the next line need not belong to it: another program's output in the same file.
        return self._matched(without_suffix(text.partition("\n")[0]))

    def _matched(self, text: str) -> tuple[Message, dict[str, object]] | None:
        sole = self._sole.get(text[:_SOLE_REACH])
        if sole is not None and text.startswith(sole[0]):
            # In long texts the library finds a word in a tenth of the time; it does not take every text.
            stands = partial(find, text) if text.isascii() else text.find
            return self._first((messages for hint, messages in sole[1] if stands(hint) >= 0), text)
        hits = self._automaton.find_matches_as_indexes(text, overlapping=True)
        several = (self._messages[index] for index in sorted({hit[0] for hit in hits}))
        return self._first(several, text) if hits else None

    def _first(self, several: Iterable[tuple[Message, ...]], text: str) -> tuple[Message, dict[str, object]] | None:
        for messages in several:
            for message in messages:
                values = self._values(message, text)
                if values is not None:
                    return message, values
        return None

    def _values(self, message: Message, text: str) -> dict[str, object] | None:
        if self.undecided.get(message.kind, 0) >= _UNDECIDED_AT_MOST:
            self.undecided[message.kind] += 1
            return None
        try:
            return message.values_in_time(text)
        except TimeoutError:
            self.undecided[message.kind] += 1
            return None


def _rank(hint: str) -> tuple[int, str]:
    return -len(hint), hint


def undecided_of(matcher: MessageMatcher, evidence: Evidence) -> tuple[Notice, ...]:
    """What the user must know of patterns of theirs that did not come to an end."""
    return tuple(
        Notice(
            "W-RX-TIMEOUT", "parsing", evidence.place,
            f"the pattern of {kind!r} did not come to an end within {USER_MATCH_SECONDS} s, or had too often before: "
            "whether these texts mean it is not known; make it simpler", count, incomplete=True,
        )
        for kind, count in matcher.undecided.items()
    )  # fmt: skip


def recognised(lines: list[PhysicalLine], layouts: tuple[Layout, ...] = ()) -> bool:
    """True when any of the lines has a known layout."""
    reader = LayoutReader(first=layouts)
    whole = [line for line, _ in documents_of(iter(lines))] if is_pretty(lines) else lines
    return is_export(lines) or any(
        found is not None
        and not (found.bare and found.strict)
        and (found.fields.get("level") or found.service or found.writer or "month" in found.fields)
        for line in whole
        if (found := reader.read(line.text.rstrip(b"\r").decode("utf-8", "replace"))) is not None
    )


def events_of(
    records: Iterable[Record],
    evidence: Evidence,
    matcher: MessageMatcher,
    whose: Whose,
    coverage: Coverage | None = None,
) -> Iterator[Event]:
    """What the catalogue understands of some records; what their wordings say of the release goes into the account.

    ``whose`` gives the node of a line by that of its input and the name in it.
    """
    for record in records:
        if is_foreign(record.logger):
            continue
        found = matcher.match(record.message)
        if found is not None:
            if coverage is not None and (releases := wording_of(*found, record.message)):
                coverage.wordings.setdefault(releases, (record.line_no, found[0].kind))
            node = whose(evidence.node, record.node)
            yield _event(record, found[0].kind, found[1], (evidence.id, node), inherited=record.inherited)
        for text in record.traceback:
            if _TRACEBACK_HINT in text:
                raised = matcher.match(text.strip())
                if raised is not None:
                    node = whose(evidence.node, record.node)
                    yield _event(record, raised[0].kind, raised[1], (evidence.id, node), inherited=True)


def wording_of(message: Message, values: dict[str, object], text: str) -> str:
    """The range of releases that write a text, as a key of ``Coverage.wordings``; "" where it says nothing.

    What is kept only behind another line is left out: not every way of reading sees it.
    """
    if message.follows or not message.since:
        return ""
    since, until = message.releases(text)
    if message.kind == "service-start":
        since = until = of_version(str(values["version"])) or ""
    return span(since, until)


def _event(
    record: Record, kind: str, values: dict[str, object], place: tuple[int, str | None], *, inherited: bool
) -> Event:
    named = values.get("instance_uuid") or values.get("server_uuid")
    return Event(
        kind=kind,
        when_us=record.when_us,
        node=place[1],
        service=record.service,
        pid=record.pid,
        level=record.level,
        request_id=record.request_id,
        global_request_id=record.global_request_id,
        user_id=record.user_id,
        project_id=record.project_id,
        instance_uuid=record.instance_uuid or (named if isinstance(named, str) else None),
        values=values if record.node is None else {**values, "line_host": record.node},
        inherited=inherited,
        provenance=Provenance(place[0], record.offset, record.length, record.line_no),
    )


def notices_of(
    coverage: Coverage, invalid_utf8_lines: int, evidence: Evidence, width: int | None, clock_basis: str = ""
) -> Iterator[Notice]:
    """What the user must know about how an input could be read."""
    lines = coverage.lines
    if invalid_utf8_lines:
        yield Notice(
            "W-TXT-UTF8", "parsing", evidence.place,
            "lines that are not valid UTF-8; the other bytes of them were read", invalid_utf8_lines,
        )  # fmt: skip
    if coverage.nul_lines:
        yield Notice(
            "W-TXT-NUL", "parsing", evidence.place,
            "lines with NUL bytes, as a machine that went down leaves them; the rest of each was read", coverage.nul_lines,
        )  # fmt: skip
    if lines.too_long:
        yield Notice(
            "W-TXT-LONG", "parsing", evidence.place,
            "lines over 1 MiB; counted, not read", lines.too_long, incomplete=True,
        )  # fmt: skip
    if lines.unparsed:
        first = coverage.samples[0][0]
        yield Notice(
            "W-FMT-UNKNOWN", "parsing", f"{evidence.place}:{first}",
            f"{lines.unparsed} of {lines.total} lines match no layout; counted, not understood; "
            "`novatrace inspect` shows samples", lines.unparsed,
            incomplete=lines.unparsed * 20 > lines.total,
        )  # fmt: skip
    if AMBIGUOUS in clock_basis:
        yield Notice("W-TIME-DAY-MONTH", "parsing", evidence.place, AMBIGUOUS, incomplete=True)
    if lost := coverage.ignored.get("lines-lost"):
        yield Notice(
            "W-TXT-LOST", "parsing", evidence.place,
            "notes that the journal or the syslog daemon dropped lines, because there were too many: "
            "what stood in those is in no log", lost,
        )  # fmt: skip
    if width is not None:
        yield Notice(
            "I-TXT-WRAPPED", "parsing", evidence.place,
            f"records were broken at {width} columns by a terminal; they were joined again",
        )  # fmt: skip
