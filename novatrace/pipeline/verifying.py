"""``case verify``: whether the evidence of a case is still what it was when it was read."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from novatrace.model.evidence import Evidence
from novatrace.reports import words
from novatrace.reports.neutralise import neutral
from novatrace.sources.excerpts import source_of, sources_at
from novatrace.sources.interface import Source
from novatrace.store.case_reader import CaseReader

_SAME = ("unchanged", "grown")


def verified(path: Path) -> tuple[str, int]:
    """One line for each input of a case with its state, a last line with the sum, and how many inputs are not as they were.

    An input is held against its size and the hashes of its first and last 64 KiB. ``grown``: these are still at its
    beginning and where it ended. ``changed``: another one has its name. ``gone``: nothing has. ``not kept``: it was standard input.
    """
    case = CaseReader(path).case()
    states = [state for _, group in groupby(case.evidence, key=lambda e: e.path) for state in _states(list(group))]
    lines = [f"{state:<9}  {neutral(evidence.place)}\n" for evidence, state in zip(case.evidence, states, strict=True)]
    lost = sum(state not in _SAME for state in states)
    told = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return "".join([*lines, f"{words.count(len(states), 'input')} of {path}: {told}\n"]), lost


def _states(inputs: list[Evidence]) -> list[str]:
    """The states of the inputs that one path gave."""
    sources = sources_at(inputs[0].path)
    return [_state(evidence, inputs[0].path, sources) for evidence in inputs]


def _state(evidence: Evidence, path: str, sources: tuple[Source, ...]) -> str:
    if path == "-":
        return "not kept"
    source = source_of(evidence, sources)
    if source is None:
        return "changed" if any(s.evidence.member == evidence.member for s in sources) else "gone"
    return "unchanged" if source.evidence.size_bytes == evidence.size_bytes else "grown"
