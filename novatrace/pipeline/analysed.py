"""From events to a case: the analysis with all that it rests on, and its findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from novatrace import findings
from novatrace.analysis import clock_skew
from novatrace.analysis import correlate as analysis
from novatrace.analysis.heard import Heard
from novatrace.analysis.order import Clocks
from novatrace.analysis.rotated import as_one_log
from novatrace.model.case import Case
from novatrace.model.clock import ClockBounds
from novatrace.model.events import Events
from novatrace.model.evidence import OUTSIDE, Notice
from novatrace.parsing import inventory
from novatrace.parsing.timestamps import moment_us
from novatrace.pipeline.clocks import clock_notices
from novatrace.pipeline.hands import SharedHands
from novatrace.pipeline.ingest import Ingested, local_zone
from novatrace.pipeline.run_options import RunOptions
from novatrace.pipeline.workers import usable_jobs
from novatrace.store.shelf import Shelf
from novatrace.store.spool import Spool


def analysed(read: Ingested, options: RunOptions, aside: Path | None = None) -> Case:
    """The case of what was read; what is long of it is put aside, in a folder or where the system keeps such files."""
    local = local_zone(options)
    since_us = None if options.since is None else moment_us(options.since, local)
    until_us = None if options.until is None else moment_us(options.until, local)
    known = None if options.inventory is None else inventory.load(options.inventory)
    clocks = cache(partial(clock_skew.clocks, read.events))
    events, heard = _corrected(read, clocks()) if options.correct_clocks else (read.events, read.heard)
    logs = as_one_log(read.evidence, read.coverage)
    shelf = Shelf(Spool(aside))
    hands = SharedHands(shelf, aside, options.jobs or usable_jobs())
    found = analysis.correlate(
        events,
        heard,
        logs,
        shelf,
        hands,
        known,
        read.settings,
        lambda: Clocks.of(clocks(), corrected=options.correct_clocks),
        since_us=since_us,
        until_us=until_us,
    )
    case = Case(
        evidence=tuple(read.evidence),
        coverage=tuple(read.coverage),
        notices=(
            *read.notices,
            *clock_notices(clocks(), applied=options.correct_clocks),
            *_left_out(found.outside, options),
        ),
        migrations=found.migrations,
        bursts=found.bursts,
        views=found.views,
        findings=(),
        claims_in_placement=found.claims_in_placement,
        settings=read.settings,
        clocks=clocks(),
    )
    return replace(case, findings=findings.of(replace(case, insight=found.insight)))


def _corrected(read: Ingested, clocks: Sequence[ClockBounds]) -> tuple[Events, Heard]:
    """Events with the clocks of their nodes put right, and what they tell then."""
    events, heard = clock_skew.Corrected(read.events, clocks), Heard()
    heard.heed(events)
    return events, heard


def _left_out(outside: int, options: RunOptions) -> Iterator[Notice]:
    """What ``--since`` and ``--until`` took away, so that nobody takes the rest for all."""
    if outside:
        asked = [f"--{name} {value}" for name, value in (("since", options.since), ("until", options.until)) if value]
        text = f"{outside} of the actions in these logs began outside of it; left out"
        yield Notice(OUTSIDE, "analysis", " ".join(asked), text)
