"""Every resource has its filter, so that a limit goes with each request and the claim holds it: CoreFilter, RamFilter, DiskFilter.

Source: ``nova/compute/claims.py`` 15.1.5 … 19.3.2 (``_test``: no limit, ``limit not specified, defaulting to unlimited``, and the claim is
granted; from Train, 20.6.1, on it tests neither vCPUs nor RAM nor disk); the limits are set by
``nova/scheduler/filters/{core,ram,disk}_filter.py`` (``host_state.limits``), gone after Ussuri (in 21.2.4, not in 22.4.0). CoreFilter
is in no release's default filters, RamFilter and DiskFilter only in Ocata's (not in 16.1.8). From Pike on placement enforces its
inventories instead. A forced host (``--availability-zone ZONE:HOST``) skips filters and so has no limits.
"""

from __future__ import annotations

from dataclasses import replace

from novatrace.model.replay import NovaOption, Scenario, Variant
from novatrace.model.resource import LIMIT_FILTERS

NAME = "limits-enforced"


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One, where a resource is not guarded today."""
    missing = [name for resource, name in LIMIT_FILTERS.items() if resource not in scenario.guarded]
    if not missing or scenario.rules.placement:
        return ()
    value = f"… the filters of today and {','.join(missing)}"
    options = (
        NovaOption("scheduler_default_filters", "DEFAULT", value, None, "Newton"),
        NovaOption("enabled_filters", "filter_scheduler", value, "Ocata", "Stein"),
    )
    title = f"limits from {', '.join(missing)} go with every request"
    return (Variant(NAME, title, {}, replace(scenario.rules, enforced=True), "option", options),)
