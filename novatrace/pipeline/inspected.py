"""What was read, as ``inspect`` shows it: without moves and findings, with what causes and effects tell of clocks."""

from __future__ import annotations

from novatrace.analysis import clock_skew, extent
from novatrace.model.case import Case
from novatrace.pipeline.clocks import clock_notices
from novatrace.pipeline.ingest import Ingested


def inspected(read: Ingested) -> Case:
    """The account of what was read."""
    hosts, batch_us = read.heard.hosts(), extent.of_moves(read.events)
    clocks = clock_skew.clocks(read.events)
    notices = (*read.notices, *clock_notices(clocks, applied=False))
    return Case(
        tuple(read.evidence), tuple(read.coverage), notices, (), (), (), (), None,
        settings=read.settings, clocks=clocks, batch_us=batch_us,
        hosts_named=hosts.named(), hosts_heard=hosts.heard(),
    )  # fmt: skip
