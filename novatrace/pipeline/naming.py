"""Whose lines an input holds, where its folder says one machine and its lines another.

A folder's name is what somebody gave it; a name in each line is what the machine, or the syslog daemon that took the line, says
of itself. So the lines win, unless the folder's name is what the other logs in it go by, too: then both mean one machine.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from novatrace.model.evidence import Evidence, Notice
from novatrace.model.hostname import short
from novatrace.parsing.manner import Manner
from novatrace.sources.interface import Source

# What stands where a machine's name should: its loopback's, an address, a container's id.
_NO_NAME = re.compile(
    r"localhost.*|\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]+|[0-9a-f]{12}|[0-9a-f]{64}|\(none\)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Input:
    """One input before it is read: where it is, what it is, how to read it."""

    source: Source
    evidence: Evidence
    manner: Manner


def named(inputs: list[Input], notices: list[Notice]) -> Iterator[Input]:
    """The inputs, each with the node whose lines it holds; a name of a folder that was not taken is told."""
    by_folder: dict[str, set[str]] = defaultdict(set)
    for one in inputs:
        if one.evidence.node is not None:
            by_folder[one.evidence.node] |= {short(host) for host in _hosts(one)} or {""}
    for one in inputs:
        node, hosts = one.evidence.node, _hosts(one)
        if node is None or not hosts:
            yield one
        elif len(hosts) > 1:
            yield replace(one, manner=replace(one.manner, own_names=True))
        else:
            yield _of_one(one, node, hosts[0], alias=by_folder[node] == {"", short(hosts[0])}, notices=notices)


def _of_one(one: Input, node: str, host: str, *, alias: bool, notices: list[Notice]) -> Input:
    """An input whose first lines all name one machine; lines of others may come later, and are theirs."""
    if short(host) != short(node) and not alias:
        text = f"its lines are of {host}; {node}, which its folder or name says, was not taken for the node"
        notices.append(Notice("I-IN-NODE", "sources", one.evidence.place, text))
        node = host
    manner = replace(one.manner, own_names=True, same=(short(host),))
    return Input(one.source, replace(one.evidence, node=node), manner)


def _hosts(one: Input) -> list[str]:
    """The machines that the lines of an input name, by their short names."""
    found = {short(name): name for name in one.manner.hosts if not _NO_NAME.fullmatch(name)}
    return list(found.values())
