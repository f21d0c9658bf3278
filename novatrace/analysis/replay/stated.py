"""What a nova.conf beside the logs states of scheduling: it stands in where the passes leave it open, and is told as assumed.

Ocata moved these options from [DEFAULT] to [filter_scheduler] and [scheduler] under names of their own
(nova/conf/scheduler.py). Files that contradict each other state nothing; a file may be newer than the batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from novatrace.analysis.replay.rules import Decision, made, usual_multipliers, worded
from novatrace.analysis.replay.told import USUAL_ATTEMPTS
from novatrace.model.evidence import NodeSettings
from novatrace.model.replay import Rules, Statement, Weigher

_SUBSET = ("filter_scheduler/host_subset_size", "DEFAULT/scheduler_host_subset_size")
_ATTEMPTS = ("scheduler/max_attempts", "DEFAULT/scheduler_max_attempts")
_SHUFFLE = ("filter_scheduler/shuffle_best_same_weighed_hosts",)
_MULTIPLIERS = {
    name: (f"filter_scheduler/{name}_weight_multiplier", f"DEFAULT/{name}_weight_multiplier")
    for name in ("ram", "cpu", "disk", "io_ops")
}


def completed(
    rules: Rules, weighed: Statement, decisions: Sequence[Decision], settings: Iterable[NodeSettings]
) -> tuple[Rules, list[Statement]]:
    """The rules with what the files state and the choices allow, and what is to be said of weighers, subset and tries.

    Args:
        rules: as far as the passes tell.
        weighed: what they tell of the weighers.
        decisions: which the rules have to agree with.
        settings: of the files.
    """
    files = [dict(one.options) for one in settings]
    told = []
    size, least = _whole(_stated(files, _SUBSET)), rules.subset_size or 1
    if size is not None and size > least:
        rules = replace(rules, subset_size=size)
        told.append(_assumed(f"host_subset_size = {size}"))
    elif size is not None and size < least:
        text = f"a nova.conf states host_subset_size = {size}, the choices say {least} or more: they count"
        told.append(Statement(text, "computed"))
    if (_stated(files, _SHUFFLE) or "").lower() == "true":
        rules = replace(rules, shuffle_ties=True)
        told.append(_assumed("shuffle_best_same_weighed_hosts = true"))
    weighers = _weighers(files, placement=rules.placement)
    supposed = weighed.basis in ("assumed", "inferred")
    if supposed and weighers and all(made(d, weighers, rules.subset_size or 1) for d in decisions):
        rules = replace(rules, weighers=weighers)
        weighed = _assumed(f"weighers: {worded(weighers)}")
    attempts = _whole(_stated(files, _ATTEMPTS))
    if rules.max_attempts != USUAL_ATTEMPTS:
        tries = Statement(f"at most {rules.max_attempts} tries for a VM (max_attempts)", "inferred")
    elif attempts is None:
        tries = Statement(f"at most {rules.max_attempts} tries for a VM (max_attempts)", "assumed")
    else:
        rules = replace(rules, max_attempts=attempts)
        tries = _assumed(f"at most {attempts} tries for a VM (max_attempts)")
    return rules, [weighed, *told, tries]


def _assumed(what: str) -> Statement:
    return Statement(f"{what}, as a nova.conf beside the logs states", "assumed")


def _stated(files: Iterable[dict[str, str]], names: Sequence[str]) -> str | None:
    """The one value that all files give which give any."""
    values = {value for options in files for name in names if (value := options.get(name)) is not None}
    return values.pop() if len(values) == 1 else None


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and int(text) else None


def _weighers(files: Sequence[dict[str, str]], *, placement: bool) -> tuple[Weigher, ...]:
    """Nova's defaults with the multipliers that the files state; nothing where they state none."""
    stated = {}
    for name, options in _MULTIPLIERS.items():
        try:
            stated[name] = float(_stated(files, options) or "")
        except ValueError:
            continue
    if not stated:
        return ()
    every = usual_multipliers(placement=placement) | stated
    return tuple(Weigher(name, value) for name, value in every.items() if value)
