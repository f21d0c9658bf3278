"""JSON Lines for Timesketch: every step of every move, and every burst, as an event of a timeline.

``message``, ``datetime`` and ``timestamp_desc`` are what Timesketch asks for; the rest are fields to search in. What has no
time has no place on a timeline and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from novatrace.model.case import Case
from novatrace.model.evidence import Provenance
from novatrace.reports import words
from novatrace.reports.exports.interface import CASE, json_line
from novatrace.reports.neutralise import neutral
from novatrace.reports.tables import Table

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Event = dict[str, Any]


class TimesketchExporter:
    """See ``interface.Exporter``."""

    summary = "every step and burst as an event of a timeline, for Timesketch"
    suffix = ".timesketch.jsonl"
    holds = CASE
    extra = ""
    binary = False

    def available(self) -> bool:
        """It needs nothing."""
        return True

    def written(self, case: Case, tables: Sequence[Table], *, tool_version: str) -> bytes:  # noqa: ARG002 - see Exporter
        """The events in the order of time."""
        events = sorted((*_steps(case), *_bursts(case)), key=lambda event: event["timestamp"])
        return "".join(json_line(event) for event in events).encode("utf-8")


EXPORTER = TimesketchExporter()


def _event(when_us: int, what: str, message: str, **fields: object) -> _Event:
    stamp = (_EPOCH + timedelta(microseconds=when_us)).isoformat(timespec="microseconds")
    known = {name: value for name, value in fields.items() if value is not None}
    return {"message": message, "datetime": stamp, "timestamp": when_us, "timestamp_desc": what, **known}


def _steps(case: Case) -> Iterator[_Event]:
    for m in case.migrations:
        for step in m.timeline:
            if step.when_us is None:
                continue
            yield _event(
                step.when_us, "Event Logged", neutral(step.text), data_type="novatrace:step", hostname=step.node,
                service=step.service, instance_uuid=m.instance_uuid, request_id=m.request_id, action=m.action, outcome=m.outcome,
                **_place(step.provenance, case),
            )  # fmt: skip


def _bursts(case: Case) -> Iterator[_Event]:
    for burst in case.bursts:
        if burst.first_us is None:
            continue
        where = _place(burst.citations[0].provenance, case) if burst.citations else {}
        yield _event(
            burst.first_us, "First Arrival", f"{neutral(burst.target.host)}: {words.verdict(burst)}. {neutral(burst.cause)}",
            data_type="novatrace:burst", target=burst.target.host, verdict=burst.verdict, basis=burst.basis,
            binding=list(burst.binding), arrivals=len(burst.arrivals), slots=burst.slots.all, **where,
        )  # fmt: skip


def _place(where: Provenance, case: Case) -> dict[str, Any]:
    return {"file": case.evidence[where.evidence_id].place, "line": where.line_no, "offset": where.byte_offset}
