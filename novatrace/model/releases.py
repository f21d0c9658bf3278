"""The releases of OpenStack in their order, which one a version belongs to, and which ones wrote an input."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from novatrace.model.evidence import Coverage

RELEASES = (
    "folsom", "grizzly", "havana", "icehouse", "juno", "kilo", "liberty", "mitaka", "newton", "ocata", "pike", "queens",
    "rocky", "stein", "train", "ussuri", "victoria", "wallaby", "xena", "yoga", "zed", "2023.1", "2023.2", "2024.1",
    "2024.2", "2025.1", "2025.2", "2026.1", "2026.2",
)  # fmt: skip
_POSITIONS = {name: number for number, name in enumerate(RELEASES)}
_DATED = ("2012.2", "2013.1", "2013.2", "2014.1", "2014.2", "2015.1")  # Folsom to Kilo; Liberty is 12
_FIRST_NUMBERED = 12
_STATES = "service-start"
_VERSION = re.compile(r"(\d{4}\.\d|\d{2})(?=[.\s-]|$)")


def position(release: str) -> int:
    """The place of a release in the order of all.

    Raises:
        KeyError: there is no such release.
    """
    return _POSITIONS[release]


def known(release: str) -> bool:
    """True for the name of a release."""
    return release in _POSITIONS


def of_version(version: str) -> str | None:
    """The release of a version as Nova prints it, such as ``31.3.1`` or ``2013.2.4``; None when it is unknown."""
    found = _VERSION.match(version)
    if found is None:
        return None
    number = found[1]
    place = _DATED.index(number) if number in _DATED else -1
    if place < 0 and number.isdigit():
        place = int(number) - _FIRST_NUMBERED + len(_DATED)
    return RELEASES[place] if 0 <= place < len(RELEASES) else None


@dataclass(frozen=True, slots=True)
class Wording:
    """A line whose wording only some releases write.

    Attributes:
        since: first release that writes it.
        until: last release.
        kind: kind of the message.
        evidence_id: the input in which it stands first.
        line_no: the line there.
    """

    since: str
    until: str
    kind: str
    evidence_id: int
    line_no: int


@dataclass(frozen=True, slots=True)
class ReleaseRange:
    """What wordings say together.

    Attributes:
        since: the oldest release that writes all of them; None where no release does.
        until: the newest release that writes all of them.
        oldest_by: the wording that rules out what is before ``since``, or, where no release fits, the newer one.
        newest_by: the wording that rules out what is behind ``until``, or, where no release fits, the older one.
        despite: where services state their version, a wording that other releases write: distributions port messages back.
    """

    since: str | None
    until: str | None
    oldest_by: Wording
    newest_by: Wording
    despite: Wording | None = None

    @property
    def says_something(self) -> bool:
        """True when a release is ruled out, or the wordings contradict each other."""
        return self.since is None or (self.since, self.until) != (RELEASES[0], RELEASES[-1])


def span(since: str, until: str) -> str:
    """A range as a key of ``Coverage.wordings``; "" where it is not one of known releases."""
    return f"{since}..{until}" if since in _POSITIONS and until in _POSITIONS else ""


def wordings(coverage: Coverage) -> list[Wording]:
    """The wordings of an input."""
    found = []
    for key, (line_no, kind) in sorted(coverage.wordings.items()):
        since, until = key.split("..")
        found.append(Wording(since, until, kind, coverage.evidence_id, line_no))
    return found


def range_of(inputs: Iterable[Coverage]) -> ReleaseRange | None:
    """The releases that write every wording of these inputs; None when nothing was recognised.

    The last point of a series counts as the series: what was ported back is written by it too. Where wordings contradict each
    other, the version that every service states at its start is believed.
    """
    found = [wording for coverage in inputs for wording in wordings(coverage)]
    if not found:
        return None
    oldest_by = max(found, key=lambda w: (position(w.since), -w.evidence_id, -w.line_no))
    newest_by = min(found, key=lambda w: (position(w.until), w.evidence_id, w.line_no))
    if position(oldest_by.since) > position(newest_by.until):
        stated = [wording for wording in found if wording.kind == _STATES and wording.since == wording.until]
        if len({wording.since for wording in stated}) != 1:
            return ReleaseRange(None, None, oldest_by, newest_by)
        release = stated[0].since
        odd = oldest_by if position(oldest_by.since) > position(release) else newest_by
        return ReleaseRange(release, release, stated[0], stated[0], despite=odd)
    return ReleaseRange(oldest_by.since, newest_by.until, oldest_by, newest_by)
