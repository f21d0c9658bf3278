"""Claims in placement, host after host down the weighed list, with alternates for what only the compute host can tell.

Source: ``nova/scheduler/manager.py`` 31.3.1 (``_schedule``: the first host whose ``claim_resources`` succeeds; when none
does, NoValidHost) and ``_get_alternate_hosts``: ``max_attempts - 1`` alternates, tried by the conductor when the compute
claim refuses. The scheduler claims since Pike (16); alternates came with Queens (``return_alternates``, in 17.0.13, not in
16.1.8). A lost race costs nothing as long as another candidate has room, and placement
lets nobody in beyond total × ratio of vCPU, RAM and disk, whatever filters are on.
"""

from __future__ import annotations

from dataclasses import replace

from novatrace.model.replay import Scenario, Variant

NAME = "placement-claims"
_ATTEMPTS = 3


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One, for a batch whose claims are made on the compute hosts."""
    if scenario.rules.placement:
        return ()
    rules = replace(
        scenario.rules,
        placement=True, enforced=True, max_attempts=_ATTEMPTS, shared_state=False, kept_bounds=False,
    )  # fmt: skip
    title = "claims in placement with alternates (Queens and later)"
    return (Variant(NAME, title, {"max_attempts": _ATTEMPTS}, rules, "upgrade"),)
