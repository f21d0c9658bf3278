"""What kind of move a request was where its own lines hardly say, and what failed where a live migration was checked."""

from __future__ import annotations

import json
import re
from collections import Counter

from cases import FIXTURES, analysed

from novatrace import pipeline

FOLDER = FIXTURES / "kinds" / "cold-and-live-at-info"


def test_cold_and_live_migrations_of_one_batch_are_told_apart_at_info():
    """Half of each found no host: the conductor names both alike, but for the ERROR that a live migration leaves."""
    wanted = {a["request_id"]: a["action"] for a in json.loads((FOLDER / "truth.json").read_text())["actions"]}
    moves = [m for m in analysed(FOLDER).migrations if m.action != "create"]
    assert {m.request_id: m.action for m in moves} == wanted
    assert sum(m.outcome == "failed" for m in moves) == len(wanted) // 2


def test_who_failed_the_check_of_a_live_migration_held_room_meanwhile():
    """Placement had let in four, of whom two failed the check later: the six whom it refused met a full host, not an odd one."""
    case = analysed(FIXTURES / "kinds" / "live-checks")
    burst = next(b for b in case.bursts if b.target.host == "compute-03")
    told = Counter(a.outcome for a in burst.arrivals)
    assert (burst.verdict, burst.basis, burst.slots.all) == ("overcommitted", "proven", 4)
    assert told == {"admitted": 2, "unknown": 2, "victim": 6}
    assert all("failed the check" in (a.reason or "") for a in burst.arrivals if a.outcome == "unknown")
    assert not burst.refused_despite_room


def test_explain_does_not_advise_waves_where_the_check_failed():
    """The VM that failed the check is told why, and that room would not have helped."""
    case = analysed(FIXTURES / "kinds" / "live-checks")
    move = next(m for m in case.migrations if any(a.check for a in m.attempts))
    told = pipeline.render("text", "explain", case, pipeline.subject_of(case, move.instance_uuid))
    assert "the check before the move failed there: Migration pre-check error" in told
    assert "waves to compute-03 would not have helped" in told
    assert "would have helped: sending" not in told


def test_a_source_is_told_by_the_trackers_where_the_scheduler_names_none():
    """A disabled source is no candidate, so that no host is ignored; the audits of source and target count the migration."""
    (move,) = analysed(FIXTURES / "kinds" / "source-by-trackers").migrations
    assert (move.source.host, [a.selected.host for a in move.attempts]) == ("compute-01", ["compute-04"])
    assert (move.outcome, move.outcome_basis) == ("succeeded", "inferred")


def test_a_host_that_failed_the_check_of_a_live_migration_is_not_its_source():
    """The second pass ignores it too, and alone where the source is no candidate."""
    (move,) = analysed(FIXTURES / "kinds" / "live-source-no-candidate").migrations
    assert (move.action, move.outcome, move.source) == ("live-migrate", "failed", None)


def test_a_host_that_failed_the_check_is_told_at_info_by_its_own_error():
    """The next pass excludes it: that is what tells it from a source that logs the same error."""
    (move,) = analysed(FIXTURES / "kinds" / "live-source-no-candidate").migrations
    tried = [a for a in move.attempts if a.selected is not None]
    assert [(a.selected.host, a.outcome) for a in tried] == [("compute-03", "failed")]
    assert "Unacceptable CPU info" in tried[0].check


def test_a_move_whose_vm_was_deleted_meanwhile_failed_and_is_no_orphan():
    """The conductor speaks of it, at INFO too."""
    case = analysed(FIXTURES / "kinds" / "deleted-meanwhile")
    move = next(m for m in case.migrations if m.action == "migrate")
    assert (move.outcome, move.fault) == ("failed", "During cold migrate the instance was deleted")
    assert "orphan-action" not in {finding.slug for finding in case.findings}
    assert [m.instance_state for m in case.migrations if m.action != "create"] == ["deleted"]


def test_resizes_to_different_sizes_are_counted_against_the_room_that_placement_gives():
    """New hosts' rows still had a vCPU ratio of 4, their inventories 1; on compute-02 the third VM fitted in neither resource."""
    bursts = [b for b in analysed(FIXTURES / "kinds" / "sizes-mixed").bursts if b.verdict == "overcommitted"]
    told = {
        b.target.host: (b.capacity.free.vcpus, b.slots.all, sum(a.outcome == "admitted" for a in b.arrivals))
        for b in bursts
    }
    assert told == {"compute-02": (16, 2, 2), "compute-03": (12, 2, 2), "compute-04": (16, 1, 1)}
    assert {b.binding for b in bursts} == {("ram_mb",), ("vcpus",), ("ram_mb", "vcpus")}
    assert not any(b.refused_despite_room for b in bursts)


def test_room_is_not_counted_by_the_refused_where_those_let_in_were_of_unknown_size():
    """Two resizes to 6144 MB, told nowhere, filled compute-03: that three of 4096 MB had fitted is no riddle of the host."""
    case = analysed(FIXTURES / "kinds" / "five-kinds-train")
    burst = next(b for b in case.bursts if b.target.host == "compute-03")
    assert Counter(a.outcome for a in burst.arrivals) == {"admitted": 2, "victim": 3}
    assert (burst.slots.all, burst.slots.ram_mb, burst.refused_despite_room) == (2, 2, False)


def test_the_run_of_the_filters_for_alternates_is_no_attempt():
    """Three VMs of one request: when each has its host, the filters run once more for alternates, and for none of them."""
    vms = [m for m in analysed(FIXTURES / "kinds" / "multi-create").migrations if m.action == "create"]
    tried = {m.instance_uuid[:8]: [(a.selected.host, a.outcome) for a in m.attempts] for m in vms}
    assert tried == {
        "58cfad43": [("compute-02", "succeeded")],
        "f01f6d77": [("compute-03", "succeeded")],
        "738d737d": [("compute-02", "succeeded")],
    }


def test_who_was_rolled_back_with_the_others_of_a_request_is_not_admitted():
    """Placement refused the third VM of a request, and the scheduler gave back what it had allocated for the two before."""
    case = analysed(FIXTURES / "kinds" / "multi-create-rolled-back")
    vms = {m.instance_uuid[:8]: m for m in case.migrations if m.action == "create"}
    assert {vm: m.outcome for vm, m in vms.items()} == {
        "70d6bf9f": "failed",
        "c9be4aa1": "failed",
        "ccd6ce7d": "failed",
    }
    assert vms["ccd6ce7d"].stage == "placement-conflict"
    arrivals = {a.instance_uuid[:8]: a.outcome for b in case.bursts for a in b.arrivals}
    assert arrivals == {"70d6bf9f": "unknown", "c9be4aa1": "unknown", "ccd6ce7d": "victim"}
    ended = {a.instance_uuid[:8]: a.ended_us % 60_000_000 for b in case.bursts for a in b.arrivals}
    assert ended == {"70d6bf9f": 9_504_000, "c9be4aa1": 10_375_000, "ccd6ce7d": 9_048_000}
    (burst,) = [b for b in case.bursts if b.verdict == "overcommitted"]
    assert burst.cause == (
        "3 boots reached compute-02 within 4.5 s; placement refused 1, although the scheduler's view before had room for 4 (RAM: 16896 MB "
        "free, 4096 each as far as logged): MEMORY_MB: needed 4096, used 16384, capacity 16896"
    )


def test_a_move_goes_on_when_the_api_gives_up_waiting_for_the_conductor():
    """Stein: HTTP 500 after rpc_response_timeout, and the conductor that was slow moved both VMs; ratio 1.5 lets the target hold them."""
    case = analysed(FIXTURES / "kinds" / "api-gave-up")
    assert [(m.http_status, m.outcome, m.outcome_basis) for m in case.migrations] == 2 * [
        (500, "succeeded", "inferred")
    ]
    assert [(b.target.host, b.verdict) for b in case.bursts] == [("compute-03", "fits")]
    assert case.findings == ()


def test_a_vm_that_asks_for_no_disk_takes_none_of_the_others_room():
    """Volume-backed: of 50 GB one VM of 40 GB and one of none took their part, and placement refused two more of 40 GB."""
    (burst,) = [b for b in analysed(FIXTURES / "kinds" / "volume-backed").bursts if b.target.host == "compute-03"]
    assert (burst.slots.disk_gb, burst.slots.all, burst.refused_despite_room) == (2, 2, False)
    assert burst.at_once == 1, "another of 40 GB would not fit beside the first"
    assert burst.cause.startswith(
        "4 migrations reached compute-03 within 0.1 s; it had room for 2 (disk: 50 GB free, 0 to 40 each)"
    )


def test_a_boot_that_was_aborted_failed():
    """And of a VM that was never built nobody asks whether its guest runs."""
    case = analysed(FIXTURES / "kinds" / "volume-backed")
    boots = {m.instance_uuid[:8]: (m.outcome, m.instance_state) for m in case.migrations if m.action == "create"}
    assert boots["b567aeba"] == ("failed", "error")
    (refused,) = [f for f in case.findings if f.slug == "refused-by-api"]
    assert refused.advice.startswith("These VMs were never built: ")


def test_a_reverted_move_is_told_as_one():
    """Where the VM is, is its source again; a success cites the line that tells of it."""
    case = analysed(FIXTURES / "findings" / "short-of-room" / "silent-others-had-room")
    assert "compute-02 → compute-03, then reverted" in pipeline.render("text", "correlate", case)
    told = pipeline.render("text", "explain", case, pipeline.subject_of(case, "2b1fb0dc"))
    assert re.search(
        r"then reverted, back to compute-02 at 00:12:\d\d\.\d{3}  nova-api01/nova-api\.log:\d+$", told, re.MULTILINE
    )
    told = pipeline.render("text", "explain", case, pipeline.subject_of(case, "5a3c03b8"))
    assert re.search(r"succeeded; the VM is RESIZED.*\n  told by \S+:\d+$", told, re.MULTILINE)


def test_a_live_migration_that_was_aborted_failed_as_far_as_is_known():
    """At INFO the abort alone tells that it was one, and the hosts that its choice left out that it was a move."""
    case = analysed(FIXTURES / "kinds" / "aborted-at-info")
    moves = {
        m.instance_uuid[:8]: (m.action, m.outcome, m.outcome_basis) for m in case.migrations if m.action != "create"
    }
    assert moves == {
        "4f38ad4c": ("live-migrate", "failed", "inferred"),
        "41664726": ("live-migrate", "succeeded", "observed"),
    }
