"""A random host, in proportion to how many such VMs it still has room for.

Nova has no such choice in any release up to 34.0.0: ``random.choice`` in ``nova/scheduler/manager.py`` is uniform. It is here as
a yardstick: what a choice could do that spreads by room without seeing the other requests.
"""

from __future__ import annotations

from dataclasses import replace

from novatrace.model.replay import Scenario, Variant

NAME = "weighted-by-slots"


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One, where there is more than one host."""
    if len(scenario.hosts) < 2:  # noqa: PLR2004 - a choice needs two
        return ()
    rules = replace(scenario.rules, by_slots=True)
    return (Variant(NAME, "random, weighted by free slots (Nova has no such choice)", {}, rules, "code"),)
