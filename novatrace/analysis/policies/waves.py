"""Waves of k: k VMs at once on one view, then a wait until their claims are in every view.

The operator's own procedure, as for ``sequential``. A view is fresh again when the compute host has written its claim
(``nova/compute/resource_tracker.py`` 15.1.5, ``_move_claim``: ``self._update`` saves the ComputeNode) and the next request has
read it (``nova/scheduler/host_manager.py``, ``_get_host_states``).
"""

from __future__ import annotations

from dataclasses import replace

from novatrace.model.replay import Scenario, Variant

NAME = "waves"
_SIZES = (2, 5, 10, 50)


def of_size(scenario: Scenario, size: int) -> Variant:
    """Waves of so many."""
    return Variant(
        NAME,
        f"{size} at a time, each wave on a fresh view",
        {"wave": size},
        replace(scenario.rules, wave=size),
        "procedure",
    )


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """The sizes that are smaller than the batch."""
    return tuple(of_size(scenario, size) for size in _SIZES if size < len(scenario.vms))
