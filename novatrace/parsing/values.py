"""Typed values out of message text: what a captured group means and how it is read.

A message definition names a type for each group that is not plain text. Every type is a function
``str -> JSON value``; a text that does not have the shape raises ``ValueError`` and the message does
not match. Shapes are those that nova prints (nova/scheduler/host_manager.py ``HostState.__repr__``,
nova/scheduler/weights/__init__.py ``WeighedHost``, nova/filters.py), Folsom to 2026.2.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from novatrace.model.host_states import HostStates
from novatrace.parsing.numa import host_cells, instance_cell, pci_pools

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

# A HostState as it stands in a sentence, of any era (Folsom names no node; Grizzly ends with the VM type).
HOST_STATE = (
    r"\([^()\n]{1,500}\) ram:[^\n]{0,100}? instances: ?-?\d+(?: vm_type:\S+)?(?:, allocation_candidates: \d+)?"
    r"|host '[^'\n]*': free_ram_mb:-?\d+ free_disk_mb:-?\d+"
)

# With the weight of a WeighedHost (nova/scheduler/weights/__init__.py), which stands behind the state, maybe after
# other attributes (Havana prints only the state).
_HOST_STATE = re.compile(
    r"\((?P<host>[^,()]+), ?(?P<node>[^()]+)\) "
    r"ram: ?(?P<ram>-?\d+)(?:MB)? disk: ?(?P<disk>-?\d+)(?:MB)? "
    r"io_ops: ?(?P<io_ops>-?\d+) instances: ?(?P<instances>-?\d+)"
    r"(?:[^()\[\]]{0,100}, weight: (?P<weight>-?(?:\d+(?:\.\d*)?(?:e[+-]?\d+)?|inf|nan))\])?"
)
_FOLSOM_HOST_STATE = re.compile(r"host '(?P<host>[^']+)': free_ram_mb:(?P<ram>-?\d+) free_disk_mb:(?P<disk>-?\d+)")
_BARE_WEIGHED = re.compile(r"\[host: (?P<host>[^,\s()\[\]]+)(?:, weight: (?P<weight>-?[\d.e+-]+))?\]")
_FOLSOM_WEIGHED = re.compile(r"WeightedHost host: (?P<host>[^\s,\]]+)")
_LISTED = (_HOST_STATE, _FOLSOM_HOST_STATE, _BARE_WEIGHED, _FOLSOM_WEIGHED)
_LISTED_PAIR = re.compile(
    r"\(([^,()]+), ?([^()]+)\) ram: ?-?\d+(?:MB)? disk: ?-?\d+(?:MB)? io_ops: ?-?\d+ instances: ?-?\d+"
)
_HOST_PAIR = re.compile(r"\(u?'(?P<host>[^']*)', u?'(?P<node>[^']*)'\)")
_HOST_WEIGHT = re.compile(
    r"\(u?'(?P<host>[^']*)', u?'(?P<node>[^']*)'\): (?P<weight>-?(?:\d+(?:\.\d*)?(?:e[+-]?\d+)?|inf|nan))"
)
_FILTER_COUNT = re.compile(r"u?'(?P<name>\w+): \(start: (?P<before>\d+), end: (?P<after>\d+)\)'")
_FILTER_HOSTS = re.compile(r"\(u?'(?P<name>\w+)', (?P<hosts>None|\[[^\]]*\])\)")
_SELECTION = re.compile(r"Selection\(")
_SERVICE_HOST = re.compile(r"service_host=u?'(?P<host>[^']*)'")
_NODENAME = re.compile(r"nodename=u?'(?P<node>[^']*)'")
_QUOTED = re.compile(r"u?'([^']*)'|u?\"([^\"]*)\"")


def _state(parts: tuple[str, ...]) -> dict[str, Any]:
    host, node, ram, disk, io_ops, instances, weight = parts
    return {
        "host": host,
        "node": node,
        "free_ram_mb": int(ram),
        "free_disk_mb": int(disk),
        "io_ops": int(io_ops),
        "instances": int(instances),
        "weight": float(weight) if weight else None,
    }


def _bare(host: str, weight: str | None, ram: str | None = None, disk: str | None = None) -> dict[str, Any]:
    return {
        "host": host,
        "node": None,
        "free_ram_mb": None if ram is None else int(ram),
        "free_disk_mb": None if disk is None else int(disk),
        "io_ops": None,
        "instances": None,
        "weight": None if weight is None else float(weight),
    }


def host_states(text: str) -> HostStates:
    """HostState or WeighedHost representations, taken apart when asked for."""
    if text.strip("[] ") and not any(form.search(text) for form in _LISTED):
        raise ValueError("no HostState in it")
    return HostStates(text, listed_states, listed_pairs)


def listed_pairs(text: str) -> list[tuple[str, str | None]]:
    """(host, node) of what ``listed_states`` gives."""
    found: list[tuple[str, str | None]] = _LISTED_PAIR.findall(text)
    return found or [(state["host"], state["node"]) for state in listed_states(text)]


def listed_states(text: str) -> list[dict[str, Any]]:
    """HostState or WeighedHost representations in order, each with free MB and weight or None.

    ``ram`` and ``disk`` are free MB in every release and may be negative; vCPUs are in none.
    """
    found = [_state(parts) for parts in _HOST_STATE.findall(text)]
    if found:
        return found
    found = [_bare(m["host"], None, m["ram"], m["disk"]) for m in _FOLSOM_HOST_STATE.finditer(text)]
    found = found or [_bare(m["host"], m["weight"]) for m in _BARE_WEIGHED.finditer(text)]
    return found or [_bare(m["host"], None) for m in _FOLSOM_WEIGHED.finditer(text)]


def host_state(text: str) -> dict[str, Any]:
    """The one HostState or WeighedHost of a ``Selected host`` message."""
    states = listed_states(text)
    if len(states) != 1:
        raise ValueError("not exactly one HostState")
    return states[0]


def filter_results(text: str) -> list[dict[str, Any]]:
    """The funnel of ``Filter results: […]``: counts (INFO form) or the hosts left (DEBUG form)."""
    steps = [
        {"name": m["name"], "before": int(m["before"]), "after": int(m["after"]), "left": None}
        for m in _FILTER_COUNT.finditer(text)
    ]
    if steps:
        return steps
    for m in _FILTER_HOSTS.finditer(text):
        pairs = [] if m["hosts"] == "None" else host_pairs(m["hosts"])
        steps.append({"name": m["name"], "before": None, "after": len(pairs), "left": pairs})
    if not steps and text.strip("[] "):
        raise ValueError("no filter results in it")
    return steps


def host_pairs(text: str) -> list[list[str]]:
    """``[('host', 'node'), …]`` as [[host, node], …]."""
    return [[m["host"], m["node"]] for m in _HOST_PAIR.finditer(text)]


def names(text: str) -> list[str]:
    """A list of names: a Python list literal, or names separated by commas."""
    quoted = [a or b for a, b in _QUOTED.findall(text)]
    if quoted:
        return quoted
    return [name.strip() for name in text.strip("[] ").split(",") if name.strip()]


def alternates(text: str) -> list[list[str | None]]:
    """``[Selection(…), …]`` of the conductor as [[host, node], …], in the order of preference."""
    found: list[list[str | None]] = []
    for part in _SELECTION.split(text)[1:]:
        host, node = _SERVICE_HOST.search(part), _NODENAME.search(part)
        if host:
            found.append([host["host"], node["node"] if node else None])
    return found


_FIELD_CHARS = 80


@lru_cache(maxsize=4096)
def _word(text: str) -> str | None:
    value = text.rstrip(")").removeprefix("u").strip("'") if text.startswith(("u'", "'")) else text.rstrip(")")
    return None if value in ("", "None", "<?>") else value


@lru_cache(maxsize=4096)
def _whole(text: str) -> int | None:
    value = text.rstrip(")")
    return int(value) if value.lstrip("-").isdigit() else None


@lru_cache(maxsize=256)
def _ratio(text: str) -> float | None:
    value = text.rstrip(")")
    return float(value) if value.replace(".", "", 1).isdigit() else None


@lru_cache(maxsize=256)
def _utc(text: str) -> int | None:
    """A field's moment: the database's own UTC, whatever the zone of the log."""
    try:
        return int(datetime.fromisoformat(text.rstrip(")")).timestamp()) * 1_000_000
    except ValueError:
        return None


_NODE_FIELDS: tuple[tuple[str, str, Callable[[str], Any]], ...] = (
    ("host", "host", _word),
    ("node", "hypervisor_hostname", _word),
    ("uuid", "uuid", _word),
    *((name, name, _whole) for name in (
        "vcpus", "vcpus_used", "memory_mb", "memory_mb_used", "local_gb", "local_gb_used",
        "free_ram_mb", "free_disk_gb", "disk_available_least", "running_vms",
    )),
    *((name, name, _ratio) for name in ("cpu_allocation_ratio", "ram_allocation_ratio", "disk_allocation_ratio")),
)  # fmt: skip


def compute_node(text: str) -> dict[str, Any]:
    """The fields of a ``ComputeNode(…)`` that capacity needs; fields hold nested JSON, so never split.

    Plain searches for the field names, because these lines are long and make up most of a scheduler's DEBUG log. What
    most often changes from line to line is the moment alone; the rest is remembered.
    """
    before, found, rest = text.partition(",updated_at=")
    moment, comma, after = rest.partition(",")
    # One that comes first, or last, or not at all.
    known = _amounts(f"{before},{after}") if found and comma else _amounts(text)
    if known["host"] is None:
        raise ValueError("a ComputeNode without host")
    return {**known, "updated_us": _utc(moment[:_FIELD_CHARS] if comma else _field(text, "updated_at"))}


@lru_cache(maxsize=2048)
def _amounts(text: str) -> dict[str, Any]:
    return {**{name: read(_field(text, field)) for name, field, read in _NODE_FIELDS}, "numa_cells": host_cells(text)}


def _field(text: str, name: str) -> str:
    start = text.find(f",{name}=")
    if start < 0 and (start := text.find(f"({name}=")) < 0:
        return ""
    start += len(name) + 2
    end = text.find(",", start, start + _FIELD_CHARS)
    return text[start : end if end >= 0 else start + _FIELD_CHARS]


def inventory(text: str) -> dict[str, dict[str, float]]:
    """Placement inventory per resource class: total, reserved, allocation_ratio."""
    data = _literal(text)
    if not isinstance(data, dict):
        raise ValueError("not an inventory")
    kept: dict[str, dict[str, float]] = {}
    for resource_class, fields in data.items():
        if isinstance(fields, dict) and "total" in fields:
            kept[str(resource_class)] = {
                key: float(fields[key]) for key in ("total", "reserved", "allocation_ratio") if key in fields
            }
    return kept


def _literal(text: str) -> Any:  # noqa: ANN401 - whatever the text holds
    """A Python literal; most of those that Nova prints are JSON but for their quotes, and JSON is read faster."""
    try:
        return json.loads(text.replace("'", '"'))
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError("not a literal") from error


def literal(text: str) -> Any:  # noqa: ANN401 - whatever the text holds
    """A dict or list as Python prints it, whose keys are text.

    Raises:
        ValueError: it is none.
    """
    value = _literal(text)
    if not isinstance(value, dict | list):
        raise ValueError("neither dict nor list")
    return value


def host_weights(text: str) -> list[list[Any]]:
    """``{('host', 'node'): weight, …}`` of nova/weights.py as [[host, node, weight], …]."""
    found = [[m["host"], m["node"], float(m["weight"])] for m in _HOST_WEIGHT.finditer(text)]
    if not found:
        raise ValueError("no weights in it")
    return found


def requested_resources(text: str) -> dict[str, int]:
    """``resources=DISK_GB:20,VCPU:1`` of a placement URI: resource class → amount (unnumbered groups)."""
    query = parse_qs(urlsplit(text).query)
    amounts: dict[str, int] = {}
    for key, listed in query.items():
        if not re.fullmatch(r"resources\w*", key):
            continue
        for part in ",".join(listed).split(","):
            resource_class, _, amount = part.partition(":")
            if amount.isdigit():
                amounts[resource_class] = amounts.get(resource_class, 0) + int(amount)
    return amounts


def action_name(text: str) -> str:
    """The first key of an action's JSON body, such as ``migrate``."""
    match = re.match(r"\s*\{\s*u?[\"']([\w\-]+)[\"']\s*:", text)
    if match is None:
        raise ValueError("not an action body")
    return match[1]


def number(text: str) -> int | float:
    """An integer where the value is whole, else a float."""
    value = float(text)
    return int(value) if value.is_integer() else value


def reasons(text: str) -> list[str]:
    """Claim reasons: joined by ``; `` since icehouse."""
    return [part.strip().rstrip(".") for part in text.split(";") if part.strip()]


def json_value(text: str) -> Any:  # noqa: ANN401 - whatever the JSON holds
    """Any JSON value."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


TYPES: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": int,
    "float": float,
    "number": number,
    "host_state": host_state,
    "host_states": host_states,
    "host_pairs": host_pairs,
    "filter_results": filter_results,
    "names": names,
    "alternates": alternates,
    "compute_node": compute_node,
    "instance_cell": instance_cell,
    "pci_pools": pci_pools,
    "inventory": inventory,
    "literal": literal,
    "host_weights": host_weights,
    "requested_resources": requested_resources,
    "action_name": action_name,
    "reasons": reasons,
    "json": json_value,
}
