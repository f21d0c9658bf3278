"""What a replay takes and gives: hosts with room, VMs to move, the rules of a policy, and what came of it.

A replay asks: the same VMs, the same hosts, another way to choose. Amounts are free amounts just before the batch.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from novatrace.model.migration import HostNode, Resources


@dataclass(frozen=True, slots=True)
class ReplayHost:
    """A host that can be chosen.

    Attributes:
        room: what may still be allocated: total × allocation ratio − used; None where not known (taken as enough).
        seen_ram_mb: free RAM as the scheduler's HostState shows it (no allocation ratio); what the RAM weigher weighs.
        seen_disk_mb: free disk of the HostState.
        io_ops: builds and moves in progress.
        instances: VMs on it.
        other_slots: VMs that a resource without a number (NUMA cell, hugepages, PCI, affinity) still allowed; None
            where no such resource refused anybody.
        logged_weight: the weight in the first pass that weighed it; None where not logged.
    """

    target: HostNode
    room: Resources
    seen_ram_mb: float | None = None
    seen_disk_mb: float | None = None
    io_ops: int | None = None
    instances: int | None = None
    other_slots: int | None = None
    logged_weight: float | None = None


@dataclass(frozen=True, slots=True)
class ReplayVm:
    """A VM that is to be moved.

    Attributes:
        name: its UUID, or the name in a scenario file; None when the logs name a request only.
        demand: what it asks for; None amounts are taken as 0.
        hosts: indexes of the hosts that the filters leave it when nobody else is on the way; None means all.
        source: where it is.
        refused_by: hosts that refused it for a reason that no known capacity explains: they do so in every replay.
        scheduler: which scheduler process took it, from 0; None when not known: then no other saw its choice.
    """

    name: str | None
    demand: Resources
    hosts: tuple[int, ...] | None = None
    source: HostNode | None = None
    refused_by: tuple[int, ...] = ()
    scheduler: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of the batch: ``decide`` (a host is chosen), ``claim`` (the target is asked), ``show`` (views learn it).

    At ``load`` something else comes to a host; ``vms`` are then places in ``Scenario.loads``.
    """

    what: str
    vms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Weigher:
    """A weigher of Nova by its short name (``ram``, ``cpu``, ``disk``, ``io_ops``, ``num_instances``) and its multiplier.

    ``logged`` stands for weights taken from the log as they are.
    """

    name: str
    multiplier: float


@dataclass(frozen=True, slots=True)
class Rules:
    """How hosts are chosen and claimed.

    Attributes:
        weighers: summed, each normalised as Nova does.
        subset_size: the choice is random among so many of the best (``host_subset_size``); None: among all filtered.
        shuffle_ties: the best of equal weight are shuffled (``shuffle_best_same_weighed_hosts``).
        by_slots: the choice is random, in proportion to how many such VMs the host still has room for.
        wave: so many VMs decide on one view and are claimed before the next ones decide; None: as the batch was timed.
        shared_state: a scheduler process sees its own choices at once (one HostState map for all requests, up to
            Ocata); False: every request reads afresh and sees what was claimed.
        schedulers: processes that share the work in turn; None: as in the batch.
        placement: claims are made in placement, host after host down the weighed list, before the VM is sent.
        enforced: every numbered resource is filtered and claimed, whatever the batch's own filters left out.
        max_attempts: tries on compute hosts for one VM (``max_attempts``); 1: a refused claim is final.
        kept_bounds: a weigher normalises by the greatest value that it has seen since its process started (up to
            Ussuri); False: by the greatest of the hosts at hand.
    """

    weighers: tuple[Weigher, ...]
    subset_size: int | None = 1
    shuffle_ties: bool = False
    by_slots: bool = False
    wave: int | None = None
    shared_state: bool = False
    schedulers: int | None = None
    placement: bool = False
    enforced: bool = False
    max_attempts: int = 1
    kept_bounds: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that the replay rests on.

    ``basis``: ``observed``, ``computed``, ``inferred``, ``assumed``, or ``stated`` by a scenario file.
    """

    text: str
    basis: str


@dataclass(frozen=True, slots=True)
class ListedBatch:
    """A batch of a case: moves that were under way together.

    Attributes:
        number: from 1, in the order of time.
        first_us, last_us: when the first of them began and the last one was answered.
        targets: hosts that VMs were sent to, those with most first.
    """

    number: int
    first_us: int | None
    last_us: int | None
    moves: int
    failed: int
    actions: tuple[str, ...]
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """A VM that came to a host during the batch and is no part of it: a boot. It comes under every policy.

    ``host``: its index; ``what``: such as ``create``.
    """

    host: int
    demand: Resources
    what: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A batch ready for replay.

    Attributes:
        source: ``case`` or ``file``.
        name: path of the file, or which batch of the case.
        steps: the batch as it was timed.
        guarded: resources that the arbiter (claim or placement) enforces; others are overloaded silently.
        filtered: resources that the scheduler's filters (or placement's candidates) look at.
        rules: the rules as observed, or as the file states them.
        known: what the inputs rest on, for the report.
        missing: what would make it better, and how to say it.
        observed_failures: VMs that found no new host for want of room; None for a file that does not say.
        set_aside: sentences about moves that are left out because no scheduling changes them.
        batch: which batch of the case, of how many; None for a file. ``first_us``, ``last_us``: when it was.
        loads: what else came to the hosts meanwhile; a step ``load`` names them by their place here.
        complete: False where not all logs of the case could be read.
    """

    source: str
    name: str
    hosts: tuple[ReplayHost, ...]
    vms: tuple[ReplayVm, ...]
    steps: tuple[Step, ...]
    guarded: tuple[str, ...]
    filtered: tuple[str, ...]
    rules: Rules
    known: tuple[Statement, ...] = ()
    missing: tuple[str, ...] = ()
    observed_failures: int | None = None
    set_aside: tuple[str, ...] = ()
    claims_in_placement: bool | None = None
    action: str = "migrate"
    batch: tuple[int, int] | None = None
    first_us: int | None = None
    last_us: int | None = None
    loads: tuple[Load, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class NovaOption:
    """A setting of nova.conf. ``since`` and ``until`` are releases; None: no earliest (or latest) one is known."""

    name: str
    section: str
    value: str
    since: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class Variant:
    """A policy with its parameters fixed.

    ``change``: ``none`` (it is as observed), ``option`` (nova.conf), ``procedure`` (how the batch is started),
    ``upgrade`` (another release), ``code`` (a weigher or filter that Nova does not have), ``what-if`` (not a cure).
    """

    name: str
    title: str
    parameters: dict[str, int | float | str]
    rules: Rules
    change: str
    options: tuple[NovaOption, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetLoad:
    """What reached a target over all runs: mean and most VMs placed there, and the mean number that it refused."""

    host: int
    placed_mean: float
    placed_most: int
    refused_mean: float


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """What became of the batch under one policy.

    Attributes:
        deterministic: no choice was random: every run is the same, so one was made.
        histogram: errors → runs with so many.
        mean, low, high: errors over the runs and the 95 % interval of their mean.
        exact: expected errors by formula, where all decide alike on one view; None elsewhere.
        least, most: the middle 95 % of the runs.
        overloads: mean number of VMs let in beyond the room of a target because nothing guards that resource.
        failed: the VMs that failed, where every run is the same; None elsewhere.
        rounds: how often somebody waits for claims before the next VMs are sent.
    """

    variant: Variant
    runs: int
    deterministic: bool
    histogram: dict[int, int]
    mean: float
    low: float
    high: float
    exact: float | None
    least: int
    most: int
    overloads: float
    loads: tuple[TargetLoad, ...]
    rounds: int
    failed: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Backtest:
    """How well the model reproduces what was observed.

    Attributes:
        decisions: passes whose candidates and choice are logged; ``with_choice``: those with more than one candidate.
        reproduced: of the decisions, those that the model makes too (for a random choice: it lies in the set).
        deterministic: True when the observed rules leave nothing to chance.
        failures: replayed under the observed rules; ``failures_observed``: as logged.
        good: True when every decision and the number of failures are reproduced; None when there is nothing to test.
        because: one sentence.
    """

    decisions: int
    with_choice: int
    reproduced: int
    deterministic: bool
    failures: int | None
    failures_observed: int | None
    good: bool | None
    because: str


@dataclass(frozen=True, slots=True)
class Wave:
    """VMs that can be moved at once: wherever the scheduler sends them, they fit. ``expected``: the likely target."""

    vms: tuple[int, ...]
    expected: tuple[int | None, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class WavePlan:
    """Waves in order, and the VMs that no host has room for.

    ``unplaceable_because``: a clause that says why; None where all are in a wave.
    """

    waves: tuple[Wave, ...]
    unplaceable: tuple[int, ...]
    unplaceable_because: str | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """The whole answer.

    ``later_plan``: the plan once the advised setting is made; None where that is none, or the plan of today leaves nobody out.
    """

    scenario: Scenario
    backtest: Backtest
    results: tuple[PolicyResult, ...]
    advice: str | None
    advised: int | None
    no_advice_because: str | None
    plan: WavePlan
    seed: int
    runs: int
    notes: tuple[str, ...] = field(default=())
    later_plan: WavePlan | None = None
