"""What a nova.conf says that matters to reading logs and to judging what they tell."""

from __future__ import annotations

import re

from novatrace.model.evidence import NodeSettings

_SECTION = re.compile(r"\s*\[([^\]]+)\]")
_OPTION = re.compile(r"([A-Za-z_][\w\-]*)\s*[=:]\s*(.*)")
# By section: Ocata moved the scheduler's options out of DEFAULT (nova/conf/scheduler.py), each with a name of its own.
_WANTED = {
    "DEFAULT": (
        "host", "debug", "cpu_allocation_ratio", "ram_allocation_ratio", "disk_allocation_ratio",
        "initial_cpu_allocation_ratio", "initial_ram_allocation_ratio", "initial_disk_allocation_ratio",
        "reserved_host_memory_mb", "reserved_host_disk_mb", "reserved_host_cpus",
        "scheduler_host_subset_size", "scheduler_default_filters", "scheduler_available_filters", "scheduler_max_attempts",
        "scheduler_weight_classes", "scheduler_driver", "ram_weight_multiplier", "disk_weight_multiplier",
        "io_ops_weight_multiplier", "max_io_ops_per_host", "max_instances_per_host", "allow_resize_to_same_host",
        "log_date_format", "logging_context_format_string", "logging_default_format_string", "use_journal", "use_syslog",
    ),
    "filter_scheduler": (
        "host_subset_size", "enabled_filters", "available_filters", "weight_classes", "shuffle_best_same_weighed_hosts",
        "ram_weight_multiplier", "cpu_weight_multiplier", "disk_weight_multiplier", "io_ops_weight_multiplier",
        "pci_weight_multiplier", "build_failure_weight_multiplier", "cross_cell_move_weight_multiplier",
        "soft_affinity_weight_multiplier", "soft_anti_affinity_weight_multiplier", "max_io_ops_per_host",
        "max_instances_per_host", "track_instance_changes",
    ),
    "scheduler": ("max_attempts", "workers", "max_placement_results", "driver"),
    "compute": ("cpu_dedicated_set", "cpu_shared_set", "max_concurrent_disk_ops"),
}  # fmt: skip
# Options that may come more than once; of all others the last one counts (oslo.config).
_SEVERAL = ("scheduler_available_filters", "available_filters")


def settings_of(text: str, node: str | None, place: str) -> NodeSettings:
    """The options of a nova.conf that are wanted, as ``section/option``."""
    found: dict[str, str] = {}
    section, last = "DEFAULT", ""
    for line in text.splitlines():
        if match := _SECTION.match(line):
            section, last = match[1], ""
        elif not line.strip() or line.lstrip().startswith(("#", ";")):
            last = ""
        elif line[0].isspace() and last:
            found[last] = f"{found[last]} {line.strip()}"
        elif match := _OPTION.match(line):
            wanted = match[1] in _WANTED.get(section, ())
            last = f"{section}/{match[1]}" if wanted else ""
            if wanted:
                several = match[1] in _SEVERAL and last in found
                found[last] = f"{found[last]},{match[2].strip()}" if several else match[2].strip()
    return NodeSettings(node, place, tuple(sorted(found.items())))


def zone_of_timedatectl(text: str) -> str | None:
    """The zone that ``timedatectl`` names (``Time zone: Europe/Berlin (CET, +0100)``), or /etc/timezone's one line."""
    match = re.search(r"(?im)^\s*Time ?zone:? *=? *([A-Za-z][\w+\-]*(?:/[\w+\-]+)*)", text)
    if match:
        return match[1]
    lines = text.split()
    return lines[0] if len(lines) == 1 and re.fullmatch(r"[A-Za-z][\w+\-]*(?:/[\w+\-]+)*", lines[0]) else None
