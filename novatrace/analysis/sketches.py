"""A request in few words: what joining others to it asks of it, gathered while all events go by once."""

from __future__ import annotations

from novatrace.model.event import PLACEMENT, Event

_SAME_CALL_US = 1_000_000
_Key = tuple[int, int, int]
_DONE = (
    "boot-took", "instance-spawned", "spawn-took", "guest-running", "finish-migration-done", "live-migration-done",
    "host-instances-updated",
)  # fmt: skip
_STARTS_WORK = frozenset(
    [
        "api-request",
        "migration-assumed",
        "flavor-change",
        "live-migrate-requested",
        "evacuate-requested",
        "schedule-start",
        "move-dispatch",
        "boot-dispatch",
        "placement-claim-start",
        "placement-claim-refused",
        "claim-attempt",
        "claim-granted",
        "claim-refused",
        "stash-state",
        "boot-start",
        "rebuild-start",
    ]
)
_LAST: _Key = (1 << 63, 0, 0)
_JOINS_A_VM = (None, "nova-compute")
Loose = tuple[_Key, str, str]


class Sketch:
    """A request, or a call of placement.

    Attributes:
        key: see ``Event.key``; of a request its id.
        first: place of its first event in the order of time, and ``began_us`` its time.
        global_request_id: the first one in time; ``consumer_uuid`` likewise.
        last_us: its latest time.
        done_us: the earliest time at which a line says that the work was done; 0 where one has no time.
        instances: VMs that its lines are about.
        starts: VM → when its first line was written that begins work on it.
        heard: node → when its first line there was written, by that node's own clock.
    """

    __slots__ = (
        "_consumer", "_global", "_refused", "done_us", "first", "heard", "instances", "key", "last_us", "starts",
    )  # fmt: skip

    def __init__(self, key: str) -> None:
        self.key = key
        self.first = _LAST
        self._global: tuple[_Key, str] | None = None
        self._consumer: tuple[_Key, str] | None = None
        self._refused: list[tuple[str, int]] = []
        self.last_us: int | None = None
        self.done_us: int | None = None
        self.instances: set[str] = set()
        self.starts: dict[str, int] = {}
        self.heard: dict[str, int] = {}

    @property
    def began_us(self) -> int | None:
        """When its first event was; None where that has no time."""
        return None if self.first[0] < 0 else self.first[0]

    @property
    def global_request_id(self) -> str | None:
        """The caller's id."""
        return None if self._global is None else self._global[1]

    @property
    def consumer_uuid(self) -> str | None:
        """The VM that placement was asked for."""
        return None if self._consumer is None else self._consumer[1]

    def refused_at(self, consumer: str, when_us: int) -> bool:
        """True when a scheduler tells of placement's refusal for the VM at that time."""
        return any(vm == consumer and abs(when - when_us) <= _SAME_CALL_US for vm, when in self._refused)

    def add(self, event: Event) -> None:
        """Adds one of its events, in any order."""
        at, when_us, kind = event.sort_key, event.when_us, event.kind
        consumer = event.values.get("consumer_uuid")
        self.first = min(self.first, at)
        if event.global_request_id and (self._global is None or at < self._global[0]):
            self._global = (at, event.global_request_id)
        if consumer and (self._consumer is None or at < self._consumer[0]):
            self._consumer = (at, consumer)
        if event.instance_uuid:
            self.instances.add(event.instance_uuid)
        if kind in _DONE:
            self._done(when_us or 0)
        if kind == "placement-claim-refused" and consumer:
            self._refused.append((consumer, when_us or 0))
        if when_us is not None:
            self.last_us = when_us if self.last_us is None else max(self.last_us, when_us)
            if event.node is not None:
                self.heard[event.node] = min(when_us, self.heard.get(event.node, when_us))
            vm = event.instance_uuid or consumer
            if vm and kind in _STARTS_WORK:
                self.starts[vm] = min(when_us, self.starts.get(vm, when_us))

    def absorb(self, other: Sketch) -> None:
        """Adds what was joined to it."""
        self.instances |= other.instances
        self._refused += other._refused
        if other.done_us is not None:
            self._done(other.done_us)
        if other.last_us is not None:
            self.last_us = other.last_us if self.last_us is None else max(self.last_us, other.last_us)
        for vm, when_us in other.starts.items():
            self.starts[vm] = min(when_us, self.starts.get(vm, when_us))

    def _done(self, when_us: int) -> None:
        self.done_us = when_us if self.done_us is None else min(self.done_us, when_us)


class Sketches:
    """Sketches of all requests of a case, once it has heeded all events.

    Attributes:
        requests: by local request id.
        calls: of placement, by ``Event.key``.
        loose: (time and place, VM, ``Event.key``) of lines of a VM without request id.
    """

    def __init__(self) -> None:
        self.requests: dict[str, Sketch] = {}
        self.calls: dict[str, Sketch] = {}
        self.loose: list[Loose] = []

    def heed(self, event: Event) -> None:
        """Takes in an event."""
        if event.service == PLACEMENT or event.request_id is not None:
            sketches, key = (self.calls if event.service == PLACEMENT else self.requests), event.key
            sketch = sketches.get(key)
            if sketch is None:
                sketch = sketches[key] = Sketch(key)
            sketch.add(event)
        elif event.instance_uuid and event.when_us is not None and event.service in _JOINS_A_VM:
            self.loose.append((event.sort_key, event.instance_uuid, event.key))
