"""A random one of all hosts that passed the filters: ``host_subset_size`` at or above their number.

Source: ``nova/scheduler/filter_scheduler.py`` 15.1.5 and ``nova/scheduler/manager.py`` 31.3.1, as for ``host_subset_size``: with a
size of at least ``len(weighed_hosts)`` the whole list is the subset, and the weighers decide nothing but the order of
those tried after it.
"""

from __future__ import annotations

from dataclasses import replace

from novatrace.analysis.policies.host_subset_size import options
from novatrace.model.replay import Scenario, Variant

NAME = "random-among-filtered"


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One, where there is more than one host."""
    if len(scenario.hosts) < 2:  # noqa: PLR2004 - a choice needs two
        return ()
    size = len(scenario.hosts)
    rules = replace(scenario.rules, subset_size=None, by_slots=False)
    return (Variant(NAME, "random among all filtered hosts", {}, rules, "option", options(size)),)
