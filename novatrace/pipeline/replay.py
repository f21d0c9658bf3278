"""``simulate``: a batch of a kept case, or a scenario file, under other policies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from novatrace import __version__
from novatrace.analysis.replay import batch as batches
from novatrace.analysis.replay import scenario as scenarios
from novatrace.analysis.replay import study
from novatrace.errors import NothingToAnalyseError, UsageError
from novatrace.model.case import Case
from novatrace.model.replay import Replay, Scenario
from novatrace.parsing import scenario
from novatrace.reports import interface as reports
from novatrace.reports import plan_script, text_report
from novatrace.store.case_reader import CaseReader
from novatrace.store.places import newest_case

Progress = Callable[[int, int], None]


def simulate(
    scenario_file: Path | None,
    case_file: Path | None,
    *,
    runs: int,
    seed: int,
    progress: Progress | None = None,
) -> tuple[Replay, Path | None]:
    """The replay, and the case file that it is of.

    Raises:
        UsageError: the scenario file is not one, or both were given.
        NothingToAnalyseError: the case has no move that a scheduler was to place.
        CaseError: there is no case, or it cannot be read.
    """
    if scenario_file is not None:
        if case_file is not None:
            raise UsageError("a scenario file and --case: one or the other", next_step="leave one out")
        read = scenario.load(scenario_file)
        return study.study(read, (), runs=runs, seed=seed, progress=progress), None
    path = case_file or newest_case()
    return replayed(CaseReader(path).case(), runs=runs, seed=seed, progress=progress), path


def replayed(case: Case, *, runs: int, seed: int, progress: Progress | None = None) -> Replay:
    """The replay of the case's batch.

    Raises:
        NothingToAnalyseError: nothing was moved, or nothing that a scheduler was to place.
    """
    batch = batches.select(case.migrations)
    if batch is None or not batch.moves:
        raise NothingToAnalyseError(
            "the case has no move that a scheduler was to place",
            next_step="read the logs of the batch with `novatrace correlate PATH…`, or give a scenario file",
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
) -> str:
    """The report as text; ``width`` and ``colour`` are for a terminal and change the text format alone."""
    writer = reports.load(format_name)
    if format_name == "text" and (width is not None or colour):
        writer = text_report.TextFormat(width=width, colour=colour)
    return writer.simulate(replay, plan=plan, tool_version=__version__)


def script(replay: Replay) -> str:
    """The wave plan as a shell script."""
    return plan_script.script(replay, tool_version=__version__)
