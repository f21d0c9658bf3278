"""A refused claim is tried again elsewhere: ``max_attempts = 3``, without the hosts that were tried.

Source: ``nova/compute/manager.py`` 15.1.5 (``_reschedule``) and ``nova/scheduler/filters/retry_filter.py``: the request
goes back to the scheduler, which reads the hosts anew. ``[scheduler] max_attempts`` is 3 by default
(``nova/conf/scheduler.py`` 15.1.5; ``[DEFAULT] scheduler_max_attempts`` until Newton); 1 switches retries off, and so did
a forced host.
"""

from __future__ import annotations

from dataclasses import replace

from novatrace.model.replay import NovaOption, Scenario, Variant

NAME = "reschedule"
_ATTEMPTS = 3
_OPTIONS = (
    NovaOption("scheduler_max_attempts", "DEFAULT", str(_ATTEMPTS), None, "Newton"),
    NovaOption("max_attempts", "scheduler", str(_ATTEMPTS), "Ocata", None),
)


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One, where retries are off."""
    if scenario.rules.max_attempts >= _ATTEMPTS or scenario.rules.placement:
        return ()
    rules = replace(scenario.rules, max_attempts=_ATTEMPTS)
    return (Variant(NAME, "a refused claim is rescheduled", {"max_attempts": _ATTEMPTS}, rules, "option", _OPTIONS),)
