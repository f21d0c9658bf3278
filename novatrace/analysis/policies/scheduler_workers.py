"""Several scheduler processes that keep a HostState of their own.

Up to Ocata a scheduler sees its own choices at once and those of the others only after their claims
(``nova/scheduler/host_manager.py`` 15.1.5: ``self.host_state_map``); requests go to the processes in turn, as RabbitMQ
hands out a shared queue. One process alone sees every choice. From Pike on the map is made anew for each request
(16.1.8), so that the number of ``[scheduler] workers`` (an option since Rocky) changes nothing in what a request sees.
"""

from __future__ import annotations

from dataclasses import replace

from novatrace.model.replay import Scenario, Variant

NAME = "scheduler-workers"
_COUNTS = (1, 2, 4)


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One, two and four processes, where a process may keep state."""
    if scenario.claims_in_placement:
        return ()
    return tuple(
        Variant(
            NAME,
            f"{count} scheduler process{'es' if count > 1 else ''} with a view of {'their' if count > 1 else 'its'} own",
            {"schedulers": count},
            replace(scenario.rules, shared_state=True, schedulers=count),
            "procedure" if count == 1 else "what-if",
        )
        for count in _COUNTS
    )
