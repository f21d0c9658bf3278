"""What is called too many was too many: room is counted from above, and nothing that was only assumed counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cases import FIXTURES, analysed

from novatrace.analysis import shortage
from novatrace.model.capacity import Capacity
from novatrace.model.migration import HostNode, Resources

FOLDER = FIXTURES / "findings" / "short-of-room" / "raises-evacuations"


@pytest.fixture
def arrivals():
    """Six evacuations that ask for 4096 MB each."""
    return [a for b in analysed(FOLDER).bursts for a in b.arrivals]


def test_the_smallest_demand_counts(arrivals):
    """With a smaller VM among them more may fit, so that fewer are too many."""
    small = replace(arrivals[0], demand=Resources(ram_mb=1024))
    assert shortage._least(arrivals)["ram_mb"] == 4096
    assert shortage._least([*arrivals, small])["ram_mb"] == 1024


def test_a_demand_that_is_assumed_or_not_known_counts_as_any(arrivals):
    """It may be smaller than the others."""
    assert shortage._least([*arrivals, replace(arrivals[0], demand_basis="assumed")]) == {}
    assert "ram_mb" not in shortage._least([*arrivals, replace(arrivals[0], demand=Resources())])


class Still:
    """A ledger in which nothing moves."""

    left, unknown = 0, frozenset()

    def changed(self, *_):
        return self


@pytest.mark.parametrize(
    ("source", "basis", "holds"),
    [
        ("tracker", "observed", True),
        ("host-state", "observed", False),
        ("placement", "observed", False),
        ("tracker", "assumed", False),
    ],
)
def test_only_what_is_known_of_the_host_itself_counts(source, basis, holds):
    """A scheduler's HostState may be of before somebody left; what the user assumes proves nothing."""
    capacity = Capacity(Resources(ram_mb=4608), source, basis, 1, None)
    assert shortage._holds(HostNode("cn1"), capacity, 2, Still()) is holds
