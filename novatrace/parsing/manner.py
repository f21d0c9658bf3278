"""How an input is to be read, found out from its first lines: layout, clock, breaks, and who its lines are from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice

from novatrace.model.evidence import Evidence
from novatrace.model.hostname import short
from novatrace.parsing.clock_basis import basis_of
from novatrace.parsing.journal_export import is_export
from novatrace.parsing.layout_reader import LayoutReader, Line
from novatrace.parsing.layouts import Layout
from novatrace.parsing.lines import physical_lines, wrap_width
from novatrace.parsing.pretty_json import documents_of, is_pretty
from novatrace.parsing.quoted_printable import decoded, is_quoted_printable
from novatrace.parsing.record import Naming, host_of, node_of
from novatrace.parsing.timestamps import Clock, changes_between
from novatrace.parsing.years import Written

PROBE_LINES = 400
HEAD_BYTES = 1 << 16  # what is shorter is shown as a whole


@dataclass(frozen=True, slots=True)
class Manner:
    """How an input is to be read.

    Attributes:
        clock: reads its stamps.
        clock_basis: where zone and year come from.
        wrap_width: the width at which a terminal broke its records, or None.
        line_by_line: True for the reader that takes every line apart (the reference).
        export: True for the entries of ``journalctl -o export``.
        pretty: True for JSON documents over several lines.
        mailed: True for the raw source of a mail (quoted-printable).
        own_names: True where a name in a line counts more than that of the input's folder.
        same: short names in the lines that mean the input's node; none where the lines of several machines stand in it.
        layouts: the user's own layouts.
        carrier: the outermost layout of the first record.
        hosts: the machines that the first lines name.
    """

    clock: Clock
    clock_basis: str
    wrap_width: int | None
    line_by_line: bool = False
    export: bool = False
    pretty: bool = False
    mailed: bool = False
    own_names: bool = False
    same: tuple[str, ...] = ()
    layouts: tuple[Layout, ...] = ()
    carrier: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def can_be_cut(self) -> bool:
        """True when an input may be read in pieces that begin anywhere at a record."""
        return self.wrap_width is None and not self.line_by_line

    @property
    def key(self) -> str:
        """Everything that the events depend on."""
        own = [(layout.name, layout.pattern) for layout in self.layouts]
        return repr(
            (
                self.clock_basis,
                self.wrap_width,
                self.line_by_line,
                self.clock,
                self.export,
                self.pretty,
                self.mailed,
                self.own_names,
                self.same,
                own,
                self.carrier,
            )
        )

    def node(self, stated: str | None, own: str | None) -> str | None:
        """The node of a line.

        Args:
            stated: the input's.
            own: the name in the line.
        """
        if own is None or (stated is not None and (not self.own_names or short(own) in self.same)):
            return stated
        return own


@dataclass(frozen=True, slots=True)
class Zone:
    """The zone of stamps that have none, and where it comes from."""

    local: tzinfo
    basis: str


def manner_of(
    head: bytes,
    evidence: Evidence,
    zone: Zone,
    *,
    layouts: tuple[Layout, ...] = (),
    naming: Naming | None = None,
    windows: Callable[[], bytes] = bytes,
) -> Manner:
    """How to read an input that begins like this.

    Args:
        head: its first bytes.
        evidence: what it is.
        zone: of stamps that have none.
        layouts: the user's own.
        naming: (node, service) of a file's name that stands in a line.
        windows: what stands at places spread over the whole input, for one that does not fit into the head.
    """
    probe = list(islice(physical_lines([head]), PROBE_LINES))
    if len(probe) < PROBE_LINES and not head.endswith(b"\n") and len(probe) > 1 and evidence.size_bytes > len(head):
        probe.pop()  # cut by the end of the head
    if is_export(probe):
        basis = "UTC (microseconds since 1970 in the entry)"
        return Manner(Clock(zone.local), basis, None, line_by_line=True, export=True, layouts=layouts)
    pretty, mailed = is_pretty(probe), is_quoted_printable(probe)
    lines = probe
    if pretty or mailed:
        lines = [line for line, _ in (documents_of(iter(probe)) if pretty else decoded(probe))]
    texts = [line.text.rstrip(b"\r").decode("utf-8", "replace").removeprefix("\ufeff") for line in lines]
    found = _records(texts, layouts)
    clock, basis = Clock(zone.local), zone.basis
    if found:
        whole = head if len(head) < HEAD_BYTES or len(head) == evidence.size_bytes else b""
        if not whole and _not_told(found[0]):
            whole = windows()
        written = Written.of(evidence.place, evidence.mtime_us)
        clock, basis = basis_of(found[0].fields, texts, written, zone.local, zone.basis, whole)
    nodes = {node for line in found if (node := node_of(line.fields, naming)) is not None}
    hosts = sorted({host for line in found if (host := host_of(line.fields)) is not None})
    in_order = _comes_twice(clock, found, evidence) or (clock.calendar is not None and clock.calendar.turning)
    return Manner(
        clock, basis, wrap_width(probe), in_order or pretty or mailed, pretty=pretty, mailed=mailed and not pretty,
        own_names=len(nodes) > 1, layouts=layouts,
        carrier=found[0].layout.partition("/")[0] if found else "", hosts=tuple(hosts),
    )  # fmt: skip


def _records(texts: list[str], layouts: tuple[Layout, ...]) -> list[Line]:
    """The lines that begin records, without those of oslo's default layout behind the first: they say nothing more of it."""
    reader = LayoutReader(first=layouts)
    found: list[Line] = []
    for text in texts:
        parts = reader.oslo_parts(text) if found else None
        if parts is not None and parts[3] is not None:  # without a process id, it may be of another layout
            continue
        line = reader.read(text)
        if line is not None and not (line.bare and line.strict):
            found.append(line)
    return found


def _not_told(line: Line) -> bool:
    """True when a stamp alone does not tell its year, or which number is the month."""
    return "day_month" in line.fields or ("month" in line.fields and not {"year", "date"} & set(line.fields))


def _comes_twice(clock: Clock, found: list[Line], evidence: Evidence) -> bool:
    """True when an hour of the input may come twice: only the order of all its lines tells which one is meant."""
    first_us = next((when for line in found if (when := clock.when_us(line.fields)) is not None), None)
    if first_us is None:
        return False
    return changes_between(clock.local, first_us, max(first_us, evidence.mtime_us))
