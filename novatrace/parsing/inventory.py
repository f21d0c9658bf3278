"""The user's ``--inventory`` file: what was known beside the logs.

A small TOML (``[[host]]``, ``[[flavor]]``, ``[[server]]``), or the JSON that the ``openstack`` client prints with
``-f json`` for ``hypervisor list --long``, ``flavor list`` and ``server list`` (one list, or an object with several).
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from novatrace.errors import UsageError
from novatrace.model.case import Flavor, Inventory, InventoryHost

_Row = dict[str, Any]


def load(path: Path) -> Inventory:
    """The inventory of a file.

    Raises:
        UsageError: it cannot be read, or is neither of the two forms.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if text.lstrip()[:1] in ("[", "{") and path.suffix != ".toml" else tomllib.loads(text)
        rows = _rows(data)
        return Inventory(
            hosts=tuple(_host(row) for row in rows if _is_host(row)),
            flavors=tuple(_flavor(row) for row in rows if _is_flavor(row)),
            server_flavors=dict(_server(row) for row in rows if _is_server(row)),
        )
    except OSError as error:
        raise UsageError(f"--inventory {path}: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"--inventory {path}: neither TOML nor the JSON of the openstack client: {error}",
            next_step="see `novatrace guide reading-a-report` for both forms",
        ) from error


def _rows(data: object) -> list[_Row]:
    """All tables, whatever list they stand in; TOML's list names become the row's kind."""
    if isinstance(data, list):
        return [row for row in data if isinstance(row, dict)]
    rows: list[_Row] = []
    if isinstance(data, dict):
        for kind, listed in data.items():
            if isinstance(listed, list):
                rows += [{"_kind": kind, **row} for row in listed if isinstance(row, dict)]
    if not rows:
        raise ValueError("no host, flavor or server in it")
    return rows


def _is_host(row: _Row) -> bool:
    return row.get("_kind") == "host" or "Hypervisor Hostname" in row


def _is_flavor(row: _Row) -> bool:
    return row.get("_kind") == "flavor" or ("VCPUs" in row and "RAM" in row)


def _is_server(row: _Row) -> bool:
    return row.get("_kind") == "server" or ("ID" in row and ("Flavor" in row or "Flavor Name" in row))


def _host(row: _Row) -> InventoryHost:
    if "Hypervisor Hostname" in row:
        hypervisor = str(row["Hypervisor Hostname"])
        return InventoryHost(
            hypervisor, hypervisor, _left(row, "vCPUs", "vCPUs Used"), _left(row, "Memory MB", "Memory MB Used"), None
        )
    name = row.get("host") or row.get("name") or row.get("node")
    if not isinstance(name, str):
        raise ValueError("a [[host]] without host")
    return InventoryHost(
        name,
        row.get("node"),
        _number(row.get("free_vcpus")),
        _number(row.get("free_ram_mb")),
        _number(row.get("free_disk_gb")),
    )


def _left(row: _Row, total: str, used: str) -> float | None:
    whole, taken = _number(row.get(total)), _number(row.get(used))
    return None if whole is None or taken is None else whole - taken


def _flavor(row: _Row) -> Flavor:
    name = row.get("name") or row.get("Name")
    if not isinstance(name, str):
        raise ValueError("a flavor without name")
    return Flavor(
        name,
        _whole(row.get("vcpus", row.get("VCPUs"))),
        _whole(row.get("ram_mb", row.get("RAM"))),
        _whole(row.get("disk_gb", row.get("Disk"))),
        default=bool(row.get("default", False)),
    )


def _server(row: _Row) -> tuple[str, str]:
    return str(row.get("id") or row.get("ID")), str(row.get("flavor") or row.get("Flavor") or row.get("Flavor Name"))


def _number(value: object) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    return float(str(value))


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
