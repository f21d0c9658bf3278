"""A conclusion that an operator can act on."""

from __future__ import annotations

from dataclasses import dataclass

from novatrace.model.migration import Citation

SEVERITIES = ("info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Measure:
    """A number behind a finding, with the limit it is held against."""

    name: str
    value: float | int | None
    limit: float | int | None
    unit: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, how grave it is, the numbers and lines behind it, and what to do.

    Raises:
        ValueError: there is no evidence: no provenance, no finding.
    """

    slug: str
    severity: str
    title: str
    subject: str
    measures: tuple[Measure, ...]
    basis: str
    evidence: tuple[Citation, ...]
    advice: str

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"finding {self.slug} has no evidence")
        if self.severity not in SEVERITIES:
            raise ValueError(f"finding {self.slug}: unknown severity {self.severity}")
