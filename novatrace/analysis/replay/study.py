"""The whole answer of ``simulate``: every policy, the backtest, the advice and the wave plan."""

from __future__ import annotations

from collections.abc import Sequence

from novatrace.analysis import policies
from novatrace.analysis.policies import waves
from novatrace.analysis.replay.advice import advise, capacity_note, is_zero
from novatrace.analysis.replay.backtest import backtest
from novatrace.analysis.replay.player import Progress, replay
from novatrace.analysis.replay.rules import Decision
from novatrace.analysis.replay.wave_plan import plan
from novatrace.model.replay import PolicyResult, Replay, Scenario, Variant


def study(
    scenario: Scenario, decisions: Sequence[Decision], *, runs: int, seed: int, progress: Progress | None = None
) -> Replay:
    """The batch under every policy.

    Args:
        scenario: the batch.
        decisions: its logged passes, for the backtest; none for a scenario file.
        runs: how often a policy with random choices is played.
        seed: of all random choices.
        progress: called with runs done and runs in all.
    """
    variants = policies.all_variants(scenario)
    results = []
    for number, variant in enumerate(variants):
        told = _shifted(progress, number * runs, len(variants) * runs)
        results.append(replay(scenario, variant, runs=runs, seed=seed, progress=told))
        if progress is not None:
            progress((number + 1) * runs, len(variants) * runs)
    results += _largest_wave(scenario, results)
    results = [results[0], *sorted(results[1:], key=_rank)]
    tested = backtest(scenario, decisions, results[0])
    advice, advised, because = advise(scenario, tested, results)
    short, now = capacity_note(scenario), plan(scenario)
    best = results[advised].variant if advised is not None else None
    later = plan(scenario, best.rules) if best is not None and best.change == "option" and now.unplaceable else None
    return Replay(
        scenario=scenario,
        backtest=tested,
        results=tuple(results),
        advice=advice,
        advised=advised,
        no_advice_because=because,
        plan=now,
        later_plan=later,
        seed=seed,
        runs=runs,
        notes=() if short is None else (short[0].upper() + short[1:],),
    )


def _rank(result: PolicyResult) -> tuple[float, float, int, str, str]:
    """Fewest errors first, then fewest overloads and rounds."""
    expected = result.mean if result.exact is None else result.exact
    variant = result.variant
    return expected, result.overloads, result.rounds, variant.name, str(sorted(variant.parameters.items()))


def _shifted(progress: Progress | None, done: int, total: int) -> Progress | None:
    if progress is None:
        return None
    return lambda part, _: progress(done + part, total)


def _largest_wave(scenario: Scenario, results: Sequence[PolicyResult]) -> list[PolicyResult]:
    """The largest waves without an error, by bisection; none where one at a time fails too, or choices are random."""
    if not all(r.deterministic and is_zero(r) for r in results if r.variant.name == "sequential"):
        return []
    if is_zero(results[0]):
        return []
    good, bad = 1, len(scenario.vms)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if is_zero(_once(scenario, waves.of_size(scenario, middle))) else (good, middle)
    known = {r.variant.parameters.get("wave") for r in results}
    return [] if good == 1 or good in known else [_once(scenario, waves.of_size(scenario, good))]


def _once(scenario: Scenario, variant: Variant) -> PolicyResult:
    return replay(scenario, variant, runs=1, seed=0)
