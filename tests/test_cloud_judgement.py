"""Judgement over generated clouds with known truth: clocks that differ, files that got lost, INFO only.

What is stated as proven or computed is never wrong; what could not be told is withheld, and how much that is is
logged (``-rP --log-level INFO``).
"""

from __future__ import annotations

import json
import logging
import random
import re
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cloud import Files, write

from novatrace import pipeline
from novatrace.model.case import Case
from novatrace.pipeline.run_options import RunOptions

LOG = logging.getLogger("recall")
STAMP = re.compile(rb"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})", re.MULTILINE)


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    """Makes the cloud of a size and seed, once."""

    @cache
    def made(hosts: int, seed: int, mb: float) -> Path:
        folder = tmp_path_factory.mktemp(f"cloud-{hosts}-{seed}")
        write(Files(folder), mb, "dense", hosts, seed)
        return folder

    return made


def as_it_is(_dice: random.Random, files: dict[str, bytes]) -> dict[str, bytes]:
    """The whole evidence."""
    return files


def skewed(dice: random.Random, files: dict[str, bytes]) -> dict[str, bytes]:
    """Every node's clock is wrong by up to three seconds."""
    nodes = {name.partition("/")[0]: timedelta(milliseconds=dice.randrange(-3000, 3001)) for name in sorted(files)}

    def moved(name: str, data: bytes) -> bytes:
        def put(match: re.Match[bytes]) -> bytes:
            when = datetime.fromisoformat(match[1].decode()) + nodes[name.partition("/")[0]]
            return when.isoformat(" ", "milliseconds").encode()

        return STAMP.sub(put, data)

    return {name: moved(name, data) for name, data in files.items()}


def info_only(_dice: random.Random, files: dict[str, bytes]) -> dict[str, bytes]:
    """No DEBUG line was written."""
    kept = {
        name: b"".join(line for line in data.splitlines(keepends=True) if b" DEBUG " not in line)
        for name, data in files.items()
    }
    return {name: data for name, data in kept.items() if data}


def lost(dice: random.Random, files: dict[str, bytes]) -> dict[str, bytes]:
    """A third of the files is missing."""
    names = sorted(files)
    return {name: files[name] for name in dice.sample(names, max(1, 2 * len(names) // 3))}


def without_computes(_dice: random.Random, files: dict[str, bytes]) -> dict[str, bytes]:
    """No compute node's log was collected: nothing tells how the claims ended."""
    return {name: data for name, data in files.items() if "nova-compute" not in name}


def lost_and_skewed(dice: random.Random, files: dict[str, bytes]) -> dict[str, bytes]:
    """Both at once."""
    return skewed(dice, lost(dice, files))


WAYS = (as_it_is, skewed, info_only, lost, without_computes, lost_and_skewed)


def read(folder: Path, way, seed: int, scratch: Path) -> Case:
    """The case of a cloud after something has happened to its evidence."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.glob("*/*.log"))}
    for name, data in way(random.Random(f"{way.__name__} {seed}"), files).items():
        target = scratch / "case" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return pipeline.analyse(RunOptions((str(scratch / "case"),), jobs=1))


def short(host: str) -> str:
    """Ocata's claims name no host: where nothing else does, it has the name of its folder."""
    return host.partition(".")[0]


def held_against(truth: dict[str, dict], case: Case) -> tuple[Counter, list]:
    """(what was told and withheld, what was told wrongly)."""
    seen, wrong = Counter(), []
    for move in case.migrations:
        row = truth[move.request_id]
        seen[f"outcome {'withheld' if move.outcome == 'unknown' else 'told'}"] += 1
        if move.outcome not in ("unknown", row["outcome"]):
            wrong.append((move.request_id, move.outcome, move.outcome_basis))
        if any(a.selected is not None and short(a.selected.host) != short(row["target"]) for a in move.attempts):
            wrong.append((move.request_id, "target"))
    flagged = set()
    for burst in case.bursts:
        ended = {"succeeded": "admitted", "failed": "victim"}
        for arrival in burst.arrivals:
            right = ended[truth[arrival.request_id]["outcome"]]
            seen[f"{right} {'withheld' if arrival.outcome == 'unknown' else arrival.outcome_basis}"] += 1
            if arrival.outcome not in ("unknown", right):
                wrong.append((arrival.request_id, arrival.outcome, arrival.outcome_basis))
        refused = any(truth[a.request_id]["outcome"] == "failed" for a in burst.arrivals)
        sure = burst.verdict in ("overcommitted", "fits") and burst.basis in ("proven", "computed")
        if sure and refused != (burst.verdict == "overcommitted"):
            wrong.append((burst.target.host, burst.first_us, burst.verdict, burst.basis))
        if sure and burst.verdict == "overcommitted":
            flagged.add(short(burst.target.host))
    bad = {short(row["target"]) for row in truth.values() if row["outcome"] == "failed"}
    seen["target flagged"], seen["target withheld"] = len(bad & flagged), len(bad - flagged)
    return seen, wrong


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(("hosts", "seed"), [(10, 1), (10, 2), (30, 3), (100, 4)])
def test_what_is_stated_is_right(clouds, hosts, seed, way, tmp_path):
    """Precision is 100 % whatever happened to the evidence; all of it is told where nothing did."""
    folder = clouds(hosts, seed, 1.5)
    truth = {row["request"]: row for row in json.loads((folder / "truth.json").read_text())}
    seen, wrong = held_against(truth, read(folder, way, seed, tmp_path))
    LOG.info("%s", dict(sorted(seen.items())))
    assert wrong == []
    assert seen["outcome told"] + seen["outcome withheld"] > 0
    if way in (as_it_is, skewed):
        assert not any(number for what, number in seen.items() if "withheld" in what)
