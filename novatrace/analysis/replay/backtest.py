"""How well the model reproduces what was observed; without that no policy is recommended.

Two figures. Decisions: for each logged pass, with the candidates that it saw, does the model choose what was chosen?
Where the choice is random, does the observed one lie in the set? Failures: does the whole batch, replayed under the observed
rules, end with as many failures?
"""

from __future__ import annotations

from collections.abc import Sequence

from novatrace.analysis.replay.rules import Decision, made
from novatrace.model.replay import Backtest, PolicyResult, Scenario


def backtest(scenario: Scenario, decisions: Sequence[Decision], observed: PolicyResult) -> Backtest:
    """The comparison; ``observed`` is the replay under the observed rules."""
    size = scenario.rules.subset_size or len(scenario.hosts)
    reproduced = sum(made(d, scenario.rules.weighers, size) for d in decisions)
    failures = round(observed.mean) if observed.deterministic else None
    wanted = scenario.observed_failures
    good, because = _verdict(scenario, len(decisions), reproduced, observed)
    return Backtest(
        decisions=len(decisions),
        with_choice=sum(d.size > 1 for d in decisions),
        reproduced=reproduced,
        deterministic=observed.deterministic,
        failures=failures,
        failures_observed=wanted,
        good=good,
        because=because,
    )


def _verdict(scenario: Scenario, decisions: int, reproduced: int, observed: PolicyResult) -> tuple[bool | None, str]:
    wanted = scenario.observed_failures
    if scenario.source == "file":
        return None, "a scenario file: there is nothing observed to test the model against"
    if not decisions:
        return None, "no pass with its candidates and choice is logged, so the model cannot be tested"
    if reproduced < decisions:
        return False, f"the model makes {decisions - reproduced} of {decisions} choices otherwise"
    if wanted is None:
        return None, "not every move of the batch is logged with its end, so the number of failures cannot be tested"
    if wanted not in observed.histogram:
        return False, f"the replay ends with {observed.mean:g} failures, {wanted} were observed"
    return True, "every logged choice and the number of failures are reproduced"
