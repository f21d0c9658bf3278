"""What is put aside comes back as it was, whether it fits into memory or not."""

from __future__ import annotations

import random
from functools import partial
from itertools import groupby
from typing import Any

import pytest
from cases import analysed, case_folders, node_folders

from novatrace import pipeline
from novatrace.errors import CaseNotWritableError
from novatrace.model.case import Case
from novatrace.model.event import Event
from novatrace.model.kept import Kept
from novatrace.model.migration import HostNode
from novatrace.model.parts import changed, fields_of
from novatrace.pipeline import spooled
from novatrace.pipeline.ingest import ingest, plan_of
from novatrace.pipeline.spooled import SpooledEvents
from novatrace.store import spool
from novatrace.store.codec import encode
from novatrace.store.shelf import Shelf
from novatrace.store.spool import Spool


@pytest.mark.parametrize("in_memory", [0, 100, 1 << 20])
def test_rows_come_back_in_any_order(tmp_path, monkeypatch, in_memory):
    """Empty, short and long rows, read while others are still being added."""
    monkeypatch.setattr(spool, "_IN_MEMORY_BYTES", in_memory)
    dice = random.Random(7)
    aside, kept = Spool(tmp_path), {}
    for _ in range(300):
        row = dice.randbytes(dice.choice((0, 1, 30, 9000, 40_000)))
        kept[aside.put(row)] = row
        place = dice.choice(list(kept))
        assert aside.get(place) == kept[place]
    assert list(tmp_path.iterdir()) == []
    assert all(aside.get(place) == row for place, row in kept.items())


def test_a_full_disk_is_told_as_such(monkeypatch):
    """No traceback, and what to do."""
    monkeypatch.setattr(spool, "_IN_MEMORY_BYTES", 10)
    monkeypatch.setattr(spool.os, "write", _full)
    with pytest.raises(CaseNotWritableError, match="no space left"):
        Spool().put(b"more than ten bytes")


def _full(*_args: object) -> int:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("held_bytes", [0, 30_000, 1 << 30])
@pytest.mark.parametrize("together", [3, 4096])
@pytest.mark.parametrize("last_bit", [1, 63])
@pytest.mark.parametrize("folder", case_folders()[:4], ids=lambda p: p.name)
def test_events_are_found_by_what_they_belong_to(folder, monkeypatch, together, last_bit, held_bytes):
    """In order of lines as a whole, for each key, and for each request id that they name; also without some of them."""
    every = list(ingest(plan_of(pipeline.RunOptions(node_folders(folder)))).events)
    monkeypatch.setattr(spooled, "_TOGETHER", together)
    monkeypatch.setattr(spooled, "_LAST_BIT", last_bit)
    events = SpooledEvents(Spool(), held_bytes)
    for _, of_input in groupby(every, key=lambda e: e.provenance.evidence_id):
        events.take(of_input)
    assert list(events) == every
    for key in {e.key for e in every}:
        assert events.of(key) == [e for e in every if e.key == key]
    for kinds in ({"host-selected"}, {"claim-granted", "filter-start", "service-start"}, {"no such kind"}):
        assert list(events.of_kinds(kinds)) == [e for e in every if e.kind in kinds]
    named = dict.fromkeys(name for e in every for name in (e.request_id, e.global_request_id) if name)
    assert list(events.ids()) == list(named)
    for name in named:
        assert events.naming(name) == [e for e in every if name in (e.request_id, e.global_request_id)]
    assert events.of("req-of-nobody") == []
    assert list(events.without({0, 5})) == [e for n, e in enumerate(every) if n not in (0, 5)]


def test_placement_and_lines_without_a_request_are_keys_of_their_own():
    """A call of placement has an id of its own; what a compute node does by itself belongs to the VM."""
    folder = next(f for f in case_folders() if any(e.service == "placement-api" for e in _events(f)))
    keys = {e.key for e in _events(folder)}
    assert any(key.startswith("placement req-") for key in keys)
    assert any(key.startswith("req-") for key in keys)


def _events(folder) -> list[Event]:
    return list(ingest(plan_of(pipeline.RunOptions(node_folders(folder)))).events)


def shelved(case: Case) -> tuple[Case, int]:
    """The case with everything that is kept aside looked up, and how much that was."""
    looked_up = 0

    def plain(thing: Any) -> Any:
        nonlocal looked_up
        if isinstance(thing, Kept):
            looked_up += 1
        if isinstance(thing, Kept | tuple):
            return tuple(plain(item) for item in thing)
        if not fields_of(thing.__class__):
            return thing
        return changed(thing, **{name: plain(getattr(thing, name)) for name in fields_of(thing.__class__)})

    return plain(case), looked_up


@pytest.mark.parametrize("folder", case_folders(), ids=lambda p: p.name)
def test_what_is_kept_aside_is_the_same(folder, monkeypatch):
    """A case equals, and is told as, the one that has all of it in memory; its rows in a case file are the same text."""
    monkeypatch.setattr("novatrace.pipeline.analysed.Shelf", partial(Shelf, held_bytes=0))
    case = pipeline.analyse(pipeline.RunOptions(node_folders(folder)))
    plain, looked_up = shelved(case)
    assert looked_up > 10
    assert case.migrations == analysed(folder).migrations
    assert plain.migrations == case.migrations
    assert plain.views == tuple(case.views)
    assert [encode(m) for m in plain.migrations] == [encode(m) for m in case.migrations]
    for kind in ("correlate", "filters"):
        assert pipeline.render("json", kind, plain) == pipeline.render("json", kind, case)


def test_a_kept_tuple_does_as_well_as_a_tuple():
    """Indexes, slices, sums, comparisons and hashes."""
    shelf = Shelf(Spool(), held_bytes=0)
    hosts = tuple(HostNode(f"cn{n}", None if n % 2 else f"node {n}") for n in range(7))
    for kept in (shelf.keep(HostNode, hosts), shelf.each(HostNode, [shelf.put(host) for host in hosts])):
        assert isinstance(kept, Kept)
        assert (len(kept), kept[2], kept[-1], kept[1:3]) == (7, hosts[2], hosts[-1], hosts[1:3])
        assert kept == hosts
        assert kept != hosts[1:]
        assert hash(kept) == hash(hosts)
        assert (kept + hosts[:1], hosts[:1] + kept) == (hosts + hosts[:1], hosts[:1] + hosts)
        assert HostNode("cn3") in kept
        assert repr(kept) == repr(hosts)
    assert shelf.keep(HostNode, ()) == ()
