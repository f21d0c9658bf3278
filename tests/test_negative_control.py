"""A cloud that moved nothing: boots, deletions, polls and periodic tasks, in every layout, are told as no move."""

from __future__ import annotations

import os
import re
import tempfile
import zlib
from functools import cache
from pathlib import Path

import pytest
from rendering import Said, said
from rendering_exports import EXPORTS
from test_metamorphic import ALL, SHIPPED

from novatrace import pipeline
from novatrace.model.case import Case

_MOVES = re.compile(
    r'body: \{"(?:migrate|resize|os-migrateLive|evacuate|unshelve|os-resize)"|Going to try to live migrate'
)
BOOTED = [folder for folder in SHIPPED if folder.name.startswith(("a-", "b1", "d4", "anti", "custom", "o15"))]


@cache
def before_the_first_move(folder: Path) -> dict[str, list[Said]]:
    """The lines of a real cloud from its start to the moment at which the first move was asked for."""
    files = said(folder)
    first = min(one.when for lines in files.values() for one in lines if _MOVES.search(one.text))
    cut = {path: [one for one in lines if one.when < first] for path, lines in files.items()}
    return {path: lines for path, lines in cut.items() if lines and lines[0].head}


def read(files: dict[str, list[Said]], layout: str | None) -> Case:
    """The analysed case, in a layout or as Nova wrote it."""
    with tempfile.TemporaryDirectory() as scratch:
        for path, lines in files.items():
            target = Path(scratch) / "case" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            plain = "".join(f"{one.text}\n" for one in lines).encode()
            target.write_bytes(plain if layout is None else ALL[layout](lines))
            last = max(one.when for one in lines).timestamp() + 1
            os.utime(target, (last, last))
        return pipeline.analyse(pipeline.RunOptions((str(Path(scratch) / "case"),)))


def accused(case: Case) -> list[str]:
    """What is stated that did not happen: moves, and hosts that took too much."""
    moves = [f"{m.action} {m.request_id}" for m in case.migrations if m.action != "create"]
    return moves + [f"{b.verdict} {b.target.host}" for b in case.bursts if b.verdict == "overcommitted"]


@pytest.mark.parametrize("folder", BOOTED, ids=lambda folder: folder.name)
def test_a_cloud_that_moved_nothing_is_told_to_have_moved_nothing(folder):
    """As Nova wrote it; there is something to read, and every line is accounted for."""
    files = before_the_first_move(folder)
    case = read(files, None)
    assert sum(len(lines) for lines in files.values()) > 20
    assert accused(case) == []
    assert all(coverage.lines.unparsed == 0 for coverage in case.coverage)


@pytest.mark.parametrize(
    "layout", [name if name in EXPORTS else pytest.param(name, marks=pytest.mark.slow) for name in ALL]
)
def test_in_no_layout_a_move_is_made_of_boots(layout):
    """One real cloud for each layout."""
    folder = BOOTED[zlib.crc32(layout.encode()) % len(BOOTED)]
    case = read(before_the_first_move(folder), layout)
    assert accused(case) == []
    assert all(coverage.lines.balanced and coverage.lines.unparsed == 0 for coverage in case.coverage)
