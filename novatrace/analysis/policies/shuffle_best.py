"""The hosts of equal best weight are shuffled: ``shuffle_best_same_weighed_hosts``.

Source: ``_get_sorted_hosts``, the same in ``nova/scheduler/filter_scheduler.py`` 17.0.13 … 23.2.2 and
``nova/scheduler/manager.py`` 24.2.1 … 34.0.0: those whose weight equals the first's are shuffled, once for each request, before
``host_subset_size`` takes the first k of the list; what was not chosen follows in that order, also for the alternates. The option
came with Queens (absent from 16.1.8) and is off by default. It helps only where weights are equal, as on empty hosts of one kind.
Without it, equal hosts come in the order in which ``HostManager._get_host_states`` yields them (``sorted`` in
``nova/weights.py`` is stable): that of a set of (host, node), arbitrary, and with Python 3 another in each scheduler process.
"""

from __future__ import annotations

from dataclasses import replace

from novatrace.model.replay import NovaOption, Scenario, Variant

NAME = "shuffle-best"
_OPTIONS = (NovaOption("shuffle_best_same_weighed_hosts", "filter_scheduler", "true", "Queens", None),)


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One, where there is more than one host and one best is chosen today."""
    if len(scenario.hosts) < 2 or scenario.rules.subset_size != 1:  # noqa: PLR2004 - a choice needs two
        return ()
    rules = replace(scenario.rules, shuffle_ties=True, by_slots=False)
    return (Variant(NAME, "the best of equal weight shuffled", {}, rules, "option", _OPTIONS),)
