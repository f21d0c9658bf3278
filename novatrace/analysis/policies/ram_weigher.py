"""Most free RAM first: Nova's oldest weigher, alone.

Source: ``nova/scheduler/weights/ram.py`` (the same from 15.1.5 to 34.0.0): ``host_state.free_ram_mb``, ``minval = 0``,
default multiplier 1.0; normalised and summed as ``analysis/replay/weighing`` says. HostState's free RAM is physical:
allocation ratios are not in it.
"""

from __future__ import annotations

from novatrace.analysis.replay.single_weigher import multiplier, only
from novatrace.model.replay import Scenario, Variant, Weigher

NAME = "ram-weigher"


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One, where the value is known of every host."""
    weigher = Weigher("ram", 1.0)
    return only(scenario, NAME, "most free RAM first", weigher, multiplier("ram", 1.0))
