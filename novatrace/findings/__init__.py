"""Conclusions, one file each, found by walking this folder.

A finding is a module with ``find(case) -> Iterable[Finding]``, a function of the analysed case alone; its name, with hyphens,
is the slug. Modules whose names begin with an underscore are what several findings are written with.
"""

from __future__ import annotations

import importlib
import pkgutil

from novatrace.model.case import Case
from novatrace.model.finding import SEVERITIES, Finding


def slugs() -> tuple[str, ...]:
    """The names of all findings."""
    return tuple(sorted(name.replace("_", "-") for name in _modules()))


def of(case: Case) -> tuple[Finding, ...]:
    """Every finding of a case, the gravest first; those of one kind in the order in which the module tells them."""
    found: list[Finding] = []
    for name in _modules():
        found += importlib.import_module(f"{__name__}.{name}").find(case)
    return tuple(sorted(found, key=lambda f: (-SEVERITIES.index(f.severity), f.slug)))


def _modules() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
