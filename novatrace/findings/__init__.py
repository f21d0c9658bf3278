"""Conclusions, one file each, found by walking this folder.

A finding is a module with ``SLUG`` and ``find(case) -> Iterable[Finding]``, a function of the analysed case alone.
"""

from __future__ import annotations

import importlib
import pkgutil

from novatrace.model.case import Case
from novatrace.model.finding import SEVERITIES, Finding


def slugs() -> tuple[str, ...]:
    """The names of all findings."""
    return tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__)))


def of(case: Case) -> tuple[Finding, ...]:
    """Every finding of a case, the gravest first."""
    found: list[Finding] = []
    for module in pkgutil.iter_modules(__path__):
        found += importlib.import_module(f"{__name__}.{module.name}").find(case)
    return tuple(sorted(found, key=lambda f: (-SEVERITIES.index(f.severity), f.slug, f.subject)))
