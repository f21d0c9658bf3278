"""The releases of OpenStack in their order, and which one a version of Nova belongs to."""

from __future__ import annotations

import re

RELEASES = (
    "folsom", "grizzly", "havana", "icehouse", "juno", "kilo", "liberty", "mitaka", "newton", "ocata", "pike", "queens",
    "rocky", "stein", "train", "ussuri", "victoria", "wallaby", "xena", "yoga", "zed", "2023.1", "2023.2", "2024.1",
    "2024.2", "2025.1", "2025.2", "2026.1", "2026.2",
)  # fmt: skip
_POSITIONS = {name: number for number, name in enumerate(RELEASES)}
_DATED = ("2012.2", "2013.1", "2013.2", "2014.1", "2014.2", "2015.1")  # Folsom to Kilo; Liberty is 12
_FIRST_NUMBERED = 12
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
