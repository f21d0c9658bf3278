"""The one place that joins the rooms: it reads like a table of contents.

sources → scan → events → analysis → findings → case file → report
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from importlib import resources
from itertools import islice
from pathlib import Path

from novatrace import __version__, findings
from novatrace.analysis import correlate as analysis
from novatrace.analysis import subjects, why
from novatrace.errors import CaseError, NothingToAnalyseError, UsageError
from novatrace.model.case import Case
from novatrace.model.event import Event
from novatrace.model.evidence import Coverage, Evidence, Notice
from novatrace.model.finding import SEVERITIES
from novatrace.model.subject import Subject, WhyNot
from novatrace.parsing import definitions, inventory, scanner
from novatrace.parsing.lines import physical_lines
from novatrace.parsing.timestamps import moment_us, zone
from novatrace.reports import interface as reports
from novatrace.reports import neutralise, text_report
from novatrace.sources import files
from novatrace.sources.reading import Reading
from novatrace.store.case_file import CaseReader, write_case
from novatrace.store.places import case_path, cases, newest_case, refuse_inside_evidence

Progress = Callable[[int, int, str], None]
_PROBE_LINES = 200
_SHOWN = 6


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


@dataclass(frozen=True, slots=True)
class Ingested:
    """What was read: inputs, their accounts, their events, and what was wrong with them."""

    evidence: tuple[Evidence, ...]
    coverage: tuple[Coverage, ...]
    events: tuple[Event, ...]
    notices: tuple[Notice, ...]


def ingest(options: RunOptions, progress: Progress | None = None) -> Ingested:
    """Reads every input under the paths.

    Raises:
        NothingToAnalyseError: nothing could be read, or no line of it is a log line.
        UsageError: an option cannot be used as given.
    """
    local, basis = _zone(options)
    matcher = scanner.MessageMatcher(definitions.load_catalogue(options.messages))
    found = files.find(options.paths, node=options.node)
    notices = list(found.notices)
    total = sum(source.evidence.size_bytes for source in found.sources)
    done = 0
    results: list[tuple[Evidence, scanner.ScanResult]] = []
    for source in found.sources:
        reading = Reading(source)
        if source.asked_for or _is_log(reading, notices):
            evidence = replace(source.evidence, id=len(results))
            results.append((evidence, scanner.scan(reading.blocks(), evidence, matcher, local, basis)))
        notices += reading.notices
        done += source.evidence.size_bytes
        if progress is not None:
            progress(done, total, source.evidence.path)
    for _, result in results:
        notices += result.notices
    ingested = Ingested(
        evidence=tuple(evidence for evidence, _ in results),
        coverage=tuple(result.coverage for _, result in results),
        events=tuple(event for _, result in results for event in result.events),
        notices=tuple(notices),
    )
    _check(ingested, options)
    return ingested


def _zone(options: RunOptions) -> tuple[tzinfo, str]:
    if options.tz is None:
        return UTC, "UTC assumed (no zone in the stamps; --tz states it)"
    return zone(options.tz), f"{options.tz} (--tz)"


def _is_log(reading: Reading, notices: list[Notice]) -> bool:
    """True when a file found in a folder has log lines at its start; others are named, not read."""
    head = reading.head()
    lines = list(islice(physical_lines([head]), _PROBE_LINES))
    if not head or scanner.recognised(lines):
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
            raise AssertionError(f"ledger of {ingested.evidence[coverage.evidence_id].path} does not balance")
    if any(c.lines.parsed for c in ingested.coverage):
        return
    reasons = [f"{n.place}: {n.text}" for n in ingested.notices if n.stage == "sources"]
    where = ", ".join(options.paths) or "no path"
    raise NothingToAnalyseError(
        f"{where}: no log lines found{': ' + reasons[0] if reasons else ''}",
        next_step="give folders or files with nova logs; `novatrace guide collecting-logs` tells which",
    )


def correlate(options: RunOptions, progress: Progress | None = None) -> Case:
    """Reads, analyses, and keeps the case so that ``explain`` needs no path.

    Raises:
        NovatraceError: see ``errors``; an older case stays as it was.
    """
    path = case_file(options)
    refuse_inside_evidence(path, options.paths)
    case, events = _read_case(options, progress)
    write_case(path, case, events, description(case, options.paths))
    return case


def case_file(options: RunOptions) -> Path:
    """Where the case of these options is kept."""
    return options.case_file or case_path(options.paths)


def description(case: Case, paths: tuple[str, ...]) -> str:
    """One line about a case, for lists."""
    flagged = len({b.target.host for b in case.bursts if b.verdict == "overcommitted"})
    return f"{len(case.migrations)} migrations, {flagged} over-committed targets, from {', '.join(paths)}"


def known_cases() -> list[tuple[Path, str]]:
    """Every case file with its description, newest first; an unreadable one says so."""
    listed = []
    for path in cases():
        try:
            listed.append((path, CaseReader(path).description))
        except CaseError as error:
            listed.append((path, error.message))
    return listed


def inspect(options: RunOptions, progress: Progress | None = None) -> Case:
    """What the inputs are and how much of them was understood; nothing is kept."""
    read = ingest(options, progress)
    return Case(read.evidence, read.coverage, read.notices, (), (), (), (), None)


def _read_case(options: RunOptions, progress: Progress | None) -> tuple[Case, tuple[Event, ...]]:
    local, _ = _zone(options)
    since_us = None if options.since is None else moment_us(options.since, local)
    until_us = None if options.until is None else moment_us(options.until, local)
    known = None if options.inventory is None else inventory.load(options.inventory)
    read = ingest(options, progress)
    found = analysis.correlate(read.events, read.coverage, known, since_us=since_us, until_us=until_us)
    case = Case(
        evidence=read.evidence,
        coverage=read.coverage,
        notices=read.notices,
        migrations=found.migrations,
        bursts=found.bursts,
        views=found.views,
        findings=(),
        claims_in_placement=found.claims_in_placement,
    )
    return replace(case, findings=findings.of(case)), read.events


def explain(
    identifier: str, options: RunOptions, progress: Progress | None = None
) -> tuple[Case, Subject, Path | None]:
    """The story of a VM, a request or a host: from the paths given, else from the newest case.

    Raises:
        UsageError: nothing in the case has this id, or several have it.
        CaseError: there is no case, or it cannot be read.
    """
    if options.paths:
        case, _ = _read_case(options, progress)
        path = None
    else:
        path = options.case_file or newest_case()
        case = CaseReader(path).case()
    return case, _subject(case, identifier), path


def why_not(case: Case, subject: Subject, host: str) -> WhyNot:
    """Why a host was not chosen for the subject; the short form of a host name will do."""
    known = [name for kind, name in subjects.candidates(case, host) if kind == "host"]
    return why.why_not(subject, known[0] if len(known) == 1 else host)


def _subject(case: Case, identifier: str) -> Subject:
    found = subjects.candidates(case, identifier)
    if not found:
        raise UsageError(
            f"{identifier!r}: no VM, request or host of this case has this id",
            next_step=f"the case has {len(case.migrations)} migration(s); `novatrace correlate` lists them",
            error_id="E-ID-UNKNOWN",
        )
    if len(found) > 1:
        listed = ", ".join(name for _, name in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        raise UsageError(
            f"{identifier!r} is ambiguous: {listed}",
            next_step="give more of the id",
            error_id="E-ID-AMBIGUOUS",
        )
    return subjects.subject(case, *found[0])


neutral = neutralise.neutral


def formats() -> tuple[str, ...]:
    """The names of the report formats."""
    return reports.names()


def render(  # noqa: PLR0913 - one call for every report there is
    format_name: str,
    kind: str,
    case: Case,
    subject: Subject | None = None,
    why_not_host: WhyNot | None = None,
    *,
    width: int | None = None,
    colour: bool = False,
) -> str:
    """A report as text; ``width`` and ``colour`` are for a terminal and change the text format alone."""
    writer = reports.load(format_name)
    if format_name == "text" and (width is not None or colour):
        writer = text_report.TextFormat(width=width, colour=colour)
    if kind == "correlate":
        return writer.correlate(case, tool_version=__version__)
    if kind == "inspect":
        return writer.inspect(case)
    if subject is None:
        raise ValueError("explain needs a subject")
    return writer.explain(case, subject, why_not_host)


def incomplete(case: Case) -> bool:
    """True when something could not be read or understood (exit code 3)."""
    return any(notice.incomplete for notice in case.notices)


def reaches(case: Case, severity: str) -> bool:
    """True when a finding is at or above the severity (``--fail-on``)."""
    floor = SEVERITIES.index(severity)
    return any(SEVERITIES.index(finding.severity) >= floor for finding in case.findings)


def kept_case(path: Path | None) -> Case:
    """A kept case; the newest when no file is named."""
    return CaseReader(path or newest_case()).case()


def remove_case(path: Path) -> None:
    """Removes a case file and its lock, after making sure that it is one."""
    _ = CaseReader(path).description
    path.unlink()
    path.with_suffix(".lock").unlink(missing_ok=True)


def catalogue_text() -> str:
    """The catalogue, one line a message."""
    messages = sorted(definitions.load_catalogue().messages, key=lambda m: (m.kind, m.origin, m.since))
    return "".join(
        f"{m.kind}  {m.since or '?'}..{m.until or '?'}  {', '.join(m.service) or 'any'}  {m.hint!r}\n" for m in messages
    )


def checked_messages(path: Path) -> int:
    """How many messages a user's catalogue file has, all of them sound.

    Raises:
        UsageError: one is not; the message says which and why.
    """
    return len(definitions.parse_messages(path.read_text(encoding="utf-8"), str(path), trusted=False))


def schema(name: str) -> str:
    """The JSON Schema of a report's JSON."""
    return (resources.files("novatrace") / "reports" / "schemas" / f"{name}.json").read_text(encoding="utf-8")
