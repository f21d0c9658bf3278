"""Writes the logs of a coherent cloud in which placement arbitrates (Nova 2025.1's wording), with its truth.

Every kind of move, several API, conductor and scheduler nodes. RAM is placement's, hugepages are the target's claim's alone:
moves race for both, lose, go on to alternates. The races are played out in time order, nobody is staged; the truth is what
placement and the targets decided. The same seed gives the same bytes.
"""

# ruff: noqa: E501 - lines of logs are as long as Nova writes them

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
PY = "/usr/lib/python3/dist-packages"
POD = 6
RAM_MB, PAGES = 4096, 2048
TOTAL_RAM_MB, TOTAL_PAGES = 65536, 32768
BODIES = {
    "migrate": '{"migrate": null}', "resize": '{"resize": {"flavorRef": "7"}}', "unshelve": '{"unshelve": null}',
    "live-migrate": '{"os-migrateLive": {"host": null, "block_migration": "auto"}}', "evacuate": '{"evacuate": {}}',
}  # fmt: skip
KINDS = (*["migrate"] * 6, "resize", "live-migrate", "evacuate", "unshelve")
NO_HOST = "No valid host was found. There are not enough hosts available."
MISFIT = "Requested instance NUMA topology cannot fit the given host NUMA topology"


@dataclass
class Host:
    """A compute node: what is free, as placement counts it and as the claim does; ``row`` is what the database shows."""

    name: str
    uuid: str
    ram_mb: int
    pages: int
    free_ram_mb: int
    free_pages: int
    row: int = 0
    written_ms: int = 0


@dataclass
class Row:
    """What became of a move: host → ``admitted`` or ``victim``; the resource that each refusal was for."""

    request: str
    instance: str
    action: str
    source: str | None
    outcome: str = "failed"
    tried: list[str] = field(default_factory=list)
    ended: dict[str, str] = field(default_factory=dict)
    short_of: dict[str, str] = field(default_factory=dict)


class PlacementCloud:
    """Plays the moves out; ``files`` are the logs, by node and service."""

    def __init__(self, hosts: int, moves: int, seed: int, *, batch: int = 8) -> None:
        self.dice = random.Random(seed)
        self.files: dict[str, list[str]] = {}
        self.truth: list[Row] = []
        self.controllers = max(2, min(8, hosts // 40))
        self.now_ms = 0
        self._seq = 0
        self.pods = [[self._host(n) for n in range(first, min(first + POD, hosts))] for first in range(0, hosts, POD)]
        for pod in self.pods:
            for host in pod:
                self._identity(host)
        self._play(moves, batch)

    def _uuid(self) -> str:
        h = f"{self.dice.getrandbits(128):032x}"
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-9{h[17:20]}-{h[20:]}"

    def _host(self, number: int) -> Host:
        return Host(f"cn-{number:04}", self._uuid(), TOTAL_RAM_MB, TOTAL_PAGES, TOTAL_RAM_MB, TOTAL_PAGES)

    def _say(self, file: str, ids: str, text: str, logger: str, level: str = "DEBUG") -> None:
        stamp = BEGIN + timedelta(milliseconds=self.now_ms)
        line = f"{stamp:%Y-%m-%d %H:%M:%S}.{stamp.microsecond // 1000:03} {2000 + len(file)} {level} {logger} {ids} {text}\n"
        self.files.setdefault(file, []).append(line)

    def _identity(self, host: Host) -> None:
        text = f"Compute node record created for {host.name}:{host.name} with uuid: {host.uuid}"
        self._say(
            f"{host.name}/nova-compute.log", "[None req-0 - - - - - -]", text, "nova.compute.resource_tracker", "INFO"
        )

    def _play(self, moves: int, batch: int) -> None:
        """Starts a batch of moves out of a pod's host every 40 s, and lets everything happen in time order."""
        queue: list[tuple[int, int, Iterator[int]]] = []
        at_ms, left = 20_000, moves
        while left > 0:
            pod = self.dice.choice(self.pods)
            heapq.heappush(queue, (at_ms - 10_000, 0, self._audit(pod)))
            huge = self.dice.random() < 0.4
            size = min(left, self.dice.randrange(2, batch + 1))
            for number in range(size):
                action = self.dice.choice(KINDS[:6] if huge else KINDS)
                self._seq += 1
                heapq.heappush(
                    queue, (at_ms + number * self.dice.randrange(5, 60), self._seq, self._move(pod, action, huge=huge))
                )
            left -= size
            at_ms += 40_000
        while queue:
            self.now_ms, _, move = heapq.heappop(queue)
            wait = next(move, None)
            if wait is not None:
                self._seq += 1
                heapq.heappush(queue, (self.now_ms + wait, self._seq, move))

    def _audit(self, pod: list[Host]) -> Iterator[int]:
        """Users have made and deleted VMs meanwhile: each host has something else free, and its tracker says so."""
        for host in pod:
            host.free_ram_mb = self.dice.randrange(0, 4) * RAM_MB + self.dice.randrange(0, RAM_MB)
            host.free_pages = host.row = self.dice.randrange(0, 3) * PAGES + self.dice.randrange(0, PAGES)
            host.written_ms = self.now_ms
            used = TOTAL_RAM_MB - host.free_ram_mb
            text = f"Final resource view: name={host.name} phys_ram={TOTAL_RAM_MB}MB used_ram={used}MB phys_disk=1000GB used_disk=0GB total_vcpus=64 used_vcpus=0 pci_stats=[] _report_final_resource_view {PY}/nova/compute/resource_tracker.py:1"
            self._say(
                f"{host.name}/nova-compute.log", "[None req-0 - - - - - -]", text, "nova.compute.resource_tracker"
            )
        yield from ()

    def _move(self, pod: list[Host], action: str, *, huge: bool) -> Iterator[int]:
        """One move from the API to its end; yields how long each step takes, in ms."""
        source = None if action == "unshelve" else pod[0]
        row = Row(f"req-{self._uuid()}", self._uuid(), action, source.name if source else None)
        self.truth.append(row)
        ids = f"[None {row.request} user1 project1 - - default default]"
        control = f"ctl{self.dice.randrange(self.controllers):02}"
        yield from self._accepted(row, ids)
        if action in ("migrate", "resize", "live-migrate") and source is not None:
            self._say(
                f"{control}/nova-conductor.log",
                ids,
                f"Created allocations for migration {self._uuid()} on {source.uuid} replace_allocation_with_migration {PY}/nova/conductor/tasks/migrate.py:88",
                "nova.conductor.tasks.migrate",
            )
        yield self.dice.randrange(40, 300)
        weighed = yield from self._filtered(row, ids, pod, source, huge=huge)
        granted = []
        for host in weighed:
            if (yield from self._allocated(row, ids, host)):
                granted.append(host)
                break
        if not granted:
            self._nobody(row, ids, control)
            return
        scheduler = self._scheduler(row)
        self._say(
            scheduler,
            ids,
            f"[instance: {row.instance}] Selected host: {self._state(granted[0])} _consume_selected_host {PY}/nova/scheduler/manager.py:602",
            "nova.scheduler.manager",
        )
        alternates = [
            h for h in weighed if h is not granted[0] and h.free_ram_mb >= RAM_MB and h.name not in row.ended
        ][:2]
        yield from self._dispatched(row, ids, control, [granted[0], *alternates], huge=huge)

    def _accepted(self, row: Row, ids: str) -> Iterator[int]:
        api = f"api{self.dice.randrange(2)}/nova-api.log"
        self._say(
            api,
            ids,
            f"Action: 'action', calling method: <bound method X>, body: {BODIES[row.action]} _process_stack {PY}/nova/api/openstack/wsgi.py:633",
            "nova.api.openstack.wsgi",
        )
        yield self.dice.randrange(20, 90)
        if row.action in ("migrate", "resize"):
            new = "m" if row.action == "migrate" else "l"
            self._say(
                api,
                ids,
                f"[instance: {row.instance}] Old instance type m, new instance type {new} resize {PY}/nova/compute/api.py:1",
                "nova.compute.api",
            )
        status = 200 if row.action == "evacuate" else 202
        self._say(
            api,
            ids,
            f'127.0.0.1 "POST /v2.1/servers/{row.instance}/action HTTP/1.1" status: {status} len: 400 time: 0.1',
            "nova.osapi_compute.wsgi.server",
            "INFO",
        )

    def _scheduler(self, row: Row) -> str:
        return f"ctl{int(row.request[4:8], 16) % self.controllers:02}/nova-scheduler.log"

    def _state(self, host: Host) -> str:
        return f"({host.name}, {host.name}) ram: {host.free_ram_mb}MB disk: 1024000MB io_ops: 0 instances: 0, allocation_candidates: 1"

    def _filtered(self, row: Row, ids: str, pod: list[Host], source: Host | None, *, huge: bool) -> Iterator[int]:
        """The scheduler's pass up to the weighing; the view of pages is the database's row."""
        file = self._scheduler(row)
        self._say(
            file,
            ids,
            f"Starting to schedule for instances: ['{row.instance}'] select_destinations {PY}/nova/scheduler/manager.py:187",
            "nova.scheduler.manager",
        )
        yield self.dice.randrange(10, 60)
        fitting = [h for h in pod if h is not source and h.free_ram_mb >= RAM_MB]
        if not fitting:
            self._say(
                file,
                ids,
                "Got no allocation candidates from the Placement API. This could be due to insufficient resources or a temporary occurrence as compute nodes start up.",
                "nova.scheduler.manager",
                "INFO",
            )
            return []
        for host in fitting if huge else ():
            self._say(
                file,
                ids,
                f"Update host state from compute node: {self._node(host)} _locked_update {PY}/nova/scheduler/host_manager.py:169",
                "nova.scheduler.host_manager",
            )
        if source is not None:
            self._say(file, ids, f"Host filter ignoring hosts: {source.name}", "nova.scheduler.host_manager", "INFO")
        self._say(
            file,
            ids,
            f"Starting with {len(fitting)} host(s) get_filtered_objects {PY}/nova/filters.py:70",
            "nova.filters",
        )
        if huge:
            for host in fitting:
                self._fit(file, ids, host)
            fitting = [h for h in fitting if h.row >= PAGES]
            text = f"Filter NUMATopologyFilter returned {len(fitting)} " + (
                "hosts" if not fitting else f"host(s) get_filtered_objects {PY}/nova/filters.py:102"
            )
            self._say(file, ids, text, "nova.filters", "DEBUG" if fitting else "INFO")
            if not fitting:
                self._say(
                    file,
                    ids,
                    f"Filtering removed all hosts for the request with instance ID '{row.instance}'. Filter results: ['NUMATopologyFilter: (start: 1, end: 0)']",
                    "nova.filters",
                    "INFO",
                )
                return []
        ranked = sorted(fitting, key=lambda h: (-h.free_ram_mb, h.name))
        states = [self._state(h) for h in ranked]
        self._say(
            file,
            ids,
            f"Filtered [{', '.join(states)}] _get_sorted_hosts {PY}/nova/scheduler/manager.py:720",
            "nova.scheduler.manager",
        )
        weighed = ", ".join(f"WeighedHost [host: {state}, weight: {1 - n / 10}]" for n, state in enumerate(states))
        self._say(
            file,
            ids,
            f"Weighed [{weighed}] _get_sorted_hosts {PY}/nova/scheduler/manager.py:742",
            "nova.scheduler.manager",
        )
        return ranked

    def _node(self, host: Host) -> str:
        stamp = BEGIN + timedelta(milliseconds=host.written_ms)
        sizes = ((4, 1000000, 0), (2048, host.pages, host.pages - host.row))
        pages = ", ".join(
            f'{{"nova_object.data": {{"size_kb": {kb}, "total": {total}, "used": {used}}}}}'
            for kb, total, used in sizes
        )
        cell = f'{{"nova_object.data": {{"id": 0, "cpuset": [0, 1], "pcpuset": [], "pinned_cpus": [], "memory": 65536, "mempages": [{pages}]}}}}'
        return (
            f"ComputeNode(cpu_allocation_ratio=4.0,host='{host.name}',hypervisor_hostname='{host.name}',local_gb=1000,local_gb_used=0,"
            f'numa_topology=\'{{"nova_object.data": {{"cells": [{cell}]}}}}\',pci_device_pools=PciDevicePoolList,'
            f"updated_at={stamp:%Y-%m-%dT%H:%M:%S}Z,uuid={host.uuid},vcpus=64,vcpus_used=0)"
        )

    def _fit(self, file: str, ids: str, host: Host) -> None:
        self._say(
            file,
            ids,
            f"Attempting to fit instance cell InstanceNUMACell(cpu_policy=None,cpu_thread_policy=None,cpuset=set([0,1]),id=0,memory={RAM_MB},pagesize=-2,pcpuset=set([])) on host_cell NUMACell(cpu_usage=0,id=0,mempages=[NUMAPagesTopology,NUMAPagesTopology]) _numa_fit_instance_cell {PY}/nova/virt/hardware.py:938",
            "nova.virt.hardware",
        )
        if host.free_pages >= PAGES:
            self._say(
                file,
                ids,
                f"Selected memory pagesize: 2048 kB. Requested memory pagesize: -2 (small = -1, large = -2, any = -3) _numa_fit_instance_cell {PY}/nova/virt/hardware.py:954",
                "nova.virt.hardware",
            )

    def _allocated(self, row: Row, ids: str, host: Host) -> Iterator[int]:
        """One try in placement: granted, or refused for want of RAM."""
        file = self._scheduler(row)
        self._say(
            file,
            ids,
            f"Attempting to claim resources in the placement API for instance {row.instance} claim_resources {PY}/nova/scheduler/utils.py:1296",
            "nova.scheduler.utils",
        )
        yield self.dice.randrange(10, 120)
        if host.free_ram_mb >= RAM_MB:
            host.free_ram_mb -= RAM_MB
            return True
        placement = f"[{row.request} req-{self._uuid()} admin admin - - - -]"
        used = host.ram_mb - host.free_ram_mb
        self._say(
            "ctl00/placement-api.log",
            placement,
            f"Over capacity for MEMORY_MB on resource provider {host.uuid}. Needed: {RAM_MB}, Used: {used}, Capacity: {host.ram_mb}.0",
            "placement.objects.allocation",
            "WARNING",
        )
        yield self.dice.randrange(5, 20)
        self._say(
            file,
            ids,
            f'Failed to save allocation for {row.instance}. Got HTTP 409: {{"errors": [{{"status": 409, "title": "Conflict", "detail": "There was a conflict when trying to complete your request.\\n\\n Unable to allocate inventory: Unable to create allocation for \'MEMORY_MB\' on resource provider \'{host.uuid}\'. The requested amount would exceed the capacity.  ", "code": "placement.undefined_code", "request_id": "{placement[42:82]}"}}]}}',
            "nova.scheduler.client.report",
            "WARNING",
        )
        row.ended[host.name], row.short_of[host.name] = "victim", "ram_mb"
        return False

    def _nobody(self, row: Row, ids: str, control: str) -> None:
        file = f"{control}/nova-conductor.log"
        self._say(
            self._scheduler(row),
            ids,
            f"Unable to successfully claim against any host. _schedule {PY}/nova/scheduler/manager.py:475",
            "nova.scheduler.manager",
        )
        if row.action == "unshelve":
            self._say(
                file,
                ids,
                f"[instance: {row.instance}] No valid host found for unshelve instance: nova.exception.NoValidHost: {NO_HOST}",
                "nova.conductor.manager",
                "WARNING",
            )
            return
        task = "rebuild_server" if row.action == "evacuate" else "migrate_server"
        self._say(
            file,
            ids,
            f"Failed to compute_task_{task}: {NO_HOST}: nova.exception.NoValidHost: {NO_HOST}",
            "nova.scheduler.utils",
            "WARNING",
        )
        self._say(
            file,
            ids,
            f"[instance: {row.instance}] Setting instance to ACTIVE state.: nova.exception.NoValidHost: {NO_HOST}",
            "nova.scheduler.utils",
            "WARNING",
        )

    def _dispatched(self, row: Row, ids: str, control: str, hosts: list[Host], *, huge: bool) -> Iterator[int]:
        """The target's claim; refused, the VM goes to the alternates, each of which is allocated first."""
        for number, host in enumerate(hosts):
            if number and not (yield from self._reallocated(host)):
                continue
            yield self.dice.randrange(10, 60)
            self._cast(row, ids, control, host, hosts[number + 1 :])
            row.tried.append(host.name)
            yield self.dice.randrange(60, 400)
            if huge and host.free_pages < PAGES:
                last = number + 1 == len(hosts)
                self._misfit(row, ids, host, number + 1, last=last)
                continue
            host.free_pages -= PAGES if huge else 0
            self._claimed(row, ids, host)
            yield self.dice.randrange(500, 1500)
            host.row, host.written_ms = host.free_pages, self.now_ms
            row.ended[host.name], row.outcome = "admitted", "succeeded"
            self._finished(row, ids, host)
            return
        text = f"Failed to compute_task_migrate_server: Exceeded maximum number of retries. Exhausted all hosts available for retrying build failures for instance {row.instance}.: nova.exception.MaxRetriesExceeded: x"
        self._say(f"{control}/nova-conductor.log", ids, text, "nova.scheduler.utils", "WARNING")

    def _reallocated(self, host: Host) -> Iterator[int]:
        yield self.dice.randrange(10, 60)
        if host.free_ram_mb < RAM_MB:
            return False
        host.free_ram_mb -= RAM_MB
        return True

    def _cast(self, row: Row, ids: str, control: str, host: Host, others: list[Host]) -> None:
        file = f"{control}/nova-conductor.log"
        if row.action in ("migrate", "resize"):
            listed = ", ".join(
                f"Selection(compute_node_uuid={h.uuid},limits=SchedulerLimits,nodename='{h.name}',service_host='{h.name}')"
                for h in others
            )
            self._say(
                file,
                ids,
                f"[instance: {row.instance}] Calling prep_resize with selected host: {host.name}; Selected node: {host.name}; Alternates: [{listed}] _execute {PY}/nova/conductor/tasks/migrate.py:325",
                "nova.conductor.tasks.migrate",
            )
        elif row.action == "unshelve":
            self._say(
                file,
                ids,
                f"[instance: {row.instance}] Scheduler selected host: {host.name}, node:{host.name} unshelve_instance {PY}/nova/conductor/manager.py:1116",
                "nova.conductor.manager",
            )

    def _misfit(self, row: Row, ids: str, host: Host, attempt: int, *, last: bool) -> None:
        file, where = f"{host.name}/nova-compute.log", f"[instance: {row.instance}]"
        host.free_ram_mb += RAM_MB
        row.ended[host.name], row.short_of[host.name] = "victim", "numa"
        self._say(
            file,
            ids,
            f"{where} Stashing vm_state: active _prep_resize {PY}/nova/compute/manager.py:1",
            "nova.compute.manager",
        )
        self._say(file, ids, f"{where} Failed to claim: {MISFIT}", "nova.compute.claims", "INFO")
        if last:
            self._say(
                file,
                ids,
                f"{where} Setting instance vm_state to ERROR: nova.exception.ComputeResourcesUnavailable: Insufficient compute resources: {MISFIT}.",
                "nova.compute.manager",
                "ERROR",
            )
        else:
            self._say(
                file,
                ids,
                f"{where} Rescheduling, attempt {attempt} _reschedule_resize_or_reraise {PY}/nova/compute/manager.py:6308",
                "nova.compute.manager",
            )

    def _claimed(self, row: Row, ids: str, host: Host) -> None:
        if row.action == "live-migrate":
            return
        file, where = f"{host.name}/nova-compute.log", f"[instance: {row.instance}]"
        begun = {"evacuate": "Evacuating instance", "unshelve": "Unshelving"}.get(row.action)
        if begun:
            self._say(file, ids, f"{where} {begun}", "nova.compute.manager", "INFO")
        else:
            self._say(
                file,
                ids,
                f"{where} Stashing vm_state: active _prep_resize {PY}/nova/compute/manager.py:1",
                "nova.compute.manager",
            )
        self._say(file, ids, f"{where} Claim successful on node {host.name}", "nova.compute.claims", "INFO")
        if not begun:
            self._say(file, ids, f"{where} Migrating", "nova.compute.manager", "INFO")

    def _finished(self, row: Row, ids: str, host: Host) -> None:
        where = f"[instance: {row.instance}]"
        if row.action == "live-migrate":
            file = f"{row.source}/nova-compute.log"
            self._say(
                file,
                ids,
                f"{where} Took 0.16 seconds for pre_live_migration on destination host {host.name}.",
                "nova.compute.manager",
                "INFO",
            )
            self._say(
                file,
                ids,
                f"{where} Migrating instance to {host.name} finished successfully.",
                "nova.compute.manager",
                "INFO",
            )
        for number in range(self.controllers):
            self._say(
                f"ctl{number:02}/nova-scheduler.log",
                ids,
                f'Lock "host_instance" acquired by "nova.scheduler.host_manager.HostManager.update_instance_info" :: waited 0.000s inner {PY}/oslo_concurrency/lockutils.py:410',
                "oslo_concurrency.lockutils",
            )
