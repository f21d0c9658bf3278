"""Dates of which nobody says whether day or month comes first (``03/11/2026``): the whole input is asked, nothing is guessed."""

from __future__ import annotations

import re

AMBIGUOUS = "dates such as 03/11/2026, of which no line tells whether day or month comes first: times unknown"
_DATE = re.compile(r"(?<![\d/.\-])(\d{1,2})([/.\-])(\d{1,2})\2(\d{4})(?=[ T_]\d\d:)")
_MONTHS = 12


def day_first_of(texts: list[str], whole: bytes) -> bool | None:
    """True where days come first, False where months do, None where no line tells, or lines contradict each other.

    Args:
        texts: the first lines of an input.
        whole: all of it, or pieces from all over it.
    """
    told = set()
    for text in (*texts, whole.decode("utf-8", "replace")):
        for one, sign, two, _ in _DATE.findall(text):
            if sign == "." or int(one) > _MONTHS:
                told.add(True)
            elif int(two) > _MONTHS:
                told.add(False)
    return told.pop() if len(told) == 1 else None


def iso_date(text: str, *, day_first: bool | None) -> str | None:
    """Such a date in ISO's form; None where it may be either of two days."""
    one, two, year = re.split(r"[/.\-]", text)
    first, second = int(one), int(two)
    if "." in text or first > _MONTHS or (day_first and second <= _MONTHS):
        day, month = first, second
    elif second > _MONTHS or day_first is False:
        month, day = first, second
    elif first == second:
        month = day = first
    else:
        return None
    return f"{year}-{month:02}-{day:02}"
