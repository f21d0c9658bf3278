"""A case is written while its report is made: it is whole or absent, and what goes wrong with either is told."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
from contextlib import suppress

import pytest
from cases import INCIDENT

from novatrace import pipeline
from novatrace.cli import progress
from novatrace.errors import CaseNotWritableError, LeakError, WorkerLostError
from novatrace.pipeline import hands, keeping, readers
from novatrace.pipeline.run_options import RunOptions
from novatrace.store.case_reader import CaseReader
from novatrace.store.case_writer import CaseWriter

FIRST = os.getpid()
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="one process elsewhere")


@pytest.fixture(autouse=True)
def _a_copy_for_everything(monkeypatch):
    """The smallest case is written by a copy of the process, and its moves are shared."""
    monkeypatch.setattr(keeping, "_LONG_MOVES", 0)
    monkeypatch.setattr(hands, "_TOGETHER", 1)


def kept(path, then=lambda case: case):
    """The incident, read anew, and what was done with it then."""
    return pipeline.correlated(RunOptions((str(INCIDENT),), case_file=path, jobs=2), None, then)


def broken(error):
    """A writer of cases that fails in every other process."""
    whole = CaseWriter.finish

    def finish(self, *about):
        if os.getpid() != FIRST:
            if error is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise error
        whole(self, *about)

    return finish


def test_a_case_is_kept_by_another_process(monkeypatch, tmp_path):
    """It is what this one would have written, and is in its place only when both are done."""
    path = tmp_path / "x.sqlite"
    writers = tmp_path / "writers"
    finish = CaseWriter.finish

    def noted(self, *about):
        writers.write_text(str(os.getpid()))
        finish(self, *about)

    monkeypatch.setattr(CaseWriter, "finish", noted)
    case = kept(path, lambda case: (path.exists(), case))
    assert case == (False, CaseReader(path).case())
    assert int(writers.read_text()) != FIRST
    assert kept(path) == case[1]  # nothing is new: nobody writes


@pytest.mark.parametrize(
    ("error", "told"),
    [(sqlite3.OperationalError("database or disk is full"), CaseNotWritableError), (None, WorkerLostError)],
)
def test_a_case_that_another_process_does_not_write(error, told, monkeypatch, tmp_path):
    """The older case stays, nothing else does, and the error is what it is in one process."""
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"the older one")
    monkeypatch.setattr(CaseWriter, "finish", broken(error))
    with pytest.raises(told):
        kept(path)
    assert path.read_bytes() == b"the older one"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.lock", "x.sqlite"]
    with suppress(ChildProcessError):
        assert os.waitpid(-1, os.WNOHANG) == (0, 0)  # what helps multiprocessing may live on


def test_a_report_that_is_withheld_takes_no_case_with_it(tmp_path):
    """What went wrong is raised when the case is in its place; an interrupt leaves the older one."""

    def withheld(_case):
        raise LeakError("withheld", next_step="")

    def interrupted(_case):
        raise KeyboardInterrupt

    path = tmp_path / "x.sqlite"
    with pytest.raises(KeyboardInterrupt):
        kept(path, interrupted)
    assert not path.exists()
    with pytest.raises(LeakError, match="withheld"):
        kept(path, withheld)
    assert CaseReader(path).case().migrations


def test_no_other_thread_is_alive_when_a_copy_is_made(monkeypatch, tmp_path):
    """Readers are done, and a progress bar has no thread: a lock that another thread holds would stay locked in a copy."""
    alive = []
    fork = os.fork

    def counted():
        alive.append(threading.active_count())
        return fork()

    monkeypatch.setattr(progress, "_PATIENCE_S", 0)
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(readers, "_ALONE_BELOW_BYTES", 0)
    monkeypatch.setattr(os, "fork", counted)
    before = threading.active_count()
    with progress.shown(quiet=False) as step:
        assert step is not None
        step(1, 3, "a.log")
        assert threading.active_count() == before
        options = RunOptions((str(INCIDENT),), case_file=tmp_path / "x.sqlite", jobs=2)
        pipeline.correlate(options, lambda _done, _total, place: step(1, 3, place))
    assert alive == [before] * 4  # two that read, one that judges, one that writes
