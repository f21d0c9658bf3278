"""What a nova.conf says that matters to reading logs and to judging what they tell."""

from __future__ import annotations

import re

from novatrace.model.evidence import NodeSettings

_SECTION = re.compile(r"\s*\[([^\]]+)\]")
_OPTION = re.compile(r"([A-Za-z_][\w\-]*)\s*[=:]\s*(.*)")
_WANTED = {
    "DEFAULT": (
        "host", "debug", "cpu_allocation_ratio", "ram_allocation_ratio", "disk_allocation_ratio", "scheduler_host_subset_size",
        "scheduler_default_filters", "log_date_format", "logging_context_format_string", "logging_default_format_string",
        "reserved_host_memory_mb", "reserved_host_disk_mb", "use_journal", "use_syslog",
    ),
    "filter_scheduler": ("host_subset_size", "enabled_filters", "ram_weight_multiplier", "shuffle_best_same_weighed_hosts"),
    "scheduler": ("max_attempts", "workers", "max_placement_results"),
}  # fmt: skip


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
                found[last] = (
                    f"{found[last]},{match[2].strip()}" if "filters" in last and last in found else match[2].strip()
                )
    return NodeSettings(node, place, tuple(sorted(found.items())))


def zone_of_timedatectl(text: str) -> str | None:
    """The zone that ``timedatectl`` names (``Time zone: Europe/Berlin (CET, +0100)``), or /etc/timezone's one line."""
    match = re.search(r"(?im)^\s*Time ?zone:? *=? *([A-Za-z][\w+\-]*(?:/[\w+\-]+)*)", text)
    if match:
        return match[1]
    lines = text.split()
    return lines[0] if len(lines) == 1 and re.fullmatch(r"[A-Za-z][\w+\-]*(?:/[\w+\-]+)*", lines[0]) else None
