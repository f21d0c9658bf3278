"""As observed: the views, weighers and retries of the batch itself, or as a scenario file states them.

What is stale and for how long comes from the batch's own times. Up to Ocata (15) a scheduler process kept one HostState
for each host and consumed its own choices in it (``nova/scheduler/host_manager.py`` 15.1.5: ``self.host_state_map``,
``HostState.consume_from_request``); other processes saw a VM only once its claim was written. From Pike (16) on every
request reads the hosts anew (``host_state_map = {}`` inside ``_get_host_states``, 16.1.8 … 34.0.0), so that no request
sees what another has chosen but not yet claimed.
"""

from __future__ import annotations

from novatrace.model.replay import Scenario, Variant

NAME = "as-observed"


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """The rules of the batch."""
    title = "as observed" if scenario.source == "case" else "as the scenario file states"
    return (Variant(NAME, title, {}, scenario.rules, "none"),)
