"""Small cases in Nova's wording of what other clouds have: no verdict that an expert would take back."""

# ruff: noqa: E501 - lines of logs are as long as Nova writes them

from __future__ import annotations

import pytest

from novatrace import pipeline
from novatrace.model.case import Case
from novatrace.pipeline.run_options import RunOptions

PY = "/usr/lib/python3/dist-packages/nova"


def rid(n: int) -> str:
    """A request id."""
    return f"req-{n:08x}-0000-4000-8000-000000000000"


def vm(n: int) -> str:
    """An instance UUID."""
    return f"{n:08x}-1111-4111-9111-111111111111"


class Cloud:
    """Lines by file, a few milliseconds apart."""

    def __init__(self) -> None:
        self.files: dict[str, list[str]] = {}
        self.now_ms = 0

    def say(
        self, file: str, request: int | None, text: str, *, level: str = "DEBUG", logger: str = "nova.x", ms: int = 5
    ) -> None:
        """One line of a file, under a request or without one."""
        self.now_ms += ms
        ids = "[-]" if request is None else f"[{rid(request)} u1 p1 - - -]"
        stamp = f"2026-11-23 00:{self.now_ms // 60000:02}:{self.now_ms // 1000 % 60:02}.{self.now_ms % 1000:03}"
        self.files.setdefault(file, []).append(f"{stamp} 4{len(file)} {level} {logger} {ids} {text}\n")

    def read(self, folder) -> Case:
        """The analysed case."""
        for name, lines in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("".join(lines))
        return pipeline.analyse(RunOptions((str(folder),)))

    def accepted(self, n: int, body: str = '{"migrate": null}') -> None:
        """The API took an action."""
        self.say(
            "api1/nova-api.log",
            n,
            f"Action: 'action', calling method: <bound method X>, body: {body} _process_stack {PY}/api/openstack/wsgi.py:633",
            logger="nova.api.openstack.wsgi",
        )
        self.say(
            "api1/nova-api.log",
            n,
            f'10.0.0.1 "POST /v2.1/p1/servers/{vm(n)}/action HTTP/1.1" status: 202 len: 0 time: 0.1',
            level="INFO",
            logger="nova.osapi_compute.wsgi.server",
        )

    def chosen(self, n: int, host: str, node: str, ram: int = 8192) -> None:
        """A scheduler chose a node, by Ocata's words."""
        state = f"({host}, {node}) ram: {ram}MB disk: 1024000MB io_ops: 0 instances: 0"
        where = f"_schedule {PY}/scheduler/filter_scheduler.py"
        for text in (
            f"Filtered [{state}]",
            f"Weighed [WeighedHost [host: {state}, weight: 1.0]]",
            f"Selected host: WeighedHost [host: {state}, weight: 1.0]",
        ):
            self.say(
                "ctl1/nova-scheduler.log", n, f"{text} {where}:112", logger="nova.scheduler.filter_scheduler", ms=1
            )


def over(case: Case) -> set[str]:
    """Targets that are said to be over-committed."""
    return {b.target.node or b.target.host for b in case.bursts if b.verdict == "overcommitted"}


def test_nodes_of_one_service_host_have_rooms_of_their_own(tmp_path):
    """Ironic: one nova-compute with many nodes. Three arrivals at three nodes are no burst at one host."""
    cloud = Cloud()
    for n in (1, 2, 3):
        cloud.say(
            "ironic1/nova-compute.log",
            90,
            f"Final resource view: name=node-{n} phys_ram=8192MB used_ram=0MB phys_disk=1000GB used_disk=0GB total_vcpus=8 used_vcpus=0 pci_stats=[] _report_final_resource_view {PY}/compute/resource_tracker.py:1",
            logger="nova.compute.resource_tracker",
        )
    for n in (1, 2, 3):
        cloud.say(
            "ctl1/nova-scheduler.log",
            n,
            f"Update host state from compute node: ComputeNode(cpu_allocation_ratio=1.0,disk_allocation_ratio=1.0,host='ironic1',hypervisor_hostname='node-{n}',local_gb=1000,local_gb_used=0,memory_mb=8192,memory_mb_used=0,ram_allocation_ratio=1.0,updated_at=2026-11-23T00:00:00Z,uuid=a952bdbf-7eba-4b67-a4d0-4477b2e4988{n},vcpus=8,vcpus_used=0) _locked_update {PY}/scheduler/host_manager.py:171",
            logger="nova.scheduler.host_manager",
        )
    cloud.now_ms += 20_000
    for n in (1, 2, 3):
        cloud.accepted(n, '{"evacuate": {}}')
        cloud.chosen(n, "ironic1", f"node-{n}")
        cloud.say(
            "ironic1/nova-compute.log",
            n,
            f"[instance: {vm(n)}] Attempting claim: memory 8192 MB, disk 100 GB, vcpus 8 CPU",
            level="INFO",
            logger="nova.compute.claims",
            ms=1,
        )
    case = cloud.read(tmp_path)
    assert {m.attempts[0].selected.node for m in case.migrations} == {"node-1", "node-2", "node-3"}
    assert over(case) == set()
    assert sorted(len(b.arrivals) for b in case.bursts) == [1, 1, 1]
    assert {b.capacity.free.ram_mb for b in case.bursts} == {8192}


def test_a_refusal_on_one_node_does_not_accuse_another(tmp_path):
    """Two arrivals at node-1, one at node-2: the refusal is node-1's alone."""
    cloud = Cloud()
    for n, node in ((1, "node-1"), (2, "node-1"), (3, "node-2")):
        cloud.accepted(n)
        cloud.chosen(n, "ironic1", node)
        file, logger = "ironic1/nova-compute.log", "nova.compute.claims"
        where = f"[instance: {vm(n)}]"
        cloud.say(
            file,
            n,
            f"{where} Attempting claim on node {node}: memory 8192 MB, disk 100 GB, vcpus 8 CPU",
            level="INFO",
            logger=logger,
            ms=1,
        )
        if n == 2:
            cloud.say(
                file,
                n,
                f"{where} Error: Insufficient compute resources: Free memory 0.00 MB < requested 8192 MB.",
                level="ERROR",
                logger="nova.compute.manager",
                ms=1,
            )
            cloud.say(
                file,
                n,
                f"{where} Setting instance vm_state to ERROR",
                level="ERROR",
                logger="nova.compute.manager",
                ms=1,
            )
        else:
            cloud.say(file, n, f"{where} Claim successful on node {node}", level="INFO", logger=logger, ms=1)
    case = cloud.read(tmp_path)
    assert over(case) == {"node-1"}
    (burst,) = [b for b in case.bursts if b.verdict == "overcommitted"]
    assert [(a.instance_uuid, a.outcome) for a in burst.arrivals] == [(vm(2), "victim")]


@pytest.mark.parametrize(
    ("detail", "accused"),
    [
        ("Unable to allocate inventory: Unable to create allocation for 'MEMORY_MB' on resource provider 'a952bdbf-7eba-4b67-a4d0-4477b2e49881'. The requested amount would exceed the capacity.", True),
        ("Inventory and/or allocations changed while attempting to allocate: Another thread concurrently updated the data. Please retry your update", False),
    ],
)  # fmt: skip
def test_a_conflict_of_generations_is_no_want_of_room(tmp_path, detail, accused):
    """Placement answers 409 to both; only one of them says that the host was full."""
    cloud = Cloud()
    file = "ctl1/nova-scheduler.log"
    cloud.say(
        "cn1/nova-compute.log",
        90,
        "Compute node record created for cn1:cn1 with uuid: a952bdbf-7eba-4b67-a4d0-4477b2e49881",
        level="INFO",
        logger="nova.compute.resource_tracker",
    )
    for n in (1, 2):
        cloud.accepted(n)
        cloud.say(
            file,
            n,
            f"Starting to schedule for instances: ['{vm(n)}'] select_destinations {PY}/scheduler/manager.py:187",
            logger="nova.scheduler.manager",
        )
        cloud.say(
            file,
            n,
            f"Attempting to claim resources in the placement API for instance {vm(n)} claim_resources {PY}/scheduler/utils.py:1296",
            logger="nova.scheduler.utils",
        )
    body = f'{{"errors": [{{"status": 409, "title": "Conflict", "detail": "There was a conflict when trying to complete your request.\\n\\n {detail}  ", "request_id": "{rid(77)}"}}]}}'
    cloud.say(
        file,
        2,
        f"Failed to save allocation for {vm(2)}. Got HTTP 409: {body}",
        level="WARNING",
        logger="nova.scheduler.client.report",
    )
    cloud.say(
        file,
        2,
        f"Unable to successfully claim against any host. _schedule {PY}/scheduler/manager.py:475",
        logger="nova.scheduler.manager",
    )
    case = cloud.read(tmp_path)
    assert over(case) == ({"cn1"} if accused else set())
    assert next(m for m in case.migrations if m.request_id == rid(2)).stage == "placement-conflict"


def test_a_resize_on_its_own_host_holds_both_sizes_and_accuses_nobody(tmp_path):
    """allow_resize_to_same_host: source and target are one; the claim is granted and the guest runs."""
    cloud = Cloud()
    cloud.accepted(1, '{"resize": {"flavorRef": "2"}}')
    cloud.chosen(1, "cn1", "cn1", ram=4096)
    file, where = "cn1/nova-compute.log", f"[instance: {vm(1)}]"
    for text in (
        "Attempting claim on node cn1: memory 4096 MB, disk 20 GB, vcpus 2 CPU", "Total memory: 8192 MB, used: 4096.00 MB",
        "memory limit: 8192.00 MB, free: 4096.00 MB", "Claim successful on node cn1",
    ):  # fmt: skip
        cloud.say(file, 1, f"{where} {text}", level="INFO", logger="nova.compute.claims", ms=1)
    cloud.say(file, 1, f"{where} Migrating", level="INFO", logger="nova.compute.manager")
    cloud.say(
        file,
        1,
        f"{where} Starting migrate_disk_and_power_off migrate_disk_and_power_off {PY}/virt/libvirt/driver.py:1",
        logger="nova.virt.libvirt.driver",
    )
    cloud.say(file, 1, f"{where} Instance running successfully.", level="INFO", logger="nova.virt.libvirt.driver")
    case = cloud.read(tmp_path)
    (move,) = case.migrations
    assert (move.action, move.outcome, move.source.host, move.attempts[0].selected.host) == (
        "resize", "succeeded", "cn1", "cn1",
    )  # fmt: skip
    assert over(case) == set()
    assert case.bursts[0].verdict == "fits"


def test_what_placement_let_pass_though_full_is_no_refusal(tmp_path):
    """An allocation that reduces an overage is allowed, though the line begins as a refusal does."""
    cloud = Cloud()
    cloud.say(
        "cn1/nova-compute.log",
        90,
        "Compute node record created for cn1:cn1 with uuid: a952bdbf-7eba-4b67-a4d0-4477b2e49881",
        level="INFO",
        logger="nova.compute.resource_tracker",
    )
    cloud.accepted(1)
    cloud.chosen(1, "cn1", "cn1")
    cloud.say(
        "ctl1/placement-api.log",
        1,
        "Over capacity for VCPU on resource provider a952bdbf-7eba-4b67-a4d0-4477b2e49881 but allocation of 2 reduces existing overage from 20 to 18",
        level="WARNING",
        logger="placement.objects.allocation",
    )
    cloud.say(
        "cn1/nova-compute.log",
        1,
        f"[instance: {vm(1)}] Claim successful on node cn1",
        level="INFO",
        logger="nova.compute.claims",
    )
    case = cloud.read(tmp_path)
    assert over(case) == set()
    assert [a.outcome for b in case.bursts for a in b.arrivals] == ["admitted"]


def test_an_unshelve_and_a_boot_that_meet_a_migration_are_told_apart(tmp_path):
    """All kinds count toward the target's burst; the report and the JSON tell them by kind."""
    cloud = Cloud()
    for n, body in ((1, '{"migrate": null}'), (2, '{"unshelve": null}'), (3, '{"os-migrateLive": {"host": null}}')):
        cloud.accepted(n, body)
        cloud.chosen(n, "cn1", "cn1")
    for n in (1, 2, 3):
        cloud.say(
            "cn1/nova-compute.log",
            n,
            f"[instance: {vm(n)}] Attempting claim: memory 4096 MB, disk 20 GB, vcpus 2 CPU",
            level="INFO",
            logger="nova.compute.claims",
            ms=1,
        )
        cloud.say(
            "cn1/nova-compute.log",
            n,
            f"[instance: {vm(n)}] Claim successful",
            level="INFO",
            logger="nova.compute.claims",
            ms=1,
        )
    case = cloud.read(tmp_path)
    (burst,) = case.bursts
    assert sorted(a.action for a in burst.arrivals) == ["live-migrate", "migrate", "unshelve"]
    assert burst.cause.startswith("3 arrivals (1 live migration, 1 migration and 1 unshelve) reached cn1")
    assert "by kind: 1 live-migrate (1 admitted); 1 migrate (1 admitted); 1 unshelve (1 admitted)" in pipeline.render(
        "text", "correlate", case
    )
