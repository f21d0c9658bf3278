"""What happened to each VM: actions, scheduler passes, attempts and their links to the evidence.

What a move has many of is a ``Struct``: it is made in a tenth of a dataclass's time, and kept as a list without names.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from novatrace.model.evidence import Provenance


class HostNode(Struct, frozen=True, gc=False, array_like=True, order=True):
    """A service host and its hypervisor node; two things in Nova, often with one name.

    ``node`` is None where the evidence names the host alone.
    """

    host: str
    node: str | None = None


class Resources(Struct, frozen=True, gc=False, array_like=True):
    """Amounts of the three resources that Nova has counted in every release."""

    vcpus: int | float | None = None
    ram_mb: int | float | None = None
    disk_gb: int | float | None = None

    @property
    def known(self) -> bool:
        """True when at least one amount is known."""
        return any(amount is not None for amount in (self.vcpus, self.ram_mb, self.disk_gb))


class Citation(Struct, frozen=True, gc=False, array_like=True):
    """One line of evidence behind a statement, and what it shows."""

    provenance: Provenance
    what: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """Whose clock a moment is of, and the line: ``what`` is ``selection``, ``refusal``, ``dispatch`` or ``claim``."""

    what: str
    node: str | None
    provenance: Provenance


class FilterStep(Struct, frozen=True, gc=False, array_like=True):
    """One filter of a pass. ``before`` is None where the log does not say how many hosts came in.

    ``removed`` lists the hosts that it removed; None means that the log gives numbers only.
    """

    name: str
    before: int | None
    after: int
    removed: tuple[HostNode, ...] | None
    provenance: Provenance


class Rejection(Struct, frozen=True, gc=False, array_like=True):
    """A filter's own line on a host that it removed; ``host`` is None where it is about all hosts."""

    host: str | None
    filter_name: str
    detail: str
    provenance: Provenance


class Candidate(Struct, frozen=True, gc=False, array_like=True):
    """A host as one scheduler saw it at the moment of decision (``HostState``); free amounts."""

    host: HostNode
    free_ram_mb: int | None
    free_disk_mb: int | None
    io_ops: int | None
    instances: int | None
    weight: float | None


@dataclass(frozen=True, slots=True)
class PlacementClaim:
    """One try of a scheduler (or conductor) to allocate on a target in placement, as far as logged.

    Attributes:
        target: the host, when its provider uuid could be named.
        provider_uuid: as placement wrote it.
        granted: False for a 409 conflict.
        resource_class: the class that did not fit (``VCPU``, ``MEMORY_MB`` …).
        needed, used, capacity: placement's own numbers (``Over capacity for …``), in the class's unit.
        node: the machine that wrote the line.
    """

    when_us: int | None
    target: HostNode | None
    provider_uuid: str | None
    granted: bool
    resource_class: str | None
    needed: float | None
    used: float | None
    capacity: float | None
    provenance: Provenance
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """One run of the scheduler for one instance.

    Attributes:
        hosts_considered: hosts before the first filter; None where not logged.
        candidates: hosts that passed, in weighed order where weighed.
        weighed: True when ``candidates`` is in weighed order.
        selected: what ``Selected host`` names, or what the wording of the era implies (``selected_basis``).
        selected_basis: ``observed``, ``computed`` (first of the weighed list), or None.
        outcome: ``selected``, ``placement-empty``, ``filtered-out``, ``placement-conflict``, ``unknown``.
        ignored: hosts that the request excluded (a cold migration ignores its source).
        rejected: what filters say of hosts in lines of their own.
        stamp: of ``selected_us``.
        limited_to: hosts and nodes that the request forces or names; () where it leaves the choice to the scheduler.
    """

    request_id: str | None
    instance_uuid: str | None
    scheduler_node: str | None
    started_us: int | None
    ended_us: int | None
    hosts_considered: int | None
    filters: tuple[FilterStep, ...]
    candidates: tuple[Candidate, ...]
    weighed: bool
    selected: HostNode | None
    selected_us: int | None
    selected_basis: str | None
    outcome: str
    placement_claims: tuple[PlacementClaim, ...]
    ignored: tuple[str, ...]
    rejected: tuple[Rejection, ...]
    citations: tuple[Citation, ...]
    limited_to: tuple[str, ...] = ()
    stamp: Stamp | None = None

    @property
    def none_came_in(self) -> bool:
        """True when no host was left before the first filter: what came in the request excluded, or did not allow.

        ``Filtered []`` stands there, at DEBUG, without a chain before it.
        """
        listed = any(citation.what == "hosts-filtered" for citation in self.citations)
        return listed and not (self.filters or self.candidates) and bool(self.ignored or self.limited_to)


class ClaimResource(Struct, frozen=True, gc=False, array_like=True):
    """One resource in a compute claim: what the tracker had, and the limit that the scheduler sent.

    ``limit`` is None with ``unlimited`` True when the log says ``limit not specified``.
    """

    resource: str
    total: float | None
    used: float | None
    limit: float | None
    free: float | None
    unlimited: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """What a target's compute service said to the VM: the claim of ``nova.compute.claims``.

    ``short_of``: the resources that the reasons of a refusal name (``ram_mb``, ``numa``, ``affinity`` …).
    """

    node: str | None
    when_us: int | None
    granted: bool | None
    demand: Resources
    resources: tuple[ClaimResource, ...]
    reasons: tuple[str, ...]
    citations: tuple[Citation, ...]
    short_of: tuple[str, ...] = ()


class Link(Struct, frozen=True, gc=False, array_like=True):
    """How a part of an attempt was joined to its request, and how sure that is.

    ``tier``: ``request-id``, ``named``, ``instance-time``, ``inferred``, ``ambiguous``;
    ``candidates``: how many fitted (1 unless ambiguous).
    """

    what: str
    tier: str
    candidates: int = 1


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to put one VM on one target.

    Attributes:
        number: from 1, in the order of the tries.
        schedule: the scheduler pass that led to it; None for an alternate or where not logged.
        selected: the target; None when no host was left or every placement claim was refused.
        selected_us: when the target was fixed: selection, else dispatch, else the first claim line.
        dispatched_us: when the cast to the target was made.
        ended_us: when the attempt's fate was known (claim, outcome), or None.
        demand: what the VM asks for, with ``demand_basis``: ``observed`` (claim or placement request of this
            attempt), ``computed`` (flavor seen elsewhere for this VM), ``assumed`` (inventory file) or None.
        stamp: whose clock ``selected_us`` is of.
        outcome: ``succeeded``, ``no-valid-host``, ``claim-refused``, ``placement-conflict``, ``failed``, ``unknown``.
        check: why the conductor's check before a live migration passed the target over; the VM never came there.
    """

    number: int
    schedule: Pass | None
    selected: HostNode | None
    alternates: tuple[HostNode, ...]
    selected_us: int | None
    dispatched_us: int | None
    ended_us: int | None
    demand: Resources
    demand_basis: str | None
    claim: Claim | None
    outcome: str
    links: tuple[Link, ...]
    citations: tuple[Citation, ...]
    stamp: Stamp | None = None
    check: str | None = None

    @property
    def forced(self) -> bool:
        """True when the conductor allocated on the target without the scheduler, as the request demanded."""
        return any(citation.what == "live-forced-claim" for citation in self.citations)

    @property
    def limited(self) -> bool:
        """True when the request told the scheduler which hosts alone it may look at."""
        return self.schedule is not None and bool(self.schedule.limited_to)


@dataclass(frozen=True, slots=True)
class Closing:
    """What ended the double hold of a move: ``confirmed``, ``reverted`` or ``deleted``.

    ``when_us``: asked for; ``done_us``: the last line of it, when the host had let go as far as logged; ``state``: the
    state that its lines gave the VM, None where they do not say.
    """

    kind: str
    when_us: int
    done_us: int
    provenance: Provenance
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """What an inferred success rests on: a log that would have told of a failure after the granted claim, and did not.

    ``by``: ``compute`` (target's and source's logs), ``placement`` (no allocation was given back) or ``evidence`` (the compute logs
    go on, and the evidence as a whole for long enough); ``for_us``: for how long it goes on after the claim; ``slowest_us``: how
    long the slowest move of the kind took here, None where none was seen to end.
    """

    by: str
    for_us: int
    slowest_us: int | None


@dataclass(frozen=True, slots=True)
class Migration:
    """All attempts of one action for one VM, with its outcome.

    Attributes:
        action: ``migrate``, ``resize``, ``live-migrate``, ``evacuate``, ``unshelve``, ``create``, ``rebuild``, ``unknown``.
        action_basis: ``observed`` (the API's body or Nova's words name it) or ``inferred``.
        outcome: ``succeeded``, ``failed``, ``unknown``; with ``outcome_basis`` ``observed`` or ``inferred``.
        instance_state: what the logs say became of the VM: ``error``, ``active``, ``resized`` …, or None.
        stage: where a failed one failed; None otherwise.
        fault: the exception or reason text.
        timeline: (when_us, node, service, text, provenance): the story in order, for ``explain``.
        closing: what became of it afterwards; None: the target and the source still hold it, as far as logged.
        flavor: name of the flavor that was asked for (of a resize: the new one); None where no line names it.
        watch: what an inferred success rests on; None for any other outcome.
    """

    instance_uuid: str | None
    action: str
    action_basis: str
    request_id: str | None
    global_request_id: str | None
    accepted_us: int | None
    api_node: str | None
    http_status: int | None
    user_id: str | None
    project_id: str | None
    source: HostNode | None
    outcome: str
    outcome_basis: str | None
    instance_state: str | None
    stage: str | None
    fault: str | None
    attempts: tuple[Attempt, ...]
    citations: tuple[Citation, ...]
    timeline: tuple[TimelineEntry, ...]
    closing: Closing | None = None
    flavor: str | None = None
    watch: Watch | None = None

    @property
    def forced_host(self) -> str | None:
        """The host that the request forced and that had no room, where the conductor says so; None where it does not.

        ``Unable to move instance V to host H. There is not enough capacity on the host`` (nova/scheduler/utils.py
        ``claim_resources_on_destination``, Pike and later).
        """
        _, unable, rest = (self.fault or "").partition("Unable to move instance ")
        host, _, full = rest.partition(" to host ")[2].partition(". ")
        return host if unable and full.startswith("There is not enough capacity") else None

    @property
    def blind(self) -> bool:
        """True when it reached a target that was not forced, and no line shows a filter or a candidate of the choice."""
        reached = self.request_id is not None and any(a.selected is not None and not a.forced for a in self.attempts)
        return reached and not any(a.schedule and (a.schedule.filters or a.schedule.candidates) for a in self.attempts)


class TimelineEntry(Struct, frozen=True, gc=False, array_like=True):
    """One step of a story, with the line that tells it."""

    when_us: int | None
    node: str | None
    service: str | None
    text: str
    provenance: Provenance
