"""What the logs could not have told, for the JSON of ``inspect``."""

from __future__ import annotations

from typing import Any

from novatrace.model.case import Case
from novatrace.reports import not_told


def value(case: Case) -> dict[str, Any]:
    """The object ``not_told``; times are µs since 1970 UTC."""
    batch = None if case.batch_us is None else {"first_us": case.batch_us[0], "last_us": case.batch_us[1]}
    return {
        "batch": batch,
        "silences": [
            {
                **_named(one.log),
                "from_us": one.from_us,
                "to_us": one.to_us,
                "longest_otherwise_us": one.normal_minutes * 60_000_000,
            }
            for one in not_told.silent(case)
        ],
        "begin_late": [{**_named(log), "first_us": log.first_us} for log in not_told.late(case)],
        "end_early": [{**_named(log), "last_us": log.last_us} for log in not_told.early(case)],
        "debug_off": [{"service": service, "nodes": nodes} for service, nodes in not_told.debug_off(case).items()],
        "services": not_told.unheard_services(case),
        "compute_hosts": not_told.unheard_hosts(case),
    }


def _named(log: not_told.Log) -> dict[str, str | None]:
    return {"node": log.node, "service": log.service, "path": log.place or None}
