"""Processes that read may die, get stuck or fail on a piece: that piece is told and counted, and the rest is read."""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import subprocess
import sys
import time

import pytest
from cases import FIXTURES

from novatrace.parsing.fragments import unfold
from novatrace.pipeline import readers, workers
from novatrace.pipeline.ingest import ingest, plan_of
from novatrace.pipeline.readers import results
from novatrace.pipeline.run_options import RunOptions
from novatrace.pipeline.set_aside import lines_of

CASE = FIXTURES / "real-nova/o15-b1-race-room1"
SMALL = 60_000


@pytest.fixture
def plan(monkeypatch):
    """Some logs in many pieces, to be read by two processes."""
    monkeypatch.delenv("NOVATRACE_DEBUG")
    monkeypatch.setattr(readers, "_ALONE_BELOW_BYTES", 0)
    monkeypatch.setattr(workers, "_TAIL_FROM_BYTES", SMALL)
    monkeypatch.setattr(workers, "_TAIL_BYTES", SMALL // 3)
    monkeypatch.setattr(workers, "RANGE_BYTES", SMALL)
    found = plan_of(RunOptions((str(CASE),), jobs=2, patience_s=0.3))
    assert len(found.tasks) > 10
    return found


def marked(plan):
    """A piece with others of its input before and behind it."""
    at = next(at for at, task in enumerate(plan.tasks) if task.start > 0 and task.end != task.evidence.size_bytes)
    assert plan.tasks[at - 1].evidence == plan.tasks[at].evidence == plan.tasks[at + 1].evidence
    return plan.tasks[at]


def when_marked(piece, happens):
    """Reads as ever, but for one piece."""
    real = workers.run

    def run(task, step=None):
        if (task.evidence.id, task.start) == (piece.evidence.id, piece.start):
            happens(task)
        return real(task, step)

    return run


def killed(_task):
    """As the kernel ends a process for want of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def crashed(_task):
    """As a library's mistake ends a process; without a core file, and without a word."""
    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.kill(os.getpid(), signal.SIGSEGV)


def stuck(_task):
    """An answer that never comes."""
    time.sleep(3600)


def greedy(_task):
    """More than there is."""
    raise MemoryError


def faulty(_task):
    """A mistake of ours."""
    raise ZeroDivisionError("a mistake")


LOSSES = {
    killed: ("E-IN-CRASH", "was ended twice, by signal 9 (SIGKILL)"),
    crashed: ("E-IN-CRASH", "was ended twice, by signal 11 (SIGSEGV)"),
    stuck: ("E-IN-STUCK", "came no further for 0.3 s"),
    greedy: ("E-IN-CRASH", "not memory enough"),
    faulty: ("E-BUG", "ZeroDivisionError: a mistake"),
}


@pytest.mark.parametrize("happens", LOSSES)
def test_a_piece_that_cannot_be_read_is_told_and_the_rest_is_read(happens, plan, monkeypatch):
    """What is left is what it was, each event at its line; the account of lines is that of all of them."""
    whole = ingest(plan)
    piece = marked(plan)
    monkeypatch.setattr(readers, "run", when_marked(piece, happens))
    rest = ingest(plan)

    (notice,) = [n for n in rest.notices if n not in whole.notices]
    kind, why = LOSSES[happens]
    assert (notice.id, notice.place, notice.incomplete) == (kind, piece.evidence.place, True)
    assert f"bytes {piece.start} to {piece.end - 1}: " in notice.text
    assert why in notice.text

    lost = lines_of(piece, lambda: None)
    assert f"{lost} lines not read" in notice.text
    assert [c.lines.total for c in rest.coverage] == [c.lines.total for c in whole.coverage]
    assert [c.lines.unread for c in rest.coverage] == [
        lost * (c.evidence_id == piece.evidence.id) for c in rest.coverage
    ]
    assert all(c.lines.balanced for c in rest.coverage)

    def outside(event):
        at = event.provenance
        return at.evidence_id != piece.evidence.id or not piece.start <= at.byte_offset < piece.end

    assert {e.provenance for e in rest.events} == {e.provenance for e in whole.events if outside(e)}
    assert not all(map(outside, whole.events))


def test_a_process_that_is_killed_once_costs_nothing(plan, monkeypatch, tmp_path):
    """Alone the piece can be read: nothing is missing, and nothing is said."""
    whole = ingest(plan)

    def at_first(_task):
        if not (tmp_path / "done").exists():
            (tmp_path / "done").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(readers, "run", when_marked(marked(plan), at_first))
    again = ingest(plan)
    assert (tmp_path / "done").exists()
    assert list(again.events) == list(whole.events)
    assert (again.coverage, again.notices) == (whole.coverage, whole.notices)


def test_a_process_that_is_stopped_before_it_has_begun_anything_costs_nothing(plan, monkeypatch):
    """It keeps all others from beginning, too."""
    whole = ingest(plan)
    begun = readers._processes

    def halting(jobs, pulse):
        before = readers._children()
        executor = begun(jobs, pulse)
        executor.submit(len, ()).result()
        for process in readers._children() - before:
            os.kill(process.pid, signal.SIGSTOP)
        monkeypatch.setattr(readers, "_processes", begun)
        return executor

    monkeypatch.setattr(readers, "_processes", halting)
    again = ingest(plan)
    assert list(again.events) == list(whole.events)
    assert (again.coverage, again.notices) == (whole.coverage, whole.notices)


def test_nothing_behind_lines_that_cannot_be_counted_has_a_number(plan, monkeypatch):
    """Such an input ends there: a wrong line cited would be worse than none."""
    piece = marked(plan)

    def count(task, _step):
        killed(task)

    monkeypatch.setattr(readers, "run", when_marked(piece, killed))
    monkeypatch.setattr(readers, "lines_of", count)
    found = list(results(plan.tasks, 2, plan.size_bytes, 5))
    assert [task for task, _ in found] == list(plan.tasks)
    for task, scanned in found:
        behind = task.evidence == piece.evidence and task.start >= piece.start
        assert [n.id for n in scanned.notices] == ["E-IN-CRASH"] * (task == piece)
        assert not (behind and (scanned.coverage.lines.total or unfold(scanned.events, 0, 0)))


def test_a_mistake_of_ours_on_one_input_read_here_costs_that_input(plan, monkeypatch):
    """Without other processes, too; whoever looks for the mistake gets it raised."""
    piece = marked(plan)
    monkeypatch.setattr(readers, "run", when_marked(piece, faulty))
    found = dict(results(plan.tasks, 1, plan.size_bytes))
    assert [task for task, scanned in found.items() if scanned.notices] == [piece]
    monkeypatch.setenv("NOVATRACE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        list(results(plan.tasks, 1, plan.size_bytes))


SCRIPT = """
import os, sys
from novatrace.pipeline import readers, workers
readers._ALONE_BELOW_BYTES = 0
real = readers.run
def run(task, step=None):
    if {marked!r} in task.evidence.place:
        {happens}
    return real(task, step)
readers.run = run
from novatrace.cli.main import main
sys.argv = ["novatrace", "correlate", "--jobs", "2", {case!r}]
main()
"""


@pytest.mark.parametrize(
    ("happens", "code", "said"),
    [
        ("os.kill(os.getpid(), 9)", 3, "error: E-IN-CRASH: "),
        ("raise ZeroDivisionError('a mistake')", 1, "error: E-BUG: "),
    ],
)
def test_the_command_says_what_it_could_not_read_and_reads_it_the_next_time(happens, code, said, novatrace, tmp_path):
    """Nothing of such a run is taken for known later."""
    script = tmp_path / "broken.py"
    script.write_text(SCRIPT.format(marked="ctl01", happens=happens, case=str(CASE)))
    done = subprocess.run([sys.executable, script], capture_output=True, env=novatrace.env, check=False)
    text = done.stderr.decode()
    assert done.returncode == code, text
    assert said in text
    assert "Traceback" not in text
    assert ", unread " in text.splitlines()[-1]
    assert text.endswith(f"exit {code}\n")
    assert " unread; " in done.stdout.decode()
    again = novatrace("correlate", CASE)
    assert again.returncode == 0, again.stderr
    assert b"unread" not in again.stderr + again.stdout


def started(script, novatrace):
    """A script at work, in a session of its own, whose output can be waited for."""
    return subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=novatrace.env, start_new_session=True,
    )  # fmt: skip


def test_an_interrupt_does_not_wait_for_those_who_read(novatrace, tmp_path):
    """130, and none of the processes is left."""
    script = tmp_path / "stuck.py"
    happens = "print('reading', flush=True); import time; time.sleep(3600)"
    script.write_text(SCRIPT.format(marked="ctl01", happens=happens, case=str(CASE)))
    running = started(script, novatrace)
    assert running.stdout.readline() == b"reading\n"
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert said.strip().startswith(b"novatrace: error: E-INTERRUPTED: ")
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)


def test_a_second_interrupt_ends_at_once(novatrace, tmp_path):
    """Also what the first one is waiting for; nothing more is said."""
    script = tmp_path / "waiting.py"
    script.write_text(
        "import sys, time\n"
        "from multiprocessing import Process\n"
        "from novatrace import pipeline\n"
        "def waits(*_):\n"
        "    Process(target=time.sleep, args=(3600,)).start()\n"
        "    try:\n        print('begun', flush=True); time.sleep(3600)\n"
        "    finally:\n        print('ending', flush=True); time.sleep(3600)\n"
        "pipeline.correlated = waits\n"
        "from novatrace.cli.main import main\n"
        f"sys.argv = ['novatrace', 'correlate', {str(CASE)!r}]\nmain()\n"
    )
    running = started(script, novatrace)
    for word in (b"begun\n", b"ending\n"):
        assert running.stdout.readline() == word
        running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (130, b"")
