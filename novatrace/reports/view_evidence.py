"""The view of evidence: the lines behind each finding, as they stand in the logs, for readers who have only the report."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.model.case import Case
from novatrace.model.migration import Citation
from novatrace.reports import words
from novatrace.reports.document import Block, Quote, Section, say
from novatrace.reports.neutralise import neutral

LINES_OF_A_FINDING = 6
_LINES_OF_A_QUOTE = 8
_LONGEST_LINE = 1200


def cited(case: Case) -> list[Citation]:
    """The citations whose lines a report for sharing quotes."""
    found: dict[Citation, None] = {}
    for finding in case.findings:
        found.update(dict.fromkeys(finding.evidence[:LINES_OF_A_FINDING]))
    return list(found)


def evidence_section(case: Case) -> Section:
    """The quoted lines, by finding; empty where the case has no quotes."""
    return Section("EVIDENCE", tuple(_quotes(case)) if case.quotes else ())


def _quotes(case: Case) -> Iterator[Block]:
    for finding in case.findings:
        yield say(f"{finding.slug}: {finding.title}", "strong")
        for citation in dict.fromkeys(finding.evidence[:LINES_OF_A_FINDING]):
            place = words.place(citation.provenance, case)
            text = case.quotes.get(citation.provenance)
            if text is None:
                yield say(f"{place}: this line cannot be read any more", "warn")
            else:
                yield Quote(neutral(place), lines(text))


def lines(text: str) -> tuple[str, ...]:
    """The lines of a record, harmless and not too many."""
    all_lines = text.rstrip("\n").split("\n")
    shown = [neutral(line[:_LONGEST_LINE]) + (f" … (+{len(line) - _LONGEST_LINE})" if len(line) > _LONGEST_LINE else "")
             for line in all_lines[:_LINES_OF_A_QUOTE]]  # fmt: skip
    if len(all_lines) > _LINES_OF_A_QUOTE:
        shown.append(f"… {len(all_lines) - _LINES_OF_A_QUOTE} more lines of this record")
    return tuple(shown)
