"""Findings about evidence that is missing, raised by real logs of which a part was taken away or ends early."""

from __future__ import annotations

import re

import pytest
from cases import FIXTURES
from test_mutations import falsehoods, logs, read
from test_truth import failed, moves

STAMP = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")


def cut(folder, scratch, until=None, **earlier):
    """The case of a folder whose logs end at a moment; those of a service (its name with _ for -) at a moment of their own."""
    for path in logs(folder):
        ends = next((at for name, at in earlier.items() if name.replace("_", "-") in path.name), until)
        kept, seen = [], b""
        for line in path.read_bytes().splitlines(keepends=True):
            stamp = STAMP.match(line)
            seen = stamp[0] if stamp else seen
            if ends is None or seen <= ends.encode():
                kept.append(line)
        if kept:
            target = scratch / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"".join(kept))
    return read(scratch)


def of(case, slug):
    """The findings of a kind."""
    return [finding for finding in case.findings if finding.slug == slug]


@pytest.mark.parametrize("name", ["b1-race-placement-room1", "d4-reschedule"])
def test_what_the_api_alone_tells_of_is_an_orphan(name, tmp_path):
    """Without the logs of conductor, scheduler, placement and computes every accepted move is one; the missing logs are named."""
    folder = FIXTURES / "real-nova" / name
    case = cut(folder, tmp_path, nova_conductor="1970", nova_scheduler="1970", nova_compute="1970", placement="1970")
    (found,) = of(case, "orphan-action")
    assert {m.name: m.value for m in found.measures} == {"actions": len(moves(folder))}
    assert found.subject == "nova-conductor and nova-scheduler"
    assert found.basis == "observed"
    assert falsehoods(folder, case) == []


def test_a_target_whose_log_ends_before_the_moves_came_is_named(tmp_path):
    """One move was let in and seven were turned away: how the one ended is in the target's log alone, and that ends too early."""
    folder = FIXTURES / "real-nova" / "b1-race-placement-room1"
    case = cut(folder, tmp_path, nova_compute="2026-11-23 00:10:36", nova_scheduler="2026-11-23 00:10:48")
    assert falsehoods(folder, case) == []
    (open_one,) = [m for m in case.migrations if m.action != "create" and m.outcome == "unknown"]
    assert not failed(moves(folder)[open_one.request_id])
    (found,) = of(case, "log-gap")
    assert found.title.startswith("the nova-compute log of compute-02 ends 1")
    assert {m.name: m.value for m in found.measures if m.name != "apart"} == {"moves": 1, "hosts": 1}


def test_a_target_whose_log_is_not_there_is_named(tmp_path):
    """The same where no log of it was collected; what was turned away is known all the same."""
    folder = FIXTURES / "real-nova" / "b1-race-placement-room1"
    case = cut(folder, tmp_path, nova_compute="1970", nova_scheduler="2026-11-23 00:10:48")
    assert falsehoods(folder, case) == []
    (found,) = of(case, "log-gap")
    assert (
        found.title
        == "the nova-compute log of compute-02 is not here: 1 move went there, and how it ended is not logged"
    )
    assert of(case, "orphan-action") == []
    assert len(of(case, "overcommitted-target")) == 1
