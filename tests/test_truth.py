"""Recall and precision over every case that Nova's own database tells the truth of.

The truth knows nothing of the logs: actions with their request ids, what each claim came to, where the scheduler
sent whom, what hosts held afterwards. Every figure must be 100 %, and nothing may be stated that the truth denies.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
from cases import analysed, case_folders, info_folders

KINDS = {
    "migrate": "migrate",
    "resize": "resize",
    "os-migrateLive": "live-migrate",
    "evacuate": "evacuate",
    "unshelve": "unshelve",
}
FOLDERS = [*case_folders(), *info_folders()]
STATES = {
    "ACTIVE": "active",
    "ERROR": "error",
    "SHELVED_OFFLOADED": "shelved_offloaded",
    "SHUTOFF": "stopped",
    "VERIFY_RESIZE": "resized",
}
REFUSALS = ("ComputeResourcesUnavailable", "GroupAffinityViolation")
USAGE = (
    ("vcpus", "vcpus_used", "cpu_allocation_ratio"),
    ("memory_mb", "memory_mb_used", "ram_allocation_ratio"),
    ("local_gb", "local_gb_used", "disk_allocation_ratio"),
)
all_cases = pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: f"{p.parent.parent.name}/{p.name}")


def truth(folder: Path) -> dict:
    """What Nova's database said."""
    return json.loads((folder / "truth.json").read_text())


def moves(folder: Path) -> dict[str, dict]:
    """Actions that were scheduled or claimed, by request id; those that the API itself refused are left out."""
    actions = [a for a in truth(folder)["actions"] if a["action"] in KINDS]
    return {a["request_id"]: a for a in actions if not (a.get("http_status", 202) >= 400 and not a.get("selections"))}


def found(folder: Path) -> dict:
    """What novatrace says of moves, by request id."""
    return {m.request_id: m for m in analysed(folder).migrations if m.action != "create"}


def tried(action: dict) -> list[str]:
    """The hosts that were tried, in order: by the claims, else by what the scheduler returned."""
    claims = [c["host"] for c in sorted(action.get("claims", []), key=lambda c: c["at"])]
    picked = [
        s["selected"][0][0] for s in sorted(action.get("selections", []), key=lambda s: s["at"]) if s.get("selected")
    ]
    return claims or picked


def failed(action: dict) -> bool:
    """True when the action's own events carry an error, or the API answered with one."""
    own = [r for r in action.get("results", []) if r.get("server") == action["server"]] or action.get("results", [])
    return any(r.get("message") for r in own) or action.get("http_status", 202) >= 400


def refused(folder: Path) -> dict[str, set[str]]:
    """Hosts that refused a claim for want of resources, or for a group's policy → the VMs of moves that were."""
    hosts = defaultdict(set)
    for action in moves(folder).values():
        for claim in action.get("claims", []):
            if claim.get("ok") is False and any(word in str(claim.get("error")) for word in REFUSALS):
                hosts[claim["host"]].add(action["server"])
    return hosts


def turned_away(folder: Path) -> dict[str, set[str]]:
    """Hosts on which placement refused an allocation for want of capacity → the requests: as recorded, else by its own log."""
    recorded = truth(folder).get("placement_refused")
    if recorded is not None:
        return {
            host: {r["request_id"] for r in recorded if r["host"] == host} for host in {r["host"] for r in recorded}
        }
    providers, callers, hosts = {}, {}, defaultdict(set)
    for path in folder.glob("*/nova-compute.log"):
        found = re.findall(
            r"Compute node record created for ([^:\s]+):\S+ with uuid: ([0-9a-f-]{36})", path.read_text()
        )
        providers |= {uuid: host for host, uuid in found}
    for path in folder.glob("*/nova-api.log"):
        callers.update(re.findall(r"\[(req-[0-9a-f-]{36}) (req-[0-9a-f-]{36}) ", path.read_text()))
    for path in folder.glob("*/placement-api.log"):
        for line in path.read_text().split("\n"):
            match = re.search(r"Over capacity for \w+ on resource provider ([0-9a-f-]{36})", line)
            if match:
                caller = (
                    json.loads(line)["context"]["global_request_id"]
                    if line[0] == "{"
                    else re.search(r"req-[0-9a-f-]{36}", line)[0]
                )
                hosts[providers[match[1]]].add(callers.get(caller, caller))
    return hosts


def granted(folder: Path, host: str) -> set[str]:
    """Requests that a host let in: by the recorded claims, else (live migration, evacuation) by where the VM went."""
    actions = moves(folder).items()
    by_claim = {rid for rid, a in actions for c in a.get("claims", []) if c["host"] == host and c.get("ok")}
    gone_there = {rid for rid, a in actions if not a.get("claims") and a.get("target_host") == host}
    return by_claim | gone_there


def overloaded(folder: Path) -> set[str]:
    """Hosts that held more than total × ratio afterwards."""
    after = truth(folder).get("hosts_after") or {}
    return {
        host
        for host, held in after.items()
        for total, used, ratio in USAGE
        if held.get(used, 0) > held.get(total, 0) * (held.get(ratio) or 1.0)
    }


@all_cases
def test_every_action_is_found_with_its_vm_and_kind(folder):
    """Recall of actions is 100 %, and no move is made up."""
    said, wanted = found(folder), moves(folder)
    assert {rid: (said[rid].instance_uuid, said[rid].action) for rid in wanted if rid in said} == {
        rid: (a["server"], KINDS[a["action"]]) for rid, a in wanted.items()
    }
    known = {a["request_id"] for a in truth(folder)["actions"] if a["action"] in KINDS}
    assert set(said) <= known


@all_cases
def test_every_target_tried_is_named_in_order(folder):
    """The hosts tried are those of the claims, in their order; no other host is named."""
    for rid, action in moves(folder).items():
        assert [a.selected.host for a in found(folder)[rid].attempts if a.selected] == tried(action), rid


@all_cases
def test_every_outcome_is_right(folder):
    """Succeeded and failed are told as the database tells them; what the API refused never succeeded."""
    said = found(folder)
    for rid, action in moves(folder).items():
        assert said[rid].outcome == ("failed" if failed(action) else "succeeded"), rid
    for action in truth(folder)["actions"]:
        if action["action"] in KINDS and action["request_id"] not in moves(folder) and action["request_id"] in said:
            assert said[action["request_id"]].outcome != "succeeded"


@all_cases
def test_no_state_of_a_vm_is_false(folder):
    """What is said to have become of a VM is what the database held, where nothing was asked of it afterwards."""
    last = {a["server"]: a for a in truth(folder)["actions"]}
    for action in last.values():
        move = found(folder).get(action["request_id"])
        if move is not None and move.instance_state is not None and action.get("final_status") is not None:
            assert move.instance_state == STATES[action["final_status"]], move.instance_uuid


@all_cases
def test_exactly_the_bad_targets_are_flagged(folder):
    """A host is flagged if and only if it refused a move, placement refused it, or it held too much afterwards."""
    bad = set(refused(folder)) | set(turned_away(folder)) | overloaded(folder)
    flagged = {
        b.target.host
        for b in analysed(folder).bursts
        if b.verdict == "overcommitted" and b.basis in ("proven", "computed")
    }
    assert flagged == bad


@all_cases
def test_victims_and_admitted_are_who_the_truth_says(folder):
    """On each flagged host the victims are those refused by claim or placement, the admitted those whose claim was granted."""
    by_server = {a["server"]: rid for rid, a in moves(folder).items()}
    for host in set(refused(folder)) | set(turned_away(folder)):
        arrivals = [
            a for b in analysed(folder).bursts if b.target.host == host for a in b.arrivals if a.action != "create"
        ]
        victims = {a.request_id for a in arrivals if a.outcome == "victim"}
        wanted = {rid for server, rid in by_server.items() if server in refused(folder).get(host, ())}
        wanted |= turned_away(folder).get(host, set()) & set(moves(folder))
        assert victims == wanted, host
        assert {a.request_id for a in arrivals if a.outcome == "admitted"} == granted(folder, host), host


@all_cases
def test_demands_and_sources_are_the_databases(folder):
    """Where a demand or a source is stated it is the flavor's and the host's of the database."""
    flavors = {s["uuid"]: s["flavor"] for s in truth(folder)["servers"]}
    for rid, action in moves(folder).items():
        move = found(folder)[rid]
        if move.source is not None:
            assert move.source.host == action["source_host"], rid
        if action["action"] != "migrate" or action["server"] not in flavors:
            continue
        flavor = flavors[action["server"]]
        for attempt in move.attempts:
            if (
                attempt.demand.ram_mb is not None
                and move.action == "migrate"
                and "resize" not in str(truth(folder)["case"])
            ):
                assert attempt.demand.vcpus in (None, flavor["vcpus"]), rid


@all_cases
def test_the_ledger_equals_an_independent_count(folder):
    """Lines are counted here with nothing of novatrace's: the sums agree and every input balances."""
    case = analysed(folder)
    counted = sum(p.read_bytes().count(b"\n") for p in folder.glob("*/*.log"))
    assert sum(c.lines.total for c in case.coverage) == counted
    assert all(c.lines.balanced for c in case.coverage)
    assert sum(c.lines.unparsed + c.lines.too_long for c in case.coverage) == 0


def test_there_are_cases_of_both_arbiters():
    """The shipped cases hold both worlds: claims in placement and claims on the compute host."""
    arbiters = {analysed(folder).claims_in_placement for folder in FOLDERS if "fixtures" in folder.parts}
    assert arbiters == {True, False}
