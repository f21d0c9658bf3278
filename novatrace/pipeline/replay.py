"""``simulate``: a batch of a kept case, or a scenario file, under other policies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

from novatrace import __version__
from novatrace.analysis.replay import batch as batches
from novatrace.analysis.replay import scenario as scenarios
from novatrace.analysis.replay import study
from novatrace.analysis.replay.batch import Wanted
from novatrace.errors import NothingToAnalyseError, NovatraceError, UsageError
from novatrace.model.case import Case
from novatrace.model.replay import ListedBatch, Replay, Scenario
from novatrace.parsing import scenario
from novatrace.parsing.timestamps import moment_us
from novatrace.pipeline.sharing import SHAREABLE, Sharing, passed, redaction_of
from novatrace.reports import interface as reports
from novatrace.reports import plan_script, text_report
from novatrace.reports.redaction import Redaction
from novatrace.store.case_reader import CaseReader
from novatrace.store.places import newest_case

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which batch of a case, in the user's words; the newest where nothing is given.

    ``since`` and ``until`` are moments between which the moves began.
    """

    number: int | None = None
    target: str | None = None
    since: str | None = None
    until: str | None = None

    @property
    def given(self) -> bool:
        """True when anything was asked for."""
        return self != Choice()

    def wanted(self) -> Wanted:
        """The same, with moments in µs; without a zone they are UTC.

        Raises:
            UsageError: one is no moment.
        """
        since, until = (None if text is None else moment_us(text, UTC) for text in (self.since, self.until))
        return Wanted(self.number, self.target, since, until)


def simulate(
    scenario_file: Path | None,
    case_file: Path | None,
    choice: Choice | None = None,
    *,
    runs: int,
    seed: int,
    progress: Progress | None = None,
) -> tuple[Replay, Path | None]:
    """The replay, and the case file that it is of.

    Raises:
        UsageError: the scenario file is not one, or both were given, or there is no such batch.
        NothingToAnalyseError: the case has no move that a scheduler was to place.
        CaseError: there is no case, or it cannot be read.
    """
    choice = choice or Choice()
    if scenario_file is not None:
        if case_file is not None:
            raise UsageError("a scenario file and --case: one or the other", next_step="leave one out")
        if choice.given:
            raise UsageError("a scenario file is one batch", next_step="leave --batch, --target and the times out")
        read = scenario.load(scenario_file)
        return study.study(read, (), runs=runs, seed=seed, progress=progress), None
    path = case_file or newest_case()
    return replayed(CaseReader(path).case(), choice, runs=runs, seed=seed, progress=progress), path


@dataclass(frozen=True, slots=True)
class Listed:
    """The batches of a case; ``incomplete`` where not all of its logs could be read."""

    batches: list[ListedBatch]
    redaction: Redaction
    sharing: Sharing
    incomplete: bool

    def text(self, width: int | None, *, colour: bool) -> str:
        """The list to read, for a pipe or a terminal of this width.

        Raises:
            LeakError: it would show what was to be hidden.
        """
        text = text_report.TextFormat(width=width, colour=colour).batches(self.batches)
        return passed(text, self.redaction, self.sharing, what="the list")


def batches_of(case_file: Path | None, choice: Choice, sharing: Sharing) -> Listed:
    """The batches of a case.

    Raises:
        NothingToAnalyseError: nothing was moved.
        CaseError: there is no case, or it cannot be read.
    """
    path = case_file or newest_case()
    sharing = replace(sharing, case_file=path)
    redaction = redaction_of(sharing)
    case = CaseReader(path).case()
    found = batches.listed(redaction.of(case).migrations, choice.wanted())
    if not found:
        raise _nothing_moved(choice)
    return Listed(found, redaction, sharing, any(notice.incomplete for notice in case.notices))


def _nothing_moved(choice: Choice) -> NovatraceError:
    if choice.given:
        return UsageError(
            "the case has no such batch", next_step="`novatrace simulate --batches` lists those that it has"
        )
    return NothingToAnalyseError(
        "the case has no move that a scheduler was to place",
        next_step="read the logs of the batch with `novatrace correlate PATH…`, or give a scenario file",
    )


def replayed(
    case: Case, choice: Choice | None = None, *, runs: int, seed: int, progress: Progress | None = None
) -> Replay:
    """The replay of a batch of the case, the newest if none is chosen.

    Raises:
        NothingToAnalyseError: nothing was moved, or nothing that a scheduler was to place.
        UsageError: there is no such batch.
    """
    choice = choice or Choice()
    batch = batches.select(case.migrations, choice.wanted())
    if batch is None:
        raise _nothing_moved(choice)
    if not batch.moves:
        more = "" if batch.of == 1 else f"; the case has {batch.of} batches, `novatrace simulate --batches` lists them"
        raise NothingToAnalyseError(
            f"batch {batch.number} has no move that a scheduler was to place",
            next_step="read the logs of the batch with `novatrace correlate PATH…`, or give a scenario file" + more,
        )
    decisions = scenarios.decisions_of(case, batch)
    made = scenarios.scenario_of(case, batch, decisions)
    if not made.hosts:
        raise NothingToAnalyseError(
            "no host that the moves of the case could have gone to is logged",
            next_step="add the logs of nova-scheduler or of the targets, or give a scenario file",
        )
    if not _says_who_fits(made):
        raise NothingToAnalyseError(
            "the case does not tell what its VMs ask for beside what its hosts had free, so no policy can be judged; "
            f"missing: {'; '.join(made.missing)}",
            next_step="state flavor and hosts with `novatrace correlate … --inventory FILE`, or give a scenario file",
        )
    return study.study(made, decisions, runs=runs, seed=seed, progress=progress)


def _says_who_fits(scenario: Scenario) -> bool:
    """False where no amount asked for meets a known room: the replay would let all in, whatever they met."""
    if any(vm.refused_by for vm in scenario.vms) or any(host.other_slots is not None for host in scenario.hosts):
        return True
    return any(
        any(getattr(vm.demand, name) is not None for vm in scenario.vms)
        and any(getattr(host.room, name) is not None for host in scenario.hosts)
        for name in ("vcpus", "ram_mb", "disk_gb")
    )


def render(
    format_name: str,
    replay: Replay,
    *,
    plan: bool,
    width: int | None = None,
    colour: bool = False,
    sharing: Sharing | None = None,
) -> str:
    """The report as text, without secrets; ``width`` and ``colour`` are for a terminal and change the text format alone.

    Raises:
        LeakError: the report would show what was to be hidden.
    """
    sharing = sharing or Sharing()
    writer = reports.load(format_name)
    if format_name == "text" and (width is not None or colour):
        writer = text_report.TextFormat(width=width, colour=colour)
    redaction = redaction_of(sharing)
    text = writer.simulate(redaction.replay(replay), plan=plan, tool_version=__version__)
    if format_name in SHAREABLE or sharing.redact:
        passed(text, redaction, sharing, what=f"the {format_name} report")
    return text


def script(replay: Replay, sharing: Sharing | None = None) -> str:
    """The wave plan as a shell script.

    Raises:
        UsageError: with pseudonyms it could not be run.
    """
    if sharing is not None and sharing.redact:
        raise UsageError(
            "a script with pseudonyms could not be run",
            next_step="write it without --redact and keep it, or share the plan as text (`--plan --redact`)",
        )
    return plan_script.script(redaction_of(Sharing()).replay(replay), tool_version=__version__)
