"""Chrome's trace-event JSON, for https://ui.perfetto.dev or chrome://tracing: what ran when, and what reached each target.

Each move is a process with a thread for itself, for each service and for each scheduler pass; each burst is a process with a
thread for each arrival, and a counter of what is in flight; an arrow leads from the move to its arrival. Times are absolute, in µs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from novatrace.model.capacity import Arrival, Burst
from novatrace.model.case import Case
from novatrace.reports.exports.interface import CASE, json_line
from novatrace.reports.exports.spans import Span, Trace, traces
from novatrace.reports.neutralise import neutral
from novatrace.reports.tables import Table

_Event = dict[str, Any]


class PerfettoExporter:
    """See ``interface.Exporter``."""

    summary = "each request and each burst on a time line, for ui.perfetto.dev"
    suffix = ".perfetto.json"
    holds = CASE
    extra = ""
    binary = False

    def available(self) -> bool:
        """It needs nothing."""
        return True

    def written(self, case: Case, tables: Sequence[Table], *, tool_version: str) -> bytes:  # noqa: ARG002 - see Exporter
        """One JSON object: bursts first, as they are what one looks for, then the moves."""
        events = [event for number, burst in enumerate(case.bursts, 1) for event in _burst(burst, number)]
        told = {len(case.bursts) + 1 + trace.number: trace for trace in traces(case)}
        for pid, trace in told.items():
            events += _trace(trace, pid)
        events += _arrows(case, told)
        about = {"tool": "novatrace", "version": tool_version, "clock": "UTC, µs since 1970"}
        return json_line({"traceEvents": events, "displayTimeUnit": "ms", "otherData": about}).encode("utf-8")


EXPORTER = PerfettoExporter()


def _named(pid: int, name: str) -> Iterator[_Event]:
    yield {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": name}}
    yield {"ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": {"sort_index": pid}}


def _thread(pid: int, tid: int, name: str) -> Iterator[_Event]:
    yield {"ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": {"name": name}}
    yield {"ph": "M", "name": "thread_sort_index", "pid": pid, "tid": tid, "args": {"sort_index": tid}}


def _trace(trace: Trace, pid: int) -> Iterator[_Event]:
    move = trace.migration
    stage = f" ({move.stage})" if move.stage else ""
    yield from _named(pid, f"{trace.spans[0].name}: {move.outcome}{stage}")
    for tid, span in enumerate(trace.spans, 1):
        yield from _thread(pid, tid, "move" if span.parent is None else span.name)
        yield from _span(span, pid, tid)


def _span(span: Span, pid: int, tid: int) -> Iterator[_Event]:
    args = {name: list(value) if isinstance(value, tuple) else value for name, value in span.attributes.items()}
    if span.message:
        args["message"] = span.message
    yield {
        "ph": "X", "name": span.name, "cat": span.service, "pid": pid, "tid": tid, "ts": span.start_us,
        "dur": span.end_us - span.start_us, "args": args,
    }  # fmt: skip
    for moment in span.moments:
        told = {name: list(value) if isinstance(value, tuple) else value for name, value in moment.attributes.items()}
        yield {
            "ph": "i", "s": "t", "name": moment.name, "cat": span.service, "pid": pid, "tid": tid, "ts": moment.when_us,
            "args": told,
        }  # fmt: skip


def _burst(burst: Burst, pid: int) -> Iterator[_Event]:
    basis = f" ({burst.basis})" if burst.basis else ""
    host = neutral(burst.target.host)
    yield from _named(pid, f"target {host}: {burst.verdict}{basis}")
    for tid, arrival in enumerate(burst.arrivals, 1):
        name = neutral(arrival.instance_uuid or arrival.request_id or "not named")
        yield from _thread(pid, tid, name)
        yield from _arrival(arrival, name, pid, tid)
    yield from _in_flight(burst, pid)


def _arrival(arrival: Arrival, name: str, pid: int, tid: int) -> Iterator[_Event]:
    if arrival.selected_us is None:
        return
    demand = arrival.demand
    args = {
        "outcome": arrival.outcome, "basis": arrival.outcome_basis, "reason": neutral(arrival.reason or ""),
        "request_id": neutral(arrival.request_id or ""), "vcpus": demand.vcpus, "ram_mb": demand.ram_mb, "disk_gb": demand.disk_gb,
    }  # fmt: skip
    event = {"name": f"{name}: {arrival.outcome}", "cat": "arrival", "pid": pid, "tid": tid, "ts": arrival.selected_us}
    if arrival.ended_us is not None and _is_slice(arrival):
        yield {"ph": "X", **event, "dur": arrival.ended_us - arrival.selected_us, "args": args}
    else:
        yield {"ph": "i", "s": "t", **event, "args": args}


def _arrows(case: Case, told: dict[int, Trace]) -> Iterator[_Event]:
    """From each move to its arrivals, where exactly one move has the arrival's ids and was under way then.

    A flow needs a slice at both of its ends: "s" binds to the one that it is in, "f" with "bp" to the one that begins there.
    """
    moves: dict[tuple[str | None, str | None], list[int]] = {}
    for pid, trace in told.items():
        moves.setdefault((trace.migration.instance_uuid, trace.migration.request_id), []).append(pid)
    number = 0
    for target, burst in enumerate(case.bursts, 1):
        for tid, arrival in enumerate(burst.arrivals, 1):
            pids = moves.get((arrival.instance_uuid, arrival.request_id), [])
            if len(pids) != 1 or arrival.selected_us is None or not _is_slice(arrival):
                continue
            root = told[pids[0]].spans[0]
            if root.start_us <= arrival.selected_us <= root.end_us:
                number += 1
                shared = {"name": "chose", "cat": "arrival", "id": number, "ts": arrival.selected_us}
                yield {"ph": "s", **shared, "pid": pids[0], "tid": 1}
                yield {"ph": "f", "bp": "e", **shared, "pid": target, "tid": tid}


def _is_slice(arrival: Arrival) -> bool:
    """True where both its ends are known, in their order."""
    return arrival.selected_us is not None and arrival.ended_us is not None and arrival.ended_us >= arrival.selected_us


def _in_flight(burst: Burst, pid: int) -> Iterator[_Event]:
    """How many arrivals were under way at once; one whose end is not known is never taken off."""
    changes = [(a.selected_us, 1) for a in burst.arrivals if a.selected_us is not None]
    changes += [
        (a.ended_us, -1)
        for a in burst.arrivals
        if a.selected_us is not None and a.ended_us is not None and a.ended_us >= a.selected_us
    ]
    under_way = 0
    for when_us, change in sorted(changes, key=lambda each: (each[0], -each[1])):
        under_way += change
        yield {"ph": "C", "name": "in flight", "pid": pid, "tid": 0, "ts": when_us, "args": {"VMs": under_way}}
