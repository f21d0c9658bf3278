"""An evidence bundle: the lines that a case rests on, as a tar archive with a manifest and checksums; the same case, the same bytes.

It is laid out as logs are collected, one folder for each node, so that ``correlate`` reads it like any other archive.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from novatrace.model.evidence import Evidence, Provenance
from novatrace.reports.neutralise import json_safe

SCHEMA = "novatrace/bundle/1"
MANIFEST, SUMS = "MANIFEST.json", "SHA256SUMS"
_MODE = 0o644


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a log: where it stood, its text, and whether a statement of the report cites it."""

    place: Provenance
    text: str
    cited: bool


@dataclass(frozen=True, slots=True)
class Part:
    """What a bundle has of one input.

    Attributes:
        path: in the bundle.
        evidence: the input, with names as they may be shown.
        sha256: of the whole original file (of the archive, where it is in one); None where it could not be read.
        lines_total: of the original.
        clock_basis: how its stamps were read.
        apart: an empty line ends each of its records.
    """

    path: str
    evidence: Evidence
    sha256: str | None
    lines_total: int
    clock_basis: str
    records: Sequence[Record]
    apart: bool = False

    @property
    def text(self) -> str:
        """The whole file."""
        end = "\n\n" if self.apart else "\n"
        return "".join(record.text.rstrip("\n") + end for record in self.records)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What goes into an archive.

    Attributes:
        parts: the lines.
        beside: (path, text) of what must be known beside them: zones, log formats.
        missing: places of inputs that could not be read again.
        redacted: names are pseudonyms.
    """

    parts: Sequence[Part]
    beside: Sequence[tuple[str, str]]
    missing: Sequence[str]
    redacted: bool


def archive(bundle: Bundle, *, tool_version: str) -> bytes:
    """The bytes of the ``.tar.gz``: sorted, without owners; the times of the logs are kept, as year-less stamps need them."""
    files = {part.path: (_encoded(part.text), part.evidence.mtime_us // 1_000_000) for part in bundle.parts}
    files |= {path: (_encoded(text), 0) for path, text in bundle.beside}
    files[MANIFEST] = (_encoded(manifest(bundle, tool_version=tool_version)), 0)
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {path}\n" for path, (data, _) in sorted(files.items()))
    files[SUMS] = (_encoded(sums), 0)
    packed = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", mtime=0, fileobj=packed) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path, (data, mtime_s) in sorted(files.items()):
            member = tarfile.TarInfo(path)
            member.size, member.mtime, member.mode = len(data), mtime_s, _MODE
            tar.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def manifest(bundle: Bundle, *, tool_version: str) -> str:
    """What stands where, and where it comes from, as JSON."""
    value = {
        "schema": SCHEMA,
        "tool_version": tool_version,
        "redacted": bundle.redacted,
        "missing": sorted(bundle.missing),
        "files": [_part(part) for part in sorted(bundle.parts, key=lambda part: part.path)],
    }
    return json_safe(json.dumps(value, ensure_ascii=False, indent=1)) + "\n"


def _part(part: Part) -> dict[str, Any]:
    data = _encoded(part.text)
    evidence = part.evidence
    return {
        "path": part.path,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "node": evidence.node,
        "service": evidence.service,
        "clock_basis": part.clock_basis,
        "source": {
            "path": evidence.path,
            "member": evidence.member,
            "bytes": evidence.size_bytes,
            "lines": part.lines_total,
            "sha256": part.sha256,
        },
        "records": list(_records(part)),
    }


def _records(part: Part) -> Iterable[dict[str, Any]]:
    line = 1
    for record in part.records:
        lines = record.text.rstrip("\n").count("\n") + 1
        place = record.place
        yield {
            "line": line,
            "lines": lines,
            "source_line": place.line_no,
            "source_offset": place.byte_offset,
            "source_bytes": place.length,
            "cited": record.cited,
        }
        line += lines + part.apart


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
