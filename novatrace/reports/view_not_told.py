"""The sections of ``inspect`` on what the logs could not have told."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.model.case import Case
from novatrace.reports import not_told, words
from novatrace.reports.document import Block, Column, cell, say, table

_SHOWN = 8


def silences(case: Case) -> Iterator[Block]:
    """When a log that is written regularly was not."""
    found = not_told.silent(case)
    if not found:
        return
    yield say("nothing was logged for far longer than these logs are silent otherwise: stopped, or lines are missing")
    rows = [
        [
            cell(one.log.node or one.log.place),
            cell(one.log.service),
            cell(words.when(one.from_us)),
            cell(words.when(one.to_us)),
            cell(_minutes(one.to_us - one.from_us), "warn"),
            cell(f"{one.normal_minutes} min"),
        ]
        for one in found
    ]
    yield table(
        (
            Column("node"), Column("service"), Column("silent from (UTC)"), Column("to"), Column("for", right=True),
            Column("else at most", right=True),
        ),
        rows,
    )  # fmt: skip


def _minutes(span_us: int) -> str:
    minutes = span_us // 60_000_000
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"  # noqa: PLR2004


def not_there(case: Case) -> Iterator[Block]:
    """Services, hosts and times without a log."""
    for service in not_told.unheard_services(case):
        yield say(f"no {service} log: {not_told.TELLS[service]}", "warn")
    hosts = not_told.unheard_hosts(case)
    if hosts:
        more = f" and {len(hosts) - _SHOWN} more" if len(hosts) > _SHOWN else ""
        what = not_told.TELLS["nova-compute"]
        yield say(f"no nova-compute log of {', '.join(hosts[:_SHOWN])}{more}, which lines name: {what}", "warn")
    if case.batch_us is None:
        return
    began = words.when(case.batch_us[0])
    for log in not_told.late(case):
        yield say(
            f"{_name(log)} begins at {words.when(log.first_us)}, after the first move ({began}): "
            "rotated away before, nothing was logged, or a clock is wrong",
            "warn",
        )
    for log in not_told.early(case):
        yield say(f"{_name(log)} ends at {words.when(log.last_us)}, before the first move ({began})", "warn")


def _name(log: not_told.Log) -> str:
    return f"{log.service} of {log.node}" if log.node else f"{log.service or 'the log'} in {log.place}"
