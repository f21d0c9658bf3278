"""The generator of benchmark logs is coherent: what it says happened is what is found, however the logs lie there."""

from __future__ import annotations

import json

import pytest
from ahocorasick_rs import BytesAhoCorasick
from cloud import MIX, Files, write
from reading import checksum

from novatrace import pipeline
from novatrace.parsing.definitions import load_catalogue
from novatrace.pipeline import readers, workers
from novatrace.pipeline.run_options import RunOptions

SHAPES = {
    **{mix: (2, mix, 12, {}) for mix in MIX},
    "rotated": (2, "medium", 12, {"part_mb": 0.1}),
    "packed": (2, "dense", 12, {"part_mb": 0.3, "pack": True}),
    "500-hosts": (4, "dense", 500, {}),
}
# One batch of 500 hosts in the sparse mix alone is hundreds of MB.
LARGER = {f"{mix}-{n}": (20, mix, n, {}) for mix in MIX for n in (36, 500) if (mix, n) != ("sparse", 500)}


def made(folder, shape, seed=1):
    """Logs of a shape."""
    mb, mix, hosts, how = shape
    write(Files(folder, **how), mb, mix, hosts, seed)
    return folder


@pytest.fixture(scope="module", params=SHAPES)
def logs(request, tmp_path_factory):
    """A few megabytes of each shape."""
    return made(tmp_path_factory.mktemp(request.param), SHAPES[request.param])


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
    """Same events by number and checksum, same account."""
    fast, plain = checksum(str(logs)), checksum(str(logs), line_by_line=True)
    assert fast == plain
    assert fast.events


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGER)
def test_the_fast_path_gives_the_events_of_the_plain_one_on_larger_logs(name, tmp_path, monkeypatch):
    """Read in pieces by two processes, plain and packed."""
    monkeypatch.setattr(readers, "_ALONE_BELOW_BYTES", 0)
    monkeypatch.setattr(workers, "_TAIL_FROM_BYTES", 1 << 18)
    monkeypatch.setattr(workers, "RANGE_BYTES", 1 << 20)
    logs = made(tmp_path / "plain", LARGER[name])
    expected = checksum(str(logs), line_by_line=True)
    assert checksum(str(logs), jobs=2) == expected
    mb, mix, hosts, _ = LARGER[name]
    packed = made(tmp_path / "packed", (mb, mix, hosts, {"pack": True}))
    assert checksum(str(packed), jobs=2) == expected


@pytest.mark.parametrize(("mix", "hosts"), [("sparse", 36), ("medium", 36), ("dense", 36), ("dense", 500)])
def test_a_mix_has_its_share_of_known_lines(mix, hosts, tmp_path):
    """As many lines hold a hint of the catalogue as the mix says."""
    hints = sorted({message.hint.encode() for message in load_catalogue().messages})
    write(Files(tmp_path), 1, mix, hosts)
    text = b"".join(log.read_bytes() for log in tmp_path.glob("*/*.log*"))
    hits = BytesAhoCorasick(hints).find_matches_as_indexes(text, overlapping=True)
    known = {text.rfind(b"\n", 0, at) for _, at, _ in hits}
    assert len(known) / text.count(b"\n") == pytest.approx(MIX[mix], rel=0.1)


def test_the_same_numbers_give_the_same_bytes(tmp_path):
    """And another seed gives others; packed logs as well."""

    def content(name, seed):
        folder = made(tmp_path / name, SHAPES["packed"], seed)
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*"))}

    first = content("one", 1)
    assert content("two", 1) == first
    assert content("three", 2) != first
    assert len([name for name in first if ".log." in name]) == len(first) - 1
