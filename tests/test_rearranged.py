"""How logs were laid out says nothing: services interleaved in one file, split, packed, in any order, in folders of any name."""

from __future__ import annotations

import gzip
import io
import lzma
import random
import tarfile
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
import test_mutations as mutations
from cases import analysed
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering import Said, said
from test_metamorphic import SHIPPED, SMALL

from novatrace import pipeline

WAYS = ("interleaved", "split", "packed", "archived", "renamed")
Laid = dict[str, bytes]


def interleaved(files: Laid, folder: Path, dice: random.Random) -> Laid:
    """Some nodes have the lines of all their services in one file, in the order of time."""
    nodes = sorted({path.split("/")[0] for path in files})
    chosen = {node for node in nodes if dice.random() < 0.6}
    found = {path: data for path, data in files.items() if path.split("/")[0] not in chosen}
    for node in sorted(chosen):
        records: list[list[Said]] = []
        for path, lines in said(folder).items():
            if path.split("/")[0] == node:
                records += _records(lines)
        records.sort(key=lambda record: record[0].when)
        found[f"{node}/all.log"] = "".join(f"{one.text}\n" for record in records for one in record).encode()
    return found


def _records(lines: list[Said]) -> list[list[Said]]:
    found: list[list[Said]] = []
    for one in lines:
        if one.head:
            found.append([one])
        else:
            found[-1].append(one)
    return found


def split(files: Laid, _: Path, dice: random.Random) -> Laid:
    """Each file in parts that end at any line's end, and that are numbered as nobody rotates."""
    found = {}
    for path, data in files.items():
        lines = data.splitlines(keepends=True)
        heads = [at for at, line in enumerate(lines) if at and line[:2] == b"20" and line[4:5] == b"-"]
        edges = [0, *sorted(dice.sample(heads, min(len(heads), dice.randrange(3)))), len(lines)]
        for number, (start, end) in enumerate(pairwise(edges)):
            found[f"{path.removesuffix('.log')}.log.{number}.txt"] = b"".join(lines[start:end])
    return found


def packed(files: Laid, _: Path, dice: random.Random) -> Laid:
    """Some files are compressed."""
    ways = ((".gz", gzip.compress), (".xz", lzma.compress), ("", bytes))
    found = {}
    for path, data in files.items():
        suffix, pack = dice.choice(ways)
        found[path + suffix] = pack(data)
    return found


def archived(files: Laid, _: Path, dice: random.Random) -> Laid:
    """A node's folder in an archive, in any order."""
    found = {}
    for node in sorted({path.split("/")[0] for path in files}):
        members = [(path, data) for path, data in files.items() if path.split("/")[0] == node]
        if dice.random() < 0.5:
            found |= dict(members)
            continue
        dice.shuffle(members)
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as archive:
            for path, data in members:
                info = tarfile.TarInfo(path)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        found[f"{dice.randrange(1000)}-{len(found)}.tar.gz"] = out.getvalue()
    return found


def renamed(files: Laid, _: Path, dice: random.Random) -> Laid:
    """Folders deeper down, under names that change their order."""
    top = {path.split("/")[0]: f"{dice.randrange(100):02}/var/log" for path in files}
    return {f"{top[path.split('/')[0]]}/{path}": data for path, data in files.items()}


MADE = {"interleaved": interleaved, "split": split, "packed": packed, "archived": archived, "renamed": renamed}


def laid_out(folder: Path, ways: list[str], dice: random.Random) -> list:
    """The moves and bursts of a case whose logs were laid out in these ways, one after the other."""
    files: Laid = {path: (folder / path).read_bytes() for path in said(folder)}
    for way in WAYS:
        if way in ways:
            files = MADE[way](files, folder, dice)
    with tempfile.TemporaryDirectory() as scratch:
        for path, data in files.items():
            target = Path(scratch) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        paths = [str(path) for path in sorted(Path(scratch).iterdir())]
        dice.shuffle(paths)
        case = pipeline.analyse(pipeline.RunOptions(tuple(paths)))
    assert all(coverage.lines.balanced for coverage in case.coverage)
    moves, bursts = mutations.summary(case)
    return [sorted(map(repr, moves)), sorted(map(repr, bursts))]


def plain(folder: Path) -> list:
    """The same of the case as it is."""
    moves, bursts = mutations.summary(analysed(folder))
    return [sorted(map(repr, moves)), sorted(map(repr, bursts))]


@settings(max_examples=12, deadline=None)
@given(ways=st.lists(st.sampled_from(WAYS), min_size=1, max_size=5, unique=True), seed=st.integers(0, 1 << 32))
def test_a_case_says_the_same_however_its_logs_are_laid_out(ways, seed):
    """The small cases, in any combination of ways."""
    dice = random.Random(seed)
    folder = SMALL[seed % len(SMALL)]
    assert laid_out(folder, ways, dice) == plain(folder)


@pytest.mark.slow
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda p: p.name)
@settings(max_examples=25, deadline=None)
@given(ways=st.lists(st.sampled_from(WAYS), min_size=1, max_size=5, unique=True), seed=st.integers(0, 1 << 32))
def test_every_case_says_the_same(folder, ways, seed):
    """All shipped cases."""
    assert laid_out(folder, ways, random.Random(seed)) == plain(folder)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_logs_that_end_in_the_middle_accuse_nobody(seed):
    """Cut off anywhere, also within a line: what is told is told of the whole logs too, or is unknown."""
    dice = random.Random(seed)
    folder = SMALL[seed % len(SMALL)]
    with tempfile.TemporaryDirectory() as scratch:
        for path in said(folder):
            data = (folder / path).read_bytes()
            target = Path(scratch) / path
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(data[: dice.randrange(len(data) // 2, len(data))])
        case = pipeline.analyse(pipeline.RunOptions((scratch,)))
    whole = analysed(folder)
    flagged = {b.target.host for b in whole.bursts if b.verdict == "overcommitted"}
    assert {b.target.host for b in case.bursts if b.verdict == "overcommitted" and b.basis == "proven"} <= flagged


def test_parts_of_a_shared_log_withhold_no_success():
    """Services of a node in one file, in parts: the target's part ends with the move, a later one shows that it went on."""
    folder = next(path for path in SHIPPED if path.name == "o15-b4-race-forced-boot")
    assert laid_out(folder, ["interleaved", "split"], random.Random(137)) == plain(folder)
