"""How sure a layout is: whether another one, which is not merely more general, reads the same lines as well."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from novatrace.model.evidence import Rival
from novatrace.parsing.journal_export import entries
from novatrace.parsing.layout_reader import LayoutReader, uncoloured
from novatrace.parsing.layouts import OSLO, Layout, beats, load_layouts
from novatrace.parsing.lines import closed, physical_lines, unbroken
from novatrace.parsing.manner import Manner
from novatrace.parsing.pretty_json import documents_of
from novatrace.parsing.quoted_printable import decoded

# Enough to tell layouts apart, and few enough to cost nothing beside the reading.
_PROBED_LINES = 16
_LOOKED_AT_LINES = 200


def rival_of(head: bytes, manner: Manner) -> Rival | None:
    """The strongest rival of the layout of an input, told from lines of its beginning.

    Args:
        head: the input's first bytes.
        manner: how it is read.

    Returns:
        None where no line of it is a record.
    """
    reader = LayoutReader(first=manner.layouts, carrier=manner.carrier)
    known = {layout.name: layout for layout in (*manner.layouts, *load_layouts())}
    named: list[tuple[str, str]] = []
    guessed = False
    for text in _texts(head, manner):
        parts = reader.oslo_parts(text) if named else None
        # Without a process id it may be of another layout, so that it is read whole, as it is when the input is read.
        if parts is not None and parts[3] is not None:
            named.append((text, OSLO))
        elif (line := reader.read(text)) is not None and not line.bare:
            named.append((text, line.layout.partition("/")[0]))
            guessed = guessed or any(known[part].guess for part in line.layout.split("/"))
    if not named:
        return None
    usual = max({name for _, name in named}, key=lambda name: sum(found == name for _, found in named))
    ours = known[usual]
    probed = [uncoloured(text) for text, name in named if name == usual][:_PROBED_LINES]
    others = [layout for layout in known.values() if _is_rival(layout, ours)]
    lines, name = max(((_reads(reader, other, probed), other.name) for other in others), default=(0, ""))
    return Rival(name if lines else None, lines, len(probed), guessed=guessed)


def _texts(head: bytes, manner: Manner) -> Iterable[str]:
    lines = physical_lines([head])
    if manner.export:
        whole = entries(lines)
    elif manner.pretty:
        whole = documents_of(lines)
    elif manner.mailed:
        whole = decoded(lines)
    else:
        whole = closed(lines) if manner.wrap_width is None else unbroken(lines, manner.wrap_width)
    return (
        line.text.decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\r")
        for line, _ in islice(whole, _LOOKED_AT_LINES)
    )


def _is_rival(other: Layout, ours: Layout) -> bool:
    """True for a layout that could have been meant: what is more general by its samples, or a part of another, could not."""
    apart = other.ignored or other.inner_only or other.whole_file or other.guess
    return not apart and other is not ours and not beats(ours, other)


def _reads(reader: LayoutReader, layout: Layout, texts: list[str]) -> int:
    """How many of the lines a layout reads by itself."""
    return sum(reader.reads_as(layout, text) for text in texts)
