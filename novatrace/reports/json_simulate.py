"""The JSON of ``simulate``, version 1; ``schemas/simulate.json`` says the same."""

from __future__ import annotations

from typing import Any

from novatrace.model.replay import NovaOption, PolicyResult, Replay, Scenario

_Json = dict[str, Any]


def value(replay: Replay, *, plan: bool, tool_version: str) -> _Json:
    """The whole report."""
    tested = replay.backtest
    return {
        "schema": "novatrace/simulate/1",
        "tool_version": tool_version,
        "seed": replay.seed,
        "backtest": {
            "decisions": tested.decisions,
            "with_choice": tested.with_choice,
            "reproduced": tested.reproduced,
            "deterministic": tested.deterministic,
            "failures": tested.failures,
            "failures_observed": tested.failures_observed,
            "good": tested.good,
            "because": tested.because,
        },
        "batch": _batch(replay.scenario),
        "policies": [_policy(result, replay.scenario) for result in replay.results],
        "advice": {
            "text": replay.advice,
            "policy": replay.advised,
            "none_because": replay.no_advice_because,
        },
        "notes": list(replay.notes),
        "plan": _plan(replay) if plan else None,
    }


def _batch(scenario: Scenario) -> _Json:
    rules = scenario.rules
    return {
        "source": scenario.source,
        "name": scenario.name,
        "number": None if scenario.batch is None else scenario.batch[0],
        "of": None if scenario.batch is None else scenario.batch[1],
        "first_us": scenario.first_us,
        "last_us": scenario.last_us,
        "action": scenario.action,
        "vms": len(scenario.vms),
        "hosts": [
            {
                "host": h.target.host,
                "node": h.target.node,
                "free_vcpus": h.room.vcpus,
                "free_ram_mb": h.room.ram_mb,
                "free_disk_gb": h.room.disk_gb,
                "other_slots": h.other_slots,
            }
            for h in scenario.hosts
        ],
        "claims_in_placement": scenario.claims_in_placement,
        "guarded": list(scenario.guarded),
        "weighers": [{"name": w.name, "multiplier": w.multiplier} for w in rules.weighers],
        "host_subset_size": rules.subset_size,
        "max_attempts": rules.max_attempts,
        "known": [{"text": s.text, "basis": s.basis} for s in scenario.known],
        "missing": list(scenario.missing),
        "set_aside": list(scenario.set_aside),
        "others": [
            {
                "host": scenario.hosts[load.host].target.host,
                "action": load.what,
                "vcpus": load.demand.vcpus,
                "ram_mb": load.demand.ram_mb,
                "disk_gb": load.demand.disk_gb,
            }
            for load in scenario.loads
        ],
    }


def _policy(result: PolicyResult, scenario: Scenario) -> _Json:
    variant = result.variant
    return {
        "name": variant.name,
        "title": variant.title,
        "parameters": variant.parameters,
        "change": variant.change,
        "deterministic": result.deterministic,
        "errors": {
            "mean": result.mean,
            "low": result.low,
            "high": result.high,
            "runs": result.runs,
            "exact": result.exact,
            "least": result.least,
            "most": result.most,
            "histogram": [{"errors": e, "runs": n} for e, n in result.histogram.items()],
        },
        "overloaded_mean": result.overloads,
        "per_target": [
            {
                "host": scenario.hosts[load.host].target.host,
                "node": scenario.hosts[load.host].target.node,
                "placed_mean": load.placed_mean,
                "placed_most": load.placed_most,
                "refused_mean": load.refused_mean,
            }
            for load in result.loads
        ],
        "makespan_rounds": result.rounds,
        "nova_options": [_option(option) for option in variant.options],
    }


def _option(option: NovaOption) -> _Json:
    return {
        "name": option.name,
        "section": option.section,
        "value": option.value,
        "since": option.since,
        "until": option.until,
    }


def _plan(replay: Replay) -> _Json:
    scenario = replay.scenario

    def host(index: int | None) -> str | None:
        return None if index is None else scenario.hosts[index].target.host

    return {
        "waves": [
            {
                "vms": [
                    {"name": scenario.vms[vm].name, "expected": host(at)}
                    for vm, at in zip(wave.vms, wave.expected, strict=True)
                ],
                "reason": wave.reason,
            }
            for wave in replay.plan.waves
        ],
        "unplaceable": [scenario.vms[vm].name for vm in replay.plan.unplaceable],
        "unplaceable_because": replay.plan.unplaceable_because,
    }
