"""Which VMs of a server group are held to be on one host: those that their last action brought there, for all that is logged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cases import FIXTURES, analysed

from novatrace import pipeline
from novatrace.analysis.groups import crowded
from novatrace.model.event import Event
from novatrace.model.evidence import Provenance
from novatrace.model.migration import Closing

FOLDER = FIXTURES / "findings" / "affinity-violated" / "raises-three-of-one-group"
GROUP = "de8805ee-03aa-4239-ab64-bf9722fd01e4"


@pytest.fixture(scope="module")
def moves():
    """Three moves of one group to one host."""
    return [m for m in analysed(FOLDER).migrations if m.action == "migrate"]


def asked(moves, most=1):
    """What the filter asked for each."""
    values = {"group_uuid": GROUP, "host": "compute-05", "most": most}
    return [
        Event(
            "group-limit",
            n,
            "ctl",
            "nova-scheduler",
            1,
            "DEBUG",
            m.request_id,
            None,
            None,
            None,
            None,
            values,
            False,
            Provenance(0, n, 1, n),
        )
        for n, m in enumerate(moves)
    ]


def test_all_that_came(moves):
    """Each once, in the order of the moves."""
    (group,) = crowded(asked(moves), moves)
    assert group.members == tuple(m.instance_uuid for m in moves)
    assert (group.host.host, group.most, group.certain) == ("compute-05", 1, True)


def test_as_many_as_the_group_allows(moves):
    """``max_server_per_host`` of the policy's rules may be more than one."""
    assert crowded(asked(moves, most=3), moves) == ()
    assert len(crowded(asked(moves, most=2), moves)) == 1


@pytest.mark.parametrize("kind", ["reverted", "deleted"])
def test_who_left_is_not_counted(moves, kind):
    """Two that did not stay leave one, and that is allowed."""
    closing = Closing(kind, 9, 9, Provenance(0, 0, 1, 1))
    assert (
        crowded(asked(moves), [replace(moves[0], closing=closing), replace(moves[1], closing=closing), moves[2]]) == ()
    )


def test_a_later_action_counts_alone(moves):
    """Who moved on, or whose later action failed or is not told to the end, is not there for all that is known."""
    for outcome in ("failed", "unknown"):
        later = [replace(m, request_id=f"req-{n}", outcome=outcome) for n, m in enumerate(moves[:2])]
        assert crowded(asked(moves), [*moves, *later]) == ()


def test_an_inferred_success_is_not_certain(moves):
    """The finding is then inferred as well."""
    (group,) = crowded(asked(moves), [replace(moves[0], outcome_basis="inferred"), *moves[1:]])
    assert not group.certain


def test_without_the_filter_nothing_is_said(moves):
    """Requests of no group; and requests of two groups."""
    assert crowded([], moves) == ()
    several = [replace_group(e, f"{n}") for n, e in enumerate(asked(moves))]
    assert crowded(several, moves) == ()


def replace_group(event, group):
    """The event of another group."""
    return type(event)(
        **{name: getattr(event, name) for name in event.__struct_fields__ if name != "values"},
        values=event.values | {"group_uuid": group},
    )


def test_real_boots_and_moves_into_one_group():
    """The pipeline finds it by itself."""
    case = pipeline.analyse(pipeline.RunOptions((str(FOLDER),)))
    assert [f.slug for f in case.findings if f.severity == "error"] == ["affinity-violated"]
