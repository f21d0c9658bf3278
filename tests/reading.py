"""Reads bytes as one input, in any way that the tool can read them."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from novatrace.model.event import Event
from novatrace.model.evidence import Coverage, Evidence
from novatrace.parsing import definitions
from novatrace.parsing.manner import Zone, manner_of
from novatrace.parsing.repetitions import without_repetitions
from novatrace.parsing.scan_task import Joined, Scanner, first_record
from novatrace.pipeline.ingest import ingest, plan_of
from novatrace.pipeline.run_options import RunOptions

SCANNER = Scanner(definitions.load_catalogue())


def evidence_of(data: bytes, service: str | None = None) -> Evidence:
    """An input of these bytes."""
    return Evidence(0, "x.log", None, "n1", service, len(data), "", "", 0)


def chunked(data: bytes, size: int) -> list[bytes]:
    """The bytes in chunks of a size."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def read(
    data: bytes, service: str | None = None, *, line_by_line: bool = False, chunk: int = 1 << 19, borders=()
) -> tuple[list[Event], Coverage, int]:
    """Events, account and lines with invalid UTF-8; cut into pieces at the first record after each border."""
    evidence = evidence_of(data, service)
    manner = manner_of(data[: 1 << 16], evidence, Zone(UTC, "UTC"))
    manner = replace(manner, line_by_line=line_by_line or manner.line_by_line)
    starts = sorted(
        {0, len(data)} | {at + found for at in borders if (found := first_record(data[at:], manner)) is not None}
    )
    whole, found = Joined(), []
    for start, end in itertools.pairwise(starts):
        chunks = chunked(data[start:end], chunk)
        before = data[max(0, start - (1 << 17)) : start]
        found += whole.add(SCANNER.scan(chunks, evidence, manner, offset=start, before=before), evidence)
    events = list(without_repetitions(found, SCANNER.periodic))
    return events, whole.coverage or Coverage(0), whole.invalid_utf8_lines


@dataclass(frozen=True, slots=True)
class Checksum:
    """All that was read of some paths: how many events, a digest of each of them, and the account of the lines."""

    events: int
    digest: str
    account: tuple[str, ...]


def checksum(*paths: str, **options: Any) -> Checksum:
    """Reads paths with ``RunOptions``: one process unless ``jobs`` says otherwise."""
    read = ingest(plan_of(RunOptions(paths, **{"jobs": 1, **options})))
    digest, events = hashlib.blake2b(), 0
    for events, event in enumerate(read.events, 1):  # noqa: B007 - their number is asked for behind the loop
        digest.update(repr((event.sort_key, event)).encode("utf-8", "surrogatepass"))
    account = tuple(f"{c.evidence_id} {c.lines} {c.bytes_decoded} {sorted(c.levels.items())}" for c in read.coverage)
    return Checksum(events, digest.hexdigest(), account)
