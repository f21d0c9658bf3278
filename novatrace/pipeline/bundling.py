"""``export --bundle``: the lines that a case rests on, read again from the logs, as an archive that ``correlate`` reads.

Verdicts rest on more than what a report cites: on the size of a VM that another service logged, on a host's later view, on
a log that goes on without a failure. So a bundle has every record that the catalogue understood, and each log's last one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from itertools import groupby, islice
from pathlib import Path

from novatrace import __version__
from novatrace.errors import NothingToAnalyseError
from novatrace.model.case import Case
from novatrace.model.evidence import Evidence, Notice, Provenance
from novatrace.parsing.endings import last_record
from novatrace.parsing.lines import physical_lines, unbroken
from novatrace.parsing.manner import Zone, manner_of
from novatrace.parsing.repetitions import without_repetitions
from novatrace.parsing.scan_task import Joined
from novatrace.pipeline import bundle_names
from novatrace.pipeline.sharing import Sharing, passed, redaction_of
from novatrace.pipeline.workers import scanner_of
from novatrace.reports.exports.bundle import Bundle, Part, Record, archive
from novatrace.reports.exports.cited import places
from novatrace.reports.redaction import Redaction
from novatrace.sources.excerpts import ending, read_places, source_of, sources_at
from novatrace.sources.identity import sha256_of
from novatrace.sources.interface import Source
from novatrace.sources.reading import Reading
from novatrace.store.case_reader import CaseReader

_EXPORT = "journalctl-export"


def bundle(path: Path, *, sharing: Sharing) -> tuple[bytes, list[Notice]]:
    """The archive of a case, and what is missing in it.

    Raises:
        NothingToAnalyseError: none of the logs is there any more.
        LeakError: it would show what was to be hidden.
    """
    reader = CaseReader(path)
    case = reader.case()
    redaction = redaction_of(sharing)
    shown = redaction.of(case)
    wanted = _wanted(reader, case)
    cited = places(case)
    parts, notices = [], []
    names = bundle_names.names_of(shown)
    for place, group in groupby(case.evidence, key=lambda evidence: evidence.path):
        sources, sha256 = sources_at(place), sha256_of(place)
        for evidence in group:
            source = source_of(evidence, sources)
            if source is None and wanted[evidence.id]:
                text = "is not what it was when it was read, or gone: its lines are not in the bundle"
                notices.append(
                    Notice("W-BUNDLE-GONE", "sources", shown.evidence[evidence.id].place, text, incomplete=True)
                )
            elif source is not None:
                records = _records(source, evidence, case, wanted[evidence.id], cited)
                coverage = case.coverage[evidence.id]
                part = Part(
                    names[evidence.id], shown.evidence[evidence.id], sha256, coverage.lines.total, coverage.clock_basis,
                    records, apart=any(name.startswith(_EXPORT) for name in coverage.layouts),
                )  # fmt: skip
                parts += [part] if records else []
    if not parts:
        raise NothingToAnalyseError(
            f"{path}: none of its logs can be read again", next_step="bring the logs back to where they were read"
        )
    shared = list(_shared(parts, redaction, sharing))
    missing = [notice.place for notice in notices]
    made = Bundle(shared, tuple(bundle_names.beside(shown, names)), missing, sharing.redact)
    return archive(made, tool_version=__version__), notices


def _wanted(reader: CaseReader, case: Case) -> dict[int, set[Provenance]]:
    """The places to read of each input: those of all its events, and those that are cited."""
    found: dict[int, set[Provenance]] = defaultdict(set)
    periodic = scanner_of(()).periodic
    for evidence, pieces in groupby(reader.pieces(), key=lambda piece: piece.evidence):
        whole = Joined()
        events = (event for piece in pieces for event in whole.add(reader.scanned(piece), evidence))
        found[evidence.id] |= {event.provenance for event in without_repetitions(events, periodic)}
    for place in places(case):
        found[place.evidence_id].add(place)
    return found


def _records(
    source: Source, evidence: Evidence, case: Case, wanted: set[Provenance], cited: set[Provenance]
) -> list[Record]:
    last = _last(source, evidence, case.coverage[evidence.id].lines.total)
    covered = {place.byte_offset for place in wanted}
    if last is not None and last.byte_offset not in covered and wanted:
        wanted = {*wanted, last}
    width = manner_of(Reading(source).head(), evidence, Zone(UTC, "")).wrap_width
    found = read_places(source, wanted)
    return [
        Record(place, _text(data, width), place in cited)
        for place, data in sorted(_whole(found), key=lambda item: item[0].byte_offset)
    ]


def _whole(found: dict[Provenance, bytes]) -> Iterator[tuple[Provenance, bytes]]:
    """Each record once: two events may come from one line, the longer reach has it all."""
    reached = -1
    for place, data in sorted(found.items(), key=lambda item: (item[0].byte_offset, -item[0].length)):
        if place.byte_offset + place.length > reached:
            yield place, data
            reached = place.byte_offset + place.length


def _text(data: bytes, width: int | None) -> str:
    """A record as it stood; what a terminal broke is put together, as a few lines of many no longer show the width."""
    if width is not None:
        data = b"\n".join(line.text for line, _ in unbroken(physical_lines([data]), width))
    return data.decode("utf-8", "surrogateescape")


def _last(source: Source, evidence: Evidence, lines_total: int) -> Provenance | None:
    """The last record, which tells until when nothing went wrong."""
    data, offset = ending(source, evidence)
    at = last_record(data)
    if at is None:
        return None
    lines = data[at:].count(b"\n") + (not data.endswith(b"\n"))
    return Provenance(evidence.id, offset + at, len(data) - at, lines_total - lines + 1)


def _shared(parts: list[Part], redaction: Redaction, sharing: Sharing) -> Iterator[Part]:
    texts = iter(redaction.texts([record.text for part in parts for record in part.records]))
    for part in parts:
        own = islice(texts, len(part.records))
        records = [replace(record, text=text) for record, text in zip(part.records, own, strict=True)]
        done = replace(part, records=records)
        passed(done.text, redaction, sharing, what=f"the bundle's {part.path}")
        yield done
