"""A scenario file: a batch and hosts as somebody imagines them, in TOML.

[batch]
vms = 10              # or [[vm]] tables with name, vcpus, ram_mb, disk_gb, count, hosts
vcpus = 1
ram_mb = 1024
concurrency = 10      # so many choose on one view; default: all
max_attempts = 1      # 1: a refused claim is final (the default here)
placement = false     # true: claims are made in placement
host_subset_size = 1
weighers = { ram = 1.0 }

[[host]]
name = "node01"
free_ram_mb = 102400
free_vcpus = 5
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from novatrace.errors import UsageError
from novatrace.model.migration import HostNode, Resources
from novatrace.model.replay import ReplayHost, ReplayVm, Rules, Scenario, Statement, Step, Weigher

_Table = dict[str, Any]
_BATCH = {
    "vms", "vcpus", "ram_mb", "disk_gb", "concurrency", "max_attempts", "placement", "host_subset_size", "weighers",
    "schedulers", "action",
}  # fmt: skip
_HOST = {"name", "host", "node", "free_vcpus", "free_ram_mb", "free_disk_gb", "io_ops", "instances"}
_VM = {"name", "vcpus", "ram_mb", "disk_gb", "count", "hosts"}
_WEIGHERS = ("ram", "cpu", "disk", "io_ops", "num_instances")
_MOST_VMS = 100_000


def load(path: Path) -> Scenario:
    """The scenario of a file.

    Raises:
        UsageError: it cannot be read, or a table in it is not as above; the message names it.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return _scenario(data, path.name)
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{path}: not a scenario: {error}", next_step="see `novatrace guide simulating` for the form"
        ) from error


def _scenario(data: _Table, name: str) -> Scenario:
    _only(data, {"batch", "host", "vm"}, "the file")
    batch = _table(data.get("batch", {}), "[batch]")
    _only(batch, _BATCH, "[batch]")
    hosts = tuple(_host(row) for row in _tables(data.get("host"), "[[host]]"))
    if not hosts:
        raise ValueError("no [[host]]")
    names = [host.target.host for host in hosts]
    if len(set(names)) < len(names):
        raise ValueError("two [[host]] tables have one name")
    vms = _vms(batch, _tables(data.get("vm"), "[[vm]]"), names)
    concurrency = _whole(batch, "concurrency", len(vms)) or len(vms)
    rules = _rules(batch)
    return Scenario(
        source="file",
        name=name,
        hosts=hosts,
        vms=vms,
        steps=_steps(len(vms), concurrency),
        guarded=("vcpus", "ram_mb", "disk_gb"),
        filtered=("vcpus", "ram_mb", "disk_gb"),
        rules=rules,
        known=tuple(_known(batch, rules, hosts, concurrency)),
        claims_in_placement=True if rules.placement else None,
        action=str(batch.get("action", "migrate")),
    )


def _known(batch: _Table, rules: Rules, hosts: tuple[ReplayHost, ...], concurrency: int) -> list[Statement]:
    """What the file leaves open, and what is taken for it."""
    told = [Statement(f"concurrency {concurrency}: so many VMs choose on one view", _basis(batch, "concurrency"))]
    if "weighers" not in batch:
        told.append(Statement("the host with the most free RAM is chosen (weighers)", "assumed"))
    if not rules.placement:
        final = "a refused claim is final" if rules.max_attempts == 1 else f"{rules.max_attempts} tries for each VM"
        told.append(Statement(f"{final} (max_attempts)", _basis(batch, "max_attempts")))
    open_ended = [h.target.host for h in hosts if None in (h.room.vcpus, h.room.ram_mb)]
    if open_ended:
        told.append(
            Statement(f"room that the file does not give is taken as enough (hosts: {len(open_ended)})", "assumed")
        )
    return told


def _basis(batch: _Table, key: str) -> str:
    return "stated" if key in batch else "assumed"


def _rules(batch: _Table) -> Rules:
    weighers = _table(batch.get("weighers", {"ram": 1.0}), "weighers")
    _only(weighers, set(_WEIGHERS), "weighers")
    subset = _whole(batch, "host_subset_size", 1)
    schedulers = _whole(batch, "schedulers", None)
    return Rules(
        weighers=tuple(Weigher(name, _number(weighers, name) or 0.0) for name in _WEIGHERS if name in weighers),
        subset_size=subset,
        shared_state=schedulers is not None,
        schedulers=schedulers,
        placement=bool(batch.get("placement", False)),
        max_attempts=_whole(batch, "max_attempts", 1) or 1,
        kept_bounds=not batch.get("placement", False),
    )


def _steps(vms: int, concurrency: int) -> tuple[Step, ...]:
    groups = [tuple(range(at, min(at + concurrency, vms))) for at in range(0, vms, concurrency)]
    return tuple(Step(what, group) for group in groups for what in ("decide", "claim", "show"))


def _host(row: _Table) -> ReplayHost:
    _only(row, _HOST, "[[host]]")
    name = row.get("name") or row.get("host")
    if not isinstance(name, str):
        raise ValueError("a [[host]] without a name")
    _printable(name)
    room = Resources(*(_number(row, f"free_{key}") for key in ("vcpus", "ram_mb", "disk_gb")))
    disk = room.disk_gb
    return ReplayHost(
        HostNode(name, row.get("node")),
        room,
        seen_ram_mb=room.ram_mb,
        seen_disk_mb=None if disk is None else disk * 1024,
        io_ops=_whole(row, "io_ops", None, least=0),
        instances=_whole(row, "instances", None, least=0),
    )


def _vms(batch: _Table, rows: list[_Table], hosts: list[str]) -> tuple[ReplayVm, ...]:
    if not rows:
        demand = Resources(*(_number(batch, key) for key in ("vcpus", "ram_mb", "disk_gb")))
        if not demand.known:
            raise ValueError("[batch] asks for nothing: give vcpus, ram_mb or disk_gb")
        number = _whole(batch, "vms", None)
        if number is None or number > _MOST_VMS:
            raise ValueError(f"[batch] vms: a number from 1 to {_MOST_VMS}")
        return tuple(ReplayVm(f"vm-{i + 1}", demand) for i in range(number))
    vms: list[ReplayVm] = []
    for row in rows:
        _only(row, _VM, "[[vm]]")
        demand = Resources(*(_number({**batch, **row}, key) for key in ("vcpus", "ram_mb", "disk_gb")))
        number = _whole(row, "count", 1) or 1
        if len(vms) + number > _MOST_VMS:
            raise ValueError(f"more than {_MOST_VMS} VMs")
        stem = _printable(str(row.get("name", f"vm-{len(vms) + 1}")))
        may = row.get("hosts")
        indexes = None if may is None else tuple(_index(hosts, host) for host in may)
        vms += [ReplayVm(stem if number == 1 else f"{stem}-{i + 1}", demand, indexes) for i in range(number)]
    return tuple(vms)


def _index(hosts: list[str], name: object) -> int:
    if name not in hosts:
        raise ValueError(f"[[vm]] hosts: there is no [[host]] {name!r}")
    return hosts.index(str(name))


def _printable(name: str) -> str:
    """The name, if it can stand in a report and in a script as it is."""
    if not name.isprintable() or not name.strip():
        raise ValueError(f"a name that cannot be printed: {name!r}")
    return name


def _only(table: _Table, known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise ValueError(f"{where}: unknown key {', '.join(unknown)}; known: {', '.join(sorted(known))}")


def _table(value: object, where: str) -> _Table:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is not a table")
    return value


def _tables(value: object, where: str) -> list[_Table]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{where} is not a list of tables")
    return [_table(row, where) for row in value]


def _number(table: _Table, key: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{key}: not a number")
    if not -1e15 < value < 1e15:  # noqa: PLR2004 - and no nan
        raise ValueError(f"{key}: out of range")
    return value


def _whole(table: _Table, key: str, default: int | None, *, least: int = 1) -> int | None:
    value = _number(table, key)
    if value is None:
        return default
    if value != int(value) or value < least:
        raise ValueError(f"{key}: not a whole number of at least {least}")
    return int(value)
