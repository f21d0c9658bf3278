"""What was read is not read again, and the case is the same as if it had been."""

from __future__ import annotations

import gzip
import shutil

import pytest
from cases import FIXTURES, INCIDENT
from test_mutations import summary

from novatrace import pipeline
from novatrace.pipeline import readers, workers
from novatrace.pipeline.ingest import ingest, plan_of
from novatrace.pipeline.run_options import RunOptions

CASE = FIXTURES / "real-nova" / "o15-b4-race-forced-boot"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of a case, made long enough that its files are read in pieces."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(workers, "_TAIL_FROM_BYTES", 1 << 16)
    monkeypatch.setattr(workers, "_TAIL_BYTES", 1 << 12)
    monkeypatch.setattr(workers, "RANGE_BYTES", 1 << 17)
    for node in CASE.iterdir():
        if node.is_dir():
            shutil.copytree(node, tmp_path / "logs" / node.name)
    return tmp_path / "logs"


@pytest.fixture
def reads(monkeypatch):
    """The (path, start) of every piece that is really read."""
    seen = []
    whole = workers.run

    def counted(task, step=None):
        seen.append((task.evidence.path, task.start))
        return whole(task, step)

    monkeypatch.setattr(readers, "run", counted)
    return seen


def again(folder, reads, **options):
    """Correlates again: the case, the pieces that were read, and the case without any memory."""
    reads.clear()
    wanted = RunOptions((str(folder),), jobs=1, **options)
    case = pipeline.correlate(wanted)
    return case, list(reads), pipeline.analyse(wanted)


def test_nothing_new_is_nothing_to_read(folder, reads):
    """The second run reads nothing and gives the same case."""
    first, read, _ = again(folder, reads)
    assert len(read) > len(list(folder.glob("*/*.log")))
    second, read, _ = again(folder, reads)
    assert (second, read) == (first, [])


def test_a_file_that_has_grown_is_read_from_its_end(folder, reads):
    """Only the last piece of it and what is new."""
    log = max(folder.glob("*/nova-scheduler.log"), key=lambda path: path.stat().st_size)
    data = log.read_bytes()
    half = data.rfind(b"\n", 0, len(data) * 3 // 4)
    log.write_bytes(data[: half + 40])  # in the middle of a line
    again(folder, reads)
    with log.open("ab") as grown:
        grown.write(data[half + 40 :])
    case, read, fresh = again(folder, reads)
    assert read
    assert {path for path, _ in read} == {str(log)}
    assert min(start for _, start in read) > half - (1 << 13)
    assert summary(case) == summary(fresh)
    assert [c.lines for c in case.coverage] == [c.lines for c in fresh.coverage]


def test_a_rotated_file_is_known_under_its_new_name(folder, reads):
    """The old bytes under another name are not read; the new file is."""
    log = max(folder.glob("*/nova-compute.log"), key=lambda path: path.stat().st_size)
    again(folder, reads)
    log.rename(log.with_name("nova-compute.log.1"))
    log.write_bytes(b"2026-11-23 00:00:00.000 1 INFO nova.service [-] Starting compute node (version 15.1.5)\n")
    case, read, fresh = again(folder, reads)
    assert {path for path, _ in read} == {str(log)}
    assert summary(case) == summary(fresh)
    assert case.evidence == fresh.evidence


def test_a_changed_file_and_other_options_are_read_anew(folder, reads):
    """Other bytes in the middle do not escape when head, tail or size differ; another zone or node changes all events."""
    again(folder, reads)
    log = max(folder.glob("*/nova-compute.log"), key=lambda path: path.stat().st_size)
    log.write_bytes(log.read_bytes().replace(b"Claim successful", b"Claim succeeded!!"))
    _, read, _ = again(folder, reads)
    assert {path for path, _ in read} == {str(log)}
    _, read, _ = again(folder, reads, tz="Europe/Berlin")
    assert {path for path, _ in read} == {str(path) for path in folder.glob("*/*.log")}


def test_a_compressed_file_is_known_too(folder, reads):
    """It cannot be cut, but it need not be read twice."""
    for log in list(folder.glob("*/*.log")):
        log.with_name(log.name + ".gz").write_bytes(gzip.compress(log.read_bytes()))
        log.unlink()
    again(folder, reads)
    extra = folder / "ctl9" / "nova-api.log"
    extra.parent.mkdir()
    extra.write_bytes(b"2026-11-23 00:00:00.000 1 INFO nova.service [-] Starting api node (version 15.1.5)\n")
    _, read, _ = again(folder, reads)
    assert {path for path, _ in read} == {str(extra)}


def test_several_processes_give_the_case_of_one(folder, monkeypatch):
    """Pieces read by other processes come together in the same order."""
    monkeypatch.setattr(readers, "_ALONE_BELOW_BYTES", 0)
    options = RunOptions((str(folder),))
    assert pipeline.analyse(options) == pipeline.analyse(RunOptions((str(folder),), jobs=2))
    one = ingest(plan_of(RunOptions((str(folder),), jobs=1)))
    two = ingest(plan_of(RunOptions((str(folder),), jobs=2)))
    assert list(one.events) == list(two.events)


def test_a_piece_that_could_not_be_read_is_no_hole_the_next_time(folder, reads, monkeypatch):
    """Its input is read again; what could be read of others is known."""
    counted = readers.run

    def failing(task, step=None):
        if task.start and task.end != task.evidence.size_bytes:
            raise ZeroDivisionError
        return counted(task, step)

    with monkeypatch.context() as patch:
        patch.delenv("NOVATRACE_DEBUG")
        patch.setattr(readers, "run", failing)
        first = pipeline.correlate(RunOptions((str(folder),), jobs=1))
    assert first.failed
    second, read, whole = again(folder, reads)
    assert (second, second.failed) == (whole, False)
    lost = {notice.place for notice in first.notices if notice.id == "E-BUG"}
    assert {path for path, _ in read} == lost


def test_a_damaged_older_case_is_made_anew(folder, reads):
    """A case that cannot be read helps nobody and stops nobody."""
    first, _, _ = again(folder, reads)
    path = pipeline.case_file(RunOptions((str(folder),)))
    path.write_bytes(path.read_bytes()[:5000])
    second, read, _ = again(folder, reads)
    assert read
    assert second == first


def test_explain_from_a_case_needs_no_log(tmp_path, monkeypatch):
    """Every VM, request and host of a case is explained alike from the case and from the logs, also without the logs."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    logs = tmp_path / "logs"
    shutil.copytree(INCIDENT, logs)
    with_paths = RunOptions((str(logs),))
    case = pipeline.correlate(with_paths)
    names = {m.instance_uuid for m in case.migrations} | {m.request_id for m in case.migrations}
    names |= {burst.target.host for burst in case.bursts}
    told = {name: pipeline.explain(name, with_paths)[:2] for name in names if name}
    shutil.rmtree(logs)
    for name, (whole, subject) in told.items():
        part, same, _ = pipeline.explain(name, RunOptions(()))
        assert same == subject
        assert pipeline.render("text", "explain", part, same) == pipeline.render("text", "explain", whole, subject)
