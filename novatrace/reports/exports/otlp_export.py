"""OTLP as JSON: each request as a trace, for Jaeger, Tempo or any OpenTelemetry collector (its ``/v1/traces`` takes the file).

The mapping of protobuf to JSON that OTLP prescribes: ids are hexadecimal, 64-bit numbers are strings, enums are numbers.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from novatrace.model.case import Case
from novatrace.model.migration import Migration
from novatrace.reports.exports.interface import CASE, json_line
from novatrace.reports.exports.spans import Moment, Span, Trace, Track, Value, traces
from novatrace.reports.tables import Table

_REQUEST = re.compile(r"req-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_INTERNAL = 1
_CODES = {None: 0, True: 1, False: 2}


class OtlpExporter:
    """See ``interface.Exporter``."""

    summary = "each request as a trace, for Jaeger, Tempo or an OpenTelemetry collector"
    suffix = ".otlp.json"
    holds = CASE
    extra = ""
    binary = False

    def available(self) -> bool:
        """It needs nothing."""
        return True

    def written(self, case: Case, tables: Sequence[Table], *, tool_version: str) -> bytes:  # noqa: ARG002 - see Exporter
        """One ``TracesData`` message on one line."""
        spans: dict[Track, list[dict[str, Any]]] = defaultdict(list)
        for trace in traces(case):
            for span in trace.spans:
                spans[span.service, span.node].append(_span(span, trace))
        scope = {"name": "novatrace", "version": tool_version}
        found = [
            {"resource": _resource(track), "scopeSpans": [{"scope": scope, "spans": spans[track]}]}
            for track in sorted(spans)
        ]
        return json_line({"resourceSpans": found}).encode("utf-8")


EXPORTER = OtlpExporter()


def trace_id(m: Migration) -> str:
    """32 hexadecimal digits: those of the request id where it has them."""
    match = _REQUEST.fullmatch(m.request_id or "")
    if match and match[1].strip("0-"):
        return match[1].replace("-", "")
    name = m.request_id or f"{m.instance_uuid} {m.action} {m.accepted_us}"
    return hashlib.blake2b(name.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def _span_id(trace: Trace, key: str) -> str:
    name = f"{trace_id(trace.migration)} {trace.migration.instance_uuid} {trace.number} {key}"
    return hashlib.blake2b(name.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def _resource(track: Track) -> dict[str, Any]:
    service, node = track
    about: dict[str, Value] = {"service.name": service}
    if node:
        about["host.name"] = node
    return {"attributes": _attributes(about)}


def _span(span: Span, trace: Trace) -> dict[str, Any]:
    found: dict[str, Any] = {"traceId": trace_id(trace.migration), "spanId": _span_id(trace, span.key)}
    if span.parent is not None:
        found["parentSpanId"] = _span_id(trace, span.parent)
    return found | {
        "name": span.name,
        "kind": _INTERNAL,
        "startTimeUnixNano": _nanos(span.start_us),
        "endTimeUnixNano": _nanos(span.end_us),
        "attributes": _attributes(span.attributes),
        "events": [_event(moment) for moment in span.moments],
        "status": {"code": _CODES[span.good]} | ({"message": span.message} if span.message else {}),
    }


def _event(moment: Moment) -> dict[str, Any]:
    attributes = _attributes(moment.attributes)
    return {"timeUnixNano": _nanos(moment.when_us), "name": moment.name, "attributes": attributes}


def _nanos(when_us: int) -> str:
    return str(when_us * 1000)


def _attributes(values: dict[str, Value]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Value) -> dict[str, Any]:
    if isinstance(value, tuple):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}
