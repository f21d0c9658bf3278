"""NUMA cells and PCI pools as Nova prints them: what a host has free of them, and what a VM asks of a cell.

``ComputeNode`` carries the host's topology as JSON; ``Attempting to fit instance cell`` prints the objects themselves
(nova/objects/numa.py, nova/objects/instance_numa.py), whose pages it does not show.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

# A scheduler reads the same row of a host again and again.
_KEPT = 512
_PINNED = ("dedicated", "mixed")
_SET = r"set\(\[([\d,\s]*)\]\)"
_CPUS = re.compile(rf"[(,]cpuset={_SET}")
_PCPUS = re.compile(rf"[(,]pcpuset={_SET}")
_WORD = re.compile(r"[(,](id|memory|pagesize|cpu_policy|cpu_thread_policy)=u?'?([^,)']*)")
_POOL = re.compile(r"PciDevicePool\(count=(\d+),.*?product_id=u?'?(\w+)'?.*?vendor_id=u?'?(\w+)'?\)")


def host_cells(text: str) -> tuple[dict[str, Any], ...] | None:
    """The cells in the ``numa_topology`` of a ``ComputeNode(…)``; None where it has none, or none that can be read.

    Each: ``cell``; ``pages``, [size in KiB, free] of every size but the smallest, which is not handed out by pages;
    ``free_pinned``, the CPUs that may be pinned and are not.
    """
    start = text.find(",numa_topology='{")
    if start < 0:
        return None
    start += len(",numa_topology='")
    end = text.find("}',", start)
    return _cells(text[start : end + 1]) if end >= 0 else None


@lru_cache(maxsize=_KEPT)
def _cells(text: str) -> tuple[dict[str, Any], ...] | None:
    try:
        cells = json.loads(text)["nova_object.data"]["cells"]
        return tuple(_cell(cell["nova_object.data"]) for cell in cells)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _cell(fields: dict[str, Any]) -> dict[str, Any]:
    sizes = sorted((page["nova_object.data"] for page in fields["mempages"]), key=lambda size: int(size["size_kb"]))
    pages = [
        [size["size_kb"], size["total"] - size.get("used", 0) - size.get("reserved", 0)]  # NUMAPagesTopology.free
        for size in sizes[1:]
    ]
    # Until Stein any CPU of a cell may be pinned; later those of cpu_dedicated_set (NUMACell.free_pcpus).
    may_pin = fields["pcpuset"] if "pcpuset" in fields else fields["cpuset"]
    return {"cell": fields["id"], "pages": pages, "free_pinned": len(set(may_pin) - set(fields["pinned_cpus"]))}


def instance_cell(text: str) -> dict[str, Any]:
    """What an ``InstanceNUMACell(…)`` asks of a host's cell.

    ``cell``, ``memory_mb``; ``pagesize``: KiB, or Nova's −1 (small), −2 (large), −3 (any), absent where none is asked for;
    ``pinned``: CPUs of its own, absent where whole cores are taken for them.

    Raises:
        ValueError: it has no id or no memory.
    """
    words = dict(_WORD.findall(text))
    if not words.get("id", "").isdigit() or not words.get("memory", "").isdigit():
        raise ValueError("not a cell of an instance")
    found: dict[str, Any] = {"cell": int(words["id"]), "memory_mb": int(words["memory"])}
    size = words.get("pagesize", "")
    if size.lstrip("-").isdigit():
        found["pagesize"] = int(size)
    if words.get("cpu_policy") not in _PINNED:
        found["pinned"] = 0
    elif words.get("cpu_thread_policy") not in ("isolate", "require"):
        # Until Ussuri the pinned CPUs stand in cpuset.
        found["pinned"] = _size(_PCPUS, text) or _size(_CPUS, text)
    return found


def _size(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.search(text)
    return len(match[1].split(",")) if match and match[1].strip() else 0


def pci_pools(text: str) -> list[list[Any]]:
    """``[PciDevicePool(count=4,…)]`` as [vendor:product, free devices], in the order printed."""
    return [[f"{vendor}:{product}", int(count)] for count, product, vendor in _POOL.findall(text)]
