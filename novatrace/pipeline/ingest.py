"""From paths to events: finds the inputs, reads them in pieces, and puts the pieces together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from functools import partial
from itertools import chain, groupby, islice
from pathlib import Path

from novatrace import __version__
from novatrace.analysis.heard import Heard
from novatrace.errors import NothingToAnalyseError
from novatrace.model.event import Event
from novatrace.model.evidence import PASSING, Coverage, Evidence, NodeSettings, Notice
from novatrace.model.scanned import KeptPiece, Scanned
from novatrace.parsing.doubles import doubles_of
from novatrace.parsing.events import notices_of, recognised
from novatrace.parsing.layouts import Layout
from novatrace.parsing.lines import physical_lines
from novatrace.parsing.manner import Manner, manner_of
from novatrace.parsing.repetitions import without_repetitions
from novatrace.parsing.scan_task import Joined
from novatrace.pipeline.naming import Input, named
from novatrace.pipeline.readers import results
from novatrace.pipeline.reuse import reused
from novatrace.pipeline.run_options import Progress, RunOptions
from novatrace.pipeline.spooled import SpooledEvents
from novatrace.pipeline.surroundings import Surroundings, stated_zones, surroundings, zones_of_nobody
from novatrace.pipeline.workers import Task, pieces, scanner_of, usable_jobs
from novatrace.sources import files
from novatrace.sources.encoding import in_utf8
from novatrace.sources.interface import Source
from novatrace.sources.nodes import names_in
from novatrace.sources.reading import Reading, windows
from novatrace.store.case_reader import CaseReader
from novatrace.store.spool import Spool

Keep = Callable[[KeptPiece, Scanned], None]
_PROBE_LINES = 200


@dataclass(slots=True)
class Ingested:
    """What was read: inputs, their accounts, their events and what these tell together, and what was wrong with them."""

    evidence: list[Evidence]
    coverage: list[Coverage]
    events: SpooledEvents
    heard: Heard
    notices: list[Notice]
    settings: tuple[NodeSettings, ...] = ()

    def take(self, pieces: Iterator[tuple[Task, Scanned]], periodic: Collection[str], keep: Keep | None) -> Evidence:
        """Takes in an input, piece after piece."""
        first = next(pieces)
        evidence, manner, whole = first[0].evidence, first[0].manner, Joined()
        self.events.take(without_repetitions(_events(chain([first], pieces), whole, keep), periodic))
        coverage = whole.coverage or Coverage(evidence.id)
        self.evidence.append(evidence)
        self.coverage.append(coverage)
        self.notices += whole.notices
        self.notices += notices_of(coverage, whole.invalid_utf8_lines, evidence, manner.wrap_width, manner.clock_basis)
        return evidence

    def nodes(self) -> set[str]:
        """Every node that wrote a line, as folders and lines name it."""
        found = {node for coverage in self.coverage for node in coverage.nodes}
        return found | {evidence.node for evidence in self.evidence if evidence.node is not None}


def _events(pieces: Iterable[tuple[Task, Scanned]], whole: Joined, keep: Keep | None) -> Iterator[Event]:
    for task, scanned in pieces:
        if keep is not None and not any(notice.id in PASSING for notice in scanned.notices):
            keep(task.piece, scanned)
        yield from whole.add(scanned, task.evidence)


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to read.

    Attributes:
        tasks: the pieces of all inputs that are logs, input after input.
        notices: what cannot be read, and why.
        size_bytes: of all inputs together.
        run: everything that the result depends on.
        options: what the user asked for.
        settings: Nova's options, where a nova.conf stands beside the logs.
    """

    tasks: tuple[Task, ...]
    notices: tuple[Notice, ...]
    size_bytes: int
    run: str
    options: RunOptions
    settings: tuple[NodeSettings, ...] = ()


def ingest(
    plan: Plan,
    progress: Progress | None = None,
    *,
    older: CaseReader | None = None,
    keep: Keep | None = None,
    aside: Path | None = None,
) -> Ingested:
    """Reads every input of a plan.

    Args:
        plan: what to read.
        progress: told of every input that has been read.
        older: a case whose pieces are taken where they are still true.
        keep: given every piece, for the next time.
        aside: folder for what does not fit into memory; None: where the system keeps such files.

    Raises:
        NothingToAnalyseError: nothing could be read, or no line of it is a log line.
    """
    options = plan.options
    periodic = scanner_of(options.messages).periodic
    tasks = plan.tasks if older is None else reused(plan.tasks, older)
    heard = Heard()
    events = SpooledEvents(Spool(aside), heed=heard.heed)
    read = Ingested([], [], events, heard, list(plan.notices), plan.settings)
    done = 0
    found = results(tasks, options.jobs or usable_jobs(), plan.size_bytes, options.patience_s)
    for _, group in groupby(found, key=lambda result: result[0].evidence.id):
        evidence = read.take(group, periodic, keep)
        done += evidence.size_bytes
        if progress is not None:
            progress(done, plan.size_bytes, evidence.place)
    doubles = doubles_of(read.events, read.evidence, read.coverage, read.notices)
    if doubles:
        read.heard = Heard()
        read.events = read.events.without(doubles, read.heard.heed)
    read.notices += zones_of_nobody(options.tz, read.nodes())
    _check(read, options)
    return read


def plan_of(options: RunOptions) -> Plan:
    """What there is to read under the paths that the user gave.

    Raises:
        UsageError: an option cannot be used as given.
    """
    known = surroundings(options.tz, options.log_formats, ())
    found = files.find(options.paths, node=options.node, wanted=partial(_looks_like_log, layouts=known.formats))
    known = surroundings(options.tz, options.log_formats, found.beside)
    notices = [*found.notices, *known.notices]
    inputs: list[Input] = []
    for source in found.sources:
        reading = Reading(source)
        if source.asked_for or source.evidence.member is not None or _is_log(reading, source, known, notices):
            evidence = replace(source.evidence, id=len(inputs))
            if options.node is None and (name := known.name_at(evidence.place)) is not None:
                evidence = replace(evidence, node=name)
            inputs.append(Input(source, evidence, _manner(reading, evidence, source, known, options)))
    tasks: list[Task] = []
    for one in inputs if options.node is not None else named(inputs, notices):
        manner = one.manner
        if known.zone_of(one.evidence) != known.zone_of(inputs[one.evidence.id].evidence):
            own = _manner(Reading(one.source), one.evidence, one.source, known, options)
            manner = replace(own, own_names=manner.own_names, same=manner.same)
        tasks += pieces(one.source, one.evidence, manner, options.messages)
    total = sum(one.evidence.size_bytes for one in inputs)
    settings = known.settled([task.evidence for task in tasks])
    run = _run(tasks, notices, options, settings)
    return Plan(tuple(tasks), tuple(notices), total, run, options, settings)


def _manner(reading: Reading, evidence: Evidence, source: Source, known: Surroundings, options: RunOptions) -> Manner:
    """How an input is to be read."""
    manner = manner_of(
        reading.head(), evidence, known.zone_of(evidence), layouts=known.layouts_of(evidence), naming=names_in,
        windows=partial(windows, source),
    )  # fmt: skip
    return replace(manner, line_by_line=True) if options.line_by_line else manner


def _run(tasks: list[Task], notices: list[Notice], options: RunOptions, settings: tuple[NodeSettings, ...]) -> str:
    """Everything that a result depends on, as a digest."""
    given = options.inventory.read_bytes() if options.inventory is not None else b""
    asked = (
        options.since,
        options.until,
        options.tz,
        options.paths,
        hashlib.blake2b(given).hexdigest(),
        settings,
        options.correct_clocks,
    )
    read = [(task.evidence, task.manner_key, task.start, task.end) for task in tasks]
    return hashlib.blake2b(repr((__version__, asked, notices, read)).encode("utf-8", "surrogateescape")).hexdigest()


def local_zone(options: RunOptions) -> tzinfo:
    """The zone of the user's own words for a moment."""
    return next((found.local for node, found in stated_zones(options.tz) if node is None), UTC)


def _looks_like_log(head: bytes, layouts: tuple[Layout, ...]) -> bool:
    """True when a file in an archive begins like a log."""
    return recognised(list(islice(physical_lines(in_utf8(iter([head]))), _PROBE_LINES)), layouts)


def _is_log(reading: Reading, source: Source, known: Surroundings, notices: list[Notice]) -> bool:
    """True when a file found in a folder has log lines at its start; others are named, not read."""
    head = reading.head()
    lines = list(islice(physical_lines([head]), _PROBE_LINES))
    if head and recognised(lines, known.layouts_of(source.evidence)):
        return True
    notices += reading.notices  # it may be a log that cannot be unpacked or read
    if not head:
        return False
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
