"""Work that is shared with copies of the process comes to the same, and what goes wrong in one of them is told."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest
from cases import case_folders, node_folders
from test_spool import shelved

from novatrace import pipeline
from novatrace.errors import UsageError, WorkerLostError
from novatrace.model.migration import HostNode
from novatrace.pipeline import hands
from novatrace.pipeline.hands import SharedHands
from novatrace.store.codec import encode
from novatrace.store.shelf import Shelf
from novatrace.store.spool import Spool

FIRST = os.getpid()
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="one process elsewhere")


@pytest.fixture(autouse=True)
def _many(monkeypatch):
    """Three items are too many for one batch."""
    monkeypatch.setattr(hands, "_TOGETHER", 2)


def shared(jobs: int = 3) -> SharedHands:
    """Hands whose own shelf is in memory."""
    return SharedHands(Shelf(Spool()), None, jobs)


def nothing() -> None:
    """No other work."""


def hosts_of(item: str, shelf: Shelf) -> list[tuple[int, tuple[HostNode, ...]]]:
    """Who did it, and what it kept."""
    time.sleep(0.01)
    return [(os.getpid(), shelf.keep(HostNode, (HostNode(item), HostNode(item, "node")))), (os.getpid(), ())]


def test_others_do_their_share_and_all_comes_in_order():
    """Each item by one of three processes, with what it put aside."""
    items = [f"cn{n}" for n in range(40)]
    found = shared().share(hosts_of, items, lambda: time.sleep(0.1))
    assert [kept for _, kept in found[::2]] == [(HostNode(i), HostNode(i, "node")) for i in items]
    assert len({pid for pid, _ in found} - {os.getpid()}) == 2
    assert {pid for pid, _ in shared(1).share(hosts_of, items, nothing)} == {os.getpid()}
    assert {pid for pid, _ in shared().share(hosts_of, items[:2], nothing)} == {os.getpid()}
    assert shared().share(hosts_of, [], nothing) == []


def test_many_items_go_in_few_batches(monkeypatch):
    """What a pipe holds is limited, and nobody reads it yet when it is filled."""
    monkeypatch.setattr(hands, "_MOST_BATCHES", 4)
    found = shared(2).share(lambda item, _shelf: [item], [str(n) for n in range(1001)], nothing)
    assert found == [str(n) for n in range(1001)]


def failing(item: str, _shelf: Shelf) -> list[str]:
    """Fails everywhere but in the first process, which waits for that."""
    _wait_here()
    if os.getpid() != FIRST:
        raise UsageError("nine", next_step="eight")
    return [item]


def killed(item: str, _shelf: Shelf) -> list[str]:
    """Ends its process, unless that is the first one."""
    _wait_here()
    if os.getpid() != FIRST:
        os.kill(os.getpid(), signal.SIGKILL)
    return [item]


def _wait_here() -> None:
    """Lets the others be first."""
    if os.getpid() == FIRST:
        time.sleep(0.05)


def waiting(item: str, _shelf: Shelf) -> list[str]:
    """Fails in the first process, while another would go on for long."""
    if os.getpid() == FIRST:
        raise ValueError(item)
    signal.pause()
    return []


def test_what_goes_wrong_in_another_process_is_told_here():
    """An error is raised as it was; a process that was ended is lost; nobody goes on when the work is given up."""
    items = [str(n) for n in range(10)]
    with pytest.raises(UsageError, match="nine"):
        shared().share(failing, items, nothing)
    with pytest.raises(WorkerLostError, match="ended from outside") as caught:
        shared().share(killed, items, nothing)
    assert (caught.value.exit_code, caught.value.error_id) == (30, "E-WORKER")
    with pytest.raises(ValueError, match=r"\d"):
        shared().share(waiting, items, nothing)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("folder", case_folders(), ids=lambda p: p.name)
def test_a_case_is_the_same_whoever_worked_at_it(folder):
    """Moves, bursts, views and findings, down to the rows of the case file."""
    alone, together = (
        shelved(pipeline.analyse(pipeline.RunOptions(node_folders(folder), jobs=jobs)))[0] for jobs in (1, 3)
    )
    for part in ("migrations", "bursts", "views", "findings"):
        assert [encode(each) for each in getattr(together, part)] == [encode(each) for each in getattr(alone, part)]
