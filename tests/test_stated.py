"""A nova.conf beside the logs stands in where the passes leave a rule of scheduling open, and never against a choice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cases import FIXTURES, analysed

from novatrace.analysis.replay.rules import Decision
from novatrace.analysis.replay.stated import completed
from novatrace.model.evidence import NodeSettings
from novatrace.model.replay import Rules, Statement, Weigher
from novatrace.pipeline.replay import replayed

USUAL = Rules((Weigher("ram", 1.0), Weigher("disk", 1.0)), max_attempts=3)
SUPPOSED = Statement("weighers: Nova's defaults (no pass left a choice)", "assumed")
FIRST = Decision({"ram": [9.0, 5.0], "disk": [1.0, 1.0], "logged": [0.0, -1.0]}, None, 0, frozenset(), 0)


def conf(node="ctl01", **options):
    """The options of one file; ``__`` stands for the slash behind the section."""
    return NodeSettings(node, f"{node}/nova.conf", tuple(sorted((k.replace("__", "/"), v) for k, v in options.items())))


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({"filter_scheduler__host_subset_size": "5"}, {"subset_size": 5}),
        ({"DEFAULT__scheduler_host_subset_size": "3"}, {"subset_size": 3}),
        ({"filter_scheduler__shuffle_best_same_weighed_hosts": "True"}, {"shuffle_ties": True}),
        ({"scheduler__max_attempts": "7"}, {"max_attempts": 7}),
        ({"filter_scheduler__host_subset_size": "many"}, {}),
        ({"filter_scheduler__host_subset_size": "0"}, {}),
    ],
)
def test_what_a_file_states_is_taken_and_told_as_assumed(options, changed):
    """Under the names of both eras; what is no number states nothing."""
    rules, told = completed(USUAL, SUPPOSED, [FIRST], [conf(**options)])
    assert rules == replace(USUAL, **changed)
    assert any("nova.conf" in s.text and s.basis == "assumed" for s in told) == bool(changed)


def test_multipliers_of_a_file_take_the_place_of_the_defaults_only_where_choices_agree():
    """RAM × -1 would have taken the other host."""
    for multiplier, agrees in (("4.0", True), ("-1.0", False)):
        rules, told = completed(USUAL, SUPPOSED, [FIRST], [conf(filter_scheduler__ram_weight_multiplier=multiplier)])
        assert (Weigher("ram", float(multiplier)) in rules.weighers) == agrees
        assert (told[0] == SUPPOSED) != agrees
    computed = Statement("weighers: from the logged weights", "computed")
    assert completed(USUAL, computed, [FIRST], [conf(filter_scheduler__ram_weight_multiplier="4.0")])[0] == USUAL


def test_choices_and_observed_tries_come_before_a_file():
    """A choice among the three best cannot have been made with a subset of one."""
    seen = replace(USUAL, subset_size=3, max_attempts=2)
    rules, told = completed(
        seen, SUPPOSED, [], [conf(filter_scheduler__host_subset_size="1", scheduler__max_attempts="9")]
    )
    assert rules == seen
    assert [s.basis for s in told] == ["assumed", "computed", "inferred"]


def test_files_that_contradict_each_other_state_nothing():
    """Two schedulers with other sizes; the same size twice is one statement."""
    five = {"filter_scheduler__host_subset_size": "5"}
    two = conf("ctl02", filter_scheduler__host_subset_size="2")
    assert completed(USUAL, SUPPOSED, [], [conf(**five), two])[0] == USUAL
    assert completed(USUAL, SUPPOSED, [], [conf(**five), conf("ctl02", **five)])[0].subset_size == 5


def test_the_replay_of_a_case_says_what_its_nova_conf_states():
    """The batch is then replayed as the file says, and the report tells that this was assumed."""
    case = analysed(FIXTURES / "real-nova" / "d4-reschedule")
    beside = replace(case, settings=(conf(filter_scheduler__host_subset_size="4"),))
    found = replayed(beside, runs=20, seed=1)
    assert found.scenario.rules.subset_size == 4
    texts = [s.text for s in found.scenario.known]
    assert "host_subset_size = 4, as a nova.conf beside the logs states" in texts
    assert not any(
        text.startswith("host_subset_size = ")
        for text in (s.text for s in replayed(case, runs=20, seed=1).scenario.known)
    )
    assert found.backtest.good
