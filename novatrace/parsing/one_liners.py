"""The shortest way from a line to an event: records of one line in oslo's default layout.

Most lines of most logs are such records, and many of their texts come again and again (``Filter X returned N host(s)``).
What is unusual in any way is left to the reader that takes every line apart (``records``); both give the same event.
"""

from __future__ import annotations

from typing import Final

from novatrace.model.event import Event
from novatrace.model.evidence import Evidence, Provenance
from novatrace.parsing.context import identity, is_foreign, service_of
from novatrace.parsing.definitions import Message
from novatrace.parsing.events import MessageMatcher, wording_of
from novatrace.parsing.layouts import USER_FIRST
from novatrace.parsing.records import RecordReader
from novatrace.parsing.suffixes import without_suffix

# From then on DevStack's files, which have no process id, name the project before the user.
_DEVSTACK_SINCE = "2018"
_NO_IDS = (None, None, None, None)
_REMEMBERED_CHARS = 240
_REMEMBERED = 20_000
_Meaning = tuple[Message, dict[str, object], str] | None


class Unusual:
    """Says that a line needs the long way."""


UNUSUAL: Final = Unusual()


class OneLiners:
    """Reads single lines of one input."""

    def __init__(self, evidence: Evidence, matcher: MessageMatcher, reader: RecordReader) -> None:
        self._evidence = evidence
        self._matcher = matcher
        self._reader = reader
        self._clock = reader.clock
        self._second: tuple[str, str] = ("", "")
        self._second_us: int | None = None
        self._meanings: dict[str, _Meaning] = {}

    def event(self, line: bytes, offset: int, length: int, number: int) -> Event | Unusual | None:
        """The event of a line of valid UTF-8, None when the catalogue does not know it."""
        parts = self._reader.oslo_parts(line.decode("utf-8").rstrip("\r"))
        if parts is None:
            return UNUSUAL
        date, time, fraction, pid, level, logger, context, instance, message = parts
        request_id, global_id, user, project = identity(context, USER_FIRST) if context else _NO_IDS
        if (request_id is None and level in ("ERROR", "TRACE")) or (pid is None and date >= _DEVSTACK_SINCE):
            return UNUSUAL
        service = self._evidence.service
        if service is None:
            service = service_of(logger)
            self._reader.count_service(service)
        if is_foreign(logger):
            return None
        found = self._meaning(message)
        if found is None:
            return None
        what, values, releases = found
        if releases:
            self._reader.coverage.wordings.setdefault(releases, (number, what.kind))
        if instance is None:
            named = values.get("instance_uuid") or values.get("server_uuid")
            instance = named if isinstance(named, str) else None
        return Event(
            what.kind, self._when_us(date, time, fraction), self._evidence.node, service,
            None if pid is None else int(pid), level, request_id, global_id, user, project, instance, values,
            False, Provenance(self._evidence.id, offset, length, number),
        )  # fmt: skip

    def _meaning(self, message: str) -> _Meaning:
        """What the catalogue says of a message; short ones are remembered."""
        if len(message) > _REMEMBERED_CHARS:
            return self._looked_up(message)
        try:
            return self._meanings[message]
        except KeyError:
            if len(self._meanings) > _REMEMBERED:
                self._meanings.clear()
            found = self._meanings[message] = self._looked_up(message)
            return found

    def _looked_up(self, message: str) -> _Meaning:
        text = without_suffix(message)
        found = self._matcher.match(text)
        return None if found is None else (*found, wording_of(*found, text))

    def _when_us(self, date: str, time: str, fraction: str | None) -> int | None:
        if (date, time) != self._second:
            self._second, self._second_us = (date, time), self._clock.at(date, time, None)
        if self._second_us is None or not fraction:
            return self._second_us
        return self._second_us + int(fraction[:6].ljust(6, "0"))
