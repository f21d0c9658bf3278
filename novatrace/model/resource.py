"""The resources that are told from each other: their names, their units, and the filter that guards each."""

from __future__ import annotations

NAMES = {
    "vcpus": "vCPU",
    "ram_mb": "RAM",
    "disk_gb": "disk",
    "numa": "NUMA topology",
    "pci": "PCI devices",
}
#: Of those that are counted, in the order in which they are told.
UNITS = {"vcpus": "vCPU", "ram_mb": "MB", "disk_gb": "GB"}
#: Sends a limit with the request (nova/scheduler/filters/{core,ram,disk}_filter.py; gone after Train).
LIMIT_FILTERS = {"vcpus": "CoreFilter", "ram_mb": "RamFilter", "disk_gb": "DiskFilter"}
