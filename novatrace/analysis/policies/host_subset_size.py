"""A random one of the k best hosts: ``host_subset_size = k``.

Source: ``nova/scheduler/filter_scheduler.py`` 15.1.5 (``_schedule``: ``weighed_hosts[0:host_subset_size]``, then
``random.choice``) and ``_get_sorted_hosts`` (there in 16.1.8 … 23.2.2, in ``nova/scheduler/manager.py`` 24.2.1 … 34.0.0): the same, and
the hosts that were not chosen follow in the order of the list: weighed, with those of equal best weight shuffled where
``shuffle_best_same_weighed_hosts`` is on. The default is 1. Until Newton the option was ``[DEFAULT] scheduler_host_subset_size``
(``deprecated_name`` in ``nova/conf/scheduler.py`` 15.1.5).
"""

from __future__ import annotations

from dataclasses import replace

from novatrace.model.replay import NovaOption, Scenario, Variant

NAME = "host-subset-size"
_SIZES = (2, 5, 10, 30)


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """The sizes that are smaller than the number of candidates."""
    most = max((len(scenario.hosts) if vm.hosts is None else len(vm.hosts) for vm in scenario.vms), default=0)
    return tuple(
        Variant(
            NAME,
            f"a random one of the {size} best",
            {"host_subset_size": size},
            replace(scenario.rules, subset_size=size, by_slots=False),
            "option",
            options(size),
        )
        for size in _SIZES
        if size < most and size != scenario.rules.subset_size
    )


def options(size: int) -> tuple[NovaOption, ...]:
    """The setting, by release."""
    return (
        NovaOption("scheduler_host_subset_size", "DEFAULT", str(size), None, "Newton"),
        NovaOption("host_subset_size", "filter_scheduler", str(size), "Ocata", None),
    )
