"""Most free disk first.

Source: ``nova/scheduler/weights/disk.py`` (the same from 15.1.5 to 34.0.0): ``host_state.free_disk_mb``, ``minval = 0``,
default multiplier 1.0; normalised and summed as ``analysis/replay/weighing`` says.
"""

from __future__ import annotations

from novatrace.analysis.replay.single_weigher import multiplier, only
from novatrace.model.replay import Scenario, Variant, Weigher

NAME = "disk-weigher"


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One, where the value is known of every host."""
    weigher = Weigher("disk", 1.0)
    return only(scenario, NAME, "most free disk first", weigher, multiplier("disk", 1.0))
