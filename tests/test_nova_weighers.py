"""Nova's own weighers as the oracle: the same hosts and multipliers in, the same weights and order out.

The wheels come from the package index; a machine that cannot reach it skips these tests and says so.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from nova_orders import EQUAL, selections, within
from nova_source import wheel

from novatrace.analysis.replay.board import Board
from novatrace.analysis.replay.choosing import Chooser
from novatrace.analysis.replay.ranking import Ranking, ordered
from novatrace.analysis.replay.view import View
from novatrace.analysis.replay.weighing import weights
from novatrace.model.migration import HostNode, Resources
from novatrace.model.replay import ReplayHost, ReplayVm, Rules, Scenario, Weigher

pytestmark = pytest.mark.slow
RELEASES = {
    "15.1.5": ("ram", "disk", "io_ops"),
    "18.3.0": ("ram", "cpu", "disk", "io_ops"),
    "22.4.0": ("ram", "cpu", "disk", "io_ops"),
    "27.5.1": ("ram", "cpu", "disk", "io_ops"),
    "31.3.1": ("ram", "cpu", "disk", "io_ops", "num_instances"),
}
KEEP_BOUNDS = {"15.1.5": True, "18.3.0": True, "21.2.4": True, "22.4.0": False, "31.3.1": False}
HELPER = Path(__file__).with_name("nova_weighing.py")


def wheel_of(release):
    """The wheel of a release; kept from one run to the next."""
    found = wheel("nova", release)
    if isinstance(found, str):
        pytest.skip(f"nova {release} cannot be had from the package index: {found}")
    return found


def ask(path, questions):
    """What Nova answers."""
    done = subprocess.run(
        [sys.executable, str(HELPER), str(path)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def states(rng, number):
    """Hosts as a HostState has them; few values, so that some weigh the same."""
    return [
        {
            "host": f"h{i}",
            "nodename": f"h{i}",
            "free_ram_mb": rng.choice([0, 512, 4096, 4096, 65536, 101445]),
            "free_disk_mb": rng.choice([0, 1024, 1024000]),
            "num_io_ops": rng.choice([0, 0, 1, 7]),
            "num_instances": rng.choice([0, 3, 28]),
            "vcpus_total": 16,
            "cpu_allocation_ratio": 4.0,
            "vcpus_used": rng.choice([0, 8, 60]),
        }
        for i in range(number)
    ]


def raw(listed):
    """The values that our weighers take."""
    return {
        "ram": [s["free_ram_mb"] for s in listed],
        "disk": [s["free_disk_mb"] for s in listed],
        "io_ops": [s["num_io_ops"] for s in listed],
        "num_instances": [s["num_instances"] for s in listed],
        "cpu": [s["vcpus_total"] * s["cpu_allocation_ratio"] - s["vcpus_used"] for s in listed],
    }


@pytest.mark.parametrize("release", RELEASES)
def test_weights_and_order_are_novas(release):
    """Two hundred sets of hosts and multipliers: every weight to the last bit, and the order with its ties."""
    weighers = RELEASES[release]
    rng = random.Random(6)
    questions = []
    for _ in range(200):
        multipliers = {name: rng.choice([-2.0, -1.0, 0.0, 0.5, 1.0, 10.0]) for name in weighers}
        options = {f"{name}_weight_multiplier": value for name, value in multipliers.items()}
        questions.append({"options": options, "weighers": weighers, "states": states(rng, rng.randint(1, 9))})
    for question, answer in zip(questions, ask(wheel_of(release), questions), strict=True):
        listed = question["states"]
        ours = [Weigher(n, question["options"][f"{n}_weight_multiplier"]) for n in weighers]
        found = weights(ours, raw(listed), len(listed))
        order = sorted(range(len(listed)), key=found.__getitem__, reverse=True)
        assert [[listed[i]["host"], found[i]] for i in order] == answer["order"]


@pytest.mark.parametrize("release", KEEP_BOUNDS)
def test_a_ranking_that_follows_is_what_the_same_weighers_say_later(release):
    """A VM comes to the best host, and the same scheduler process weighs again: up to Ussuri by the bounds of before."""
    rng, names, keeps = random.Random(3), ("ram", "disk", "io_ops"), KEEP_BOUNDS[release]
    options = {"ram_weight_multiplier": 1.0, "disk_weight_multiplier": 0.5, "io_ops_weight_multiplier": -1.0}
    rules = Rules(tuple(Weigher(n, options[f"{n}_weight_multiplier"]) for n in names), kept_bounds=keeps)
    questions, ours = [], []
    for _ in range(60):
        before = states(rng, rng.randint(2, 6))
        hosts = tuple(
            ReplayHost(HostNode(s["host"]), Resources(), s["free_ram_mb"], s["free_disk_mb"], s["num_io_ops"])
            for s in before
        )
        board = Board(Scenario("file", "x", hosts, (ReplayVm("v", Resources(1, 700, 1)),), (), (), (), rules))
        view = View(board, names)
        ranking = Ranking(view, board.classes[0], rules)
        host = ordered(ranking.refresh()[0])[0]
        view.take(np.array([host]), board.classes[0])
        after = [dict(s) for s in before]
        for key, change in (("free_ram_mb", -700), ("free_disk_mb", -1024), ("num_io_ops", 1)):
            after[host][key] += change
        questions.append({"options": options, "weighers": names, "states": before, "then": after})
        row = ranking.refresh()[0]
        ours.append([[before[h]["host"], row[h]] for h in ordered(row)])
    answers = [answer["then"] for answer in ask(wheel_of(release), questions)]
    same = [[name for name, _ in a] == [name for name, _ in b] for a, b in zip(answers, ours, strict=True)]
    assert all(same), [(a, b) for a, b, good in zip(answers, ours, same, strict=True) if not good][:1]
    for answer, own in zip(answers, ours, strict=True):
        assert [weight for _, weight in own] == pytest.approx([weight for _, weight in answer], abs=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3, 9])
@pytest.mark.parametrize("shuffle", [False, True])
def test_the_pool_of_choices_is_novas(size, shuffle):
    """With ``host_subset_size`` and ``shuffle_best_same_weighed_hosts``: whom Nova chooses in many tries is our pool."""
    listed = [
        {**s, "free_ram_mb": ram}
        for s, ram in zip(states(random.Random(1), 5), [4096, 8192, 8192, 512, 8192], strict=True)
    ]
    options = {
        "ram_weight_multiplier": 1.0,
        "host_subset_size": size,
        "shuffle_best_same_weighed_hosts": shuffle,
    }
    question = {"options": options, "weighers": ["ram"], "states": listed, "seeds": 400, "max_attempts": 9, "full": []}
    (answer,) = ask(wheel_of("31.3.1"), [question])
    rules = Rules((Weigher("ram", 1.0),), subset_size=size, shuffle_ties=shuffle)
    hosts = tuple(ReplayHost(HostNode(s["host"]), Resources(), seen_ram_mb=s["free_ram_mb"]) for s in listed)
    scenario = Scenario("file", "x", hosts, (ReplayVm("v", Resources(1)),), (), (), (), rules)
    board = Board(scenario)
    chooser = Chooser(View(board, ["ram"]), board.classes[0], rules)
    assert {names[0] for names in answer["lists"]} == {listed[h]["host"] for h in chooser.pool()[0]}
    order = ordered(chooser.ranking.refresh()[0])
    if not shuffle:
        for names in answer["lists"]:
            first = next(h for h in order if listed[h]["host"] == names[0])
            rest = [listed[h]["host"] for h in order if h != first]
            assert names[1:] == rest


@pytest.mark.parametrize("full", [[], [0, 3], [0, 2, 3, 5], [4, 5]])
@pytest.mark.parametrize("release", ["17.0.13", "23.2.2", "24.2.1", "31.3.1", "34.0.0"])
def test_shuffled_lists_and_alternates_come_as_often_as_we_say(release, full):
    """Nova's own steps over thousands of seeds, against the chances that the fast tests hold the replay to."""
    states_of = [{**s, "free_ram_mb": 8 if i in EQUAL else 2 + i} for i, s in enumerate(states(random.Random(1), 6))]
    for size, attempts in ((1, 6), (2, 3), (5, 3), (9, 6)):
        options = {"ram_weight_multiplier": 1.0, "host_subset_size": size, "shuffle_best_same_weighed_hosts": True}
        question = {"options": options, "weighers": ["ram"], "states": states_of, "seeds": 3000}
        (answer,) = ask(wheel_of(release), [{**question, "max_attempts": attempts, "full": [f"h{i}" for i in full]}])
        lists = Counter(tuple(int(name[1:]) for name in names) for names in answer["lists"])
        within(lists, 3000, selections(size, full, attempts))
