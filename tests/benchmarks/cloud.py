"""Writes the logs of a coherent cloud of any size: one request id runs through all its services, and the truth is kept.

    python tests/benchmarks/cloud.py OUT --mb 1000 --mix medium --hosts 36 --seed 1 [--part-mb 200] [--pack]

Ocata's wording (nova 15), three controllers (api, conductor, scheduler on each) and a nova-compute.log for each host. VMs
are cold-migrated in batches; schedulers share a stale view, so some targets get more than fits and refuse. ``--mix`` sets
how many of the lines are of a kind that the catalogue knows: sparse 0.5 %, medium 5 %, dense 60 %; a tenth of them are a
user's polling, the rest are the migrations. A log is rotated when it is full (``--part-mb``). OUT/truth.json has every
migration with its request id, target and outcome. The same numbers give the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import heapq
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

MIX = {"sparse": 0.005, "medium": 0.05, "dense": 0.60}
BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
RAM_MB, DISK_GB, VCPUS = 8192, 40, 4
TOTAL_RAM_MB, TOTAL_DISK_GB, TOTAL_VCPUS = 262144, 4000, 64
FILTERS = (
    "RetryFilter", "AvailabilityZoneFilter", "RamFilter", "CoreFilter", "DiskFilter", "ComputeFilter",
    "ComputeCapabilitiesFilter", "ImagePropertiesFilter", "ServerGroupAntiAffinityFilter", "ServerGroupAffinityFilter",
)  # fmt: skip
PY = "/usr/lib/python2.7/dist-packages"
STRAY = 0.1  # of the known lines
AGGREGATED = (
    36  # hosts whose aggregates are logged; else no more than half of the lines could be known in a large cloud
)


class Cloud:
    """Hosts, VMs and a clock; ``lines`` are (when_ms, file, text without stamp)."""

    def __init__(self, hosts: int, seed: int) -> None:
        self.dice = random.Random(seed)
        self.hosts = [f"compute-{n:03}.dc1.example.net" for n in range(hosts)]
        self.uuid_of = {host: self.uuid() for host in self.hosts}
        self.used = {host: self.dice.randrange(26, 31) for host in self.hosts}
        self.people = [(self.hexes(32), self.hexes(32)) for _ in range(20)]
        self.now_ms = 0
        self.truth: list[dict[str, object]] = []
        self.noise = {name: [self._noise(name) for _ in range(1500)] for name in ("api", "scheduler", "compute")}
        self.polls = [self._poll() for _ in range(1500)]

    def hexes(self, size: int) -> str:
        """Random hexadecimal digits."""
        return f"{self.dice.getrandbits(4 * size):0{size}x}"

    def uuid(self) -> str:
        """A random UUID."""
        h = self.hexes(32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-9{h[17:20]}-{h[20:]}"

    def _noise(self, service: str) -> str:
        user, project = self.people[self.dice.randrange(20)]
        context = f"[req-{self.uuid()} {user} {project} - - -]"
        lock = f'DEBUG oslo_concurrency.lockutils {context} Lock "{self.uuid()}" released by "x.y" :: held 0.001s inner {PY}/oslo_concurrency/lockutils.py:288'
        periodic = f"DEBUG oslo_service.periodic_task [req-{self.uuid()} - - - - -] Running periodic task ComputeManager._poll_x run_periodic_tasks {PY}/oslo_service/periodic_task.py:215"
        if service == "api":
            get = f'INFO nova.osapi_compute.wsgi.server {context} 10.0.1.7 "GET /v2.1/{project}/servers/{self.uuid()} HTTP/1.1" status: 200 len: 1893 time: 0.{self.dice.randrange(10**7):07}'
            policy = f"DEBUG nova.policy {context} Policy check for os_compute_api:os-extended-status succeeded with credentials {{'project_id': '{project}'}} authorize {PY}/nova/policy.py:213"
            calling = f"DEBUG nova.api.openstack.wsgi {context} Calling method '<bound method ServersController.show of <nova.api.x object at 0x7f{self.hexes(10)}>>' _process_stack {PY}/nova/api/openstack/wsgi.py:636"
            return self.dice.choice((get, get, policy, calling, lock))
        if service == "scheduler":
            return self.dice.choice((lock, periodic))
        command = f"DEBUG oslo_concurrency.processutils [req-{self.uuid()} - - - - -] Running cmd (subprocess): env LC_ALL=C qemu-img info /var/lib/nova/instances/{self.uuid()}/disk execute {PY}/oslo_concurrency/processutils.py:355"
        return self.dice.choice((command, lock, periodic, periodic))

    def _poll(self) -> str:
        user, project = self.people[self.dice.randrange(20)]
        return f"DEBUG nova.compute.api [req-{self.uuid()} {user} {project} - - -] [instance: {self.uuid()}] Fetching instance by UUID get {PY}/nova/compute/api.py:2312"

    def node_state(self, host: str) -> str:
        """A ComputeNode as the scheduler prints it."""
        used = self.used[host]
        features = ", ".join(f'"{name}"' for name in ("pge", "clflush", "sep", "syscall", "tsc", "msr", "xsave", "aes"))
        return (
            f'ComputeNode(cpu_allocation_ratio=4.0,cpu_info=\'{{"vendor": "Intel", "features": [{features}]}}\','
            f"created_at=2026-01-01T00:00:00Z,current_workload=0,deleted=False,disk_allocation_ratio=1.0,"
            f"disk_available_least={TOTAL_DISK_GB - used * DISK_GB},free_disk_gb={TOTAL_DISK_GB - used * DISK_GB},"
            f"free_ram_mb={TOTAL_RAM_MB - 512 - used * RAM_MB},host='{host}',hypervisor_hostname='{host}',id=1,"
            f"local_gb={TOTAL_DISK_GB},local_gb_used={used * DISK_GB},memory_mb={TOTAL_RAM_MB},"
            f"memory_mb_used={512 + used * RAM_MB},ram_allocation_ratio=1.0,running_vms={used},"
            f"updated_at=2026-11-23T{self.now_ms // 3600000 % 24:02}:{self.now_ms // 60000 % 60:02}:00Z,"
            f"uuid={self.uuid_of[host]},vcpus={TOTAL_VCPUS},vcpus_used={used * VCPUS})"
        )

    def batch(self, size: int) -> list[tuple[int, str, str]]:
        """The lines of some migrations at once, in time order; all are picked from one view."""
        view = dict(self.used)
        ranked = sorted(self.hosts, key=lambda host: view[host])[:12]
        lines: list[tuple[int, str, str]] = []
        for number in range(size):
            lines += self._migration(self.now_ms + number * 40, view, ranked)
        self.now_ms += 4000 + size * 40
        return sorted(lines, key=lambda line: line[0])

    def _migration(self, at: int, view: dict[str, int], ranked: list[str]) -> Iterator[tuple[int, str, str]]:
        request, vm, control = f"req-{self.uuid()}", self.uuid(), self.dice.randrange(1, 4)
        user, project = self.people[self.dice.randrange(20)]
        ids = f"[{request} {user} {project} - - -]"
        target = ranked[0] if self.dice.random() < 0.7 else self.dice.choice(ranked)
        source = self.dice.choice([host for host in self.hosts if host != target])
        api, scheduler = f"ctl{control}/nova-api.log", f"ctl{control}/nova-scheduler.log"
        compute = f"{target.split('.')[0]}/nova-compute.log"
        yield (
            at,
            api,
            f"DEBUG nova.api.openstack.wsgi {ids} Action: 'action', calling method: <bound method X._migrate>, body: {{\"migrate\": null}} _process_stack {PY}/nova/api/openstack/wsgi.py:633",
        )
        yield (
            at + 2,
            api,
            f"DEBUG nova.compute.api {ids} [instance: {vm}] Fetching instance by UUID get {PY}/nova/compute/api.py:2312",
        )
        yield (
            at + 9,
            api,
            f"DEBUG nova.compute.api {ids} [instance: {vm}] flavor_id is None. Assuming migration. resize {PY}/nova/compute/api.py:3230",
        )
        yield (
            at + 60,
            api,
            f'INFO nova.osapi_compute.wsgi.server {ids} 10.0.1.7 "POST /v2.1/{project}/servers/{vm}/action HTTP/1.1" status: 202 len: 380 time: 0.0601230',
        )
        yield from self._scheduling(at + 90, scheduler, ids, source, target, view)
        yield (
            at + 300,
            f"ctl{control}/nova-conductor.log",
            f"DEBUG nova.conductor.tasks.migrate {ids} [instance: {vm}] Calling prep_resize with selected host: {target}; Selected node: {target} _execute {PY}/nova/conductor/tasks/migrate.py:80",
        )
        fits = TOTAL_RAM_MB - 512 - (self.used[target] + 1) * RAM_MB >= 0
        yield from self._claim(at + 400, compute, ids, vm, target, fits=fits)
        self.used[target] += fits
        self.used[source] -= fits and self.used[source] > 0
        self.truth.append(
            {"request": request, "instance": vm, "target": target, "outcome": "succeeded" if fits else "failed"}
        )

    def _scheduling(
        self, at: int, file: str, ids: str, source: str, target: str, view: dict[str, int]
    ) -> Iterator[tuple[int, str, str]]:
        manager = f"DEBUG nova.scheduler.host_manager {ids}"
        for number, host in enumerate(self.hosts):
            yield (
                at,
                file,
                f"{manager} Update host state from compute node: {self.node_state(host)} _locked_update {PY}/nova/scheduler/host_manager.py:171",
            )
            if number >= AGGREGATED:
                continue
            yield (
                at,
                file,
                f"{manager} Update host state with aggregates: [] _locked_update {PY}/nova/scheduler/host_manager.py:174",
            )
        yield (
            at + 20,
            file,
            f"{manager} Host filter ignoring hosts: {source} _strip_ignore_hosts {PY}/nova/scheduler/host_manager.py:488",
        )
        yield (
            at + 21,
            file,
            f"DEBUG nova.filters {ids} Starting with {len(self.hosts) - 1} host(s) get_filtered_objects {PY}/nova/filters.py:70",
        )
        for filter_name in FILTERS:
            yield (
                at + 22,
                file,
                f"DEBUG nova.filters {ids} Filter {filter_name} returned {len(self.hosts) - 1} host(s) get_filtered_objects {PY}/nova/filters.py:104",
            )
        states = [
            f"({host}, {host}) ram: {TOTAL_RAM_MB - 512 - view[host] * RAM_MB}MB disk: {(TOTAL_DISK_GB - view[host] * DISK_GB) * 1024}MB io_ops: 0 instances: {view[host]}"
            for host in sorted(self.hosts, key=lambda host: host != target) if host != source
        ]  # fmt: skip
        where = f"_schedule {PY}/nova/scheduler/filter_scheduler.py"
        yield at + 24, file, f"DEBUG nova.scheduler.filter_scheduler {ids} Filtered [{', '.join(states)}] {where}:107"
        weighed = ", ".join(
            f"WeighedHost [host: {state}, weight: {1 - n / len(states):.4f}]" for n, state in enumerate(states)
        )
        yield at + 25, file, f"DEBUG nova.scheduler.filter_scheduler {ids} Weighed [{weighed}] {where}:112"
        yield (
            at + 26,
            file,
            f"DEBUG nova.scheduler.filter_scheduler {ids} Selected host: WeighedHost [host: {states[0]}, weight: 1.0] {where}:119",
        )

    def _claim(self, at: int, file: str, ids: str, vm: str, host: str, *, fits: bool) -> Iterator[tuple[int, str, str]]:
        claims, used = f"INFO nova.compute.claims {ids} [instance: {vm}]", 512 + self.used[host] * RAM_MB
        yield at, file, f"{claims} Attempting claim: memory {RAM_MB} MB, disk {DISK_GB} GB, vcpus {VCPUS} CPU"
        yield at, file, f"{claims} Total memory: {TOTAL_RAM_MB} MB, used: {used:.2f} MB"
        yield at, file, f"{claims} memory limit: {TOTAL_RAM_MB:.2f} MB, free: {TOTAL_RAM_MB - used:.2f} MB"
        if fits:
            yield at + 1, file, f"{claims} Claim successful"
            yield at + 900, file, f"INFO nova.compute.manager {ids} [instance: {vm}] Migrating"
            yield (
                at + 1900,
                file,
                f"DEBUG nova.virt.libvirt.driver {ids} [instance: {vm}] finish_migration finished successfully. finish_migration {PY}/nova/virt/libvirt/driver.py:7502",
            )
            return
        manager = f"ERROR nova.compute.manager {ids} [instance: {vm}]"
        reason = f"Insufficient compute resources: Free memory {TOTAL_RAM_MB - used:.2f} MB < requested {RAM_MB} MB."
        yield at + 1, file, f"{manager} Error: {reason}"
        yield at + 1, file, f"ERROR nova.compute.manager [instance: {vm}] Traceback (most recent call last):"
        yield at + 1, file, f"ERROR nova.compute.manager [instance: {vm}] ComputeResourcesUnavailable: {reason}"
        yield at + 3, file, f"{manager} Setting instance vm_state to ERROR"


class Files:
    """The logs being written; a full one is rotated."""

    def __init__(self, out: Path, *, part_mb: float = 200, pack: bool = False) -> None:
        self.out, self._part_bytes, self._pack = out, part_mb * 1e6, pack
        self._held: dict[str, list[str]] = {}
        self._sizes: dict[str, int] = {}
        self.written = 0

    def add(self, when_ms: int, file: str, text: str) -> None:
        """A line, with its stamp."""
        stamp = BEGIN + timedelta(milliseconds=when_ms)
        line = f"{stamp:%Y-%m-%d %H:%M:%S}.{stamp.microsecond // 1000:03} {2000 + len(file)} {text}\n"
        self._held.setdefault(file, []).append(line)
        self.written += len(line)
        if len(self._held[file]) >= 2000:
            self.flush(file)

    def flush(self, file: str) -> None:
        """Writes what is held of a file, and rotates it when it is full."""
        path = self.out / file
        path.parent.mkdir(parents=True, exist_ok=True)
        data = "".join(self._held.pop(file, ()))
        with path.open("a", encoding="utf-8") as log:
            log.write(data)
        self._sizes[file] = self._sizes.get(file, 0) + len(data)
        if self._sizes[file] > self._part_bytes:
            self._rotate(path)
            self._sizes[file] = 0

    def _rotate(self, path: Path) -> None:
        for number in range(len(list(path.parent.glob(f"{path.name}.*"))), 0, -1):
            path.with_name(f"{path.name}.{number}").rename(path.with_name(f"{path.name}.{number + 1}"))
        path.rename(path.with_name(f"{path.name}.1"))

    def close(self) -> None:
        """Writes the rest; packs every log where asked for."""
        for file in list(self._held):
            self.flush(file)
        for path in sorted(self.out.glob("*/*.log*")) if self._pack else ():
            _packed(path)


def _packed(path: Path) -> None:
    """Puts a .gz in a log's place; no name and no time in it, so that the same log gives the same bytes."""
    with (
        path.open("rb") as plain,
        Path(f"{path}.gz").open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed,
    ):
        packed.writelines(iter(lambda: plain.read(1 << 20), b""))
    path.unlink()


def write(files: Files, mb: float, mix: str, hosts: int = 36, seed: int = 1) -> None:
    """Logs of about ``mb`` million bytes in all, and their truth."""
    cloud, dice = Cloud(hosts, seed), random.Random(seed)
    while files.written < mb * 1e6:
        lines = cloud.batch(dice.randrange(4, 12))
        noise = _noise_around(cloud, lines, MIX[mix], dice)
        for when, file, text in heapq.merge(lines, noise, key=lambda line: line[0]):
            files.add(when, file, text)
    files.close()
    (files.out / "truth.json").write_text(json.dumps(cloud.truth), encoding="utf-8")


def _noise_around(
    cloud: Cloud, lines: list[tuple[int, str, str]], share: float, dice: random.Random
) -> list[tuple[int, str, str]]:
    """So many other lines that the known ones have their share, in time order; the clock goes on by their number."""
    known = sum("with aggregates" not in text for _, _, text in lines)
    stray = round(known * STRAY / (1 - STRAY))
    quiet = max(0, round((known + stray) / share) - len(lines) - stray)
    begin, end = lines[0][0], lines[-1][0] + quiet // 4
    cloud.now_ms += quiet // 4
    controllers = [f"ctl{n}/nova-{name}.log" for n in (1, 2, 3) for name in ("api", "scheduler")]
    computes = [f"{host.split('.')[0]}/nova-compute.log" for host in cloud.hosts]
    noise = []
    for _ in range(stray):
        file = f"ctl{dice.randrange(1, 4)}/nova-api.log"
        noise.append((dice.randrange(begin, end + 1), file, dice.choice(cloud.polls)))
    for _ in range(quiet):
        file = dice.choice(controllers) if dice.random() < 0.6 else dice.choice(computes)
        service = file.rsplit("-", 1)[1].removesuffix(".log")
        noise.append((dice.randrange(begin, end + 1), file, dice.choice(cloud.noise[service])))
    return sorted(noise)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--mb", type=float, default=100)
    parser.add_argument("--mix", choices=MIX, default="medium")
    parser.add_argument("--hosts", type=int, default=36)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part-mb", type=float, default=200, help="rotate a log that is this long")
    parser.add_argument("--pack", action="store_true", help="gzip every log")
    given = parser.parse_args()
    files = Files(given.out, part_mb=given.part_mb, pack=given.pack)
    write(files, given.mb, given.mix, given.hosts, given.seed)
