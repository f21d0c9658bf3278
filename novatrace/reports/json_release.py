"""What the wording tells of the release, for the JSON reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from novatrace.model.case import Case
from novatrace.model.evidence import Coverage
from novatrace.model.releases import ReleaseRange, Wording, range_of
from novatrace.reports import view_releases


def release(inputs: Iterable[Coverage], case: Case) -> dict[str, Any] | None:
    """First and last release that write every wording of the inputs, with the lines that rule out others.

    None where no wording is known; ``since`` and ``until`` are null where no release writes all of them.
    """
    found = range_of(inputs)
    if found is None:
        return None
    return {
        "since": found.since,
        "until": found.until,
        "contradiction": _contradiction(found, case),
        "oldest_by": _wording(found.oldest_by, case),
        "newest_by": _wording(found.newest_by, case),
    }


def _contradiction(found: ReleaseRange, case: Case) -> str | None:
    if found.despite is not None:
        return view_releases.despite(found.despite, case)
    return None if found.since else view_releases.contradiction(found, case)


def _wording(wording: Wording, case: Case) -> dict[str, Any]:
    return {
        "kind": wording.kind,
        "since": wording.since,
        "until": wording.until,
        "path": case.evidence[wording.evidence_id].place,
        "line": wording.line_no,
    }
