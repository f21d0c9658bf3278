"""Lists of hosts kept as text: names and states agree, in every form that the catalogue's samples have."""

from __future__ import annotations

from novatrace.analysis.hosts import HostMap
from novatrace.model.event import Event
from novatrace.model.evidence import Provenance
from novatrace.model.host_states import HostStates
from novatrace.parsing.definitions import load_catalogue
from novatrace.parsing.event_rows import packed, unpacked
from novatrace.parsing.values import host_states


def lists():
    """The lists of all samples."""
    for message in load_catalogue(samples=True).messages:
        for sample in message.samples:
            yield from (v for v in (message.values(sample.text) or {}).values() if isinstance(v, HostStates))


def test_names_and_states_agree():
    """The cheap reading of names gives the names of the states."""
    found = list(lists())
    assert len(found) > 3
    for states in found:
        assert states.pairs() == [(state["host"], state["node"]) for state in states]
        assert len(states) == len(list(states))
        assert bool(states) == bool(len(states))


def test_marks_stand_for_the_hosts_of_a_list():
    """As many as there are hosts, and each names the one in whose place it stands; none where a list has another form."""
    found = [(states.marks(), states.pairs()) for states in lists()]
    assert sum(bool(marks) for marks, _ in found) > 3
    for marks, pairs in found:
        assert not marks or [tuple(mark.replace(", ", ",").split(",")) for mark in marks] == pairs


def test_a_host_is_learnt_from_the_list_that_names_it_first():
    """What other lists had before is not looked at again, and what is new in a list is not missed."""
    form = "({0}, {0}.example) ram: 1MB disk: 2MB io_ops: 0 instances: 3"
    hosts = HostMap()
    for names in (["a"], ["a"], ["a", "b"], ["b", "a"], ["c"], []):
        values = {"hosts": host_states(f"[{', '.join(map(form.format, names))}]")}
        place = Provenance(0, 0, 1, 1)
        hosts.heed(
            Event(
                "hosts-filtered",
                1,
                "ctl",
                "nova-scheduler",
                1,
                "DEBUG",
                *[None] * 5,
                values,
                inherited=False,
                provenance=place,
            )
        )
    assert [place.host for place in hosts.settled().named()] == ["a", "b", "c"]
    assert hosts.host("b").node == "b.example"


def test_a_list_survives_its_way_through_bytes():
    """Text in, text out, and the same states."""
    from reading import read  # noqa: PLC0415 - makes a scanner

    line = b"2026-11-23 00:05:14.123 1 DEBUG nova.scheduler.filter_scheduler [req-061d9a7b-6080-4869-b793-2889a657596c u p - - -] "
    text = "[(a, a) ram: 1MB disk: 2MB io_ops: 0 instances: 3, (b, b) ram: -4MB disk: 5MB io_ops: 0 instances: 6]"
    events, _, _ = read(line + f"Filtered {text} _schedule /x/nova/scheduler/filter_scheduler.py:115\n".encode())
    again = unpacked(packed(events))
    assert again == events
    assert again[0].values["hosts"] == host_states(text)
    assert [state["free_ram_mb"] for state in again[0].values["hosts"]] == [1, -4]
    assert again[0].values["hosts"].number is None
    assert len(events[0].values["hosts"]) == 2
    assert unpacked(packed(events))[0].values["hosts"].number == 2
