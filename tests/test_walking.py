"""The list that placement is walked down: whom it comes to and who refuses before, as often as Nova's own steps would have it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace as but

import numpy as np
import pytest
from nova_orders import EQUAL, orders, selections, within

from novatrace.analysis.replay import walking
from novatrace.analysis.replay.board import Board
from novatrace.analysis.replay.chance import Chance
from novatrace.analysis.replay.claiming import Arbiter
from novatrace.analysis.replay.player import Player
from novatrace.analysis.replay.view import View
from novatrace.analysis.replay.walking import Shuffle, Weighed
from novatrace.model.migration import HostNode, Resources
from novatrace.model.replay import Load, ReplayHost, ReplayVm, Rules, Scenario, Step, Weigher

NUMBERED = ("vcpus", "ram_mb", "disk_gb")
RUNS = 6_000


def scenario_of(rules, vms, room=9):
    """Four hosts of equal best weight, and two below."""
    hosts = tuple(
        ReplayHost(HostNode(f"h{i}"), Resources(room, 900), seen_ram_mb=8 if i in EQUAL else 2 + i) for i in range(6)
    )
    steps = tuple(Step(what, tuple(range(len(vms)))) for what in ("decide", "claim", "show"))
    return Scenario("file", "x", hosts, vms, steps, NUMBERED, NUMBERED, rules)


@pytest.fixture
def asked(monkeypatch):
    """Gives the hosts that were asked to take the VM, in each run."""
    seen = []
    original = Arbiter._answer

    def noted(self, vm, runs, hosts, granted, outcome):
        seen.append((runs.tolist(), hosts.tolist()))
        return original(self, vm, runs, hosts, granted, outcome)

    def lists():
        by_run = {run: [] for run in range(RUNS)}
        for runs, hosts in seen:
            for run, host in zip(runs, hosts, strict=True):
                by_run[run].append(host)
        return map(tuple, by_run.values())

    monkeypatch.setattr(Arbiter, "_answer", noted)
    return lists


@pytest.mark.parametrize("size", [1, 2, 4, 5, 6, 9])
def test_what_follows_a_choice_is_in_the_order_of_nova(asked, size):
    """A VM that every host refuses goes down the whole list: each list as often as it should come."""
    rules = Rules((Weigher("ram", 1.0),), subset_size=size, shuffle_ties=True, placement=True, max_attempts=6)
    Player(scenario_of(rules, (ReplayVm("v", Resources(1, 1), refused_by=tuple(range(6))),)), rules).play(
        Chance("x", RUNS)
    )
    within(Counter(asked()), RUNS, orders(size))


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("full", [(0,), (2, 5), (0, 2, 3), (0, 2, 3, 5), (4,), (0, 4)])
def test_alternates_begin_at_the_top_of_the_same_list(asked, size, full):
    """Where some have no room any more when the scheduler claims: whom it selects, and whom the conductor tries then."""
    rules = Rules((Weigher("ram", 1.0),), subset_size=size, shuffle_ties=True, placement=True, max_attempts=3)
    scenario = scenario_of(rules, (ReplayVm("v", Resources(1, 1), refused_by=tuple(range(6))),), room=1)
    loads = tuple(Load(host, Resources(1, 1), "create") for host in full)
    steps = (scenario.steps[0], Step("load", tuple(range(len(full)))), *scenario.steps[1:])
    Player(but(scenario, loads=loads, steps=steps), rules).play(Chance("x", RUNS))
    within(Counter(asked()), RUNS, selections(size, full, 3))


@pytest.mark.parametrize(
    "full", [(0,), (0, 3), (0, 2, 5), (0, 2, 3, 5), (0, 2, 3, 5, 4), (4, 3), (4, 0, 2, 3, 5), range(6)]
)
@pytest.mark.parametrize("kind", ["listed", "thrown", "thrown twice", "rows", "followed"])
def test_the_first_with_room_and_the_refusals_before_it_are_those_of_every_order(full, kind, monkeypatch):
    """The chosen host, the first of ``full``, has no room: by every order of the others the chance of each end is known."""
    monkeypatch.setattr(walking, "_WIDE", 1 if "thrown" in kind else 16)
    monkeypatch.setattr(walking, "_TRIES", 2 if kind == "thrown twice" else 8)
    rules = Rules((Weigher("ram", 1.0),), shuffle_ties=True, placement=True)
    board = Board(scenario_of(rules, (ReplayVm("v", Resources(1, 1)),), room=1))
    truth = View(board, ["ram"])
    scores = truth.seen["ram"].copy()
    truth.spread(RUNS)
    for host in full:
        truth.take(np.full(RUNS, host), board.classes[0])
    weighed = Weighed(
        np.repeat(scores, RUNS, axis=0) if kind == "rows" else scores, board.classes[0], board, RUNS, shuffled=True
    )
    asked = Asked()
    shuffle = Shuffle(weighed, Chance("x", RUNS), followed=kind == "followed")
    found = weighed.first_with_room(truth, np.arange(RUNS), np.full(RUNS, full[0]), asked, shuffle)
    weighed.ledger.told(asked.refused)
    ends, refused = Counter(), Counter()
    for order, chance in orders(1).items():
        walk = [full[0], *(h for h in order if h != full[0])]
        end = next((h for h in walk if h not in full), -1)
        ends[end] += chance
        refused.update(dict.fromkeys(walk[: walk.index(end) if end >= 0 else 6], chance))
    within(Counter(found.tolist()), RUNS, ends)
    within({h: int(n) for h, n in enumerate(asked.refused) if n}, RUNS, refused)


class Asked:
    """Counts refusals."""

    def __init__(self):
        self.refused = np.zeros(6, dtype=np.int64)

    def refuse(self, hosts):
        self.refused += np.bincount(hosts, minlength=6)


def test_a_shuffled_walk_draws_no_further_than_it_has_to():
    """Counted, not timed: with forty equal hosts of which few are full, hardly more than a draw for each run that asks."""
    rules = Rules((Weigher("ram", 1.0),), shuffle_ties=True, placement=True)
    hosts = tuple(ReplayHost(HostNode(f"h{i}"), Resources(2, 900), seen_ram_mb=8) for i in range(40))
    vms = (ReplayVm("v", Resources(1, 1)),) * 20
    steps = tuple(Step(what, tuple(range(20))) for what in ("decide", "claim", "show"))
    scenario = Scenario("file", "x", hosts, vms, steps, NUMBERED, NUMBERED, rules)

    class Counting(Chance):
        drawn = 0

        def draws(self, number):
            self.drawn += number
            return super().draws(number)

    chance = Counting("x", 500)
    Player(scenario, rules).play(chance)
    assert 20 * 500 < chance.drawn < 22 * 500
