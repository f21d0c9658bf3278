"""The backtest: the model makes the choices that Nova made and ends with as many failures; without that, no advice."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace as but

import pytest
from cases import FIXTURES, INCIDENT, analysed, case_folders

from novatrace.analysis.replay import batch as batches
from novatrace.analysis.replay import scenario as scenarios
from novatrace.analysis.replay.rules import Decision, made, subset_of, weighers_of
from novatrace.analysis.replay.study import study
from novatrace.analysis.replay.weighing import weights
from novatrace.errors import NothingToAnalyseError
from novatrace.model.replay import Weigher
from novatrace.pipeline.replay import replayed

KINDS = sorted(p.parent for p in (FIXTURES / "kinds").glob("*/truth.json"))
FOLDERS = [*case_folders(), *KINDS]
MOVES = {"migrate", "resize", "os-migrateLive", "evacuate", "unshelve"}
all_cases = pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: f"{p.parent.parent.name}/{p.name}")


def truth(folder):
    """What Nova's database said."""
    return json.loads((folder / "truth.json").read_text())


def replay_of(case, runs=20):
    """The replay of a case's batch."""
    return replayed(case, runs=runs, seed=1)


def with_choices(folder):
    """The replay of a case that a backtest can be made of; None where no line tells candidates (INFO) or what VMs ask for."""
    case = analysed(folder)
    sized = any(a.demand.known for m in moves_of(case) for a in m.attempts)
    logged = any(a.schedule is not None and a.schedule.candidates for m in moves_of(case) for a in m.attempts)
    try:
        found = replay_of(case)
    except NothingToAnalyseError:
        assert not (logged and sized)
        return None
    assert logged or (found.backtest.good, found.advice) == (None, None)
    return found if logged else None


def moves_of(case):
    """All but boots."""
    return [m for m in case.migrations if m.action != "create"]


@all_cases
def test_every_choice_and_the_number_of_failures_are_reproduced(folder):
    """100 % on every case that Nova itself wrote, and no claim of a test where the logs hold no choices."""
    found = with_choices(folder)
    if found is None:
        return
    assert found.backtest.good is True, found.backtest.because
    assert found.backtest.reproduced == found.backtest.decisions > 0
    assert found.backtest.failures == found.backtest.failures_observed


# What Nova itself wrote: choices logged, those between several hosts, those that the model makes too, failures observed.
SHIPPED = {
    "a-single-migrate": (1, 1, 1, 0),
    "anti-affinity-race": (2, 0, 2, 1),
    "b1-race-placement-room1": (8, 0, 8, 7),
    "b4-race-hugepages-1sched": (8, 0, 8, 7),
    "custom-class-race": (6, 0, 6, 4),
    "d4-reschedule": (3, 3, 3, 1),
    "o15-b1-race-room1": (3, 0, 3, 7),
    "o15-b4-race-forced-boot": (4, 0, 4, 4),
}


def test_the_table_of_the_backtest_is_as_it_was_looked_at():
    """Every shipped case of Nova's own, at a glance; one more or one less choice is a change to look at."""
    found = {}
    for folder in FOLDERS:
        if folder.parent == FIXTURES / "real-nova":
            replay = with_choices(folder)
            if replay is None:
                continue
            tested = replay.backtest
            found[folder.name] = (tested.decisions, tested.with_choice, tested.reproduced, tested.failures_observed)
    assert found == SHIPPED


@all_cases
def test_the_failures_are_those_of_the_database(folder):
    """Counted from the truth alone; a move that failed on a target that had let it in is no failure of scheduling."""
    found = with_choices(folder)
    if found is None:
        return
    requests = {m.request_id for m in batches.select(analysed(folder).migrations).moves}
    moves = [a for a in truth(folder)["actions"] if a["action"] in MOVES and a["request_id"] in requests]
    assert len(moves) == len(found.scenario.vms)
    lost = [
        a
        for a in moves
        if any(r.get("message") for r in a["results"] if r["server"] == a["server"]) or a["http_status"] >= 400
    ]
    assert found.backtest.failures == len(lost)


@all_cases
def test_the_replay_as_observed_fills_the_targets_as_the_database_says(folder):
    """The whole batch, replayed under the observed rules, ends on the hosts on which Nova's database has it."""
    found = with_choices(folder)
    if found is None:
        return
    moves = batches.select(analysed(folder).migrations).moves
    requests = {m.request_id for m in moves if m.outcome == "succeeded"}
    wanted = Counter(
        a["target_host"] for a in truth(folder)["actions"] if a["request_id"] in requests and a.get("target_host")
    )
    placed = {found.scenario.hosts[load.host].target.host: load.placed_most for load in found.results[0].loads}
    assert {host: number for host, number in placed.items() if number} == dict(wanted)


def test_what_failed_on_its_target_held_its_room_there_meanwhile():
    """Two live migrations that placement let in failed the target's check: not in the batch, and in nobody else's room."""
    found = replay_of(analysed(FIXTURES / "kinds" / "live-checks"))
    assert any("failed on a target that had let them in" in told for told in found.scenario.set_aside)
    assert {load.what for load in found.scenario.loads} == {"live-migrate"}
    without = but(found.scenario, loads=(), steps=tuple(s for s in found.scenario.steps if s.what != "load"))
    assert study(without, (), runs=20, seed=1).backtest.failures < found.backtest.failures


def test_where_boots_took_all_room_the_moves_find_none():
    """No pass of the moves names a host: those that boots went to are taken, with what the boots left, and it is said."""
    case = analysed(FIXTURES / "real-nova" / "b1-race-placement-room1")
    boot = next(m for m in case.migrations if m.action != "create" and m.outcome == "succeeded")
    kept, last = [], boot.attempts[-1].selected_us
    for move in case.migrations:
        if move.action == "create" or move is boot:
            kept.append(but(move, action="create", attempts=tuple(but(a, outcome="succeeded") for a in move.attempts)))
        else:
            empty = but(move.attempts[0].schedule, candidates=(), selected=None, placement_claims=(), outcome="placement-empty",
                        started_us=last - 1, ended_us=last + 1)  # fmt: skip
            attempt = but(
                move.attempts[0],
                schedule=empty,
                selected=None,
                selected_us=None,
                outcome="no-valid-host",
                ended_us=last + 1,
            )
            kept.append(but(move, outcome="failed", attempts=(attempt,)))
    found = replayed(but(case, migrations=tuple(kept), bursts=()), runs=20, seed=1)
    target = boot.attempts[-1].selected.host
    assert [host.target.host for host in found.scenario.hosts] == [target]
    assert any("others were sent to meanwhile" in told.text for told in found.scenario.known)
    assert found.backtest.failures == found.backtest.failures_observed == 7
    assert found.backtest.good is None


def test_there_are_cases_to_test_the_model_against():
    """The shipped cases hold choices between hosts, and both arbiters."""
    found = [replay for folder in FOLDERS if (replay := with_choices(folder)) is not None]
    assert any(replay.backtest.with_choice for replay in found)
    assert {replay.scenario.rules.placement for replay in found} == {True, False}


def test_the_weighers_are_found_from_the_logged_weights():
    """RAM × 10 on Ocata, as that cloud was configured."""
    folder = next((f for f in FOLDERS if f.name == "o15-c1-herd-overcommit-subset1"), None)
    if folder is None:
        pytest.skip("the case with RAM x 10 is not shipped")
    assert truth(folder)["config"]["filter_scheduler.ram_weight_multiplier"] == 10.0
    rules = replay_of(analysed(folder)).scenario.rules
    assert rules.weighers == (Weigher("ram", 10.0), Weigher("disk", 1.0), Weigher("io_ops", -1.0))


def decision(ram, selected, *, refused=(), logged=True):
    """A pass over hosts of which only the RAM differs."""
    raw = {"ram": [float(r) for r in ram], "disk": [100.0] * len(ram), "io_ops": [0.0] * len(ram)}
    scores = weights((Weigher("ram", 3.0), Weigher("disk", 1.0)), raw, len(ram))
    raw["logged"] = scores if logged else [float(-i) for i in range(len(ram))]
    return Decision(raw, tuple(scores) if logged else None, selected, frozenset(refused), 0)


def test_a_multiplier_is_found_and_the_rest_stays_at_the_default():
    """Weights of 3 × RAM + 1 × disk are explained by just that."""
    found, _, basis = weighers_of([decision([9, 5, 1], 0), decision([4, 8, 2], 1)], placement=False)
    assert basis == "computed"
    assert found == (Weigher("ram", 3.0), Weigher("disk", 1.0), Weigher("io_ops", -1.0))


def test_a_random_choice_must_lie_in_the_set():
    """The third best was once chosen: the subset has at least three, and no choice outside it counts as reproduced."""
    passes = [decision([9, 5, 1], 2), decision([9, 5, 1], 0)]
    assert subset_of(passes) == 3
    ram = (Weigher("ram", 1.0),)
    assert all(made(p, ram, 3) for p in passes)
    assert [made(p, ram, 1) for p in passes] == [False, True]
    assert [made(p, ram, 2) for p in passes] == [False, True]


def test_hosts_that_placement_refused_are_passed_over():
    """The second best is the right choice when the best was refused; the third is not."""
    ram = (Weigher("ram", 1.0),)
    assert made(decision([9, 5, 1], 1, refused=[0]), ram, 1)
    assert not made(decision([9, 5, 1], 2, refused=[0]), ram, 1)
    assert subset_of([decision([9, 5, 1], 1, refused=[0])]) == 1


def test_weights_that_no_weigher_explains_are_taken_as_they_are():
    """A site's own weigher: the logged order stands, and it is said."""
    odd = but(
        decision([9, 5, 1], 2), logged=(0.1, 7.0, 9.0), raw={**decision([9, 5, 1], 2).raw, "logged": [0.1, 7.0, 9.0]}
    )
    found, text, basis = weighers_of([odd, but(odd, selected=2)], placement=False)
    assert (found, basis) == ((Weigher("logged", 1.0),), "observed") or made(odd, found, 1)
    assert text


def test_no_advice_without_a_good_backtest():
    """One more failure than the model can explain, or one choice that it would not make, and nothing is recommended."""
    case = analysed(FIXTURES / "real-nova" / "b1-race-placement-room1")
    assert replay_of(case).advice is not None
    lost = tuple(but(m, outcome="failed") if m.action != "create" else m for m in case.migrations)
    found = replay_of(but(case, migrations=lost))
    assert (found.backtest.good, found.advice, found.advised) == (False, None, None)
    assert "8 were observed" in found.no_advice_because
    batch = batches.select(case.migrations)
    decisions = scenarios.decisions_of(case, batch)
    wrong = [but(decision([9, 5, 1], 2), selected=2), *decisions]
    found = study(scenarios.scenario_of(case, batch, decisions), wrong, runs=1, seed=1)
    assert (found.backtest.good, found.backtest.reproduced, found.advice) == (False, len(wrong) - 1, None)


def test_the_incident_is_replayed_without_a_claim_that_it_was_tested():
    """Eight VMs known by their end, two requests without a VM: not ten VMs, and no backtest. With the inventory one fits."""
    found = replay_of(analysed(INCIDENT, inventory=INCIDENT / "inventory.toml"))
    assert len(found.scenario.vms) == 8
    assert (found.backtest.good, found.advice) == (None, None)
    assert found.results[0].mean == 7
    assert found.notes == ("The hosts that these VMs may go to have room for 1 of 8.",)


def test_vms_of_unknown_size_are_not_let_in_everywhere():
    """Eight failed; without their size every policy would end with no error, so no policy is shown."""
    with pytest.raises(NothingToAnalyseError, match="the size of the VMs"):
        replay_of(analysed(INCIDENT))


def test_logs_at_info_are_not_enough_for_a_replay():
    """No candidates, no room: what is said is which log would tell."""
    with pytest.raises(NothingToAnalyseError, match="nova-scheduler's log at DEBUG"):
        replay_of(analysed(FIXTURES / "findings" / "debug-off" / "raises-info-only"))


def test_a_case_without_moves_cannot_be_replayed():
    """It says what to do."""
    case = analysed(FIXTURES / "real-nova" / "b1-race-placement-room1")
    boots = tuple(m for m in case.migrations if m.action == "create")
    with pytest.raises(NothingToAnalyseError, match="no move"):
        replay_of(but(case, migrations=boots))
