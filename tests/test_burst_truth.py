"""Bursts against Nova's own database: the room before them, who was let in, on which resource it failed, and the order.

The room is replayed here from the truth alone: what the hosts held before the moves, the claims that were granted, and
what was reverted.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import test_truth as truth
from cases import analysed, info_folders

FOLDERS = truth.FOLDERS
all_cases = truth.all_cases
USAGE = {
    "vcpus": ("vcpus", "vcpus_used", "cpu_allocation_ratio", "vcpus"),
    "ram_mb": ("memory_mb", "memory_mb_used", "ram_allocation_ratio", "ram"),
    "disk_gb": ("local_gb", "local_gb_used", "disk_allocation_ratio", "disk"),
}
SAID = (
    ("NUMA", "numa"),
    ("pci", "pci"),
    ("memory", "ram_mb"),
    ("vcpu", "vcpus"),
    ("disk", "disk_gb"),
    ("affinity", "affinity"),
)


def at_us(text: str) -> int:
    """A moment of the truth, in µs."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e6)


def room(folder, host: str, moment_us: int) -> dict[str, float] | None:
    """Free amounts of a host at a moment after the boots; None where the truth does not tell (a resize's size)."""
    told = truth.truth(folder)
    held = told["hosts_before"][host]
    free = {name: held[total] * (held[ratio] or 1.0) - held[used] for name, (total, used, ratio, _) in USAGE.items()}
    taken = held_by_moves(told, host, moment_us)
    for flavor in () if taken is None else taken.values():
        for name, (*_, key) in USAGE.items():
            free[name] -= flavor[key]
    return None if taken is None else free


def held_by_moves(told: dict, host: str, moment_us: int) -> dict[str, dict] | None:
    """VM → flavor of the moves that a host let in before a moment and that were not reverted; None with a resize."""
    flavors = {server["uuid"]: server["flavor"] for server in told["servers"]}
    taken = {}
    for action in told["actions"]:
        claims = [c for c in action.get("claims", []) if c["host"] == host and c["ok"] and at_us(c["at"]) < moment_us]
        if claims and action["action"] != "migrate":
            return None
        if claims:
            taken[action["server"]] = flavors[action["server"]]
    for action in told["actions"]:
        if action["action"] == "revertResize" and at_us(action["requested_at"]) < moment_us:
            taken.pop(action["server"], None)
    return taken


def of_moves(folder):
    """Bursts with a move among their arrivals."""
    return [b for b in analysed(folder).bursts if any(a.action != "create" for a in b.arrivals)]


@all_cases
def test_the_room_before_a_burst_is_the_databases(folder):
    """Every amount that is stated is what the host really had free."""
    if "hosts_before" not in truth.truth(folder):
        pytest.skip("this truth has no usage of before the moves")
    for burst in of_moves(folder):
        wanted = room(folder, burst.target.host, burst.first_us)
        if wanted is None or burst.capacity is None:
            continue
        stated = {name: getattr(burst.capacity.free, name) for name in USAGE}
        assert {n: v for n, v in stated.items() if v is not None} == {
            n: v for n, v in wanted.items() if stated[n] is not None
        }, (burst.target, burst.capacity)
        assert stated["ram_mb"] is not None


@all_cases
def test_the_binding_resource_is_what_the_refusals_name(folder):
    """By the recorded errors of the claims, the class that placement refused, and what held too much afterwards."""
    wanted: dict[str, set[str]] = {}
    for action in truth.moves(folder).values():
        for claim in action.get("claims", []):
            if claim["ok"] is False and any(word in str(claim["error"]) for word in truth.REFUSALS):
                said = next(name for word, name in SAID if word in str(claim["error"]))
                wanted.setdefault(claim["host"], set()).add(said)
    after = truth.truth(folder).get("hosts_after") or {}
    for host in truth.overloaded(folder):
        held = after[host]
        over = {
            n for n, (total, used, ratio, _) in USAGE.items() if held[used] > held[total] * (held.get(ratio) or 1.0)
        }
        wanted.setdefault(host, set()).update(over)
    for host, names in wanted.items():
        bound = {
            n for b in of_moves(folder) if b.target.host == host and b.verdict == "overcommitted" for n in b.binding
        }
        assert bound == names or (host in truth.turned_away(folder) and bound >= names), host


@all_cases
def test_arrivals_stand_in_the_order_in_which_the_scheduler_chose(folder):
    """Times do not fall; at INFO the claims that were granted tell of winners late, who stand before whom placement refused."""
    for burst in of_moves(folder):
        listed = burst.arrivals
        if folder in info_folders():
            refused = [n for n, a in enumerate(listed) if (a.reason or "").startswith("placement refused")]
            winners = [n for n, a in enumerate(listed) if a.outcome == "admitted"]
            assert not refused or all(n < refused[0] for n in winners)
            listed = [a for n, a in enumerate(listed) if n in winners]
        times = [a.selected_us for a in listed if a.selected_us is not None]
        assert times == sorted(times)


@all_cases
def test_recall_and_precision_of_arrivals_over_all_kinds(folder):
    """Everyone who was let in or refused by a target is in its bursts with that word, and nobody else is."""
    hosts = {b.target.host for b in of_moves(folder)}
    for host in hosts:
        said = {
            word: {a.request_id for b in of_moves(folder) if b.target.host == host for a in b.arrivals
                   if a.outcome == word and a.action != "create"}
            for word in ("admitted", "victim")
        }  # fmt: skip
        assert said["admitted"] <= truth.granted(folder, host), host
        by_server = {a["server"]: rid for rid, a in truth.moves(folder).items()}
        victims = {by_server[s] for s in truth.refused(folder).get(host, ())} | truth.turned_away(folder).get(
            host, set()
        )
        assert said["victim"] == victims & set(truth.moves(folder)), host
