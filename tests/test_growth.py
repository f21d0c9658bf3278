"""Memory hardly grows with the size of the logs: what is long of a move is put aside."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from functools import partial
from pathlib import Path

import pytest

from novatrace import pipeline
from novatrace.pipeline import spooled, workers
from novatrace.pipeline.spooled import SpooledEvents
from novatrace.store import spool
from novatrace.store.shelf import Shelf

GENERATOR = Path(__file__).parent / "benchmarks" / "cloud.py"
# A move's ids, amounts, outcome and the places of the rest; its lines, hosts and filters would be 35 000 bytes and more.
_BYTES_OF_A_MOVE = 20_000


@pytest.fixture
def small_pieces(monkeypatch, tmp_path):
    """Pieces, and what stays in memory, as small beside these logs as they are beside gigabytes."""
    monkeypatch.setattr(workers, "RANGE_BYTES", 1 << 17)
    monkeypatch.setattr(workers, "_TAIL_FROM_BYTES", 1 << 17)
    monkeypatch.setattr(spooled, "_TOGETHER", 128)
    monkeypatch.setattr("novatrace.pipeline.ingest.SpooledEvents", partial(SpooledEvents, held_bytes=0))
    monkeypatch.setattr("novatrace.pipeline.analysed.Shelf", partial(Shelf, held_bytes=0))
    monkeypatch.setattr(spool, "_IN_MEMORY_BYTES", 1 << 16)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def peak(folder: Path, mb: float) -> tuple[int, int]:
    """Moves in a generated cloud's logs, and the most memory that reading, judging, keeping and telling them took."""
    numbers = ("--mb", f"{mb:g}", "--mix", "dense", "--hosts", "24", "--seed", "3")
    subprocess.run([sys.executable, str(GENERATOR), str(folder), *numbers], check=True)
    tracemalloc.start()
    try:
        case = pipeline.correlate(pipeline.RunOptions((str(folder),), jobs=1))
        assert pipeline.render("text", "correlate", case)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(case.migrations) == len(json.loads((folder / "truth.json").read_text()))
    return len(case.migrations), most


@pytest.mark.slow
@pytest.mark.usefixtures("small_pieces")
def test_four_times_the_logs_need_hardly_more_memory(tmp_path):
    """Before the first run that counts another one loads all modules and the catalogue."""
    peak(tmp_path / "warm", 0.3)
    few, least = peak(tmp_path / "small", 2)
    many, most = peak(tmp_path / "large", 8)
    assert many > 3 * few
    assert (most - least) / (many - few) < _BYTES_OF_A_MOVE
