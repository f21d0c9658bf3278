"""Puts the text of cited lines into a case, for reports that travel without the logs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from novatrace.model.case import Case
from novatrace.model.evidence import Provenance
from novatrace.reports import view_evidence, view_stories
from novatrace.sources.excerpts import excerpts


def quoted(case: Case, *, stories: bool) -> Case:
    """The case with the lines that its report quotes, read again from the logs where they are still there."""
    places: dict[int, set[Provenance]] = defaultdict(set)
    told = view_stories.cited(case) if stories else ()
    for citation in (*view_evidence.cited(case), *told):
        places[citation.provenance.evidence_id].add(citation.provenance)
    texts: dict[Provenance, str] = {}
    for number, wanted in sorted(places.items()):
        for place, data in excerpts(case.evidence[number], wanted).items():
            texts[place] = data.decode("utf-8", "backslashreplace")
    return replace(case, quotes=texts)
