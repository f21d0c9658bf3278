"""Fewest builds, resizes and migrations in progress first.

Source: ``nova/scheduler/weights/io_ops.py`` (the same from 15.1.5 to 34.0.0): ``host_state.num_io_ops``, ``minval = 0``, default
multiplier -1.0; normalised and summed as ``analysis/replay/weighing`` says. A choice counts as one more operation once the
view has learnt of it.
"""

from __future__ import annotations

from novatrace.analysis.replay.single_weigher import multiplier, only
from novatrace.model.replay import Scenario, Variant, Weigher

NAME = "io-ops-weigher"


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One, where the value is known of every host."""
    weigher = Weigher("io_ops", -1.0)
    return only(scenario, NAME, "fewest operations in progress first", weigher, multiplier("io_ops", -1.0))
