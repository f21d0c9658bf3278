"""Fewest instances first.

Source: ``nova/scheduler/weights/num_instances.py`` (since Bobcat, 2023.2: not in 27.5.1, in 28.3.1): ``host_state.num_instances``,
no ``minval``, default multiplier 0.0, a negative one spreads; normalised and summed as ``analysis/replay/weighing`` says.
"""

from __future__ import annotations

from novatrace.analysis.replay.single_weigher import multiplier, only
from novatrace.model.replay import Scenario, Variant, Weigher

NAME = "num-instances-weigher"


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One, where the value is known of every host."""
    weigher = Weigher("num_instances", -1.0)
    return only(scenario, NAME, "fewest instances first", weigher, multiplier("num_instances", -1.0, "Bobcat"))
