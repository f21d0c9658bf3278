"""Judgement over generated clouds in which placement arbitrates, with all kinds of moves and whatever befalls the evidence.

What is stated as proven or computed is never wrong; what could not be told is withheld, and how much that is is
logged (``-rP --log-level INFO``), by what was withheld.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from placement_cloud import PlacementCloud, Row
from test_cloud_judgement import WAYS, as_it_is, info_only, lost_and_skewed, skewed, without_computes

from novatrace import pipeline
from novatrace.model.case import Case
from novatrace.pipeline.run_options import RunOptions

LOG = logging.getLogger("recall")


@cache
def cloud(hosts: int, moves: int, seed: int) -> tuple[dict[str, Row], dict[str, bytes]]:
    """The truth by request, and the logs."""
    made = PlacementCloud(hosts, moves, seed)
    return {row.request: row for row in made.truth}, {n: "".join(lines).encode() for n, lines in made.files.items()}


def read(files: dict[str, bytes], scratch: Path) -> Case:
    """The analysed case of some logs."""
    for name, data in files.items():
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch / name).write_bytes(data)
    return pipeline.analyse(RunOptions((str(scratch),), jobs=1))


def held_against(truth: dict[str, Row], case: Case) -> tuple[Counter, list]:
    """(what was told and withheld, what was told wrongly)."""
    seen, wrong = Counter(), []
    for move in case.migrations:
        row = truth[move.request_id]
        seen[f"outcome {'withheld' if move.outcome == 'unknown' else 'told'}"] += 1
        if move.outcome not in ("unknown", row.outcome):
            wrong.append((move.request_id, move.outcome, move.outcome_basis))
        if move.action_basis == "observed" and move.action not in ("unknown", row.action):
            wrong.append((move.request_id, move.action))
        tried = [a.selected.host for a in move.attempts if a.selected is not None]
        if not set(tried) <= set(row.tried):
            wrong.append((move.request_id, tried, row.tried))
        if move.source is not None and move.source.host != row.source:
            wrong.append((move.request_id, "source"))
    for burst in case.bursts:
        held_burst(truth, burst, seen, wrong)
    return seen, wrong


def held_burst(truth: dict[str, Row], burst, seen: Counter, wrong: list) -> None:
    """One burst: its arrivals, its verdict and what bound."""
    host = burst.target.host
    short = {truth[a.request_id].short_of.get(host) for a in burst.arrivals} - {None}
    for arrival in burst.arrivals:
        right = truth[arrival.request_id].ended.get(host)
        seen[f"{right} {'withheld' if arrival.outcome == 'unknown' else arrival.outcome_basis}"] += 1
        if arrival.outcome not in ("unknown", right):
            wrong.append((arrival.request_id, host, arrival.outcome, arrival.outcome_basis))
    seen[f"burst {burst.verdict} {burst.basis}"] += 1
    if burst.verdict == "overcommitted" and (not short or not set(burst.binding) <= short):
        wrong.append((host, burst.basis, burst.binding, short))
    if burst.verdict == "fits" and short:
        wrong.append((host, "fits"))
    inside = sum(a.outcome == "admitted" for a in burst.arrivals)
    if burst.slots.all is not None and burst.slots.all < inside:
        wrong.append((host, burst.cause))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(("hosts", "moves", "seed"), [(12, 120, 1), (60, 200, 2)])
def test_what_is_stated_is_right(hosts, moves, seed, way, tmp_path):
    """Precision is 100 % whatever happened to the evidence; all of it is told where nothing did."""
    truth, files = cloud(hosts, moves, seed)
    seen, wrong = held_against(truth, read(way(random.Random(f"{way.__name__} {seed}"), files), tmp_path))
    LOG.info("%s", dict(sorted(seen.items())))
    assert wrong == []
    assert seen["outcome told"] > 0
    if way in (as_it_is, skewed):
        assert not any(number for what, number in seen.items() if "withheld" in what)
        assert seen["outcome told"] == moves


def test_demand_above_the_pages_is_computed_where_no_claim_is_logged(tmp_path):
    """Without any compute log over-commitment of hugepages is reached by arithmetic alone, and is right."""
    truth, files = cloud(60, 200, 2)
    seen, wrong = held_against(truth, read(without_computes(random.Random(1), files), tmp_path))
    assert wrong == []
    assert seen["burst overcommitted computed"] > 0


def test_the_same_seed_gives_the_same_bytes():
    """And another gives others."""
    first, again, other = (PlacementCloud(12, 20, seed).files for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.slow
@pytest.mark.parametrize("way", [as_it_is, info_only, lost_and_skewed], ids=lambda way: way.__name__)
def test_ten_thousand_moves_over_a_thousand_hosts(way, tmp_path):
    """The same over 1000 hosts, eight controllers and 10 000 moves."""
    truth, files = cloud(1000, 10_000, 9)
    seen, wrong = held_against(truth, read(way(random.Random(way.__name__), files), tmp_path))
    LOG.info("%s", dict(sorted(seen.items())))
    assert wrong == []
    assert seen["outcome told"] > 0
