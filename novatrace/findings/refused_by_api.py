"""Actions that the API itself refused: a quota, a VM in the wrong state, a host that does not exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from novatrace.findings import _options, _wording
from novatrace.model import http_status
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Migration

_QUOTA = "quota exceeded"


def find(case: Case) -> Iterator[Finding]:
    """One finding for each status (and one for quotas) with which the API answered moves that nobody scheduled."""
    by_kind: dict[tuple[int, bool], list[Migration]] = defaultdict(list)
    for migration in _wording.moves(case):
        status, fault = migration.http_status, (migration.fault or "").lower()
        # The API waits for the scheduler up to Train, and then answers 400 for want of a host: that is no refusal of its own.
        if (
            status is None
            or http_status.accepted(status)
            or migration.attempts
            or "valid host" in fault
            or not migration.citations
        ):
            continue
        by_kind[status, _QUOTA in fault].append(migration)
    for (status, quota), refused in sorted(by_kind.items()):
        yield _finding(case, status, refused, quota=quota)


def _finding(case: Case, status: int, refused: list[Migration], *, quota: bool) -> Finding:
    said = list(dict.fromkeys(_answer(m) for m in refused if m.fault))
    why = f": {said[0]}" if len(said) == 1 else f", for {len(said)} different reasons: {said[0]}; …" if said else ""
    moves = _wording.count(len(refused), "move")
    title = f"{moves} refused by {'a quota' if quota else 'the API'} (HTTP {status}) and never scheduled{why}"
    broken = http_status.broken(status)
    if broken:
        title = f"{moves} broken off in the API (HTTP {status}), with nothing logged of what it had begun{why}"
    return Finding(
        slug="refused-by-api",
        severity="error" if broken else "warning",
        title=title,
        subject=f"HTTP {status}",
        measures=(Measure("moves", len(refused), 0, "moves"),),
        basis="observed",
        evidence=_wording.once(m.citations[-1] for m in refused),
        advice=_broken(refused) if broken else _advice(case, refused, said, quota=quota),
    )


def _broken(broken: list[Migration]) -> str:
    left = sum(m.instance_state != "deleted" for m in broken)
    look = (
        " Until Train the API waits for the conductor, which goes on when the API gives up: see where the VM is and whether its task_state "
        "is set (`openstack server show VM`) before anything is asked again."
    )
    return f"What broke off in the API left a traceback under its request id in the nova-api log.{look if left else ''}"


def _answer(migration: Migration) -> str:
    """The API's answer, the same for all VMs of which it says the same."""
    fault = (migration.fault or "").rstrip(".")
    return fault.replace(f"instance {migration.instance_uuid}", "instance …") if migration.instance_uuid else fault


def _advice(case: Case, refused: list[Migration], said: list[str], *, quota: bool) -> str:
    if quota:
        cores, ram = _options.named("cores", case), _options.named("ram", case)
        return (
            "Raise the project's quota with `openstack quota set --cores N --ram MB PROJECT`; the defaults are "
            f"{cores} and {ram}. A resize counts against the quota what the new flavor has more than the old."
        )
    unbuilt = {m.instance_uuid for m in case.migrations if m.action == "create" and m.outcome == "failed"}
    if all(m.instance_uuid in unbuilt for m in refused):
        return "These VMs were never built: `novatrace explain VM` tells why the boot failed. Delete them and boot them anew."
    state = (
        "a VM in vm_state error is to be looked after first (does its guest run?), and then set right with `openstack server set --state "
        "active VM`"
        if any("vm_state error" in answer for answer in said)
        else "a VM whose task_state is set is in another action still"
    )
    return f"The VMs that the API refused to move stayed where they were. Mend what the API's answer names and ask again; {state}."
