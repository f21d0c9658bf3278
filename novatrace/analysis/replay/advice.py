"""The cheapest change that brings errors to zero, or why none is named.

Cheap is an option of nova.conf, then a way of starting the batch (waves before one at a time), then an upgrade. What Nova does
not have, and what only asks "what if", is never recommended. A scenario file has nothing to be tested against: its answer
is as good as the file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from novatrace.analysis.replay.board import Board
from novatrace.model.replay import Backtest, PolicyResult, Scenario

_COST = {"option": 0, "procedure": 1, "upgrade": 2}
_FEW = 1e-3


def is_zero(result: PolicyResult) -> bool:
    """True when less than one batch in a thousand has an error and no host is overloaded; with certainty where not random."""
    few = result.exact < _FEW if result.exact is not None else max(result.histogram) == 0
    return few and not result.overloads


def advise(
    scenario: Scenario, tested: Backtest, results: Sequence[PolicyResult]
) -> tuple[str | None, int | None, str | None]:
    """The advice, the result that it is about, and why there is none."""
    if scenario.source == "case" and not tested.good:
        return None, None, tested.because
    observed = results[0]
    if is_zero(observed):
        return "Under these rules nothing fails and no host is overloaded: there is nothing to change.", None, None
    odd = {number for number, vm in enumerate(scenario.vms) if vm.refused_by}
    if observed.failed and set(observed.failed) <= odd and not observed.overloads:
        return (
            None,
            None,
            "what failed was refused for a reason that no known capacity explains: scheduling is not the cause",
        )
    cures = [i for i, r in enumerate(results) if r.variant.change in _COST and is_zero(r)]
    if not cures:
        return _none(scenario, results), None, None
    best = min(cures, key=lambda i: _price(scenario, observed, results[i], i))
    return _sentence(scenario, observed, results[best]), best, None


def _price(
    scenario: Scenario, observed: PolicyResult, result: PolicyResult, place: int
) -> tuple[int, bool, bool, int, float, int]:
    """What a change costs, whether it leaves claims without limits, or no room to spare, its rounds, the claims refused.

    Where hosts took more than they had room for, a weigher that happens to spread this batch protects no other one.
    """
    refusals = sum(load.refused_mean for load in result.loads)
    filled = _filled(scenario, result) is not None
    cost = _COST[result.variant.change if _available(scenario, result) else "upgrade"]
    open_still = bool(observed.overloads) and not result.variant.rules.enforced
    return cost, open_still, filled, result.rounds, refusals, place


def _available(scenario: Scenario, result: PolicyResult) -> bool:
    """False for an option that came after the release of the batch, as far as that is known."""
    options = [option for option in result.variant.options if option.value != "0"]
    old = scenario.claims_in_placement is False  # up to Ocata
    return not old or not options or any(option.since in (None, "Ocata") for option in options)


def _sentence(scenario: Scenario, observed: PolicyResult, best: PolicyResult) -> str:
    title = best.variant.title[0].upper() + best.variant.title[1:]
    errors = "error" if observed.mean == 1 else "errors"
    over = f" and {observed.overloads:.3g} VMs beyond a target's room" if observed.overloads else ""
    was = f"{observed.mean:.3g} {errors}{over} {observed.variant.title}"
    what = "errors" if not observed.overloads else "errors and overloads" if observed.mean else "overloads"
    if best.exact:
        told = f"{title}: the cheapest change that leaves hardly an error ({best.exact:.2g} expected; {was})."
    else:
        told = f"{title}: the cheapest change that brings {what} to zero ({was})."
    if not best.deterministic and best.exact is None:
        told += f" No error in {best.runs} runs: with 95 % confidence fewer than {3 / best.runs:.2g} of such batches have one."
    full = _filled(scenario, best)
    if full:
        told += f" It leaves no room to spare on {full}."
    return told


def _filled(scenario: Scenario, result: PolicyResult) -> str | None:
    """The first host that the policy fills to the last slot in every run, where all VMs are alike."""
    board = Board(scenario)
    if not board.uniform:
        return None
    for load in result.loads:
        if load.placed_mean >= board.slots(load.host, board.classes[0]):
            return scenario.hosts[load.host].target.host
    return None


def _none(scenario: Scenario, results: Sequence[PolicyResult]) -> str:
    least = min(results, key=lambda r: (r.mean + r.overloads, r.rounds))
    short = capacity_note(scenario)
    if short is not None:
        return f"No policy brings errors to zero: {short} Free room on the hosts, or let more hosts pass the filters."
    over = f" and {least.overloads:.3g} overloads" if least.overloads else ""
    return f"No policy of these brings errors to zero; the fewest, {least.mean:.3g}{over}: {least.variant.title}."


def capacity_note(scenario: Scenario) -> str | None:
    """A sentence where the hosts cannot hold the batch, whoever chooses; None where they can or it is not known."""
    board = Board(scenario)
    if not board.uniform:
        return None
    reachable = {h for cls in board.classes for h in cls.hosts}
    slots = [board.slots(h, board.classes[0]) for h in sorted(reachable)]
    total = sum(slots)
    placeable = sum(1 for number in board.of_vm if board.classes[number].hosts)
    if math.isinf(total) or (total >= len(board.of_vm) and placeable == len(board.of_vm)):
        return None
    holds = min(int(total), placeable)
    return f"the hosts that these VMs may go to have room for {holds} of {len(board.of_vm)}."
