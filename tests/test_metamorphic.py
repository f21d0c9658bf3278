"""A case says the same in every layout that its lines can have."""

from __future__ import annotations

import os
import tempfile
import zlib
from pathlib import Path

import pytest
import test_mutations as mutations
from cases import FIXTURES, analysed
from rendering import LAYOUTS, LOSES, said
from rendering_exports import EXPORTS, EXPORTS_LOSE

from novatrace import pipeline
from novatrace.model.case import Case

ALL = LAYOUTS | EXPORTS
SHIPPED = sorted((FIXTURES / "real-nova").iterdir())
SMALL = [path for path in SHIPPED if path.name[:2] in ("a-", "b1", "d4")]


def rendered(name: str, folder: Path) -> Case:
    """The analysed case in another layout."""
    with tempfile.TemporaryDirectory() as scratch:
        for path, lines in said(folder).items():
            target = Path(scratch) / "case" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(ALL[name](lines))
            last = max(one.when for one in lines).timestamp() + 1
            os.utime(target, (last, last))
        return pipeline.analyse(pipeline.RunOptions((str(Path(scratch) / "case"),)))


def told(case: Case, *, exact: bool) -> list:
    """What a case says; where order within a second or the global id is lost, without what rests on it."""
    moves, bursts = mutations.summary(case)
    found = sorted((f.slug, f.subject, f.basis, f.title) for f in case.findings)
    if exact:
        return [moves, bursts, found]
    verdicts = {(target, verdict, basis, binding) for target, verdict, basis, binding, *_ in bursts}
    # A shared view is told of where no room is known that would have sufficed; that rests on placement's lines.
    slugs = sorted(slug for slug, *_ in found if slug != "stale-view")
    return [sorted(map(repr, moves)), sorted(map(repr, verdicts)), slugs]


def weaker(case: Case, plain: Case) -> list:
    """What the case states otherwise than the plain one, which may state more: an outcome may become unknown."""
    known = {m.request_id: m for m in plain.migrations}
    moves = [
        m.request_id
        for m in case.migrations
        if m.outcome not in ("unknown", known[m.request_id].outcome)
        or m.instance_uuid != known[m.request_id].instance_uuid
    ]
    flagged = {b.target for b in plain.bursts if b.verdict == "overcommitted"}
    return moves + [b.target for b in case.bursts if b.verdict == "overcommitted" and b.target not in flagged]


def same(name: str, folder: Path) -> None:
    """The case in this layout says what the plain one says, and every line is accounted for."""
    case, plain = rendered(name, folder), analysed(folder)
    lost = (LOSES | EXPORTS_LOSE).get(name, "")
    exact = lost in ("", "process")
    if "milliseconds" not in lost:
        assert told(case, exact=exact) == told(plain, exact=exact)
    assert weaker(case, plain) == []
    for coverage in case.coverage:
        assert coverage.lines.balanced
        assert coverage.lines.unparsed == 0, coverage.samples


@pytest.mark.parametrize("name", ALL)
def test_a_case_says_the_same_in_every_layout(name):
    """One of the real cases for each layout."""
    same(name, SMALL[zlib.crc32(name.encode()) % len(SMALL)])


@pytest.mark.slow
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda path: path.name)
@pytest.mark.parametrize("name", ALL)
def test_every_case_says_the_same_in_every_layout(name, folder):
    """All of the real cases in all layouts."""
    same(name, folder)
