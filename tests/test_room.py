"""How many VMs a host has room for, by arithmetic."""

from __future__ import annotations

import pytest

from novatrace.analysis.slots import fitting


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
