"""Why a host was not taken: each answer of a pass, by its names, its counts, or the hosts that the logs tell of."""

from __future__ import annotations

import json

import pytest
from cases import FIXTURES, analysed, case_folders

from novatrace import pipeline
from novatrace.analysis import why
from novatrace.pipeline.run_options import RunOptions

RID = "req-aaaaaaaa-0000-4000-8000-000000000000"
VM = "733a4217-e97a-4542-8a5f-02336a222483"
STATE = "({h}, {h}) ram: {ram}MB disk: 1024000MB io_ops: 0 instances: 0"
KNOWN = (
    "Update host state from compute node: ComputeNode(cpu_allocation_ratio=4.0,host='{h}',hypervisor_hostname='{h}',"
    "local_gb=1000,local_gb_used=0,memory_mb=8192,memory_mb_used=512,ram_allocation_ratio=1.0,"
    "uuid=a952bdbf-7eba-4b67-a4d0-4477b2e4988{n},vcpus=16,vcpus_used=0)"
)


def answer(tmp_path, host: str, *texts: str, known: tuple[str, ...] = ()) -> tuple[str, str]:
    """(text, basis) for a pass of these lines, after states of the known hosts."""
    log = tmp_path / "ctl1" / "nova-scheduler.log"
    log.parent.mkdir()
    told = [KNOWN.format(h=h, n=n) for n, h in enumerate(known)]
    log.write_text(
        "".join(
            f"2026-11-23 00:00:0{n // 100}.{n:03} 99 DEBUG nova.x [{RID} u p - - -] {text}\n"
            for n, text in enumerate([*told, *texts])
        )
    )
    case = pipeline.analyse(RunOptions((str(tmp_path),)))
    found = why.why_not(pipeline.subject_of(case, RID), host, case.views)
    return found.sentence, found.basis


def weighed(*hosts: str) -> tuple[str, str]:
    """The list of those that passed, and the choice of the first."""
    states = [STATE.format(h=h, ram=4096) for h in hosts]
    listed = ", ".join(f"WeighedHost [host: {s}, weight: {2.0 - n}]" for n, s in enumerate(states))
    return (
        f"Weighed [{listed}] _schedule /usr/lib/python3/dist-packages/nova/scheduler/manager.py:742",
        f"Selected host: {states[0]}",
    )


def test_the_rank_that_it_had(tmp_path):
    """Passed, and weighed below the one that was taken."""
    text, basis = answer(
        tmp_path, "cn2", "Starting with 2 host(s)", "Filter RamFilter returned 2 host(s)", *weighed("cn1", "cn2")
    )
    assert (text, basis) == (
        "cn2 passed all filters and was weighed 2 of 2 with weight 1 against 2 of cn1.", "observed",
    )  # fmt: skip


def test_a_filters_own_line(tmp_path):
    """The filter names the host."""
    line = f"{STATE.format(h='cn2', ram=512)} does not have 4096 MB usable ram, it only has 512.0 MB usable ram."
    text, basis = answer(
        tmp_path, "cn2", "Starting with 2 host(s)", line, "Filter RamFilter returned 1 host(s)", *weighed("cn1")
    )
    assert text == "RamFilter removed cn2: does not have 4096 MB usable ram, it only has 512.0 MB usable ram."
    assert basis == "observed"


def test_the_source_and_what_a_request_forces(tmp_path):
    """What the request itself excludes is told as such."""
    text, basis = answer(
        tmp_path, "cn9", "Host filter forcing available hosts to cn1", "Starting with 1 host(s)",
        "Filter ComputeFilter returned 1 host(s)", *weighed("cn1"),
    )  # fmt: skip
    assert (text, basis) == ("The request allowed cn1 alone, so cn9 was never considered.", "observed")


def test_a_host_that_did_not_come_in(tmp_path):
    """As many passed as came in: it was not among them."""
    text, basis = answer(
        tmp_path, "cn9", "Starting with 2 host(s)", "Filter RamFilter returned 2 host(s)", *weighed("cn1", "cn2")
    )
    assert text.startswith("Both hosts that came in passed the filters, so cn9 was never considered: disabled,")
    assert basis == "computed"


def test_names_of_one_pass_account_for_all_that_came_in(tmp_path):
    """Two came in, one passed, the other is named by the filter that removed it: there was no third."""
    line = f"{STATE.format(h='cn2', ram=512)} does not have 4096 MB usable ram, it only has 512.0 MB usable ram."
    text, basis = answer(
        tmp_path, "cn9", "Starting with 2 host(s)", line, "Filter RamFilter returned 1 host(s)", *weighed("cn1"),
    )  # fmt: skip
    assert text.startswith("No filter of this pass removed a host that is not named, so cn9 was never considered")
    assert basis == "computed"


def test_one_filter_removed_hosts_and_all_known_ones_came_in(tmp_path):
    """The difference of what came in and what passed, where only one filter removed any."""
    text, basis = answer(
        tmp_path, "cn3", "Host filter ignoring hosts: cn0", "Starting with 3 host(s)", "Filter RamFilter returned 3 host(s)",
        "Filter CephFilter returned 1 host(s)", *weighed("cn1"), known=("cn0", "cn1", "cn2", "cn3"),
    )  # fmt: skip
    assert text == (
        "CephFilter removed cn3: it alone removed hosts, and all 3 hosts of these logs that the request did not exclude came in."
    )
    assert basis == "inferred"


def test_counts_take_a_filter_out_of_suspicion(tmp_path):
    """RamFilter removed one and named another host: CephFilter is left."""
    line = f"{STATE.format(h='cn2', ram=512)} does not have 4096 MB usable ram, it only has 512.0 MB usable ram."
    text, _ = answer(
        tmp_path, "cn3", "Starting with 4 host(s)", line, "Filter RamFilter returned 3 host(s)",
        "Filter CephFilter returned 1 host(s)", *weighed("cn1"),
    )  # fmt: skip
    assert "RamFilter" not in text
    assert "removed by CephFilter, or never considered" in text


def test_lists_of_hosts_left_name_the_filter(tmp_path):
    """The DEBUG summary of a pass that failed lists who was left by each filter."""
    left = "[('RamFilter', [('cn1', 'cn1'), ('cn2', 'cn2')]), ('CoreFilter', [('cn1', 'cn1')]), ('CephFilter', None)]"
    summary = f"Filtering removed all hosts for the request with instance ID '{VM}'. Filter results: {left}"
    assert answer(tmp_path, "cn2", summary) == (
        "CoreFilter removed cn2: it is in the list of hosts left after RamFilter, and in none behind it.", "computed",
    )  # fmt: skip


def test_counts_without_names_stay_open(tmp_path):
    """Several filters removed hosts and nothing tells which came in: none is named as the one."""
    text, basis = answer(
        tmp_path, "cn7", "Starting with 8 host(s)", "Filter RamFilter returned 6 host(s)",
        "Filter CephFilter returned 1 host(s)", *weighed("cn1"),
    )  # fmt: skip
    assert "removed by one of RamFilter, CephFilter, or never considered" in text
    assert text.endswith("No line of these logs tells of a host cn7.")
    assert basis == "inferred"


def test_a_demanded_host_that_does_not_exist(tmp_path):
    """No filter ran, since the request demanded a host that is not there."""
    text, basis = answer(
        tmp_path,
        "cn2",
        f"Starting to schedule for instances: ['{VM}']",
        "No hosts matched due to not matching requested destination (cn99, cn99)",
        "Filtered [] _schedule /usr/lib/python3/dist-packages/nova/scheduler/manager.py:742",
    )
    assert text == "No host matched the requested destination (cn99, cn99), which the request demanded; no filter ran."
    assert basis == "observed"


@pytest.mark.parametrize("folder", case_folders(), ids=lambda p: f"{p.parent.parent.name}/{p.name}")
def test_no_answer_contradicts_the_pass(folder):
    """Over all hosts and moves: who was chosen is said to be chosen, who was weighed is not said to be removed."""
    case = analysed(folder)
    hosts = sorted({view.target.host for view in case.views})
    for move in (m for m in case.migrations if m.action != "create"):
        subject = pipeline.subject_of(case, move.request_id)
        for host in hosts:
            found = why.why_not(subject, host, case.views)
            assert found.sentence
            assert all(a.citations for a in found.answers)
            for answer_of, attempt in ((a, move.attempts[a.attempt - 1]) for a in found.answers):
                if attempt.selected is not None and attempt.selected.host == host:
                    assert "was chosen" in answer_of.sentence
                elif attempt.schedule and any(c.host.host == host for c in attempt.schedule.candidates):
                    assert "passed all filters" in answer_of.sentence


def test_each_pass_of_a_vm_is_answered(novatrace):
    """A reschedule has two attempts, and each says its own; from a kept case as from paths."""
    folder = FIXTURES / "real-nova" / "d4-reschedule"
    move = next(m for m in analysed(folder).migrations if m.action == "migrate" and len(m.attempts) > 1)
    ask = ("explain", move.request_id, "--why-not", "compute-05", "-q", "-f", "json")
    read = json.loads(novatrace(*ask, folder).stdout)["why_not"]
    assert [a["attempt"] for a in read["answers"]] == [a.number for a in move.attempts]
    assert all(a["evidence"] for a in read["answers"])
    novatrace("correlate", folder, "-q")
    assert json.loads(novatrace(*ask).stdout)["why_not"] == read


def test_several_hosts_may_be_asked_for(novatrace):
    """Each has its own section, once; the JSON has the first, and the others with it."""
    folder = str(FIXTURES / "real-nova" / "b1-race-placement-room1")
    vm = "e7db70c0-b38b-40a9-b1f7-4556b6e86f89"
    asked = ("--why-not", "compute-04", "--why-not", "compute-03", "--why-not", "compute-04")
    text = novatrace("explain", vm, folder, "-q", *asked).stdout
    assert [line for line in text.splitlines() if line.startswith(b"WHY NOT")] == [
        b"WHY NOT compute-04",
        b"WHY NOT compute-03",
    ]
    why_not = json.loads(novatrace("explain", vm, folder, "-q", "-f", "json", *asked).stdout)["why_not"]
    assert [why_not["host"], *(other["host"] for other in why_not["also"])] == ["compute-04", "compute-03"]
