"""From paths to events: finds the inputs, reads them in pieces, and puts the pieces together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from itertools import groupby, islice
from pathlib import Path

from novatrace import __version__
from novatrace.errors import NothingToAnalyseError
from novatrace.model.event import Event
from novatrace.model.evidence import Coverage, Evidence, Notice
from novatrace.model.scanned import KeptPiece, Scanned
from novatrace.parsing.events import notices_of, recognised
from novatrace.parsing.lines import physical_lines
from novatrace.parsing.manner import Manner, Zone, manner_of
from novatrace.parsing.repetitions import without_repetitions
from novatrace.parsing.scan_task import Joined
from novatrace.parsing.timestamps import zone
from novatrace.pipeline.reuse import reused
from novatrace.pipeline.workers import Task, pieces, results, scanner_of, usable_jobs
from novatrace.sources import files
from novatrace.sources.encoding import in_utf8
from novatrace.sources.nodes import names_in
from novatrace.sources.reading import Reading
from novatrace.store.case_reader import CaseReader

Progress = Callable[[int, int, str], None]
_PROBE_LINES = 200


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user asked for, free of click."""

    paths: tuple[str, ...]
    tz: str | None = None
    node: str | None = None
    since: str | None = None
    until: str | None = None
    inventory: Path | None = None
    messages: tuple[Path, ...] = ()
    case_file: Path | None = None
    jobs: int | None = None
    line_by_line: bool = False


@dataclass(slots=True)
class Ingested:
    """What was read: inputs, their accounts, their events, and what was wrong with them."""

    evidence: list[Evidence]
    coverage: list[Coverage]
    events: list[Event]
    notices: list[Notice]

    def take(self, evidence: Evidence, whole: Joined, manner: Manner, periodic: Collection[str]) -> None:
        """Takes in an input that was read to its end."""
        coverage = whole.coverage or Coverage(evidence.id)
        self.evidence.append(evidence)
        self.coverage.append(coverage)
        self.events += without_repetitions(whole.events, periodic)
        self.notices += whole.notices
        self.notices += notices_of(coverage, whole.invalid_utf8_lines, evidence, manner.wrap_width)


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to read.

    Attributes:
        tasks: the pieces of all inputs that are logs, input after input.
        notices: what cannot be read, and why.
        size_bytes: of all inputs together.
        run: everything that the result depends on.
        options: what the user asked for.
    """

    tasks: tuple[Task, ...]
    notices: tuple[Notice, ...]
    size_bytes: int
    run: str
    options: RunOptions


Keep = Callable[[KeptPiece, Scanned], None]


def ingest(
    plan: Plan, progress: Progress | None = None, *, older: CaseReader | None = None, keep: Keep | None = None
) -> Ingested:
    """Reads every input of a plan.

    Args:
        plan: what to read.
        progress: told of every input that has been read.
        older: a case whose pieces are taken where they are still true.
        keep: given every piece, for the next time.

    Raises:
        NothingToAnalyseError: nothing could be read, or no line of it is a log line.
        WorkerLostError: a reading process was ended from outside.
    """
    options = plan.options
    periodic = scanner_of(options.messages).periodic
    tasks = plan.tasks if older is None else reused(plan.tasks, older)
    read = Ingested([], [], [], list(plan.notices))
    done = 0
    found = results(tasks, options.jobs or usable_jobs(), plan.size_bytes)
    for _, group in groupby(found, key=lambda result: result[0].evidence.id):
        whole = Joined()
        for task, scanned in group:
            if keep is not None:
                keep(task.piece, scanned)
            whole.add(scanned, task.evidence)
        read.take(task.evidence, whole, task.manner, periodic)
        done += task.evidence.size_bytes
        if progress is not None:
            progress(done, plan.size_bytes, task.evidence.place)
    _check(read, options)
    return read


def plan_of(options: RunOptions) -> Plan:
    """What there is to read under the paths that the user gave.

    Raises:
        UsageError: an option cannot be used as given.
    """
    local, basis = zone_of(options)
    found = files.find(options.paths, node=options.node, wanted=_looks_like_log)
    notices = list(found.notices)
    tasks: list[Task] = []
    number = total = 0
    for source in found.sources:
        reading = Reading(source)
        if not source.asked_for and source.evidence.member is None and not _is_log(reading, notices):
            continue
        evidence = replace(source.evidence, id=number)
        manner = manner_of(
            reading.head(), evidence, Zone(local, basis), line_by_line=options.line_by_line, naming=names_in
        )
        if options.node is not None:
            manner = replace(manner, own_names=False)
        tasks += pieces(source, evidence, manner, options.messages)
        number += 1
        total += evidence.size_bytes
    return Plan(tuple(tasks), tuple(notices), total, _run(tasks, notices, options), options)


def _run(tasks: list[Task], notices: list[Notice], options: RunOptions) -> str:
    """Everything that a result depends on, as a digest."""
    given = options.inventory.read_bytes() if options.inventory is not None else b""
    asked = (options.since, options.until, options.tz, options.paths, hashlib.blake2b(given).hexdigest())
    read = [(task.evidence, task.manner_key, task.start, task.end) for task in tasks]
    return hashlib.blake2b(repr((__version__, asked, notices, read)).encode("utf-8", "surrogateescape")).hexdigest()


def zone_of(options: RunOptions) -> tuple[tzinfo, str]:
    """The zone of the stamps and where it comes from."""
    if options.tz is None:
        return UTC, "UTC assumed (no zone in the stamps; --tz states it)"
    return zone(options.tz), f"{options.tz} (--tz)"


def _looks_like_log(head: bytes) -> bool:
    """True when a file in an archive begins like a log."""
    return recognised(list(islice(physical_lines(in_utf8(iter([head]))), _PROBE_LINES)))


def _is_log(reading: Reading, notices: list[Notice]) -> bool:
    """True when a file found in a folder has log lines at its start; others are named, not read."""
    head = reading.head()
    lines = list(islice(physical_lines([head]), _PROBE_LINES))
    if not head or recognised(lines):
        return bool(head)
    binary = b"\0" in head[:65536]
    notice_id, what = (
        ("W-IN-BINARY", "binary data") if binary else ("I-IN-NOTLOG", "no line of a known layout at its start")
    )
    notices.append(Notice(notice_id, "sources", reading.path, f"{what}; not read"))
    return False


def _check(ingested: Ingested, options: RunOptions) -> None:
    for coverage in ingested.coverage:
        if not coverage.lines.balanced:
            raise AssertionError(f"ledger of {ingested.evidence[coverage.evidence_id].place} does not balance")
    if any(c.lines.parsed for c in ingested.coverage):
        return
    reasons = [f"{n.place}: {n.text}" for n in ingested.notices if n.stage == "sources"]
    where = ", ".join(options.paths) or "no path"
    raise NothingToAnalyseError(
        f"{where}: no log lines found{': ' + reasons[0] if reasons else ''}",
        next_step="give folders or files with nova logs; `novatrace guide collecting-logs` tells which",
    )
