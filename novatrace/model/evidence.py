"""Where a statement comes from: input units, places in them, and the account of their lines."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from novatrace.model.activity import joined

SAMPLES_KEPT = 5
SHAPES_KEPT = 50
# Below which share of lines read, or margin over another layout, a layout is not sure, and not even likely.
SURE_SHARE = 0.995
SURE_MARGIN = 0.5
LIKELY_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Evidence:
    """One input unit: a file, or one decompressed stream.

    Attributes:
        id: position in the case's list of inputs, from 0.
        path: as the user gave it or as the walk found it.
        member: name inside an archive, else None.
        node: the machine that wrote it, from the folder or file name or ``--node``.
        service: ``nova-api`` … when the file name says so, else None.
        size_bytes: bytes on disk.
        head_hash: hash of the first 64 KiB on disk; with ``tail_hash`` and the size it tells an
            unchanged, a grown and a rotated file apart.
        tail_hash: hash of the last 64 KiB on disk.
        mtime_us: modification time, µs since 1970 UTC.
    """

    id: int
    path: str
    member: str | None
    node: str | None
    service: str | None
    size_bytes: int
    head_hash: str
    tail_hash: str
    mtime_us: int

    @property
    def place(self) -> str:
        """Path, and behind a ``!`` the name inside an archive."""
        return self.path if self.member is None else f"{self.path}!{self.member}"


class Provenance(Struct, frozen=True, gc=False, array_like=True):
    """A place in an input: byte offset and length in the decompressed stream, first physical line."""

    evidence_id: int
    byte_offset: int
    length: int
    line_no: int


@dataclass(slots=True)
class LineLedger:
    """The account of every line of an input; ``total`` is counted apart from its parts.

    ``unread`` are the lines of pieces that no process could read.
    """

    total: int = 0
    parsed: int = 0
    continuation: int = 0
    ignored: int = 0
    unparsed: int = 0
    too_long: int = 0
    unread: int = 0

    @property
    def balanced(self) -> bool:
        """True when every line has exactly one place in the account."""
        parts = self.parsed + self.continuation + self.ignored + self.unparsed + self.too_long + self.unread
        return parts == self.total

    def add(self, other: LineLedger) -> None:
        """Add another account to this one."""
        self.total += other.total
        self.parsed += other.parsed
        self.continuation += other.continuation
        self.ignored += other.ignored
        self.unparsed += other.unparsed
        self.too_long += other.too_long
        self.unread += other.unread


@dataclass(frozen=True, slots=True)
class Rival:
    """What else an input's layout might be, told from lines of its beginning.

    Attributes:
        layout: the other layout, not merely a more general one, that reads most of them; None where none does.
        lines: how many of them it reads.
        probed: how many were tried.
        guessed: the input's own layout fits what nobody described.
    """

    layout: str | None
    lines: int
    probed: int
    guessed: bool = False

    def word(self, share: float) -> str:
        """How sure the layout is: ``sure``, ``likely`` or ``guess``, by the share of lines that it reads and its margin."""
        margin = 1 - self.lines / self.probed if self.probed else 0.0
        if share >= SURE_SHARE and margin >= SURE_MARGIN and not self.guessed:
            return "sure"
        return "likely" if share >= LIKELY_SHARE and margin > 0 else "guess"


@dataclass(slots=True)
class Coverage:
    """What one input unit held and how much of it was understood.

    Attributes:
        evidence_id: which input.
        layouts: layout name → records read with it.
        services: service → records, by file name or logger.
        clock_basis: where the zone (and the year) of the stamps comes from.
        bytes_decoded: bytes after decompression.
        first_us: earliest time stamp, µs since 1970 UTC.
        last_us: latest time stamp.
        levels: level word → records.
        ignored: rule → lines left out by it.
        nodes: machine named in the lines → records.
        shapes: masked text of lines that no layout matched → (lines, the first one's number).
        samples: up to a few (line number, text) of lines that no layout matched.
        wordings: range of releases that write a wording (``pike..stein``) → first line with it, kind of the message.
        active: runs of minutes (since 1970 UTC) that have lines, as ``model.activity`` has them.
        nul_lines: lines with NUL bytes, which were left out of them.
        rival: what else its layout might be; None where it is not known.
        also_in: place of another input that has lines of this one, too → events that are counted there.
    """

    evidence_id: int
    layouts: dict[str, int] = field(default_factory=dict)
    services: dict[str, int] = field(default_factory=dict)
    clock_basis: str = ""
    bytes_decoded: int = 0
    first_us: int | None = None
    last_us: int | None = None
    levels: dict[str, int] = field(default_factory=dict)
    lines: LineLedger = field(default_factory=LineLedger)
    samples: list[tuple[int, str]] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    nodes: dict[str, int] = field(default_factory=dict)
    shapes: dict[str, tuple[int, int]] = field(default_factory=dict)
    wordings: dict[str, tuple[int, str]] = field(default_factory=dict)
    active: list[tuple[int, int]] = field(default_factory=list)
    also_in: dict[str, int] = field(default_factory=dict)
    nul_lines: int = 0
    rival: Rival | None = None

    def add_shape(self, shape: str, count: int, line_no: int) -> None:
        """Counts lines of a shape; beyond many shapes the rest counts as one."""
        if shape not in self.shapes and len(self.shapes) >= SHAPES_KEPT:
            shape = "(other shapes)"
        known, first = self.shapes.get(shape, (0, line_no))
        self.shapes[shape] = (known + count, first)

    def add(self, following: Coverage) -> None:
        """Adds the account of the part that follows."""
        for shape, (count, line_no) in following.shapes.items():
            self.add_shape(shape, count, line_no + self.lines.total)
        self.samples += [(number + self.lines.total, text) for number, text in following.samples]
        del self.samples[SAMPLES_KEPT:]
        for releases, (line_no, kind) in following.wordings.items():
            self.wordings.setdefault(releases, (line_no + self.lines.total, kind))
        self.active = joined([*self.active, *following.active])
        self.lines.add(following.lines)
        self.bytes_decoded += following.bytes_decoded
        self.nul_lines += following.nul_lines
        for mine, other in (
            (self.layouts, following.layouts), (self.services, following.services),
            (self.levels, following.levels), (self.ignored, following.ignored), (self.nodes, following.nodes),
        ):  # fmt: skip
            for name, number in other.items():
                mine[name] = mine.get(name, 0) + number
        self.first_us = min((t for t in (self.first_us, following.first_us) if t is not None), default=None)
        self.last_us = max((t for t in (self.last_us, following.last_us) if t is not None), default=None)


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What a nova.conf beside the logs says: ``section/option`` → value, as written.

    Attributes:
        node: whose it is, where that is known.
        place: where it stands.
        options: pairs, sorted.
    """

    node: str | None
    place: str
    options: tuple[tuple[str, str], ...]


#: Notices of what another run of the same files may not meet: what they tell of is read again.
PASSING = frozenset({"E-BUG", "E-IN-CRASH", "E-IN-IO", "E-IN-STUCK", "W-ARC-NOCODEC", "W-IN-SHRUNK", "W-RX-TIMEOUT"})
#: The notice of what ``--since`` and ``--until`` left out: reports must not call the rest all.
OUTSIDE = "I-TIME-OUTSIDE"


@dataclass(frozen=True, slots=True)
class Notice:
    """A problem with the evidence: stored in the case and shown in every report.

    Attributes:
        id: stable, such as ``W-IN-PERM``; ``I-`` informs, ``W-`` means that something is not covered.
        stage: ``sources``, ``parsing``, ``analysis``.
        place: path (and line) that it is about, or "".
        text: what happened, what was kept, what to do.
        count: how often.
        incomplete: True when lines or files could not be read because of it (exit code 3).
    """

    id: str
    stage: str
    place: str
    text: str
    count: int = 1
    incomplete: bool = False
