"""Most free vCPUs first.

Source: ``nova/scheduler/weights/cpu.py`` (since Rocky: in 18.3.0, not in 17.0.13; the same up to 34.0.0):
``vcpus_total * cpu_allocation_ratio - vcpus_used``,
``minval = 0``, default multiplier 1.0; normalised and summed as ``analysis/replay/weighing`` says. Before Rocky no weigher
looks at vCPUs at all.
"""

from __future__ import annotations

from novatrace.analysis.replay.single_weigher import multiplier, only
from novatrace.model.replay import Scenario, Variant, Weigher

NAME = "cpu-weigher"


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One, where the value is known of every host."""
    weigher = Weigher("cpu", 1.0)
    return only(scenario, NAME, "most free vCPUs first", weigher, multiplier("cpu", 1.0, "Rocky"))
