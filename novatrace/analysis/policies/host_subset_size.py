"""A random one of the k best hosts: ``host_subset_size = k``.

Source: ``nova/scheduler/filter_scheduler.py`` 15.1.5 (``_schedule``: ``weighed_hosts[0:host_subset_size]``, then
``random.choice``) and ``nova/scheduler/manager.py`` 31.3.1 (``_get_sorted_hosts``: the same, and the hosts that were not
chosen follow in weighed order). The default is 1. Until Newton the option was ``[DEFAULT] scheduler_host_subset_size``
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
