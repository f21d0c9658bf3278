"""What is neither vCPU nor RAM nor disk: hugepages, pinned CPUs, PCI devices and custom classes, counted and told.

The hugepage race is Nova's own; what it lacks (several cells, devices, a custom class) is changed in copies of its lines.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import test_truth as truth
from cases import FIXTURES, analysed

from novatrace import pipeline
from novatrace.analysis.classes import pages_named, room_for
from novatrace.model.case import Case
from novatrace.parsing.numa import host_cells, instance_cell, pci_pools

RACE = FIXTURES / "real-nova" / "b4-race-hugepages-1sched"
PLACED = FIXTURES / "real-nova" / "b1-race-placement-room1"
POOL = "PciDevicePool(count=1,numa_node=0,product_id='154c',tags={dev_type='type-VF'},vendor_id='8086')"


def changed(folder: Path, tmp_path: Path, *changes: tuple[str, str], lost: str = "") -> Case:
    """The case of a folder with texts replaced in every line, and one file lost."""
    shutil.copytree(folder, tmp_path / "logs")
    for path in (tmp_path / "logs").glob("*/*.log"):
        text = path.read_text()
        for pattern, new in changes:
            text = re.sub(pattern, new, text)
        path.write_text(text)
        if lost and path.match(lost):
            path.unlink()
    nodes = sorted(str(p) for p in (tmp_path / "logs").iterdir() if p.is_dir())
    return pipeline.analyse(pipeline.RunOptions(tuple(nodes)))


def burst(case: Case):
    """The burst to compute-02."""
    return next(b for b in case.bursts if b.target.host == "compute-02" and len(b.arrivals) > 1)


def test_hugepages_are_counted_as_the_database_has_them():
    """Free before, what each asks and the room are those of the truth, and the sentence tells them."""
    found = burst(analysed(RACE))
    told = truth.truth(RACE)
    cell = told["hosts_before"]["compute-02"]["numa"][0]["pages"][1]
    flavors = {s["uuid"]: s["flavor"] for s in told["servers"]}
    each = {flavors[a.instance_uuid]["ram"] // 2 for a in found.arrivals}
    (counted,) = found.counted
    assert (counted.name, counted.free) == ("2 MiB pages", (cell["total"] - cell["used"],))
    assert set(counted.asked) == each
    assert (counted.room, found.slots.all) == (1, 1)
    assert found.cause == (
        "8 migrations reached compute-02 within 1.1 s; it had room for 1 (2 MiB pages: 3072 free, 2048 each); "
        "7 claims were refused"
    )


def test_without_the_targets_log_arithmetic_says_how_many_were_too_many(tmp_path):
    """Pages are counted though nobody refused; who failed is no winner, and nothing is said that the truth denies."""
    found = burst(changed(RACE, tmp_path, lost="compute-02/*"))
    assert (found.verdict, found.basis, found.binding, found.slots.all) == ("overcommitted", "computed", ("numa",), 1)
    victims = {a.request_id for a in found.arrivals if a.outcome == "victim"}
    assert victims <= {rid for rid, action in truth.moves(RACE).items() if truth.failed(action)}


def test_nothing_is_counted_where_the_row_is_not_known_to_hold(tmp_path):
    """Without the scheduler's log no cell is known: the refusals stand, the sentence names the topology alone."""
    found = burst(changed(RACE, tmp_path, lost="*/nova-scheduler.log"))
    assert found.counted == ()
    assert found.basis == "proven"
    assert "room for 1 (NUMA topology)" in found.cause


def test_a_class_with_more_room_explains_no_refusal(tmp_path):
    """With pages for all the refusals must be for something else, and no amount is blamed."""
    found = burst(changed(RACE, tmp_path, (r'"total": 3072', '"total": 99072')))
    assert [c.room for c in found.counted] == [48]
    assert found.binding_classes == []
    assert "2 MiB" not in found.cause


def test_cells_are_counted_one_by_one(tmp_path):
    """1536 pages in each of two cells hold no VM of 2048 pages, though 3072 are free."""
    cell = (
        r'("cells": \[)(\{"nova_object.name": "NUMACell".{0,200}?"id": 0,.*?"total": )3072'
        r'(,.*?\["size_kb", "total", "used"\]\}\].*?\})\]'
    )
    two = r"\g<1>\g<2>1536\g<3>, \g<2>1536\g<3>]"
    found = burst(changed(RACE, tmp_path, (cell + r'(?=\}, "nova_object.changes": \["cells"\])', two)))
    assert found.counted[0].free == (1536, 1536)
    assert found.counted[0].room == 0


def test_devices_are_told_as_far_as_they_are_logged(tmp_path):
    """The pools of the last view stand beside a refusal for PCI devices; how many each VM asks for is not logged."""
    refusal = r"Requested instance NUMA topology cannot fit the given host NUMA topology"
    found = burst(changed(RACE, tmp_path, (refusal, "Claim pci failed"), (r"pci_stats=\[\]", f"pci_stats=[{POOL}]")))
    assert found.binding == ("pci",)
    assert "it had room for 1 (PCI 8086:154c: 1 free); 7 claims were refused" in found.cause


def test_a_custom_class_is_counted_by_placements_refusals(tmp_path):
    """Eight VMs that ask for one device each of a host that has one."""
    changes = (
        (r"MEMORY_MB%3A4096", "CUSTOM_FPGA%3A1%2CMEMORY_MB%3A16"),
        (r"Over capacity for MEMORY_MB", "Over capacity for CUSTOM_FPGA"),
        (r"Needed: 4096, Used: 4096, Capacity: 6656(\.0)?", "Needed: 1, Used: 1, Capacity: 1.0"),
        (r"'MEMORY_MB'( on resource provider)", r"'CUSTOM_FPGA'\1"),
    )
    found = burst(changed(PLACED, tmp_path, *changes))
    assert found.binding == ("CUSTOM_FPGA",)
    assert "it had room for 1 (CUSTOM_FPGA: 1 free, 1 each); placement refused 7" in found.cause


def test_who_asks_for_none_of_a_class_takes_none_of_it(tmp_path):
    """Seven VMs that ask for two devices each of a host that has one, and one that asks for none and came in."""
    changes = (
        (r"(req-ADMITTED[^\n]*)MEMORY_MB%3A4096", r"\1MEMORY_MB%3A16"),
        (r"MEMORY_MB%3A4096", "CUSTOM_FPGA%3A2%2CMEMORY_MB%3A16"),
        (r"Over capacity for MEMORY_MB", "Over capacity for CUSTOM_FPGA"),
        (r"Needed: 4096, Used: 4096, Capacity: 6656(\.0)?", "Needed: 2, Used: 0, Capacity: 1.0"),
        (r"'MEMORY_MB'( on resource provider)", r"'CUSTOM_FPGA'\1"),
    )
    admitted = next(a.request_id for a in burst(analysed(PLACED)).arrivals if a.outcome == "admitted")
    found = burst(changed(PLACED, tmp_path, *((p.replace("req-ADMITTED", admitted), new) for p, new in changes)))
    assert "it had room for 1 (CUSTOM_FPGA: 1 free, 2 each); placement refused 7" in found.cause
    assert (found.slots.all, found.at_once) == (1, 0)


@pytest.mark.parametrize(
    ("free", "each", "over", "room"),
    [
        ([3072], 2048, 1, 1),
        ([2047, 2047], 2048, 1, 0),
        ([4096, 2048], 2048, 1, 3),
        ([4096, 2048], 1024, 2, 2),
        ([4096, 4096, 0], 1024, 2, 4),
        ([10, 1, 1], 1, 2, 2),
        ([-5, 4], 2, 1, 2),
    ],
)
def test_room_over_cells(free, each, over, room):
    """A VM takes its parts from as many different cells."""
    assert room_for(free, each, over) == room


def test_pages_have_the_names_of_their_sizes():
    """As operators say them."""
    assert [pages_named(kb) for kb in (64, 2048, 16384, 1048576)] == [
        "64 KiB pages", "2 MiB pages", "16 MiB pages", "1 GiB pages",
    ]  # fmt: skip


def test_topologies_that_cannot_be_read_are_none():
    """A torn or foreign topology is not counted, and not an error."""
    assert host_cells("ComputeNode(host='a',numa_topology=None,x=1)") is None
    assert host_cells("ComputeNode(host='a',numa_topology='{\"cells\": [}',x=1)") is None
    assert host_cells("ComputeNode(host='a',numa_topology='{\"nova_object.data\": {}}',x=1)") is None
    assert pci_pools("[]") == []
    with pytest.raises(ValueError, match="not a cell"):
        instance_cell("InstanceNUMACell(cpuset=set([0]))")


def test_whole_cores_for_pinned_cpus_are_not_counted():
    """With isolate or require a VM takes more CPUs than it has, so that no number is stated."""
    text = "InstanceNUMACell(cpu_policy='dedicated',cpu_thread_policy='isolate',id=0,memory=64,pagesize=None,pcpuset=set([0,1]))"
    assert "pinned" not in instance_cell(text)
