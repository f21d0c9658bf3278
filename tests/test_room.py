"""How many VMs a host has room for, by arithmetic."""

from __future__ import annotations

import pytest

from novatrace.analysis.slots import fitting, together
from novatrace.analysis.views import kept_back
from novatrace.model.migration import Resources


@pytest.mark.parametrize(
    ("free", "needs", "room"),
    [
        (8704, [4096] * 6, 2),
        (8704, [4096, 4096, 6144, 4096], 2),
        (8704, [6144, 4096, 2048], 2),
        (8704, [4096], 2),
        (20480, [4096, 6144], 3),
        (2048, [4096, 6144], 0),
        (-512, [4096], 0),
    ],
)
def test_vms_of_several_sizes_are_counted_one_after_the_other(free, needs, room):
    """Of one size it is a division; a smaller one behind a larger that does not fit is counted, as Nova would let it in."""
    assert fitting(free, needs) == room


def test_a_vm_must_fit_in_all_resources_at_once():
    """Each resource alone has room for three; what the first two leave is vCPUs for one VM and RAM for another."""
    wide, large = Resources(vcpus=8, ram_mb=4096), Resources(vcpus=4, ram_mb=8192)
    free = {"vcpus": 16.0, "ram_mb": 16896.0}
    assert fitting(16, [8, 4, 4]) == fitting(16896, [4096, 8192, 4096]) == 3
    assert together(free, [wide, large, large, wide]) == 2
    assert together(free, [large]) == 2


def test_placement_keeps_back_more_than_the_tracker_counts_as_used():
    """(3072 - 512) × 1.5 is 256 MB less than 3072 × 1.5 - 512; with a ratio of 1 it is the same."""
    inventory = {"total": 3072.0, "reserved": 512.0, "allocation_ratio": 1.5}
    assert kept_back({"MEMORY_MB": inventory}) == Resources(ram_mb=256)
    assert kept_back({"MEMORY_MB": {**inventory, "allocation_ratio": 1.0}}).ram_mb == 0
