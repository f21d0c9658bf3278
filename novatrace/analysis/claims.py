"""What the targets' compute services said: claims, granted or refused, out of the lines of one request.

Until Stein a claim prints totals, use and limits; a refused one prints nothing of its own before Xena, so it is known by
what follows: ``Re-scheduling``, or the exception's text. From Train the compute claim tests NUMA and PCI alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from novatrace.analysis.hosts import HostMap
from novatrace.analysis.reasons import short_of
from novatrace.analysis.requests import Request
from novatrace.model.event import Event
from novatrace.model.migration import Citation, Claim, ClaimResource, HostNode, Resources, Stamp

_KINDS = frozenset(
    [
        "claim-attempt",
        "claim-total",
        "claim-limit",
        "claim-unlimited",
        "claim-granted",
        "claim-refused",
        "resources-unavailable",
        "reschedule",
        "reschedule-not",
        "group-violated",
        "rebuild-refused",
        "stash-state",
        "vm-state-error",
    ]
)
_ORDER = ("ram_mb", "disk_gb", "vcpus")


@dataclass(slots=True)
class HostClaim:
    """A claim on a host: which request's, and when it began; the host is None where mixed logs do not tell."""

    target: HostNode | None
    instance_uuid: str | None
    started_us: int | None
    claim: Claim
    tier: str
    stamp: Stamp


@dataclass(slots=True)
class _Draft:
    target: HostNode | None
    events: list[Event] = field(default_factory=list)
    demand: Resources = field(default_factory=Resources)
    totals: dict[str, tuple[float, float]] = field(default_factory=dict)
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)
    unlimited: set[str] = field(default_factory=set)
    granted: bool = False
    tested: bool = False
    refused: bool = False
    settled: bool = False
    reasons: list[str] = field(default_factory=list)


def rebuild(request: Request, hosts: HostMap) -> list[HostClaim]:
    """The claims of a request, one for each instance and host, in time order."""
    drafts: list[tuple[str | None, _Draft]] = []
    latest: dict[tuple[str | None, HostNode | None], _Draft] = {}
    for event in request.events:
        if event.kind not in _KINDS or event.service not in (None, "nova-compute"):
            continue
        target = hosts.of_named(event)
        key = (event.instance_uuid, target)
        draft = latest.get(key) or _without_instance(latest, event, target) or _without_node(latest, event, target)
        if draft is None or (event.kind in ("claim-attempt", "stash-state") and (draft.settled or draft.granted)):
            draft = _Draft(target)
            latest[key] = draft
            drafts.append((event.instance_uuid, draft))
        _take(draft, event)
    return [
        HostClaim(
            draft.target, uuid, first.when_us, claim, request.tier(first), Stamp("claim", first.node, first.provenance)
        )
        for uuid, draft in drafts
        if (claim := _claim(draft)) is not None and (first := draft.events[0])
    ]


def _without_node(
    latest: dict[tuple[str | None, HostNode | None], _Draft], event: Event, target: HostNode | None
) -> _Draft | None:
    """The claim of the VM on a host of several nodes, where this line or the claim so far does not name the node."""
    if target is None:
        return None
    fitting = [
        draft
        for (uuid, host), draft in latest.items()
        if uuid == event.instance_uuid
        and host is not None
        and host.host == target.host
        and None in (host.node, target.node)
    ]
    if not fitting:
        return None
    if target.node is not None:
        fitting[-1].target = target
    return fitting[-1]


def _without_instance(
    latest: dict[tuple[str | None, HostNode | None], _Draft], event: Event, target: HostNode | None
) -> _Draft | None:
    """The one claim on the target that a line without instance can belong to."""
    if event.instance_uuid is not None:
        return None
    fitting = [draft for (_, host), draft in latest.items() if host == target]
    return fitting[0] if len(fitting) == 1 else None


def _take(draft: _Draft, event: Event) -> None:
    draft.events.append(event)
    kind, values = event.kind, event.values
    if kind == "claim-attempt":
        draft.tested = True
        draft.demand = Resources(values.get("vcpus"), values.get("memory_mb"), values.get("disk_gb"))
    elif kind == "claim-total":
        draft.totals[values["resource"]] = (values["total"], values["used"])
    elif kind == "claim-limit":
        draft.limits[values["resource"]] = (values["limit"], values["free"])
    elif kind == "claim-unlimited":
        draft.unlimited.add(values["resource"])
    elif kind == "claim-granted":
        draft.granted = True
    elif not draft.granted:
        _take_refusal(draft, event)
    if kind in ("reschedule", "reschedule-not", "vm-state-error"):
        draft.settled = True


def _take_refusal(draft: _Draft, event: Event) -> None:
    """A refusal counts only before a grant: later failures of the same kind are the driver's, not the claim's."""
    kind, values = event.kind, event.values
    if kind in ("claim-refused", "resources-unavailable"):
        draft.refused = True
        draft.reasons += [r for r in values.get("reasons", ()) if r not in draft.reasons]
    elif kind in ("group-violated", "rebuild-refused"):
        draft.refused = True
        draft.reasons += [reason for reason in (values.get("detail", ""),) if reason not in draft.reasons]
    elif kind == "reschedule" and draft.tested and draft.totals:
        draft.refused = True


def _claim(draft: _Draft) -> Claim | None:
    if not (draft.granted or draft.refused or draft.tested):
        return None
    resources = tuple(
        ClaimResource(
            resource=name,
            total=draft.totals.get(name, (None, None))[0],
            used=draft.totals.get(name, (None, None))[1],
            limit=draft.limits.get(name, (None, None))[0],
            free=draft.limits.get(name, (None, None))[1],
            unlimited=name in draft.unlimited,
        )
        for name in _ORDER
        if name in draft.totals or name in draft.limits or name in draft.unlimited
    )
    reasons = tuple(draft.reasons) or tuple(_exceeded(draft)) if draft.refused else ()
    return Claim(
        node=draft.target.node if draft.target else None,
        when_us=next((e.when_us for e in draft.events if e.kind in ("claim-granted", "claim-refused")), None)
        or draft.events[0].when_us,
        granted=True if draft.granted else False if draft.refused else None,
        demand=draft.demand,
        resources=resources,
        reasons=reasons,
        citations=tuple(Citation(e.provenance, e.kind) for e in draft.events if e.kind != "stash-state"),
        short_of=short_of(reasons),
    )


def _exceeded(draft: _Draft) -> list[str]:
    """Reasons by arithmetic, where the log refused without a word: a demand above the claim's own free amount."""
    wanted = {"ram_mb": draft.demand.ram_mb, "disk_gb": draft.demand.disk_gb, "vcpus": draft.demand.vcpus}
    words = {"ram_mb": ("memory", "MB"), "disk_gb": ("disk", "GB"), "vcpus": ("vcpu", "VCPU")}
    found = []
    for name, (_, free) in draft.limits.items():
        need = wanted.get(name)
        if need is not None and need > free:
            word, unit = words[name]
            found.append(f"Free {word} {free:.2f} {unit} < requested {need:g} {unit}")
    return found
