"""The generator of benchmark logs is coherent: what it says happened is what is found, both ways to read agree."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest
from cases import ROOT

from novatrace import pipeline
from novatrace.pipeline.ingest import RunOptions, ingest, plan_of

sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))
from cloud import MIX, write


@pytest.fixture(scope="module", params=MIX)
def logs(request, tmp_path_factory):
    """Two megabytes of each mix."""
    folder = tmp_path_factory.mktemp(request.param)
    write(folder, 2, request.param, hosts=12)
    return folder


def test_what_happened_is_found(logs):
    """Every request of the truth, with its VM, its target and its outcome; and none beside them."""
    truth = {row["request"]: row for row in json.loads((logs / "truth.json").read_text())}
    found = {m.request_id: m for m in pipeline.analyse(RunOptions((str(logs),), jobs=1)).migrations}
    assert found.keys() == truth.keys()
    for request, row in truth.items():
        migration = found[request]
        assert (migration.instance_uuid, migration.outcome) == (row["instance"], row["outcome"])
        assert [a.selected.host for a in migration.attempts if a.selected] == [row["target"]]


def test_the_fast_path_gives_the_events_of_the_plain_one(logs):
    """Same events, same account."""
    fast = RunOptions((str(logs),), jobs=1)
    one, two = ingest(plan_of(fast)), ingest(plan_of(replace(fast, line_by_line=True)))
    assert one.events == two.events
    assert [c.lines for c in one.coverage] == [c.lines for c in two.coverage]
    assert one.events
