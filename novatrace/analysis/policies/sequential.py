"""One after the other: each VM is scheduled on a fresh view, after the claim of the one before.

No option of Nova does this for a batch of migrations; the operator does, by waiting for each migration's claim (its
status ``RESIZE``/``VERIFY_RESIZE``) before starting the next. Nova's own loop over a multi-create works like this inside
one request (``nova/scheduler/manager.py`` 31.3.1, ``_schedule``: filter, weigh, claim, consume, next).
"""

from __future__ import annotations

from dataclasses import replace

from novatrace.model.replay import Scenario, Variant

NAME = "sequential"


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """One."""
    return (Variant(NAME, "one at a time, each on a fresh view", {}, replace(scenario.rules, wave=1), "procedure"),)
