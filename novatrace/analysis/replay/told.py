"""What a replay rests on, said in the report: each statement with its basis, and what is missing with how to give it."""

from __future__ import annotations

from collections.abc import Sequence

from novatrace.analysis.replay.batch import Batch, counted
from novatrace.analysis.replay.hosts import NUMBERED, passes_of
from novatrace.analysis.replay.rules import Decision
from novatrace.model.case import Case
from novatrace.model.migration import Resources
from novatrace.model.replay import ReplayHost, ReplayVm, Rules, Statement
from novatrace.model.resource import NAMES

USUAL_ATTEMPTS = 3


def odd_ones(vms: Sequence[ReplayVm], guarded: Sequence[str]) -> list[Statement]:
    """Refusals that stay as they were, and resources that nobody guards."""
    told = []
    odd = sum(len(vm.refused_by) for vm in vms)
    if odd:
        text = f"{counted(odd, 'refusal')} that no known capacity explains: as observed under every policy"
        told.append(Statement(text, "observed"))
    loose = [NAMES[name] for name in NUMBERED if name not in guarded]
    if loose:
        text = f"no limit went with the claims for {', '.join(loose)}: nothing guards that"
        told.append(Statement(text, "observed"))
    return told


def known_of(
    case: Case, batch: Batch, rules: Rules, hosts: tuple[ReplayHost, ...], usual: Resources
) -> list[Statement]:
    """What the replay rests on, in the order in which a reader asks."""
    told = []
    size = rules.subset_size or 0
    if any(len(p.candidates) > 1 for p in passes_of(batch)):
        text = "the best host was always chosen (host_subset_size 1)"
        told.append(
            Statement(
                text if size == 1 else f"choices lie among the {size} best (host_subset_size ≥ {size})", "computed"
            )
        )
    if case.claims_in_placement is None:
        told.append(Statement("claims are made on the compute hosts (no log tells)", "assumed"))
    else:
        who = "in placement (Pike and later)" if rules.placement else "on the compute hosts (up to Ocata)"
        told.append(Statement(f"claims are made {who}", "observed"))
    unknown = sum(not m.attempts or not any(a.demand.known for a in m.attempts) for m in batch.moves)
    if unknown and usual.known:
        told.append(
            Statement(f"{counted(unknown, 'VM')} of unknown size: taken to ask for what most others ask for", "assumed")
        )
    blind = sum(
        not m.attempts or m.attempts[0].schedule is None or not m.attempts[0].schedule.candidates for m in batch.moves
    )
    if blind:
        text = f"{counted(blind, 'VM')} whose candidates are not logged: any host of the batch is taken for one"
        told.append(Statement(text, "assumed"))
    if hosts and not _named(batch):
        text = (
            "no host that these moves could have gone to is logged: those that others were sent to meanwhile are taken"
        )
        told.append(Statement(text, "assumed"))
    if any(h.other_slots is not None for h in hosts):
        text = "room for NUMA cells, hugepages, PCI devices or affinity is what was admitted"
        told.append(Statement(text, "computed"))
    return told


def _named(batch: Batch) -> bool:
    """True where a pass or a target of the batch names a host."""
    attempts = [a for m in (*batch.moves, *batch.nameless) for a in m.attempts]
    return any(a.selected is not None or (a.schedule is not None and a.schedule.candidates) for a in attempts)


def missing_of(
    case: Case, hosts: tuple[ReplayHost, ...], decisions: Sequence[Decision], vms: Sequence[ReplayVm]
) -> list[str]:
    """What would make the replay better, and how to say it."""
    told = []
    if any(notice.incomplete for notice in case.notices):
        told.append("a part of the logs that could not be read; `novatrace correlate` names it")
    for name, word in (("vcpus", "free vCPUs"), ("ram_mb", "free RAM"), ("disk_gb", "free disk")):
        short = [h.target.host for h in hosts if getattr(h.room, name) is None]
        if short and any(getattr(vm.demand, name) for vm in vms):
            shown = ", ".join(short[:3]) + (f" and {len(short) - 3} more" if len(short) > 3 else "")  # noqa: PLR2004
            told.append(f"{word} of {shown}: taken as enough; say it with `novatrace correlate --inventory FILE`")
    if any(not vm.demand.known for vm in vms):
        told.append("the size of the VMs: taken as nothing; say it with a default flavor in `--inventory FILE`")
    if not decisions:
        told.append("candidates and choices of the passes: nova-scheduler's log at DEBUG has them")
    return told
