"""Lines go through several hands: any formatter's stamp, in any colours, in any containers, journals and greps, read the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from cases import FIXTURES
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read
from rendering import Said, said

from novatrace.sources.encoding import in_utf8

FOLDER = FIXTURES / "real-nova" / "a-single-migrate"
Wrap = Callable[[Said], str]
# What stands around a line, whatever the line is.
AROUND: dict[str, Wrap] = {
    "cri": lambda o: f"{o.stamped('%Y-%m-%dT%H:%M:%S.%f')}123Z stderr F {o.text}",
    "docker": lambda o: json.dumps({"log": o.text + "\n", "stream": "stderr", "time": o.stamped("%Y-%m-%dT%H:%M:%S.%fZ")}),
    "journal": lambda o: f"{o.stamped('%b %d %H:%M:%S')} {o.node} {o.service}[{o.pid}]: {o.text}",
    "journal-iso": lambda o: f"{o.stamped('%Y-%m-%dT%H:%M:%S.%f', 2)}+0200 {o.node} {o.service}[{o.pid}]: {o.text}",
    "journal-json": lambda o: json.dumps(
        {"__REALTIME_TIMESTAMP": str(o.epoch_us), "_HOSTNAME": o.node, "SYSLOG_IDENTIFIER": o.service, "MESSAGE": o.text}
    ),
    "rfc5424": lambda o: f"<14>1 {o.stamped('%Y-%m-%dT%H:%M:%S.%fZ')} {o.node} {o.service} {o.pid} - - {o.text}",
    "filebeat": lambda o: json.dumps(
        {"@timestamp": o.stamped("%Y-%m-%dT%H:%M:%S.%fZ"), "host": {"name": o.node}, "message": o.text}
    ),
    "collector": lambda o: json.dumps({"ts": o.epoch_us / 1e6, "Computer": o.node, "Body": o.text, "Level": o.level}),
    "compose": lambda o: f"{o.service.replace('-', '_')}-1  | {o.text}",
    "kubectl": lambda o: f"[pod/{o.service}-{o.node}/{o.service}] {o.text}",
    "grep": lambda o: f"{o.node}/{o.service}.log:{o.text}",
    "grep-n": lambda o: f"17:{o.text}",
}  # fmt: skip
# What people put around a whole paste, outermost.
PASTED: dict[str, Wrap] = {
    "as it is": lambda o: o.text,
    "indented": lambda o: f"    {o.text}",
    "quoted": lambda o: f"> {o.text}",
    "numbered": lambda o: f"  4711\t{o.text}",
    "in a pane": lambda o: f"│{o.text}   │",
    "a list of strings": lambda o: f"  {json.dumps(o.text, ensure_ascii=False)},",
}
COLOURS = ("", "\x1b", "#033", "^[", "\\x1b", "\\033")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16")


@cache
def heads() -> tuple[Said, ...]:
    """Every one-line record of the case's scheduler, and of the target."""
    found = [one for lines in said(FOLDER).values() for one in lines if one.head and one.message]
    return tuple(one for one in found if one.service in ("nova-scheduler", "nova-compute"))[:40]


def stamped(one: Said, mark: str, digits: int, colour: str) -> Said:
    """The record with another fraction, coloured as DevStack does it."""
    fraction = f"{mark}{one.when.microsecond:06}000"[: digits + 1] if digits else ""
    rest = one.text.split(" ", 2)[2]
    if colour:
        level = f" {one.level} "
        rest = rest.replace(level, f" {colour}[01;33m{one.level}{colour}[00m ", 1) + f"{colour}[00m"
    return replace(one, text=f"{one.stamped('%Y-%m-%d %H:%M:%S')}{fraction} {rest}")


def told(data: bytes) -> list[tuple]:
    """What is read, without where it stands."""
    found, coverage, _ = read(b"".join(in_utf8(iter([data]))), None)
    assert coverage.lines.balanced
    assert coverage.lines.unparsed == 0, coverage.samples
    values = [{name: value for name, value in e.values.items() if name != "line_host"} for e in found]
    return [(e.kind, v, e.request_id, e.instance_uuid, e.pid, e.when_us) for e, v in zip(found, values, strict=True)]


@cache
def plainly() -> list[tuple]:
    """What is read of the lines as Nova wrote them."""
    return told("".join(f"{one.text}\n" for one in heads()).encode())


@settings(max_examples=40, deadline=None)
@given(
    around=st.lists(st.sampled_from(sorted(AROUND)), max_size=2, unique=True),
    pasted=st.sampled_from(sorted(PASTED)),
    mark=st.sampled_from(".,"),
    digits=st.integers(3, 9),
    colour=st.sampled_from(COLOURS),
    end=st.sampled_from(("\n", "\r\n", "\n\n")),
    encoding=st.sampled_from(ENCODINGS),
)
def test_lines_read_the_same_through_any_hands(  # noqa: PLR0913 - each is drawn
    around, pasted, mark, digits, colour, end, encoding
):
    """Fraction x colour x containers x paste x ends of lines x encoding: the same events at the same moments."""
    records = [stamped(one, mark, digits, colour) for one in heads()]
    for name in around:
        records = [replace(one, text=AROUND[name](one)) for one in records]
    text = "".join(PASTED[pasted](one) + end for one in records)
    assert told(text.encode(encoding)) == plainly()


@pytest.mark.parametrize("name", AROUND)
def test_each_hand_by_itself(name):
    """Each one alone, so that a failure above has a name."""
    assert told("".join(f"{AROUND[name](one)}\n" for one in heads()).encode()) == plainly()
