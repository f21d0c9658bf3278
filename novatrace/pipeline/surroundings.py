"""What is known of an input beside its lines: the zone and the name of its node, the site's log format, Nova's options.

From the user's options, else from what stands beside the logs (``sources/beside.py``): a sosreport's timedatectl and host
name, a nova.conf. The nearest folder counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import TypeVar

from novatrace.errors import UsageError
from novatrace.model.evidence import Evidence, NodeSettings, Notice
from novatrace.model.hostname import short
from novatrace.parsing.clock_basis import ASSUMED, STATED
from novatrace.parsing.layouts import Layout
from novatrace.parsing.log_format import DEFAULT_DATE_FORMAT, layout_of_format
from novatrace.parsing.manner import Zone
from novatrace.parsing.nova_conf import settings_of, zone_of_timedatectl
from novatrace.parsing.timestamps import zone
from novatrace.sources.beside import Beside

T = TypeVar("T")
_UNSTATED = Zone(UTC, f"{ASSUMED} (no zone in the stamps; --tz states it)")
_SHOWN = 12
_FORMATS = ("DEFAULT/logging_context_format_string", "DEFAULT/logging_default_format_string")


@dataclass(slots=True)
class Surroundings:
    """Answers what is known of an input; made once in a run."""

    tz: str | None
    formats: tuple[Layout, ...]
    notices: list[Notice] = field(default_factory=list)
    settings: list[NodeSettings] = field(default_factory=list)
    _zones: list[tuple[str, Zone]] = field(default_factory=list)
    _names: list[tuple[str, str]] = field(default_factory=list)
    _layouts: list[tuple[str, tuple[Layout, ...]]] = field(default_factory=list)

    def learn(self, beside: Beside) -> None:
        """Takes in a file that stands beside logs."""
        text = beside.text.strip()
        if beside.kind == "hostname" and text and len(text.split()) == 1:
            self._names.append((beside.root, text))
        elif beside.kind in ("timedatectl", "timezone"):
            name = zone_of_timedatectl(text)
            if name is not None:
                self._learn_zone(beside, name)
        elif beside.kind == "nova.conf":
            found = settings_of(text, self.name_at(beside.path), beside.path)
            self.settings.append(found)
            self._layouts.append((beside.root, tuple(self._of_conf(dict(found.options), beside.path))))

    def settled(self, inputs: Collection[Evidence]) -> tuple[NodeSettings, ...]:
        """The options of each nova.conf with whose they are: of the one node whose logs are in the file's folder."""
        return tuple(
            one if one.node is not None else replace(one, node=_only_node(_root_of(one.place), inputs))
            for one in self.settings
        )

    def _learn_zone(self, beside: Beside, name: str) -> None:
        try:
            self._zones.append((beside.root, Zone(zone(name), f"{name} ({beside.kind} in {beside.root or '.'})")))
        except UsageError:
            text = f"names the time zone {name!r}, which is not known here; it was not used"
            self.notices.append(Notice("W-TIME-TZ", "sources", beside.path, text))

    def _of_conf(self, options: dict[str, str], path: str) -> Iterator[Layout]:
        date_format = options.get("DEFAULT/log_date_format", DEFAULT_DATE_FORMAT)
        for name in _FORMATS:
            if name not in options:
                continue
            try:
                yield layout_of_format(options[name], date_format)
            except UsageError:
                text = f"{name.partition('/')[2]} cannot be read as a layout; it was not used"
                self.notices.append(Notice("W-FMT-CONF", "sources", path, text))

    def zone_of(self, evidence: Evidence) -> Zone:
        """The zone of an input's stamps that have none."""
        stated = list(stated_zones(self.tz))
        for node, found in stated:
            if node is not None and evidence.node is not None and short(node) == short(evidence.node):
                return found
        for node, found in stated:
            if node is None:
                return found
        return _nearest(self._zones, evidence.place) or _UNSTATED

    def name_at(self, place: str) -> str | None:
        """The name of the node that a sosreport is of, by its own host name."""
        return _nearest([(root, name) for root, name in self._names if "sosreport" in root], place)

    def layouts_of(self, evidence: Evidence) -> tuple[Layout, ...]:
        """The layouts of the site: as given, else by the nearest nova.conf."""
        return self.formats or _nearest(self._layouts, evidence.place) or ()


def surroundings(tz: str | None, formats: tuple[str, ...], beside: tuple[Beside, ...]) -> Surroundings:
    """What is known beside the lines.

    Raises:
        UsageError: a zone or a format cannot be used as given.
    """
    list(stated_zones(tz))
    found = Surroundings(tz, tuple(layout_of_format(text) for text in formats))
    for one in sorted(beside, key=lambda b: b.kind != "hostname"):
        found.learn(one)
    return found


def stated_zones(tz: str | None) -> Iterator[tuple[str | None, Zone]]:
    """(node or None, zone) of ``--tz``: ``ZONE`` for all, ``NODE=ZONE`` for one, a comma between.

    Raises:
        UsageError: no such zone.
    """
    for part in tz.split(",") if tz is not None else ():
        node, equals, name = part.strip().rpartition("=")
        if equals:
            yield node, Zone(zone(name), f"{name} {STATED} for {node})")
        else:
            yield None, Zone(zone(name), f"{name} {STATED})")


def zones_of_nobody(tz: str | None, nodes: Collection[str]) -> Iterator[Notice]:
    """What ``--tz`` states for a node that wrote none of the lines: a name that was mistyped must not pass unseen."""
    known = {short(node) for node in nodes}
    for node, _ in stated_zones(tz):
        if node is not None and short(node) not in known:
            text = f"no line is of a node of this name; those here are {', '.join(sorted(nodes)[:_SHOWN]) or 'unnamed'}"
            yield Notice("W-TIME-TZ", "sources", f"--tz {node}", text)


def _root_of(place: str) -> str:
    return Beside(place, "nova.conf", b"").root


def _only_node(root: str, inputs: Collection[Evidence]) -> str | None:
    nodes = {e.node for e in inputs if not root or e.place.startswith((f"{root}/", f"{root}!"))}
    return nodes.pop() if len(nodes) == 1 else None


def _nearest(known: list[tuple[str, T]], place: str) -> T | None:
    """What the deepest folder above a place says."""
    above = [
        (len(root), number)
        for number, (root, _) in enumerate(known)
        if not root or place.startswith((f"{root}/", f"{root}!"))
    ]
    return known[max(above)[1]][1] if above else None
