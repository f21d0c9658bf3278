"""How the files of a bundle are called, and what must stand beside them, so that they are read again as they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from novatrace.model.case import Case
from novatrace.model.evidence import Evidence
from novatrace.sources.identity import not_a_log
from novatrace.sources.services import service_of_file

_NO_NODE = "logs"
_PACKED = re.compile(r"\.(?:gz|bz2|xz|zst)$")
_UNSAFE = re.compile(r"[^\w.+@-]+")
_ZONE = re.compile(r"([A-Za-z][\w+\-]*(?:/[\w+\-]+)*) \((?:--tz|timedatectl|timezone)")


def names_of(case: Case) -> list[str]:
    """The path in the bundle of each input: ``NODE/SERVICE.log``, by the names that may be shown."""
    taken: set[str] = set()
    names = []
    for evidence in case.evidence:
        name = _name(evidence)
        if name in taken:
            folder, _, file = name.rpartition("/")
            name = f"{folder}/{evidence.id}/{file}"
        taken.add(name)
        names.append(name)
    return names


def _name(evidence: Evidence) -> str:
    base = PurePath((evidence.member or evidence.path).rpartition("!")[2]).name
    base = _UNSAFE.sub("_", _PACKED.sub("", base)).strip(".") or "log"
    if not_a_log(base):
        base += ".log"
    service = evidence.service
    inside = f"{service}/" if service and service_of_file(base) is None else ""
    node = _UNSAFE.sub("_", evidence.node or "").strip(".") or _NO_NODE
    return f"{node}/{inside}{base}"


def beside(case: Case, names: list[str]) -> Iterator[tuple[str, str]]:
    """(path, text) of zones and of Nova's options, where a report had them."""
    zones: dict[str, str] = {}
    for evidence, coverage in zip(case.evidence, case.coverage, strict=True):
        match = _ZONE.match(coverage.clock_basis)
        if match:
            zones.setdefault(_root(names[evidence.id]), match[1])
    confs: dict[str, str] = {}
    for settings in sorted(case.settings, key=lambda s: -s.place.count("/")):
        for root in _roots_under(settings.place, case, names):
            confs.setdefault(root, _conf(settings.options))
    yield from ((f"{root}/etc/timezone", f"{zone}\n") for root, zone in sorted(zones.items()))
    yield from ((f"{root}/etc/nova/nova.conf", text) for root, text in sorted(confs.items()))


def _root(name: str) -> str:
    return name.partition("/")[0]


def _roots_under(place: str, case: Case, names: list[str]) -> set[str]:
    """Folders of the bundle whose logs stood in the nearest folder above a place that has any."""
    archive, inside, member = place.rpartition("!")
    for folder in PurePath(member).parents:
        above = f"{archive}{inside}" + ("" if str(folder) == "." else f"{folder}/".replace("//", "/"))
        found = {_root(names[evidence.id]) for evidence in case.evidence if evidence.place.startswith(above)}
        if found:
            return found
    return set()


def _conf(options: tuple[tuple[str, str], ...]) -> str:
    """The options that were used, as a nova.conf; nothing else of the file is in the bundle."""
    lines: list[str] = []
    section = ""
    for name, value in options:
        group, _, option = name.partition("/")
        if group != section:
            section = group
            lines.append(f"[{group}]")
        lines.append(f"{option} = {value}")
    return "\n".join(lines) + "\n"
