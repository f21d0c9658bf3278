"""What happens to the evidence on its way: parts get lost, files are packed, split, renamed, mixed.

Losing evidence may only weaken statements, never turn one around; how the same lines are stored changes nothing.
"""

from __future__ import annotations

import gzip
import random
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest
import test_truth as truth
from cases import FIXTURES, analysed, info_folders

from novatrace import pipeline
from novatrace.model.case import Case

SHIPPED = [*sorted((FIXTURES / "real-nova").iterdir()), *info_folders()]
shipped = pytest.mark.parametrize("folder", SHIPPED, ids=lambda p: p.name)


def read(*paths: Path) -> Case:
    """The analysed case of some paths."""
    return pipeline.analyse(pipeline.RunOptions(tuple(map(str, paths))))


@cache
def logs(folder: Path) -> tuple[Path, ...]:
    """The log files of a case."""
    return tuple(sorted(folder.glob("*/*.log")))


def falsehoods(folder: Path, case: Case) -> list:
    """Everything stated that Nova's database denies."""
    wrong = []
    wanted = truth.moves(folder)
    for move in case.migrations:
        action = wanted.get(move.request_id)
        if action is None:
            continue
        ended = "failed" if truth.failed(action) else "succeeded"
        if move.outcome not in ("unknown", ended):
            wrong.append((move.request_id, move.outcome, move.outcome_basis))
        if any(a.selected.host not in truth.tried(action) for a in move.attempts if a.selected):
            wrong.append((move.request_id, "target"))
        if move.instance_uuid not in (None, action["server"]):
            wrong.append((move.request_id, "VM"))
        if move.source is not None and move.source.host != action["source_host"]:
            wrong.append((move.request_id, "source"))
    bad = set(truth.refused(folder)) | set(truth.turned_away(folder)) | truth.overloaded(folder)
    return wrong + [b.target.host for b in case.bursts if b.verdict == "overcommitted" and b.target.host not in bad]


def summary(case: Case) -> list:
    """What a case says, free of where it says it from."""
    moves = [
        (
            (m.instance_uuid, m.request_id, m.action, m.outcome, m.stage, m.instance_state, m.source),
            [(a.selected, a.outcome, len(a.schedule.filters) if a.schedule else None) for a in m.attempts],
        )
        for m in case.migrations
    ]
    bursts = [
        (
            b.target,
            b.verdict,
            b.basis,
            b.binding,
            b.slots,
            b.cause,
            tuple((a.request_id, a.outcome) for a in b.arrivals),
        )
        for b in case.bursts
    ]
    return [moves, bursts]


def stronger(whole: Case, less: Case) -> list:
    """What less evidence says that the whole evidence does not say, or says otherwise, or says with less certainty."""
    ends = {m.request_id: m.outcome for m in whole.migrations}
    found: list = [
        (m.request_id, m.outcome) for m in less.migrations if m.outcome not in ("unknown", ends.get(m.request_id))
    ]
    rank = {None: 0, "inferred": 0, "computed": 1, "proven": 2}
    told = {
        (a.request_id, a.instance_uuid, b.target.host, a.outcome): rank[a.outcome_basis]
        for b in whole.bursts
        for a in b.arrivals
    }
    over, bound = {}, {}
    for burst in (b for b in whole.bursts if b.verdict == "overcommitted"):
        over[burst.target.host] = max(over.get(burst.target.host, 0), rank[burst.basis])
        bound.setdefault(burst.target.host, set()).update(burst.binding)
    for burst in less.bursts:
        host = burst.target.host
        for a in burst.arrivals:
            key = (a.request_id, a.instance_uuid, host, a.outcome)
            if a.outcome != "unknown" and rank[a.outcome_basis] > told.get(key, -1):
                found.append((key, a.outcome_basis))
        if burst.verdict == "overcommitted" and rank[burst.basis] > over.get(host, -1):
            found.append((host, burst.verdict, burst.basis))
        if burst.verdict == "overcommitted" and not set(burst.binding) <= bound.get(host, set()):
            found.append((host, burst.binding))
    return found


def losing_one_at_a_time(folder: Path, by: str) -> None:
    """Without any one kind of log, or any one node: nothing false, and nothing that the whole evidence does not say."""
    names = sorted({(p.name if by == "service" else p.parent.name) for p in logs(folder)})
    for name in names:
        kept = [p for p in logs(folder) if (p.name if by == "service" else p.parent.name) != name]
        if kept:
            case = read(*kept)
            assert falsehoods(folder, case) == [], name
            assert stronger(analysed(folder), case) == [], name


@shipped
@pytest.mark.parametrize("by", ["service", "node"])
def test_losing_a_service_or_a_node_only_weakens(folder, by):
    """Proven becomes computed, contended or unknown; nothing is turned round, and nothing false is stated."""
    losing_one_at_a_time(folder, by)


@pytest.mark.slow
@pytest.mark.parametrize("by", ["service", "node"])
@pytest.mark.parametrize("folder", [f for f in truth.FOLDERS if f not in SHIPPED], ids=lambda p: p.name)
def test_losing_a_service_or_a_node_only_weakens_in_the_other_cases(folder, by):
    """The same over the cases that lie beside the repository."""
    losing_one_at_a_time(folder, by)


@shipped
def test_at_info_nothing_is_false_and_refusals_are_still_proven(folder):
    """Without DEBUG lines successes may be unknown; what was refused is still proven."""
    case = _rewritten(
        folder, lambda data: b"".join(line for line in data.splitlines(keepends=True) if b" DEBUG " not in line)
    )
    assert falsehoods(folder, case) == []
    refused = set(truth.refused(folder)) | set(truth.turned_away(folder))
    assert refused <= {b.target.host for b in case.bursts if b.verdict == "overcommitted" and b.basis == "proven"}


@pytest.mark.slow
@shipped
@pytest.mark.parametrize("share", [0.4, 0.75, 0.93])
def test_cutting_one_file_makes_nothing_false(folder, share, tmp_path):
    """A file that ends early is a log that was rotated or copied too soon."""
    for cut in logs(folder):
        shutil.rmtree(tmp_path / "case", ignore_errors=True)
        for path in logs(folder):
            target = tmp_path / "case" / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            lines = path.read_bytes().split(b"\n")
            target.write_bytes(b"\n".join(lines[: int(len(lines) * share)] if path == cut else lines))
        assert falsehoods(folder, read(tmp_path / "case")) == [], (cut.parent.name, cut.name)


def _rewritten(folder: Path, change, name=lambda path: f"{path.parent.name}/{path.name}") -> Case:
    """The case after every file was changed and put under a name of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        for path in logs(folder):
            target = Path(scratch) / "case" / name(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(change(path.read_bytes()))
        return read(Path(scratch) / "case")


@shipped
def test_packing_changes_nothing(folder):
    """Compressed files give the case of the plain ones."""
    packed = _rewritten(folder, gzip.compress, lambda p: f"{p.parent.name}/{p.name}.gz")
    assert summary(packed) == summary(analysed(folder))


@shipped
def test_names_of_nodes_in_file_names_change_nothing(folder):
    """Flat files with the node in their name are as good as folders."""
    flat = _rewritten(folder, bytes, lambda p: f"{p.parent.name}-{p.name}")
    assert summary(flat) == summary(analysed(folder))


@shipped
def test_the_order_of_paths_changes_nothing(folder):
    """Files may be given in any order."""
    paths = list(logs(folder))
    random.Random(7).shuffle(paths)
    assert summary(read(*paths)) == summary(analysed(folder))


@shipped
def test_rotation_changes_nothing(folder, tmp_path):
    """A log that was rotated in its middle is one log."""
    for path in logs(folder):
        target = tmp_path / path.parent.name
        target.mkdir(exist_ok=True)
        lines = path.read_bytes().splitlines(keepends=True)
        half = len(lines) // 2
        (target / f"{path.name}.1").write_bytes(b"".join(lines[:half]))
        (target / path.name).write_bytes(b"".join(lines[half:]))
    assert summary(read(tmp_path)) == summary(analysed(folder))


@shipped
def test_folders_of_compute_nodes_may_have_any_name(folder):
    """A compute host names itself in its log; what its folder is called changes no target and no verdict."""
    renamed = _rewritten(folder, bytes, lambda p: f"box-{sum(map(ord, p.parent.name))}/{p.name}")
    assert summary(renamed) == summary(analysed(folder))


@shipped
def test_pasted_into_one_stream_nothing_is_false(folder, tmp_path):
    """All nodes' lines in one file without names: the processes inside still tell hosts apart, and all moves are there."""
    pasted = tmp_path / "paste.txt"
    pasted.write_bytes(b"".join(path.read_bytes() for path in logs(folder)))
    case = read(pasted)
    assert falsehoods(folder, case) == []
    assert {m.request_id for m in case.migrations} == {m.request_id for m in analysed(folder).migrations}
    refused = set(truth.refused(folder)) | set(truth.turned_away(folder))
    assert refused <= {b.target.host for b in case.bursts if b.verdict == "overcommitted"}


def arrivals_denied(folder: Path, case: Case) -> list:
    """Arrivals that are said to be let in or refused where Nova's own records say otherwise."""
    by_server = {action["server"]: rid for rid, action in truth.moves(folder).items()}
    wrong = []
    for burst in case.bursts:
        host = burst.target.host
        refused = {by_server[s] for s in truth.refused(folder).get(host, ())} | truth.turned_away(folder).get(
            host, set()
        )
        right = {"victim": refused, "admitted": truth.granted(folder, host)}
        wrong += [
            (host, a.request_id, a.outcome, a.outcome_basis)
            for a in burst.arrivals
            if a.outcome in right and a.request_id in truth.moves(folder) and a.request_id not in right[a.outcome]
        ]
    return wrong


def without(folder: Path, scratch: Path, *services: str, until: float = 1.0) -> Case:
    """The case of a folder without some services' logs, each log cut off after a share of its bytes."""
    for path in logs(folder):
        if not any(service in path.name for service in services):
            target = scratch / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            data = path.read_bytes()
            target.write_bytes(data[: int(len(data) * until)].rpartition(b"\n")[0] + b"\n")
    return read(scratch)


def test_without_conductor_and_target_nobody_is_said_to_have_been_let_in(tmp_path):
    """An alternate may have taken the VM instead of the host that the scheduler chose."""
    folder = FIXTURES / "real-nova" / "d4-reschedule"
    case = without(folder, tmp_path, "nova-conductor", "nova-compute")
    assert falsehoods(folder, case) == arrivals_denied(folder, case) == []


def test_allocations_swapped_back_by_a_refusing_target_are_no_revert(tmp_path):
    """Logs that end in the middle of the race: a refused move is not taken for one that succeeded and was reverted."""
    folder = FIXTURES / "real-nova" / "b4-race-hugepages-1sched"
    case = without(folder, tmp_path, until=0.5)
    assert falsehoods(folder, case) == arrivals_denied(folder, case) == []


@pytest.mark.slow
@shipped
@pytest.mark.parametrize("until", [0.5, 0.7, 1.0])
def test_pairs_of_services_lost_and_logs_cut_off_turn_nothing_around(folder, until, tmp_path):
    """Every pair of services, whole and cut off: nothing is stated that the truth denies."""
    services = ("nova-api", "nova-conductor", "nova-scheduler", "nova-compute", "placement-api")
    for first in services:
        for second in services:
            if first <= second:
                case = without(folder, tmp_path / f"{first}-{second}", first, second, until=until)
                assert falsehoods(folder, case) == arrivals_denied(folder, case) == [], (first, second)
