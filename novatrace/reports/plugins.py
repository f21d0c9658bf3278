"""Finds formats: a module of a package whose name ends in a word is a format of that kind. Nothing is registered."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def names(package: ModuleType, suffix: str) -> tuple[str, ...]:
    """The names of all modules of a package that end so, without the ending."""
    modules = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name.removesuffix(suffix) for name in modules if name.endswith(suffix)))


def module(package: ModuleType, name: str, suffix: str) -> ModuleType:
    """The module of a format.

    Raises:
        KeyError: there is none of this name.
    """
    if name not in names(package, suffix):
        raise KeyError(name)
    return importlib.import_module(f"{package.__name__}.{name}{suffix}")
