"""Puts aside what is long of a move: the lines that tell of it, its story, and the filters and hosts of its passes."""

from __future__ import annotations

from dataclasses import replace

from novatrace.model.kept import Shelf
from novatrace.model.migration import (
    Attempt,
    Candidate,
    Citation,
    Claim,
    FilterStep,
    Migration,
    Pass,
    Rejection,
    TimelineEntry,
)


class Slimmer:
    """For the moves of one request, which may share a pass."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._passes: dict[int, tuple[Pass, Pass]] = {}

    def migration(self, whole: Migration) -> Migration:
        """The same move."""
        return replace(
            whole,
            attempts=tuple(self._attempt(attempt) for attempt in whole.attempts),
            citations=self._shelf.keep(Citation, whole.citations),
            timeline=self._shelf.keep(TimelineEntry, whole.timeline),
        )

    def _attempt(self, whole: Attempt) -> Attempt:
        return replace(
            whole,
            schedule=None if whole.schedule is None else self._pass(whole.schedule),
            claim=None if whole.claim is None else self._claim(whole.claim),
            citations=self._shelf.keep(Citation, whole.citations),
        )

    def _claim(self, whole: Claim) -> Claim:
        return replace(whole, citations=self._shelf.keep(Citation, whole.citations))

    def _pass(self, whole: Pass) -> Pass:
        _, slim = self._passes.get(id(whole), (whole, None))
        if slim is None:
            slim = replace(
                whole,
                filters=self._shelf.keep(FilterStep, whole.filters),
                candidates=self._shelf.keep(Candidate, whole.candidates),
                rejected=self._shelf.keep(Rejection, whole.rejected),
                citations=self._shelf.keep(Citation, whole.citations),
            )
            self._passes[id(whole)] = whole, slim
        return slim
