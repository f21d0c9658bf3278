"""Moves that failed after their target had let them in: it was not room that they lacked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from novatrace.findings import _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Citation, Migration

_TOLD = ("vm-state-error", "task-failed", "live-failed", "rebuild-failed")
_FAULT_CHARS = 160


def find(case: Case) -> Iterator[Finding]:
    """One finding for each reason that the logs give, and one for moves of which they give none."""
    by_fault: dict[str, list[Migration]] = defaultdict(list)
    for migration in _wording.moves(case):
        if migration.stage == "after-claim" and migration.outcome == "failed" and migration.citations:
            by_fault[_fault(migration)].append(migration)
    for fault, failed in sorted(by_fault.items(), key=lambda item: (-len(item[1]), item[0])):
        yield _finding(fault, failed)


def _fault(migration: Migration) -> str:
    """The reason without the VM's own id, so that what befell many is one."""
    fault = (migration.fault or "").replace(migration.instance_uuid or "\0", "…").rstrip(".")
    return fault if len(fault) <= _FAULT_CHARS else f"{fault[:_FAULT_CHARS]}…"


def _finding(fault: str, failed: list[Migration]) -> Finding:
    hosts = [m.attempts[-1].selected.host for m in failed if m.attempts and m.attempts[-1].selected is not None]
    where = f" to {_wording.listed(hosts)}" if hosts else ""
    reason = fault or "the log gives no reason"
    them = "it" if len(failed) == 1 else "them"
    return Finding(
        slug="failed-after-claim",
        severity="error",
        title=f"{_wording.count(len(failed), 'move')}{where} failed after the target had let {them} in: {reason}",
        subject=hosts[0] if hosts else "a host not named",
        measures=(Measure("moves", len(failed), 0, "moves"), Measure("hosts", len(set(hosts)), None, "hosts")),
        basis="observed",
        evidence=_wording.once(_last(m) for m in failed),
        advice=(
            "What failed after its claim did not lack room, so that neither waves nor scheduler options help it: mend what the reason "
            "names; the traceback stands under the request id in the nova-compute log of the source or the target. Where the source "
            "failed the VM is there still, where the target failed to finish it belongs to the target: look (`openstack server show VM`) "
            "before anything is reset."
        ),
    )


def _last(migration: Migration) -> Citation:
    return next((c for c in reversed(migration.citations) if c.what in _TOLD), migration.citations[-1])
