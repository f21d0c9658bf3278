"""The replay's machinery: as plain as can be on one side, many runs at once on the other, and the same comes out."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace as but

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_replay import PlainReplay

from novatrace.analysis.replay import choosing, head_set, top_set
from novatrace.analysis.replay import view as view_module
from novatrace.analysis.replay.board import Board
from novatrace.analysis.replay.chance import Chance, NoChanceError
from novatrace.analysis.replay.choosing import Chooser
from novatrace.analysis.replay.head_set import HeadSet
from novatrace.analysis.replay.interval import interval, share
from novatrace.analysis.replay.levels import levels_of
from novatrace.analysis.replay.own_lists import OwnLists
from novatrace.analysis.replay.player import Player, replay
from novatrace.analysis.replay.ranking import Ranking, ordered
from novatrace.analysis.replay.standing import Standing
from novatrace.analysis.replay.top_set import TopSet
from novatrace.analysis.replay.view import NOBODY, View
from novatrace.analysis.replay.weighing import weights
from novatrace.model.migration import HostNode, Resources
from novatrace.model.replay import Load, ReplayHost, ReplayVm, Rules, Scenario, Step, Variant, Weigher

NUMBERED = ("vcpus", "ram_mb", "disk_gb")
SETS_OF_WEIGHERS = (
    (Weigher("ram", 1.0),),
    (Weigher("ram", 1.0), Weigher("disk", 1.0), Weigher("io_ops", -1.0)),
    (Weigher("ram", -2.0), Weigher("num_instances", -1.0), Weigher("io_ops", -1.0)),
    (),
    (Weigher("io_ops", -1.0),),
    (Weigher("num_instances", 2.0),),
    (Weigher("disk", 0.5),),
)


def any_scenario(seed):
    """Hosts and VMs of every kind, and decisions, claims and views in any order."""
    rng = random.Random(seed)
    number, vms = rng.randint(1, 7), rng.randint(1, 12)
    hosts = tuple(
        ReplayHost(
            HostNode(f"h{i}"),
            Resources(rng.choice([0, 2, 4, 8, None]), rng.choice([1, 4, 8, 16]), rng.choice([None, 10, 50])),
            seen_ram_mb=rng.choice([1, 4, 8, 16]),
            seen_disk_mb=rng.choice([0, 10240, 51200]),
            io_ops=rng.choice([0, 0, 3]),
            instances=rng.choice([0, 1, 5]),
            other_slots=rng.choice([None, None, 1, 2]),
        )
        for i in range(number)
    )
    asked = tuple(
        ReplayVm(
            f"v{i}",
            Resources(rng.choice([1, 2]), rng.choice([1, 2, 3]), rng.choice([0, 10])),
            hosts=rng.choice([None, None, tuple(sorted(rng.sample(range(number), rng.randint(1, number))))]),
            refused_by=rng.choice([(), (), (), (rng.randrange(number),)]),
            scheduler=rng.choice([None, 0, 1]),
        )
        for i in range(vms)
    )
    guarded = rng.choice([NUMBERED, ("ram_mb",), ()])
    rules = Rules(
        rng.choice(SETS_OF_WEIGHERS),
        wave=rng.choice([None, None, 1, 2, 3]),
        shared_state=rng.choice([True, False]),
        schedulers=rng.choice([None, 1, 2]),
        placement=rng.choice([True, False]),
        enforced=rng.choice([True, False]),
        max_attempts=rng.choice([1, 2, 3]),
    )
    filtered = rng.choice([NUMBERED, ("ram_mb",), guarded])
    return Scenario("file", "x", hosts, asked, _steps(rng, vms), guarded, filtered, rules)


def _steps(rng, vms):
    events = []
    for vm in range(vms):
        events += zip(sorted(rng.random() for _ in range(3)), ("decide", "claim", "show"), [vm] * 3, strict=True)
    steps = []
    for _, what, vm in sorted(events):
        if steps and steps[-1].what == what:
            steps[-1] = Step(what, (*steps[-1].vms, vm))
        else:
            steps.append(Step(what, (vm,)))
    return tuple(steps)


@given(st.integers(0, 10**9))
@settings(max_examples=400, deadline=None)
def test_quick_and_plain_come_to_the_same(seed):
    """Alone and as one of three runs: the same hosts, refusals and overloads as weighing every host at every decision."""
    scenario = any_scenario(seed)
    plain = PlainReplay(scenario, scenario.rules)
    refused = [plain.refused[host] for host in range(len(scenario.hosts))]
    for runs in (1, 3):
        chance = Chance("x", 0 if runs == 1 else runs)
        outcome = Player(scenario, scenario.rules).play(chance)
        for run in range(runs):
            assert [None if h[run] < 0 else int(h[run]) for h in outcome.placed] == plain.placed
        assert outcome.refused.tolist() == [runs * number for number in refused]
        assert outcome.overloads == runs * plain.overloads


def thrice(scenario):
    """The same with three hosts of each kind, so that equal weights abound and some hosts are in no reserve."""
    return but(scenario, hosts=tuple(
        but(host, target=HostNode(f"{number}{host.target.host}")) for number in range(3) for host in scenario.hosts
    ))  # fmt: skip


@given(st.integers(0, 10**9), st.integers(1, 4), st.booleans(), st.sampled_from([1, 2, 96]), st.sampled_from([1, 8]))
@settings(max_examples=100, deadline=None)
def test_what_follows_changes_is_what_is_made_anew(seed, size, kept, reserve, share):
    """Other changes in every run: the scores are those of ``weights`` to the last bit, the set those at the top."""
    scenario, rng = thrice(any_scenario(seed)), random.Random(seed)
    rules = but(scenario.rules, kept_bounds=kept)
    board = Board(scenario)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(top_set, "_RESERVE", reserve)
        patched.setattr(view_module, "_SHARE", share)
        view = View(board, [w.name for w in rules.weighers])
        view.spread(4)
        followers = [(cls, Ranking(view, cls, rules), TopSet(size)) for cls in board.classes]
        for _ in range(6):
            for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
                hosts = np.array([rng.randint(-1, board.size - 1) for _ in range(4)])
                view.take(hosts, rng.choice(board.classes))
            for cls, ranking, top in followers:
                if rng.random() < 0.6:
                    scores = top.update(ranking)
                    for run in range(4):
                        if not kept:
                            assert_ranked(scenario, board, view, cls, run, scores[run])
                        inside = [int(h) for h in top.members()[run] if scores[run][h] > -np.inf]
                        assert sorted(inside) == sorted(ordered(scores[run])[:size])


@given(st.integers(0, 10**9), st.integers(1, 4), st.booleans(), st.sampled_from([1, 8]))
@settings(max_examples=150, deadline=None)
def test_heads_of_levels_are_the_best_hosts(seed, size, kept, share):
    """Other changes in every run: the hosts of the set are the first ones of Nova's order; None passes where fewer do."""
    scenario, rng = thrice(any_scenario(seed)), random.Random(seed)
    rules = but(scenario.rules, kept_bounds=kept)
    board = Board(scenario)
    levels = levels_of(board, rules)
    if levels is None:
        return
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(view_module, "_SHARE", share)
        view = View(board, [w.name for w in rules.weighers])
        standing = Standing(view, levels)
        followers = [(cls, Ranking(view, cls, rules), HeadSet(view, cls, standing, size)) for cls in board.classes]
        view.spread(4)
        waiting = list(board.of_vm)  # a view learns at most once that a VM is on a host
        for _ in range(6):
            for _ in range(min(len(waiting), rng.choice([0, 1, 1, 1, 2, 9]))):
                hosts = np.array([rng.randint(-1, board.size - 1) for _ in range(4)])
                view.take(hosts, board.classes[waiting.pop()])
            for _, ranking, heads in followers:
                if rng.random() < 0.6:
                    best = [ordered(row)[:size] for row in ranking.refresh()]
                    assert [sorted(int(h) for h in row if h >= 0) for row in heads.members()] == [*map(sorted, best)]


@pytest.mark.parametrize(
    ("weighers", "kept", "there"),
    [
        ((Weigher("ram", 1.0),), False, True), ((Weigher("io_ops", -1.0),), True, True), ((Weigher("ram", -1.0),), False, False),
        ((Weigher("num_instances", 1.0),), False, False), ((Weigher("ram", 1.0), Weigher("disk", 1.0)), True, False), ((), True, False),
    ],
)  # fmt: skip
def test_there_are_levels_only_where_one_weigher_falls_with_every_vm(weighers, kept, there):
    """With two of them, or where hosts grow heavier as they fill, an order made once would be wrong."""
    hosts = tuple(
        ReplayHost(HostNode(f"h{i}"), Resources(4, 9, 9), seen_ram_mb=9, seen_disk_mb=9216, io_ops=0, instances=1)
        for i in range(3)
    )
    scenario = Scenario(
        "file",
        "x",
        hosts,
        (ReplayVm("v", Resources(1, 1, 1)),),
        (),
        NUMBERED,
        NUMBERED,
        Rules(weighers, kept_bounds=kept),
    )
    assert (levels_of(Board(scenario), scenario.rules) is not None) == there


def assert_ranked(scenario, board, view, cls, run, row):
    """The row of scores is what Nova's formula gives for the hosts that pass."""
    room = [*board.filters, *board.others]
    passing = [h for h in cls.hosts if all(view.rows[i][run, h] >= cls.needs[i] for i in room)]
    assert np.flatnonzero(row > -np.inf).tolist() == passing
    if len(passing) > 1:
        raw = {name: [float(rows[run, h]) for h in passing] for name, rows in view.seen.items()}
        assert row[passing].tolist() == weights(scenario.rules.weighers, raw, len(passing))


@pytest.mark.parametrize("by_levels", [True, False])
@pytest.mark.parametrize(
    "rules",
    [Rules((Weigher("ram", 1.0),), subset_size=3), Rules((), subset_size=None), Rules((), by_slots=True),
     Rules((Weigher("ram", 1.0),), shuffle_ties=True)],
    ids=["subset", "all", "slots", "ties"],
)  # fmt: skip
def test_choices_that_differ_by_run_have_the_chances_that_they_should(rules, by_levels):
    """After other changes in every run each chooses by its own view; so do those who were refused before."""
    hosts = tuple(ReplayHost(HostNode(f"h{i}"), Resources(r, 9), seen_ram_mb=s) for i, (r, s) in enumerate(
        [(4, 8), (2, 8), (6, 8), (1, 2), (0, 9)]))  # fmt: skip
    scenario = Scenario("file", "x", hosts, (ReplayVm("v", Resources(1, 1)),) * 9, (), NUMBERED, NUMBERED, rules)
    board, runs = Board(scenario), 60_000
    view = View(board, ["ram"])
    view.spread(runs)
    taken = np.arange(runs) % 2  # run by run host 0 or host 1 gets a VM
    view.take(taken, board.classes[0])
    standing = Standing(view, levels_of(board, rules)) if by_levels and levels_of(board, rules) else None
    chooser, chance = Chooser(view, board.classes[0], but(rules, max_attempts=2), None, standing), Chance("seed", runs)
    wanted = {
        "subset": ({0: 1, 1: 1, 2: 1}, {0: 1, 1: 1, 2: 1}),
        "all": ({0: 1, 1: 1, 2: 1, 3: 1}, {0: 1, 1: 1, 2: 1, 3: 1}),
        "slots": ({0: 3, 1: 2, 2: 6, 3: 1}, {0: 4, 1: 1, 2: 6, 3: 1}),
        "ties": ({1: 1, 2: 1}, {0: 1, 2: 1}),
    }[_name(rules)]
    chosen = chooser.one(chance)
    for kind in (0, 1):
        assert_chances(chosen[taken == kind], wanted[kind])
    some = np.flatnonzero(taken == 0)
    again = chooser.one(chance, some, [np.full(len(some), 2)])
    left = {host: part for host, part in wanted[0].items() if host != 2}
    if _name(rules) == "subset":
        left = {0: 1, 1: 1, 3: 1}
    assert_chances(again, left)


@pytest.mark.parametrize(("kept", "by_levels"), [(1, False), (3, False), (48, False), (5, True), (48, True)])
def test_ties_are_shuffled_among_all_that_are_equal_however_few_are_kept(kept, by_levels, monkeypatch):
    """Twelve hosts of one weight of which one was tried, one worse, one better that is full; kept are fewer or more."""
    monkeypatch.setattr(choosing, "_TIES", kept)
    hosts = tuple(ReplayHost(HostNode(f"h{i}"), Resources(9, 9), seen_ram_mb=8) for i in range(12))
    hosts += tuple(
        ReplayHost(HostNode(n), Resources(c, 9), seen_ram_mb=s) for n, c, s in (("worse", 9, 7), ("full", 0, 9))
    )
    rules = Rules((Weigher("ram", 1.0),), shuffle_ties=True, max_attempts=2)
    scenario = Scenario("file", "x", hosts, (ReplayVm("v", Resources(1, 1)),) * 9, (), NUMBERED, NUMBERED, rules)
    board, runs = Board(scenario), 24_000
    view = View(board, ["ram"])
    view.spread(runs)
    view.take(np.arange(runs) % 3 - 1, board.classes[0])  # in a third nothing, in the others host 0 or host 1 is taken
    standing = Standing(view, levels_of(board, rules)) if by_levels and levels_of(board, rules) else None
    chooser, chance = Chooser(view, board.classes[0], rules, None, standing), Chance("seed", runs)
    chosen = chooser.one(chance)
    assert_chances(chosen[::3], dict.fromkeys(range(12), 1))
    assert_chances(chosen[1::3], dict.fromkeys(range(1, 12), 1))
    assert_chances(chosen[2::3], dict.fromkeys((0, *range(2, 12)), 1))
    again = chooser.one(chance, np.arange(0, runs, 3), [np.full(runs // 3, 5)])
    assert_chances(again, dict.fromkeys(set(range(12)) - {5}, 1))


def test_of_equal_hosts_at_the_end_of_a_shuffled_subset_only_the_first_are_in_it():
    """One best host, three equal ones behind it, a subset of two: the best and the first of the three, in every run by its own view."""
    hosts = tuple(ReplayHost(HostNode(f"h{i}"), Resources(9, 99), seen_ram_mb=s) for i, s in enumerate([8, 8, 9, 8]))
    rules = Rules((Weigher("ram", 1.0),), subset_size=2, shuffle_ties=True)
    scenario = Scenario("file", "x", hosts, (ReplayVm("v", Resources(1, 1)),) * 2, (), NUMBERED, NUMBERED, rules)
    board, runs = Board(scenario), 6_000
    view = View(board, ["ram"])
    view.spread(runs)
    taken = np.arange(runs) % 2 * 2 - 1  # in half of the runs the best host gets a VM, so that all weigh the same
    view.take(np.where(taken > 0, 2, NOBODY), board.classes[0])
    chosen = Chooser(view, board.classes[0], rules).one(Chance("seed", runs))
    assert_chances(chosen[taken < 0], {2: 1, 0: 1})
    assert_chances(chosen[taken > 0], {0: 1, 1: 1, 2: 1, 3: 1})


def test_a_weigher_that_keeps_its_greatest_value_weighs_by_it_when_it_is_gone():
    """Up to Ussuri: 9 was seen, the best has 6 now; so 6 weighs 6/9 and not 1."""
    hosts = tuple(ReplayHost(HostNode(f"h{i}"), Resources(9, 99), seen_ram_mb=s) for i, s in enumerate([9, 3]))
    for kept, wanted in ((True, [6 / 9, 3 / 9]), (False, [1.0, 0.5])):
        rules = Rules((Weigher("ram", 1.0),), kept_bounds=kept)
        scenario = Scenario("file", "x", hosts, (ReplayVm("v", Resources(1, 3)),), (), NUMBERED, NUMBERED, rules)
        board = Board(scenario)
        view = View(board, ["ram"])
        ranking = Ranking(view, board.classes[0], rules)
        ranking.refresh()
        view.take(np.array([0]), board.classes[0])
        assert ranking.refresh()[0].tolist() == wanted


def _name(rules):
    if rules.by_slots:
        return "slots"
    return "ties" if rules.shuffle_ties else "all" if rules.subset_size is None else "subset"


def assert_chances(chosen, parts):
    """Within five standard deviations of the expected numbers."""
    counts = {int(h): int(n) for h, n in zip(*np.unique(chosen, return_counts=True), strict=True)}
    assert counts.keys() == parts.keys()
    for host, part in parts.items():
        share = part / sum(parts.values())
        assert abs(counts[host] - len(chosen) * share) < 5 * (len(chosen) * share * (1 - share)) ** 0.5 + 1e-9


def test_unknown_room_is_weighed_as_enough_for_all():
    """One host of room for two and one of which nothing is known, four VMs: chances of 2 to 4, in every run by its own view."""
    hosts = (ReplayHost(HostNode("known"), Resources(2)), ReplayHost(HostNode("unknown"), Resources()))
    rules = Rules((), by_slots=True, shared_state=True, schedulers=1)
    vms = (ReplayVm("a", Resources(1, 5)), ReplayVm("b", Resources(1, 6)), *[ReplayVm("c", Resources(1, 5))] * 2)
    scenario = Scenario("file", "x", hosts, vms, (), NUMBERED, NUMBERED, rules)
    board, runs = Board(scenario), 20_000
    view = View(board, [])
    view.spread(runs)
    assert_chances(Chooser(view, board.classes[0], rules).one(Chance("seed", runs)), {0: 2, 1: 4})


def test_a_run_that_stands_for_all_is_only_one_that_leaves_nothing_to_chance():
    """With room for a choice there is no such run; where one host is left there is."""
    hosts = tuple(ReplayHost(HostNode(f"h{i}"), Resources(room)) for i, room in enumerate((3, 3)))
    vms = tuple(ReplayVm(f"v{i}", Resources(1)) for i in range(2))
    steps = tuple(Step(what, (0, 1)) for what in ("decide", "claim", "show"))
    scenario = Scenario("file", "x", hosts, vms, steps, NUMBERED, NUMBERED, Rules((), subset_size=None))
    assert Player(scenario, scenario.rules).alone() is None
    with pytest.raises(NoChanceError):
        Player(scenario, scenario.rules).play(Chance("", 0))
    one = but(scenario, vms=tuple(but(vm, hosts=(1,)) for vm in vms))
    assert Player(one, one.rules).alone() is not None


def spread_out(vms, hosts=60):
    """One size of VM, hosts of many sizes, a scheduler that keeps its own state."""
    rng = random.Random(4)
    row = tuple(
        ReplayHost(
            HostNode(f"h{i}"), Resources(rng.randint(20, 90), ram, 900), seen_ram_mb=ram, seen_disk_mb=1024 * rng.randint(500, 900),
            io_ops=0,
        )
        for i, ram in enumerate(rng.sample(range(200, 900), hosts))
    )  # fmt: skip
    rules = Rules(SETS_OF_WEIGHERS[1], subset_size=2, shared_state=True, schedulers=1, kept_bounds=True)
    asked = tuple(ReplayVm(f"v{i}", Resources(1, 1, 1)) for i in range(vms))
    steps = tuple(Step(what, tuple(range(vms))) for what in ("decide", "claim", "show"))
    return Scenario("file", "x", row, asked, steps, NUMBERED, NUMBERED, rules)


def test_the_work_grows_with_the_vms_and_not_with_vms_times_hosts(monkeypatch):
    """Counted, not timed: twice the VMs, twice the hosts that are weighed anew; far fewer than all at every decision."""
    made = []
    original = Ranking.__init__

    def noted(self, *args):
        original(self, *args)
        made.append(self)

    monkeypatch.setattr(Ranking, "__init__", noted)
    work = {}
    for vms in (100, 200, 400):
        made.clear()
        scenario = spread_out(vms)
        Player(scenario, scenario.rules).play(Chance("x", 4))
        work[vms] = sum(ranking.weighed for ranking in made) - 60 * len(made)
    assert work[200] / work[100] == pytest.approx(2, rel=0.15)
    assert work[400] / work[200] == pytest.approx(2, rel=0.15)
    assert work[400] < 400 * 4 * 60 / 5


@pytest.mark.parametrize("shape", ["retries", "schedulers"])
@pytest.mark.parametrize(("weighers", "kind"), [(SETS_OF_WEIGHERS[0], HeadSet), (SETS_OF_WEIGHERS[1][:2], TopSet)])
def test_hardly_a_choice_looks_at_all_hosts(shape, weighers, kind, monkeypatch):
    """Counted, not timed: with the VMs grow the looks at all hosts, and they are few beside the choices."""
    made = []
    original = kind.__init__

    def noted(self, *args):
        original(self, *args)
        made.append(self)

    monkeypatch.setattr(kind, "__init__", noted)
    monkeypatch.setattr(top_set, "_RESERVE", 30)
    rules = Rules(weighers, subset_size=2, max_attempts=3, kept_bounds=True)
    if shape == "schedulers":
        rules = but(rules, shared_state=True, schedulers=4, max_attempts=1)
    looks, runs = {}, 4
    for vms in (200, 400, 800):
        made.clear()
        scenario = spread_out(vms, hosts=120)
        groups = [tuple(range(at, at + 50)) for at in range(0, vms, 50)]
        steps = tuple(Step(what, group) for group in groups for what in ("decide", "claim", "show"))
        Player(but(scenario, steps=steps), rules).play(Chance("x", runs))
        looks[vms] = sum(top.made for top in made)
    assert made
    assert looks[400] < 2.6 * looks[200]
    assert looks[800] < 2.6 * looks[400]
    assert looks[800] < 800 * runs / 4


def test_what_cannot_differ_is_played_once(monkeypatch):
    """A thousand runs of a policy without chance are one."""
    played = []
    original = Player.play
    monkeypatch.setattr(Player, "play", lambda self, chance: played.append(chance.runs) or original(self, chance))
    scenario = spread_out(20)
    alone = but(scenario.rules, subset_size=1)
    found = replay(scenario, Variant("x", "x", {}, alone, "none"), runs=1000, seed=1)
    assert (played, found.runs, found.deterministic, found.low, found.high) == ([0], 1, True, found.mean, found.mean)


def test_no_error_in_all_runs_is_not_no_error_ever():
    """The exact interval of a share that was never seen, and of one that was always seen; widths shrink with the runs."""
    assert share(0, 1000) == (0.0, pytest.approx(1 - 0.025 ** (1 / 1000)))
    assert interval(Counter({0: 1000}), 10) == (0.0, pytest.approx(10 * (1 - 0.025 ** (1 / 1000))))
    low, high = interval(Counter({10: 1000}), 10)
    assert (low, high) == (pytest.approx(10 * 0.025 ** (1 / 1000)), 10)
    assert share(5, 100) == (pytest.approx(0.0164, abs=1e-4), pytest.approx(0.1128, abs=1e-4))  # as in any table of it
    assert interval(Counter({0: 1}), 10)[1] > interval(Counter({0: 10}), 10)[1] > interval(Counter({0: 99}), 10)[1] > 0


@pytest.mark.parametrize("chance", [0.001, 0.02, 0.3, 0.97])
def test_the_interval_holds_the_true_mean_in_nineteen_of_twenty(chance):
    """Many samples of 200 runs, with rare errors, with many, and with nearly nothing else."""
    rng = np.random.default_rng(3)
    held = 0
    for errors in rng.binomial(200, chance, size=400):
        low, high = interval(Counter({0: 200 - int(errors), 1: int(errors)}), 1)
        held += low <= chance <= high
    assert held / 400 > 0.92


def test_what_else_comes_takes_its_room_under_every_policy():
    """A boot between the first and the second decision: with it the host is full for one of the two VMs."""
    host = ReplayHost(HostNode("h"), Resources(2, 9, 9), seen_ram_mb=9)
    vms = tuple(ReplayVm(f"v{i}", Resources(1, 1, 1)) for i in range(2))
    what = (("decide", (0,)), ("claim", (0,)), ("show", (0,)), ("load", (0,)), ("decide", (1,)), ("claim", (1,)))
    steps = tuple(Step(kind, numbers) for kind, numbers in what)
    for size, lost in ((1, 1), (2, 2)):
        load = Load(0, Resources(size, 1, 1), "create")
        scenario = Scenario(
            "file", "x", (host,), vms, steps, NUMBERED, NUMBERED, Rules((Weigher("ram", 1.0),)), loads=(load,)
        )
        plain = but(scenario, loads=(), steps=tuple(step for step in steps if step.what != "load"))
        assert replay(plain, Variant("x", "x", {}, plain.rules, "none"), runs=1, seed=1).mean == 0
        assert replay(scenario, Variant("x", "x", {}, scenario.rules, "none"), runs=1, seed=1).mean == 1
        waves = but(scenario.rules, wave=1)
        assert replay(scenario, Variant("x", "x", {}, waves, "none"), runs=1, seed=1).mean == lost


def grouped(scenario, size=50):
    """The same with so many that decide on one view."""
    vms = len(scenario.vms)
    groups = [tuple(range(at, min(at + size, vms))) for at in range(0, vms, size)]
    return but(scenario, steps=tuple(Step(what, group) for group in groups for what in ("decide", "claim", "show")))


@pytest.mark.parametrize("placement", [False, True])
def test_rows_that_are_looked_through_grow_with_the_vms(placement, monkeypatch):
    """Counted, not timed: hardly more than a row for each VM in each run."""
    looked, walks = [], []
    following = head_set.after
    monkeypatch.setattr(
        head_set, "after", lambda places, runs, upto: looked.append(len(runs)) or following(places, runs, upto)
    )
    original = OwnLists.__init__

    def noted(self, *args):
        original(self, *args)
        walks.append(self)

    monkeypatch.setattr(OwnLists, "__init__", noted)
    rules = Rules((Weigher("ram", 1.0),), subset_size=2, max_attempts=3, placement=placement)
    work, runs = {}, 40
    for vms in (200, 400, 800):
        looked.clear()
        walks.clear()
        Player(grouped(spread_out(vms, hosts=120)), rules).play(Chance("x", runs))
        work[vms] = sum(walk.looked for walk in walks) if placement else sum(looked)
    share = 0.05 if placement else 1.2
    assert all(0 < rows < share * vms * runs for vms, rows in work.items())
