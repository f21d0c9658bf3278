"""Rotated sets with a hole: what is between two numbers or two days of a set was not collected, or is lost."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise

from novatrace.model.evidence import Notice

_NUMBERED = re.compile(r"(?P<base>.+?\.(?:log|txt|json))\.(?P<number>\d{1,3})(?:\.(?:gz|bz2|xz|zst))?")
_DATED = re.compile(
    r"(?P<base>.+?\.(?:log|txt|json))[.\-](?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)(?:\.(?:gz|bz2|xz|zst))?"
)
_DAYS_FROM = 3
_SHOWN = 5


def holes(paths: Iterable[str], logs: Iterable[str]) -> Iterator[Notice]:
    """A notice for each rotated set of logs of which members are missing.

    Numbers count on from 1; days do where the set has one file for each of most days.

    Args:
        paths: of everything that was found in folders and archives, logs or not: an empty file is no hole.
        logs: those that are read.
    """
    read = {_base(path) for path in logs}
    numbers: dict[str, set[int]] = defaultdict(set)
    days: dict[str, set[date]] = defaultdict(set)
    for path in paths:
        folder, name = os.path.split(path)
        if match := _NUMBERED.fullmatch(name):
            numbers[os.path.join(folder, match["base"])].add(int(match["number"]))  # noqa: PTH118 - see files
        elif (match := _DATED.fullmatch(name)) and (day := _day(match)) is not None:
            days[os.path.join(folder, match["base"])].add(day)  # noqa: PTH118
    for base, found in sorted((base, found) for base, found in numbers.items() if base in read):
        missing = [f".{number}" for number in range(1, max(found)) if number not in found]
        if missing:
            yield _notice(base, missing)
    for base, dates in sorted((base, found) for base, found in days.items() if base in read):
        if missing := _missing_days(sorted(dates)):
            yield _notice(base, missing)


def _base(path: str) -> str:
    """The path of a set's live file."""
    folder, name = os.path.split(path)
    match = _NUMBERED.fullmatch(name) or _DATED.fullmatch(name)
    return os.path.join(folder, match["base"]) if match else path  # noqa: PTH118


def _missing_days(days: list[date]) -> list[str]:
    steps = [(b - a).days for a, b in pairwise(days)]
    if len(days) < _DAYS_FROM or steps.count(1) * 2 < len(steps):
        return []
    return [f"-{a + timedelta(days=n)}" for a, b in pairwise(days) for n in range(1, (b - a).days)]


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None


def _notice(base: str, missing: list[str]) -> Notice:
    listed = ", ".join(missing[:_SHOWN]) + (f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
    return Notice("I-IN-HOLE", "sources", base, f"the rotated set has no {listed}; what stood there is not told")
