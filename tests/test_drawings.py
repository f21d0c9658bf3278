"""Pictures in text, as they stand in a report."""

from __future__ import annotations

from cases import FIXTURES, analysed

from novatrace import pipeline


def test_where_vms_alone_are_counted_one_is_a_vm_and_two_are_vms():
    """Of NUMA cells no amount is logged: how many VMs came is held against how many fitted."""
    case = analysed(FIXTURES / "real-nova" / "b4-race-hugepages-1sched")
    drawn = pipeline.render("text", "correlate", case).split("In flight to compute-02", 1)[1]
    assert "1 VM\n" in drawn
    assert "2 VMs  OVER\n" in drawn
    assert "8 VMs  OVER\n" in drawn
    assert "room for 1 (NUMA topology)\n" in drawn
