"""The sentence of each event, for the story of one VM. Kinds without a sentence are left out of stories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from novatrace.model.event import Event
from novatrace.model.migration import TimelineEntry

_Values = dict[str, Any]
_PLAIN = {
    "migration-assumed": "API: no flavor given, so this is a migration",
    "evacuate-requested": "API: evacuation scheduled",
    "placement-empty": "placement returned no allocation candidates",
    "placement-claims-exhausted": "no candidate could be claimed in placement",
    "placement-vcpu-fallback": "no dedicated CPUs left: placement asked again for shared ones",
    "placement-claims-undone": "the pass failed after its claims: allocations given back",
    "boot-timed-out": "the boot took longer than instance_build_timeout",
    "move-started": "migrating: the target's claim was granted, the move begins",
    "migrate-disk-start": "source: disk migration and power off started",
    "finish-migration-start": "target: finishing the migration started",
    "finish-migration-done": "target: finishing the migration done",
    "guest-running": "target: guest is running",
    "guest-destroyed": "guest destroyed on this host",
    "host-instances-updated": "the scheduler was told of the host's new VM: the move (or boot) finished there",
    "boot-start": "boot started on this host",
    "instance-spawned": "guest spawned",
}


def _claim_attempt(v: _Values) -> str:
    cpus = f", {v['vcpus']} vCPU" if v.get("vcpus") is not None else ""
    return f"claim attempted: {v.get('memory_mb')} MB, {v.get('disk_gb')} GB{cpus}"


def _reasons(v: _Values) -> str:
    return "; ".join(v.get("reasons", ())) or "no reason logged"


def _hosts(number: int) -> str:
    return f"{number} host{'' if number == 1 else 's'}"


def _alternates(v: _Values) -> str:
    number = len(v["alternates"])
    return f"{number} alternate{'' if number == 1 else 's'}"


_WORDED: dict[str, Callable[[_Values], str]] = {
    "action-body": lambda v: f"API accepted the action {v['action']}",
    "api-request": lambda v: f"API answered {v['method']} with HTTP {v['status']}",
    "api-fault": lambda v: f"API fault: {v.get('reason', '')}",
    "flavor-change": lambda v: f"flavor {v['old_flavor']} → {v['new_flavor']}",
    "live-migrate-requested": lambda v: f"API: live migration to {v['destination']}",
    "rpc-cast": lambda v: f"cast on {v['topic']}",
    "schedule-start": lambda _: "scheduling started",
    "filter-start": lambda v: f"filtering starts with {_hosts(v['hosts_before'])}",
    "filter-result": lambda v: f"{v['filter_name']} left {_hosts(v['hosts_after'])}",
    "filters-exhausted": lambda v: (
        "filters removed every host: "
        + ", ".join(f"{s['name']} {'' if s['before'] is None else s['before']}→{s['after']}" for s in v["results"])
    ),
    "hosts-filtered": lambda v: f"{_hosts(len(v['hosts']))} passed all filters",
    "hosts-weighed": lambda v: "weighed, best first: " + ", ".join(s["host"] for s in v["hosts"][:3]),
    "host-selected": lambda v: f"selected {v['host']['host']}",
    "placement-claim-start": lambda _: "claiming in placement",
    "placement-claim-refused": lambda v: (
        f"placement refused the claim (HTTP {v['status']})"
        + (f": {v['resource_class']} would exceed the capacity" if v.get("resource_class") else "")
    ),
    "placement-over-capacity": lambda v: (
        f"placement: over capacity for {v['resource_class']}: "
        f"needed {v['needed']}, used {v['used']}, capacity {v['capacity']}"
    ),
    "rpc-retried": lambda v: f"{v['method']} timed out and was sent again ({v['number']} of {v['most']})",
    "cell-not-answering": lambda v: f"the hosts of cell {v['cell']} are missing: its database did not answer",
    "host-unmapped": lambda v: f"{v['host']} is in no cell: the VM cannot be sent there",
    "confirm-retried": lambda v: f"automatic confirmation failed, to be tried again: {v['detail']}",
    "confirm-impossible": lambda v: f"not confirmed: {v['detail']}",
    "hosts-ignored": lambda v: "excluded by the request: " + (", ".join(v["hosts"]) or "none of these hosts"),
    "task-failed": lambda v: (
        f"conductor: {v['task']} failed: {str(v['reason']).splitlines()[0] if v['reason'] else ''}"
    ),
    "deleted-meanwhile": lambda v: f"the VM was deleted during the {v['task']}",
    "cell-chosen": lambda v: f"looks in cell {v['cell']}" if v.get("cell") else "looks in every cell",
    "instance-state-set": lambda v: f"instance set to {v['state']}",
    "move-dispatch": lambda v: f"sent to {v['host']} (prep_resize), {_alternates(v)}",
    "boot-dispatch": lambda v: f"sent to {v['host']}, {_alternates(v)}",
    "claim-attempt": _claim_attempt,
    "claim-total": lambda v: f"claim: total {v['resource']} {v['total']}, used {v['used']}",
    "claim-limit": lambda v: f"claim: {v['resource']} limit {v['limit']}, free {v['free']}",
    "claim-unlimited": lambda v: f"claim: no limit for {v['resource']}: nothing protects it",
    "claim-granted": lambda _: "claim granted",
    "claim-refused": lambda v: f"claim refused: {_reasons(v)}",
    "resources-unavailable": lambda v: f"insufficient compute resources: {_reasons(v)}",
    "reschedule": lambda v: f"rescheduling, attempt {v['attempt']}",
    "reschedule-failed": lambda _: "rescheduling failed",
    "vm-state-error": lambda v: "vm_state set to ERROR" + (f": {v['detail']}" if v.get("detail") else ""),
    "vm-state-restored": lambda v: f"vm_state set back to {v.get('state', 'what it was')}",
    "live-cancelled": lambda _: "live migration given up: nova-compute goes down",
    "live-migration-done": lambda v: f"live migration to {v['host']} finished",
    "live-failed": lambda v: f"live migration failed: {v.get('detail', '')}",
    "live-host-skipped": lambda v: f"{v['host']} failed the check before the move: {v['reason']}",
    "cross-cell-start": lambda v: f"sent to {v['host']} in another cell (cross-cell resize)",
    "cross-cell-prepare": lambda v: f"source {v['host']}: making the snapshot for the other cell",
    "cross-cell-finish": lambda v: f"target {v['host']}: building the VM from the snapshot",
    "cross-cell-refused": lambda v: f"{v['host']} failed the check before a move to its cell: {v['detail']}",
    "cross-cell-broken": lambda v: f"the move to another cell broke off on {v['host']}",
    "cross-cell-step": lambda v: f"{v['side']}: {v['phase']} of the move between cells begins",
    "revert-failed": lambda v: f"source: the revert broke off: {v['detail']}",
    "allocation-stuck": lambda _: "placement could not be put right after the move",
    "evacuate-host-unknown": lambda v: f"{v['host']} {v['detail']}: no host to evacuate to or from",
    "task-broken": lambda v: f"conductor: {v['task']} failed: {v['reason']}",
    "live-forced-claim": lambda v: f"forced: allocated on {v['node']} without the scheduler",
    "group-violated": lambda v: f"server group policy violated: {v.get('detail', '')}",
    "operator-vm-state": lambda v: f"operator's script: VM is {v['state']}",
    "rebuild-start": lambda v: "evacuating" if v.get("evacuating") else "rebuilding",
    "spawn-failed": lambda _: "spawn failed",
    "build-broken": lambda _: "the boot broke off on this host",
    "boot-took": lambda v: f"built in {v['seconds']} s",
}


def sentence(event: Event) -> str | None:
    """What the event says, in one sentence, or None when it is no step of a story."""
    plain = _PLAIN.get(event.kind)
    if plain is not None:
        return plain
    worded = _WORDED.get(event.kind)
    return worded(event.values) if worded is not None else None


def timeline(events: list[Event]) -> tuple[TimelineEntry, ...]:
    """The steps of a story, in time order; traceback lines repeat what was said and are left out."""
    entries: list[TimelineEntry] = []
    for event in events:
        text = None if event.inherited else sentence(event)
        if text is not None:
            entries.append(TimelineEntry(event.when_us, event.node, event.service, text, event.provenance))
    return tuple(entries)
