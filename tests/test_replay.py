"""The replay: closed forms, conservation, monotonicity, determinism; the operator's thought experiment to the letter."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from dataclasses import replace as but
from fractions import Fraction

import numpy as np
import pytest
from cases import FIXTURES, INCIDENT
from hypothesis import given, settings
from hypothesis import strategies as st

from novatrace.analysis import policies
from novatrace.analysis.replay.advice import _price, is_zero
from novatrace.analysis.replay.chance import Chance
from novatrace.analysis.replay.formula import surplus
from novatrace.analysis.replay.player import Player, replay
from novatrace.analysis.replay.study import study
from novatrace.model.migration import HostNode, Resources
from novatrace.model.replay import ReplayHost, ReplayVm, Rules, Scenario, Step, Weigher
from novatrace.parsing import scenario as scenario_file

TEN = scenario_file.load(INCIDENT / "ten-nodes.toml")
NUMBERED = ("vcpus", "ram_mb", "disk_gb")


def scenario_of(hosts, vms, *, concurrency=None, rules=None, guarded=NUMBERED) -> Scenario:
    """A scenario of (vcpus, ram_mb) hosts and (vcpus, ram_mb) VMs."""
    size = concurrency or len(vms)
    groups = [tuple(range(at, min(at + size, len(vms)))) for at in range(0, len(vms), size)]
    return Scenario(
        source="file",
        name="test",
        hosts=tuple(
            ReplayHost(HostNode(f"h{i}"), Resources(cpu, ram), seen_ram_mb=ram, io_ops=0, instances=i)
            for i, (cpu, ram) in enumerate(hosts)
        ),
        vms=tuple(ReplayVm(f"v{i}", Resources(cpu, ram)) for i, (cpu, ram) in enumerate(vms)),
        steps=tuple(Step(what, group) for group in groups for what in ("decide", "claim", "show")),
        guarded=guarded,
        filtered=guarded,
        rules=rules or Rules((Weigher("ram", 1.0),)),
    )


def result(scenario, name, runs=200, seed=1, **parameters):
    """The replay under the policy of this name and these parameters."""
    variants = [v for v in policies.all_variants(scenario) if v.name == name]
    variant = next(v for v in variants if not parameters or v.parameters == parameters)
    return replay(scenario, variant, runs=runs, seed=seed)


def binomial_surplus(number, chance, room):
    """E[max(0, X − room)] in exact fractions."""
    p = Fraction(chance)
    return sum((k - room) * math.comb(number, k) * p**k * (1 - p) ** (number - k) for k in range(room + 1, number + 1))


def test_most_free_ram_sends_all_ten_to_the_first_node_and_five_fail():
    """The operator's thought experiment, first half."""
    found = result(TEN, "as-observed")
    assert (found.mean, found.exact, found.deterministic) == (5, 5, True)
    assert [(TEN.hosts[load.host].target.host, load.placed_mean, load.refused_mean) for load in found.loads] == [
        ("node01", 5, 5)
    ]


def test_random_among_ten_has_the_errors_of_the_closed_form():
    """Arrivals at a node are Bin(10, 1/10): only node 1 (5 slots) can overflow, the others have ten or more."""
    found = result(TEN, "random-among-filtered", runs=20_000)
    wanted = binomial_surplus(10, Fraction(1, 10), 5)
    assert found.exact == pytest.approx(float(wanted), rel=1e-12)
    assert found.low - 1e-4 <= float(wanted) <= found.high + 1e-4


def test_sequential_has_no_error():
    """The operator's thought experiment, last part."""
    found = result(TEN, "sequential")
    assert (found.mean, found.rounds, found.histogram) == (0, 10, {0: 1})


def test_a_random_one_of_the_two_best_is_the_closed_form_too():
    """Half of the ten go to node 1 (5 slots), half to node 2 (10 slots)."""
    found = result(TEN, "host-subset-size", runs=20_000, host_subset_size=2)
    wanted = float(binomial_surplus(10, Fraction(1, 2), 5) + binomial_surplus(10, Fraction(1, 2), 10))
    assert found.exact == pytest.approx(wanted, rel=1e-12)
    assert abs(found.mean - wanted) < 4 * (found.high - found.low) / 3.92


@given(st.lists(st.integers(0, 3), min_size=2, max_size=3), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_the_formula_is_what_counting_all_outcomes_gives(rooms, number):
    """Every outcome of a uniform choice among the hosts with room, counted one by one."""
    hosts = [(room, 1000 - i) for i, room in enumerate(rooms)]
    scenario = scenario_of(hosts, [(1, 0)] * number)
    open_ones = [room for room in rooms if room]
    outcomes = list(itertools.product(range(len(open_ones)), repeat=number)) if open_ones else []
    lost = [sum(max(0, chosen.count(i) - room) for i, room in enumerate(open_ones)) for chosen in outcomes]
    wanted = sum(lost) / len(lost) if lost else number
    assert result(scenario, "random-among-filtered", runs=1).exact == pytest.approx(wanted)


@given(st.integers(1, 60), st.fractions(0, 1, max_denominator=50), st.integers(0, 70))
def test_the_surplus_is_that_of_exact_fractions(number, chance, room):
    """In floating point as in fractions."""
    assert surplus(number, float(chance), room) == pytest.approx(
        float(binomial_surplus(number, chance, room)), abs=1e-9
    )


AMOUNTS = st.tuples(st.integers(0, 6), st.integers(0, 8))
NEEDS = st.tuples(st.integers(1, 3), st.integers(1, 3))
RULES = st.builds(
    Rules,
    weighers=st.sampled_from([(Weigher("ram", 1.0),), (Weigher("cpu", 1.0), Weigher("ram", -0.5)), ()]),
    subset_size=st.sampled_from([1, 2, None]),
    shuffle_ties=st.booleans(),
    by_slots=st.booleans(),
    wave=st.sampled_from([None, 1, 2]),
    shared_state=st.booleans(),
    schedulers=st.sampled_from([None, 2]),
    placement=st.booleans(),
    enforced=st.booleans(),
    max_attempts=st.sampled_from([1, 3]),
)


@given(
    st.lists(AMOUNTS, min_size=1, max_size=4),
    st.lists(NEEDS, min_size=1, max_size=6),
    RULES,
    st.sampled_from([NUMBERED, ("ram_mb",), ()]),
    st.integers(1, 6),
    st.integers(0, 99),
)
@settings(max_examples=300, deadline=None)
def test_every_vm_ends_placed_or_failed_and_nothing_guarded_overflows(hosts, vms, rules, guarded, group, seed):
    """Conservation: what is placed fits in all that is guarded; the rest failed; overloads are those beyond the room."""
    scenario = scenario_of(hosts, vms, concurrency=group, rules=rules, guarded=guarded)
    outcome = Player(scenario, rules).play(Chance(str(seed), 3))
    assert np.array(outcome.placed).shape == (len(vms), 3)
    for run, (number, (cpus, ram)) in itertools.product(range(3), enumerate(hosts)):
        there = [vms[i] for i, host in enumerate(outcome.placed) if host[run] == number]
        if "vcpus" in guarded or rules.enforced:
            assert sum(cpu for cpu, _ in there) <= cpus
        if "ram_mb" in guarded or rules.enforced:
            assert sum(need for _, need in there) <= ram
        beyond = sum(cpu for cpu, _ in there) > cpus or sum(need for _, need in there) > ram
        assert not beyond or outcome.overloads


@given(
    st.lists(AMOUNTS, min_size=1, max_size=4), st.integers(1, 8), NEEDS, st.integers(0, 3), st.integers(1, 5), st.data()
)
@settings(max_examples=150, deadline=None)
def test_more_room_never_raises_the_errors_of_the_sequential_policy(hosts, number, need, which, more, data):
    """Monotonicity, for VMs of one size (with several sizes packing has its anomalies, in Nova as here)."""
    which %= len(hosts)
    added = data.draw(st.sampled_from([(more, 0), (0, more), (more, more)]))
    wider = [(cpu + added[0], ram + added[1]) if i == which else (cpu, ram) for i, (cpu, ram) in enumerate(hosts)]
    before = result(scenario_of(hosts, [need] * number), "sequential")
    after = result(scenario_of(wider, [need] * number), "sequential")
    assert after.mean <= before.mean
    slots = sum(min(cpu // need[0], ram // need[1]) for cpu, ram in hosts)
    assert before.mean == max(0, number - slots)


def test_counting_and_walking_agree():
    """The short cut for batches that choose on one view gives the runs that the long way gives."""
    variant = next(v for v in policies.all_variants(TEN) if v.parameters == {"host_subset_size": 5})
    short = replay(TEN, variant, runs=300, seed=7)
    outcome = Player(TEN, variant.rules).play(Chance(f"7/{variant.name}/{sorted(variant.parameters.items())}/0", 300))
    errors = Counter((np.array(outcome.placed) < 0).sum(axis=0).tolist())
    assert short.histogram == dict(sorted(errors.items()))


def test_the_same_seed_gives_the_same_and_another_seed_other_runs():
    """Determinism."""
    first, again, other = (result(TEN, "host-subset-size", runs=500, seed=s, host_subset_size=2) for s in (3, 3, 4))
    assert first == again
    assert first.histogram != other.histogram


def test_one_scheduler_sees_its_own_choices_and_two_do_not_see_each_other():
    """With two processes of which each fills the first host, the surplus of both is refused."""
    scenario = scenario_of([(3, 100), (9, 50)], [(1, 1)] * 6)
    assert result(scenario, "scheduler-workers", schedulers=1).mean == 0
    two = result(scenario, "scheduler-workers", schedulers=2)
    assert two.mean == 3
    assert {load.host: (load.placed_mean, load.refused_mean) for load in two.loads} == {0: (3, 3)}


def test_waves_see_what_the_waves_before_placed():
    """Waves of three into hosts of two: one of each wave is refused."""
    scenario = scenario_of([(2, 100), (2, 90), (2, 80)], [(1, 1)] * 6)
    assert result(but(scenario, vms=scenario.vms), "waves", wave=2).mean == 0
    variant = next(v for v in policies.all_variants(scenario) if v.name == "waves")
    three = replay(scenario, but(variant, rules=but(variant.rules, wave=3)), runs=1, seed=1)
    assert (three.mean, three.rounds) == (2, 2)


def test_placement_falls_through_to_the_next_host_and_retries_only_as_often_as_allowed():
    """Placement: nobody fails while a candidate has room. Claims: with two tries a VM sees two hosts."""
    scenario = scenario_of([(1, 100), (1, 90), (1, 80)], [(1, 1)] * 3)
    assert result(scenario, "placement-claims").mean == 0
    odd = but(
        scenario,
        vms=tuple(but(vm, refused_by=(0, 1)) for vm in scenario.vms[:1]),
        steps=scenario_of([(1, 1)], [(1, 1)]).steps,
    )
    for attempts, errors in ((1, 1), (2, 1), (3, 0)):
        for placement in (True, False):
            rules = but(scenario.rules, max_attempts=attempts, placement=placement)
            found = replay(but(odd, rules=rules), policies.all_variants(but(odd, rules=rules))[0], runs=1, seed=1)
            assert found.mean == errors, (attempts, placement)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.integers(1, 9), st.data())
@settings(max_examples=100, deadline=None)
def test_placement_refusals_are_those_of_a_plain_walk(rooms, number, data):
    """Host after host, each full one asked in vain: the short cut past full hosts counts the same refusals."""
    scenario = scenario_of([(room, 1000 - i) for i, room in enumerate(rooms)], [(1, 1)] * number)
    rules = Rules(
        (Weigher("ram", 1.0),), subset_size=data.draw(st.sampled_from([1, 2])), placement=True, max_attempts=3
    )
    seed = str(data.draw(st.integers(0, 50)))
    outcome = Player(scenario, rules).play(Chance(seed, 4))
    order = [i for i, room in enumerate(rooms) if room]
    pool = np.array(order[: rules.subset_size], dtype=np.intp)
    drawn = Chance(seed, 4).places(number, len(pool), None) if len(pool) > 1 else np.zeros((number, 4), dtype=np.intp)
    refused = Counter()
    for run in range(4):
        left, placed = list(rooms), []
        for first in pool[drawn[:, run]] if order else ():
            for host in [first, *(h for h in order if h != first)]:
                if left[host]:
                    left[host] -= 1
                    placed.append(host)
                    break
                refused[host] += 1
        assert [host[run] for host in outcome.placed if host[run] >= 0] == placed
    assert outcome.refused.tolist() == [refused[host] for host in range(len(rooms))]


def test_unguarded_resources_are_overloaded_silently_until_limits_go_with_the_requests():
    """No CoreFilter: all are let in. With it the surplus goes elsewhere."""
    scenario = scenario_of(
        [(2, 100), (9, 50)], [(1, 1)] * 4, guarded=("ram_mb",), rules=Rules((Weigher("ram", 1.0),), max_attempts=3)
    )
    observed = result(scenario, "as-observed")
    assert (observed.mean, observed.overloads) == (0, 2)
    cured = result(scenario, "limits-enforced")
    assert (cured.mean, cured.overloads) == (0, 0)


def test_every_policy_is_a_file_that_names_its_source():
    """A module of the folder is a policy; its docstring says where Nova does it, or that Nova does not."""
    for name in policies.names():
        module = __import__(f"novatrace.analysis.policies.{name}", fromlist=["variants"])
        assert name.replace("_", "-") == module.NAME
        assert re.search(r"nova/(scheduler|compute)/", module.__doc__), name
        assert re.search(r"\b\d\d\.\d\.\d\b", module.__doc__), name
    tried = {v.name for v in policies.all_variants(TEN)}
    unknown = {"disk-weigher", "io-ops-weigher", "num-instances-weigher", "limits-enforced"}
    assert {n.replace("_", "-") for n in policies.names()} - tried == unknown


def test_the_advice_is_the_cheapest_and_never_what_nova_cannot_do():
    """An option before a procedure; what only asks "what if" or needs code is not named."""
    found = study(TEN, (), runs=200, seed=1)
    best = found.results[found.advised].variant
    assert best.change == "option"
    assert [o.name for o in best.options] == ["scheduler_host_subset_size", "host_subset_size"]
    tight = scenario_of([(2, 100), (2, 90), (2, 80)], [(1, 1)] * 6)
    found = study(tight, (), runs=50, seed=1)
    assert found.results[found.advised].variant.name == "reschedule"
    ways = sorted(
        (_price(tight, found.results[0], r, 0), r.variant.parameters)
        for r in found.results
        if r.variant.change == "procedure" and is_zero(r)
    )
    assert [way for _, way in ways] == [{"schedulers": 1}, {"wave": 2}, {}]
    full = study(scenario_of([(2, 100)], [(1, 1)] * 3), (), runs=50, seed=1)
    assert full.advised is None
    assert "room for 2 of 3" in full.advice


def test_where_hosts_took_too_much_limits_come_before_a_weigher():
    """A weigher that happens to spread one batch protects no other."""
    result = study(TEN, (), runs=1, seed=1).results[0]
    guarded = but(result, variant=but(result.variant, change="option", rules=but(result.variant.rules, enforced=True)))
    open_still = but(
        result, variant=but(result.variant, change="option", rules=but(result.variant.rules, enforced=False))
    )
    for overloads, first in ((3.0, True), (0.0, False)):
        observed = but(result, overloads=overloads)
        assert (_price(TEN, observed, guarded, 1) < _price(TEN, observed, open_still, 0)) is first


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=4),
    st.lists(NEEDS, min_size=1, max_size=7),
    st.sampled_from([1, 2, None]),
)
@settings(max_examples=100, deadline=None)
def test_a_wave_fits_on_each_host_that_may_be_picked(hosts, vms, size):
    """Every VM is in one wave or in none; whoever of the possible hosts gets a whole wave has room for it."""
    scenario = scenario_of(hosts, vms, rules=Rules((Weigher("ram", 1.0),), subset_size=size))
    plan = study(scenario, (), runs=1, seed=1).plan
    assert sorted([*(vm for wave in plan.waves for vm in wave.vms), *plan.unplaceable]) == list(range(len(vms)))
    if size == 1:
        left = [list(host) for host in hosts]
        for wave in plan.waves:
            for vm, host in zip(wave.vms, wave.expected, strict=True):
                left[host][0] -= vms[vm][0]
                left[host][1] -= vms[vm][1]
        assert all(amount >= 0 for host in left for amount in host)


def test_scenario_files_beside_the_logs_are_read():
    """The shipped one is the operator's own."""
    assert (FIXTURES / "incident-2016-10-28" / "ten-nodes.toml").is_file()
    assert len(TEN.vms) == len(TEN.hosts) == 10
