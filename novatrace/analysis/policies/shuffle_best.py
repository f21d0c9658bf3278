"""The hosts of equal best weight are shuffled: ``shuffle_best_same_weighed_hosts``.

Source: ``nova/scheduler/manager.py`` 31.3.1 (``_get_sorted_hosts``: those whose weight equals the first's); the option
came with Queens (absent from 16.1.8, in 17.0.13) and is off by default. It helps only where weights are equal, as on
empty hosts of one kind.
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
