"""What the policies with one weigher share: the weigher alone, where its value is known of every host."""

from __future__ import annotations

from dataclasses import replace

from novatrace.analysis.replay.board import seen_of
from novatrace.model.replay import NovaOption, Scenario, Variant, Weigher

OPTION = {name: f"{name}_weight_multiplier" for name in ("ram", "cpu", "disk", "io_ops", "num_instances")}
_ON_BY_DEFAULT: dict[str, str | None] = {"ram": None, "disk": None, "io_ops": None, "cpu": "Rocky"}


def only(
    scenario: Scenario, name: str, title: str, weigher: Weigher, options: tuple[NovaOption, ...]
) -> tuple[Variant, ...]:
    """The batch with this weigher alone; nothing where it could not tell hosts apart."""
    if seen_of(scenario, weigher.name) is None or len(scenario.hosts) < 2:  # noqa: PLR2004 - a choice needs two
        return ()
    rules = replace(scenario.rules, weighers=(weigher,), subset_size=1, by_slots=False)
    return (Variant(name, title, {OPTION[weigher.name]: weigher.multiplier}, rules, "option", options),)


def multiplier(weigher: str, value: float, since: str | None = None) -> tuple[NovaOption, ...]:
    """The multiplier's option, and 0 for every weigher that is on by default.

    Until Newton the options stood in ``[DEFAULT]`` (``deprecated_group`` in ``nova/conf/scheduler.py`` 15.1.5). A weigher
    that came later has no place there.
    """
    told = []
    for name, first in {**_ON_BY_DEFAULT, weigher: since}.items():
        option, amount = OPTION[name], f"{value:g}" if name == weigher else "0"
        if first is None and since is None:
            told.append(NovaOption(option, "DEFAULT", amount, None, "Newton"))
        told.append(NovaOption(option, "filter_scheduler", amount, since or first or "Ocata", None))
    return tuple(sorted(told, key=lambda o: (o.value == "0", o.until is None, o.name)))
