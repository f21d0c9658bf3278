"""The user's own incident: every row of what must come out, with and without the inventory."""

from __future__ import annotations

import pytest
from cases import INCIDENT, analysed

API, SCHEDULER = "req-acfad281-090d-4d37-831b-bdedeceff3d5", "req-7a578ff5-2e78-410b-8168-5219efa84f9b"
TARGET = "pri1-nova180.openstack.org"
INVENTORY = INCIDENT / "inventory.toml"


def by_request(case):
    """Migrations by request id."""
    return {m.request_id: m for m in case.migrations if m.request_id}


def test_eight_vms_ended_in_error_each_from_its_own_host():
    """One at 15:16:02 and seven at 15:16:04, known from the operator's script alone."""
    alone = [m for m in analysed(INCIDENT).migrations if m.request_id is None]
    assert len(alone) == 8
    assert {m.action for m in alone} == {"unknown"}
    assert {(m.outcome, m.instance_state) for m in alone} == {("failed", "error")}
    hosts = {int(m.source.host.removeprefix("pri1-nova").split(".")[0]) for m in alone}
    assert hosts == {154, 156, 157, 158, 159, 160, 161, 163}
    seconds = sorted(m.timeline[0].when_us // 1_000_000 % 60 for m in alone)
    assert seconds == [2, 4, 4, 4, 4, 4, 4, 4]


def test_one_migrate_was_accepted_and_dispatched_from_the_api_node():
    """Havana with a conductor inside nova-api: the cast in the API log names the target, 3.455 s later."""
    move = by_request(analysed(INCIDENT))[API]
    attempt = move.attempts[0]
    assert (move.action, move.action_basis, move.api_node) == ("migrate", "observed", "api-node")
    assert attempt.selected.host == TARGET
    assert attempt.dispatched_us - move.accepted_us == 3_455_000
    assert attempt.schedule is None, "no scheduler line of this request is in the evidence"
    assert move.outcome == "unknown"


def test_one_pass_is_rebuilt_from_broken_lines():
    """EcuFilter 36, AggregateCoreFilter 8, CephFilter 1; the hosts before the first filter are not known."""
    attempt = by_request(analysed(INCIDENT))[SCHEDULER].attempts[0]
    schedule = attempt.schedule
    assert [(s.name, s.before, s.after) for s in schedule.filters] == [
        ("EcuFilter", None, 36),
        ("AggregateCoreFilter", 36, 8),
        ("CephFilter", 8, 1),
    ]
    assert schedule.hosts_considered is None
    (candidate,) = schedule.candidates
    assert (candidate.host.host, candidate.free_ram_mb, candidate.free_disk_mb) == (TARGET, 101445, 1420288)
    assert (candidate.io_ops, candidate.instances, candidate.weight) == (0, 28, 101445.0)
    assert (schedule.selected.host, schedule.selected_basis) == (TARGET, "computed")
    assert schedule.filters[0].provenance.line_no == 1
    assert schedule.filters[2].provenance.line_no == 5


@pytest.mark.parametrize("inventory", [None, INVENTORY])
def test_the_two_requests_are_never_joined(inventory):
    """They are two VMs of one batch; which VM is whose is not in the evidence."""
    moves = by_request(analysed(INCIDENT, inventory=inventory))
    assert set(moves) == {API, SCHEDULER}
    for move in moves.values():
        assert move.instance_uuid is None
        (link,) = [link for link in move.attempts[0].links if link.what == "instance"]
        assert (link.tier, link.candidates) == ("ambiguous", 8)


def test_without_inventory_the_target_is_contended():
    """vCPU is not known, so nothing is proven; two selections within 1.6 s are."""
    (burst,) = analysed(INCIDENT).bursts
    assert (burst.verdict, burst.basis) == ("contended", "inferred")
    assert (len(burst.arrivals), burst.last_us - burst.first_us) == (2, 1_551_000)
    assert "vCPU unknown" in burst.unknown_because
    assert burst.slots.all is None
    assert burst.capacity.free.ram_mb == 101445


def test_with_inventory_the_target_is_overcommitted_by_arithmetic():
    """One vCPU free, one vCPU a VM: room for one, binding vCPU."""
    (burst,) = analysed(INCIDENT, inventory=INVENTORY).bursts
    assert (burst.verdict, burst.basis, burst.binding) == ("overcommitted", "computed", ("vcpus",))
    assert (burst.slots.vcpus, burst.slots.all) == (1, 1)
    assert [a.outcome for a in burst.arrivals] == ["admitted", "victim"]
    assert {a.outcome_basis for a in burst.arrivals} == {"computed"}
    assert burst.capacity.basis == "assumed"


def test_the_filter_that_left_one_host_is_named():
    """CephFilter took eight hosts down to one."""
    (finding,) = [f for f in analysed(INCIDENT).findings if f.slug == "filter-bottleneck"]
    assert finding.subject == "CephFilter"
    assert [(m.name, m.value) for m in finding.measures][1:] == [("hosts_before", 8), ("hosts_after", 1)]


def test_every_line_is_accounted_for():
    """24 lines: 17 records, 7 pieces that a terminal broke off."""
    lines = [c.lines for c in analysed(INCIDENT).coverage]
    assert (sum(x.total for x in lines), sum(x.parsed for x in lines), sum(x.continuation for x in lines)) == (
        24,
        17,
        7,
    )
    assert all(x.balanced for x in lines)
