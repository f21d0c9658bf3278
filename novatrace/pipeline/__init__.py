"""The one place that joins the rooms: it reads like a table of contents.

sources → scan → events → analysis → findings → case file → report

What reads and analyses logs is imported where it is done: most questions are put to a kept case.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TypeVar

from novatrace import __version__
from novatrace.analysis import subjects
from novatrace.errors import CaseError, UsageError
from novatrace.model.case import Case
from novatrace.model.finding import SEVERITIES
from novatrace.model.subject import Subject, WhyNot
from novatrace.pipeline.run_options import Progress, RunOptions
from novatrace.pipeline.sharing import SHAREABLE, Sharing, passed, redaction_of
from novatrace.reports import interface as reports
from novatrace.reports import neutralise
from novatrace.reports.redaction import Redaction
from novatrace.reports.secrets import mask
from novatrace.store import kept_reports, redaction_keys
from novatrace.store.case_reader import CaseReader
from novatrace.store.places import case_path, cases, newest_case, refuse_inside_evidence

T = TypeVar("T")
_SHOWN = 6


def correlate(options: RunOptions, progress: Progress | None = None) -> Case:
    """Reads, analyses, and keeps the case so that ``explain`` needs no path.

    Raises:
        NovatraceError: see ``errors``; an older case stays as it was.
    """
    return correlated(options, progress, lambda case: case)


def correlated(options: RunOptions, progress: Progress | None, then: Callable[[Case], T]) -> T:
    """As ``correlate``; what is to be done with the case ``then`` is done while it is being written.

    Raises:
        NovatraceError: see ``errors``. Where it was raised by what was done ``then`` the case is kept.
    """
    from novatrace.pipeline.analysed import analysed  # noqa: PLC0415 - heavy, and not for a kept case
    from novatrace.pipeline.ingest import ingest, plan_of  # noqa: PLC0415 - heavy, and not for a kept case
    from novatrace.pipeline.keeping import kept, older_case, unchanged  # noqa: PLC0415 - heavy, and not for a kept case
    from novatrace.store.case_writer import case_writer  # noqa: PLC0415 - heavy, and not for a kept case

    path = case_file(options)
    refuse_inside_evidence(path, options.paths)
    older = older_case(path)
    plan = plan_of(options)
    if older is not None and (same := unchanged(older, plan.run)) is not None:
        os.utime(path)  # the newest case is the one that was asked for last
        return then(same)
    with case_writer(path) as writer:
        case = analysed(ingest(plan, progress, older=older, keep=writer.keep, aside=path.parent), options, path.parent)
        about, run = description(case, options.paths), "" if case.passing else plan.run
        result = kept(writer, case, about, run, then, path.parent, options.jobs)
    return result()


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
    from novatrace.pipeline.ingest import ingest, plan_of  # noqa: PLC0415 - heavy, and not for a kept case
    from novatrace.pipeline.inspected import inspected  # noqa: PLC0415 - heavy, and not for a kept case

    return inspected(ingest(plan_of(options), progress))


def analyse(options: RunOptions, progress: Progress | None = None) -> Case:
    """Reads and analyses; nothing is kept."""
    from novatrace.pipeline.analysed import analysed  # noqa: PLC0415 - heavy, and not for a kept case
    from novatrace.pipeline.ingest import ingest, plan_of  # noqa: PLC0415 - heavy, and not for a kept case

    return analysed(ingest(plan_of(options), progress), options)


def explain(
    identifier: str, options: RunOptions, progress: Progress | None = None, *, whole: bool = False
) -> tuple[Case, Subject, Path | None]:
    """The story of a VM, a request or a host: from the paths given, else from the newest case; ``whole`` with all of it.

    Raises:
        UsageError: nothing in the case has this id, or several have it.
        CaseError: there is no case, or it cannot be read.
    """
    if options.paths:
        case = analyse(options, progress)
        return case, subject_of(case, identifier), None
    path = options.case_file or newest_case()
    reader = CaseReader(path)
    known = [name for start in subjects.beginnings(identifier) for name in reader.names(start)]
    kind, name = _only(subjects.candidates(known, identifier), identifier, reader.count("migrations"))
    case = reader.case() if whole else reader.about(kind, name)
    return case, subjects.subject(case, kind, name), path


def case_of(options: RunOptions, progress: Progress | None = None) -> tuple[Case, Path | None]:
    """The case of the paths given, else the newest one, and its file.

    Raises:
        CaseError: there is no case, or it cannot be read.
    """
    if options.paths:
        return analyse(options, progress), None
    path = options.case_file or newest_case()
    return CaseReader(path).case(), path


def subject_of(case: Case, identifier: str) -> Subject:
    """The VM, request or host of a case that an identifier names.

    Raises:
        UsageError: nothing in the case has this id, or several have it.
    """
    found = subjects.candidates(((kind, name) for name, kind, _, _ in subjects.index(case)), identifier)
    return subjects.subject(case, *_only(found, identifier, len(case.migrations)))


def concerning(case: Case, subject: Subject) -> Case:
    """The case with only those findings that have to do with a subject."""
    named = (subject.kind, subject.id)
    kept = {at for name, kind, part, at in subjects.index(case) if part == "findings" and (kind, name) == named}
    return replace(case, findings=tuple(f for at, f in enumerate(case.findings) if at in kept))


def names_like(begun: str, kinds: tuple[str, ...], path: Path | None = None) -> list[str]:
    """Ids of these kinds that begin so, in a case.

    Raises:
        CaseError: there is no case, or it cannot be read.
    """
    found = CaseReader(path or newest_case()).names(begun)
    return [name for kind, name in found if kind in kinds]


def why_not(case: Case, subject: Subject, host: str) -> WhyNot:
    """Why a host was not chosen for the subject; the short form of a host name will do."""
    from novatrace.analysis import why  # noqa: PLC0415 - heavy, and not for a kept case

    names = ((kind, name) for name, kind, _, _ in subjects.index(case) if kind == "host")
    known = [name for _, name in subjects.candidates(names, host)]
    return why.why_not(subject, known[0] if len(known) == 1 else host, case.views)


def _only(found: list[tuple[str, str]], identifier: str, migrations: int) -> tuple[str, str]:
    if not found:
        raise UsageError(
            f"{identifier!r}: no VM, request or host of this case has this id",
            next_step=f"the case has {migrations} migration(s); `novatrace correlate` lists them",
            error_id="E-ID-UNKNOWN",
        )
    if len(found) > 1:
        listed = ", ".join(name for _, name in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        raise UsageError(
            f"{identifier!r} is ambiguous: {listed}",
            next_step="give more of the id",
            error_id="E-ID-AMBIGUOUS",
        )
    return found[0]


def neutral(text: str) -> str:
    """Text for standard error: on one line, with nothing that acts on a terminal, and without secrets."""
    return neutralise.neutral(mask(text).text)


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
    sharing: Sharing | None = None,
) -> str:
    """A report as text, without secrets; ``width`` and ``colour`` are for a terminal and change the text format alone.

    Raises:
        LeakError: the report would show what was to be hidden.
    """
    sharing = sharing or Sharing()
    writer = _writer(format_name, width, colour=colour)
    case, redaction = _fit(format_name, kind, case, sharing)
    if kind == "correlate":
        text = writer.correlate(case, tool_version=__version__)
    elif kind == "inspect":
        text = writer.inspect(case)
    elif kind == "filters":
        from novatrace.analysis import funnel  # noqa: PLC0415 - only for this

        text = writer.filters(case, funnel.of(case.migrations), tool_version=__version__)
    elif subject is None:
        raise ValueError("explain needs a subject")
    else:
        answer = None if why_not_host is None else redaction.why_not(why_not_host)
        text = writer.explain(case, redaction.subject(subject), answer)
    if format_name in SHAREABLE or sharing.redact:
        passed(text, redaction, sharing, what=f"the {format_name} report")
    return text


def report(
    format_name: str, case: Case, *, width: int | None = None, colour: bool = False, sharing: Sharing | None = None
) -> Iterator[str]:
    """The report of a case as ``render`` gives it, in pieces where it may be long and nothing has to look at all of it.

    Raises:
        LeakError: see ``render``.
    """
    writer = _writer(format_name, width, colour=colour)
    if isinstance(writer, reports.InPieces) and not (sharing and sharing.redact):
        case, _ = _fit(format_name, "correlate", case, Sharing())
        yield from writer.correlate_in_pieces(case, tool_version=__version__)
    else:
        yield render(format_name, "correlate", case, width=width, colour=colour, sharing=sharing)


def _writer(format_name: str, width: int | None, *, colour: bool) -> reports.ReportFormat:
    if format_name == "text" and (width is not None or colour):
        from novatrace.reports import text_report  # noqa: PLC0415 - only for a terminal

        return text_report.TextFormat(width=width, colour=colour)
    return reports.load(format_name)


def _fit(format_name: str, kind: str, case: Case, sharing: Sharing) -> tuple[Case, Redaction]:
    """The case fit to be shared, with the lines that a report for others quotes."""
    if format_name in SHAREABLE and kind == "correlate" and not case.quotes:
        from novatrace.pipeline.quoting import quoted  # noqa: PLC0415 - reads logs

        case = quoted(case, stories=format_name == "html")
    redaction = redaction_of(sharing)
    return redaction.of(case), redaction


def draw(folder: Path, case: Case, subject: Subject | None = None, *, sharing: Sharing | None = None) -> list[Path]:
    """Writes every figure of a report as SVG and PNG; returns the files.

    Raises:
        UsageError: the library that draws is not installed.
        OutputError: the folder cannot be written.
    """
    from novatrace.pipeline.drawing import drawn  # noqa: PLC0415 - heavy, and not for a kept case
    from novatrace.reports import view_correlate, view_explain  # noqa: PLC0415 - heavy, and not for a kept case

    sharing = sharing or Sharing()
    redaction = redaction_of(sharing)
    case = redaction.of(case)
    document = (
        view_explain.document(case, redaction.subject(subject), None) if subject else view_correlate.document(case)
    )
    return drawn(document, folder, redaction, sharing)


def incomplete(case: Case) -> bool:
    """True when something could not be read or understood (exit code 3)."""
    return any(notice.incomplete for notice in case.notices)


def reaches(case: Case, severity: str) -> bool:
    """True when a finding is at or above the severity (``--fail-on``)."""
    floor = SEVERITIES.index(severity)
    return any(SEVERITIES.index(finding.severity) >= floor for finding in case.findings)


def case_named(path: Path | None) -> Path:
    """The case file of this name; the newest when none is given."""
    return path or newest_case()


def kept_case(path: Path) -> Case:
    """A kept case."""
    return CaseReader(path).case()


def revealed(pseudonym: str) -> list[str]:
    """What a pseudonym stands for.

    Raises:
        UsageError: no case of this machine has it.
    """
    found = redaction_keys.reveal(pseudonym)
    if not found:
        raise UsageError(
            f"{pseudonym!r}: no report of this machine has used it", next_step="see the state directory of who made it"
        )
    return found


def remove_case(path: Path) -> None:
    """Removes a case file and its lock, after making sure that it is one."""
    _ = CaseReader(path).description
    path.unlink()
    path.with_suffix(".lock").unlink(missing_ok=True)
    kept_reports.forget(path)


def schema(name: str) -> str:
    """The JSON Schema of a report's JSON."""
    return (resources.files("novatrace") / "reports" / "schemas" / f"{name}.json").read_text(encoding="utf-8")
