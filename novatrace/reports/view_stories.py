"""The stories of all moves, one each, for a report in which a reader can open what he wants to know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from novatrace.model.case import Case
from novatrace.model.migration import Citation, Migration
from novatrace.model.subject import Subject
from novatrace.reports import view_evidence, view_explain, words
from novatrace.reports.document import Block, Column, Quote, Section, cell, say, table
from novatrace.reports.neutralise import neutral

SHOWN = 250
QUOTED = 60
_LINES_QUOTED = 10
_RANK = {"failed": 0, "unknown": 1, "succeeded": 2}


@dataclass(frozen=True, slots=True)
class Story:
    """One move.

    Attributes:
        name: the VM, else the request.
        outcome: in words, with its tone.
        summary: where from, where to, and how it ended, on one line.
        sections: the story itself.
    """

    name: str
    outcome: str
    tone: str
    summary: str
    sections: tuple[Section, ...]


def moves(case: Case) -> list[Migration]:
    """All moves, those that failed first, else in the order of the case."""
    return sorted((m for m in case.migrations if m.action != "create"), key=lambda m: _RANK.get(m.outcome, 3))


def cited(case: Case) -> Iterator[Citation]:
    """The citations whose lines the stories quote."""
    for migration in moves(case)[:QUOTED]:
        yield from dict.fromkeys(migration.citations[:_LINES_QUOTED])


def stories(case: Case) -> Iterator[Story]:
    """The stories of the first moves; how many there are in all is for the caller to say."""
    for number, migration in enumerate(moves(case)[:SHOWN]):
        subject = Subject("instance", words.name(migration), (migration,), ())
        sections = [*view_explain.story(migration, subject, case), _steps(migration, case)]
        if number < QUOTED:
            sections.append(_lines(migration, case))
        state = f", the VM is {migration.instance_state.upper()}" if migration.instance_state else ""
        stage = f" ({words.stage(migration)})" if words.stage(migration) else ""
        yield Story(
            name=cell(words.name(migration)).text,
            outcome=words.outcome(migration),
            tone=words.outcome_tone(migration.outcome),
            summary=say(f"{words.action(migration)} from {words.host(migration.source)}{stage}{state}").text,
            sections=tuple(section for section in sections if section.blocks),
        )


def _steps(migration: Migration, case: Case) -> Section:
    columns = [
        Column("time (UTC)"),
        Column("node"),
        Column("service"),
        Column("what happened", whole=False),
        Column("line"),
    ]
    rows = [
        [
            cell(words.clock(e.when_us)),
            cell(e.node),
            cell(e.service),
            cell(e.text),
            cell(words.place(e.provenance, case)),
        ]
        for e in migration.timeline
    ]
    return Section("STEP BY STEP", (table(columns, rows),) if rows else ())


def _lines(migration: Migration, case: Case) -> Section:
    found: Iterable[Block] = (
        Quote(neutral(words.place(c.provenance, case)), view_evidence.lines(case.quotes[c.provenance]))
        for c in dict.fromkeys(migration.citations[:_LINES_QUOTED])
        if c.provenance in case.quotes
    )
    return Section("LINES OF THE LOGS", tuple(found))
