"""Scheduling policies for replay, one file each: a module with ``variants(scenario)`` is a policy.

``variants`` gives the policy with its parameters fixed, once for each setting worth trying on this batch; none when the
policy means nothing for it (a weigher whose values no log has). Each module's docstring says what Nova does, with file and
release. Nothing is registered: adding a policy is adding a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from novatrace.model.replay import Scenario, Variant


def names() -> tuple[str, ...]:
    """The module names of all policies."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def variants_of(name: str) -> Callable[[Scenario], tuple[Variant, ...]]:
    """The ``variants`` of a policy module."""
    found: Callable[[Scenario], tuple[Variant, ...]] = importlib.import_module(f"{__name__}.{name}").variants
    return found


def all_variants(scenario: Scenario) -> tuple[Variant, ...]:
    """Every policy with every setting worth trying; what was observed comes first."""
    found = [variant for name in names() for variant in variants_of(name)(scenario)]
    return tuple(sorted(found, key=lambda variant: variant.change != "none"))
