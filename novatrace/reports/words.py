"""Wording shared by the views: times, spans, amounts, plurals, places, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

from novatrace.model import http_status, span
from novatrace.model.capacity import Burst, Capacity
from novatrace.model.case import Case
from novatrace.model.evidence import Provenance
from novatrace.model.migration import Attempt, HostNode, Migration, Pass, Resources, Watch
from novatrace.model.resource import NAMES

STAGES = {
    "placement-empty": "placement had no candidate",
    "filtered-out": "the filters removed the last hosts",
    "claim-refused": "the target refused the claim",
    "affinity": "the target refused because of its server group",
    "placement-conflict": "placement refused every allocation",
    "retries-exhausted": "every try was used up",
    "after-claim": "it failed after the claim was granted",
    "unknown": "the logs do not say where it failed",
}
when = span.when
clock = span.clock
_SOURCES = {
    "claim": "the target's claim",
    "tracker": "the target's resource tracker",
    "scheduler": "the scheduler's ComputeNode",
    "host-state": "the scheduler's HostState",
    "placement": "placement",
    "inventory-file": "the inventory file",
    "nova.conf": "its nova.conf (allocation ratios)",
}


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 host``, ``2 hosts``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def listed(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def capital(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def host(place: HostNode | None) -> str:
    """The host, with its node where that is another name."""
    if place is None:
        return "?"
    return place.host if place.node in (None, place.host) else f"{place.host} (node {place.node})"


def amount(value: float | None, unit: str) -> str:
    """``4096 MB``, or that it is not known."""
    return "unknown" if value is None else f"{value:g} {unit}" if abs(value) < 1e6 else f"{value:.0f} {unit}"  # noqa: PLR2004


def resources(held: Resources) -> str:
    """``2 vCPU, 4096 MB RAM, 20 GB disk``; unknown ones are said."""
    parts = (("vCPU", held.vcpus, ""), ("RAM", held.ram_mb, "MB"), ("disk", held.disk_gb, "GB"))
    return ", ".join(f"{name} {amount(value, unit).strip()}" for name, value, unit in parts)


def none_came_in(schedule: Pass) -> str:
    """Why no filter had anything to do: ``no host came in but compute-03, which the request excluded``."""
    if schedule.ignored:
        return f"no host came in but {listed(list(schedule.ignored))}, which the request excluded"
    return f"{listed(list(schedule.limited_to))}, which the request demanded, did not come in"


def bound(burst: Burst) -> str:
    """The binding resources; of NUMA cells and PCI devices the classes that were short, where they were counted."""
    classes: dict[str, list[str]] = {}
    for counted in burst.binding_classes:
        if counted.name != counted.resource:
            classes.setdefault(counted.resource, []).append(counted.name)
    return ", ".join(
        f"{NAMES.get(name, name)} ({', '.join(classes[name])})" if name in classes else NAMES.get(name, name)
        for name in burst.binding
    )


def counted(burst: Burst) -> str:
    """``; 2 MiB pages 3072 as of 2026-11-23 00:08:20.000``: what was free of classes beyond the three, by NUMA cell."""
    return "".join(
        f"; {c.name} {' + '.join(str(amount) for amount in c.free)} (as of {when(c.known_us)})" for c in burst.counted
    )


def capacity(free: Capacity | None, classes: str = "") -> str:
    """What was free before a burst, whose word it is and from when; ``classes``: see ``counted``."""
    if free is None:
        return f"free before: unknown{classes}"
    first, *others = free.source.split(" + ")
    also = " and ".join(_SOURCES.get(other, other) for other in others)
    age = f", {when(free.when_us)}" if free.when_us is not None else ""
    told = f"{_SOURCES.get(first, first)}, {'observed' if also else free.basis}{age}"
    beside = f"; what it does not say, from {also}, assumed" if also else ""
    return f"free before: {resources(free.free)} (from {told}{beside}){classes}"


def slots(burst: Burst) -> str:
    """``room for: 1 VM (vCPU 32, RAM 1, disk 50)``."""
    held = burst.slots
    parts = [f"{NAMES[n]} {v}" for n in ("vcpus", "ram_mb", "disk_gb") if (v := getattr(held, n)) is not None]
    parts += [f"{c.name} {c.room}" for c in burst.counted if c.room is not None]
    detail = f" ({', '.join(parts)})" if parts else ""
    return f"room for: {'unknown' if held.all is None else count(held.all, 'VM')}{detail}"


def verdict(burst: Burst) -> str:
    """``over-committed (proven)``, ``refused (proven)`` where the view before had room, and the like; the basis is always said."""
    if burst.refused_despite_room:
        return f"refused ({burst.basis})"
    if burst.verdict == "overcommitted":
        return f"over-committed ({burst.basis})"
    if burst.verdict == "contended":
        return "contended (not proven)"
    if burst.verdict == "fits":
        return f"fits ({burst.basis})" if burst.basis else "fits"
    return "not known"


def times(bursts: Iterable[Burst]) -> dict[HostNode, list[int | None]]:
    """When bursts began, by target."""
    found: dict[HostNode, list[int | None]] = {}
    for burst in bursts:
        found.setdefault(burst.target, []).append(burst.first_us)
    return found


def apart(burst: Burst, began: Mapping[HostNode, Sequence[int | None]]) -> str:
    """`` at 15:06:09.108`` where other bursts went to the same target (see ``times``); else ""."""
    return span.at(burst.first_us, began[burst.target])


def verdict_tone(burst: Burst) -> str:
    """The tone of a verdict."""
    return {"overcommitted": "bad", "contended": "warn", "fits": "good"}.get(burst.verdict, "dim")


def outcome(migration: Migration) -> str:
    """``failed``, ``succeeded (inferred)``, ``unknown``."""
    return f"{migration.outcome} (inferred)" if migration.outcome_basis == "inferred" else migration.outcome


def resting(watch: Watch, kind: str) -> str:
    """What an inferred success rests on, with its figures."""
    watched = f"in the {watch.for_us / 1e6:.1f} s"
    silent = {
        "compute": f"no failure stands {watched} that the compute logs go on after it",
        "placement": f"nothing was given back to placement {watched} that its log goes on after it, as a failed move does",
        "evidence": f"no failure stands {watched} that the evidence goes on after it, though the compute logs end sooner",
    }[watch.by]
    took = (
        f"no {kind} was seen to end here"
        if watch.slowest_us is None
        else f"the slowest {kind} that was seen to end here took {watch.slowest_us / 1e6:.1f} s"
    )
    return f"inferred: the claim was granted, the move began, and {silent}; {took}"


def outcome_tone(word: str) -> str:
    """The tone of an outcome."""
    return {
        "failed": "bad", "victim": "bad", "claim-refused": "bad", "no-valid-host": "bad", "placement-conflict": "bad",
        "succeeded": "good", "admitted": "good",
    }.get(word, "dim")  # fmt: skip


def action(migration: Migration) -> str:
    """``migrate``, or ``migrate?`` where it is inferred."""
    return migration.action if migration.action_basis == "observed" else f"{migration.action} (inferred)"


def by_api(migration: Migration) -> str:
    """``refused by the API``, or that the API broke off, where that was the end of it; else ""."""
    status = None if migration.attempts else migration.http_status
    if http_status.broken(status):
        return "broken off in the API"
    return "refused by the API" if http_status.refused(status) else ""


def stage(migration: Migration) -> str:
    """Where a failed move failed, in words; "" where it did not, or where that is not told."""
    return by_api(migration) or STAGES.get(migration.stage or "", migration.stage or "")


def tried(migration: Migration) -> str:
    """Where a move went, one attempt after the other, and how each ended unless the move's stage tells."""
    told = migration.stage if len(migration.attempts) == 1 else None
    went = ", ".join(_tried(attempt, told) for attempt in migration.attempts) or "not logged"
    if by_api(migration):
        went = f"{by_api(migration)} (HTTP {migration.http_status})"
    closing = migration.closing
    return f"{went}, then reverted" if closing is not None and closing.kind == "reverted" else went


def _tried(attempt: Attempt, told: str | None) -> str:
    if attempt.selected is None:
        claims = attempt.schedule.placement_claims if attempt.schedule else ()
        refused = [host(claim.target) for claim in claims if claim.target]
        if attempt.outcome == "unknown" and not refused:
            return "not logged"
        ended = f" ({attempt.outcome})" if attempt.outcome != told or not refused else ""
        return f"{'/'.join(dict.fromkeys(refused)) or 'no host'}{ended}"
    outcome = "check failed" if attempt.check is not None else attempt.outcome
    ended = "" if outcome in ("succeeded", "unknown", told) else f" ({outcome})"
    return f"{host(attempt.selected)}{ended}"


def name(migration: Migration) -> str:
    """The VM, else the request."""
    return migration.instance_uuid or migration.request_id or "?"


def place(where: Provenance | None, case: Case) -> str:
    """``node/file:line``."""
    if where is None:
        return ""
    evidence = case.evidence[where.evidence_id]
    file = PurePath(evidence.place).name
    return f"{evidence.node}/{file}:{where.line_no}" if evidence.node else f"{file}:{where.line_no}"
