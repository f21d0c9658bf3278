"""Nova's options, as advice names them: section, name and the releases that have it.

Read in ``nova/conf/*.py`` of every release from Ocata (15.1.5) to 2026.2 (34.0.0). What an option was called until Newton is
told by its ``deprecated_name`` and ``deprecated_group`` in Ocata; a test holds this table against those sources.
"""

from __future__ import annotations

from dataclasses import dataclass

from novatrace.model import releases
from novatrace.model.case import Case


@dataclass(frozen=True, slots=True)
class Option:
    """An option of nova.conf.

    Attributes:
        since: the first release that has it under this name; None: Ocata or earlier.
        until: the last one; None: still there.
        older: section and name until Newton, where they were others.
    """

    section: str
    name: str
    since: str | None = None
    until: str | None = None
    older: tuple[str, str] | None = None


OPTIONS = {
    option.name: option
    for option in (
        Option("filter_scheduler", "host_subset_size", "ocata", older=("DEFAULT", "scheduler_host_subset_size")),
        Option("filter_scheduler", "enabled_filters", "ocata", older=("DEFAULT", "scheduler_default_filters")),
        Option("filter_scheduler", "shuffle_best_same_weighed_hosts", "queens"),
        Option("filter_scheduler", "pci_in_placement", "2023.1"),
        Option("scheduler", "max_attempts", "ocata", older=("DEFAULT", "scheduler_max_attempts")),
        Option("quota", "ram", "ocata", older=("DEFAULT", "quota_ram")),
        Option("quota", "cores", "ocata", older=("DEFAULT", "quota_cores")),
        Option("workarounds", "disable_group_policy_check_upcall", "pike"),
        Option("DEFAULT", "resize_confirm_window"),
        Option("DEFAULT", "migrate_max_retries"),
        Option("libvirt", "cpu_mode"),
        Option("DEFAULT", "update_resources_interval"),
    )
}


def named(name: str, case: Case) -> str | None:
    """``[section] name (since RELEASE)``, under the name that the releases of a case have; None where none of them has it."""
    option = OPTIONS[name]
    span = releases.range_of(case.coverage)
    since, until = (span.since, span.until) if span is not None else (None, None)
    now = f"[{option.section}] {option.name}"
    if option.since is None:
        return now
    first = releases.position(option.since)
    told = f"{now} (since {_title(option.since)})"
    older = until is not None and releases.position(until) < first
    if option.older is None:
        return None if older else told
    before = f"[{option.older[0]}] {option.older[1]}"
    if older:
        return f"{before} (until Newton)"
    newer = since is not None and releases.position(since) >= first
    return told if newer else f"{now} (since {_title(option.since)}; {before} before)"


def _title(release: str) -> str:
    return release.capitalize()
