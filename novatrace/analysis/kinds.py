"""What kind of move a request was whose own lines do not say: what the batch around it was.

The conductor names a failed cold and a failed live migration alike (``compute_task_migrate_server``), so that at INFO only
the other moves of the same user at the same time tell which it was.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from novatrace.model.migration import Migration

_NEAR_US = 60_000_000
_ALIKE = ("migrate", "resize", "live-migrate")


def named_by_batch(migrations: Sequence[Migration]) -> list[Migration]:
    """Migrations with the kind of their batch where only the failure to find a host is logged, basis ``inferred``."""
    told: dict[tuple[str | None, str | None], list[tuple[int, str]]] = defaultdict(list)
    for migration in migrations:
        if migration.action in _ALIKE and not _untold(migration) and migration.accepted_us is not None:
            told[migration.user_id, migration.project_id].append((migration.accepted_us, migration.action))
    for listed in told.values():
        listed.sort()
    return [
        _renamed(m, told.get((m.user_id, m.project_id), [])) if _untold(m) else m
        for m in migrations
    ]  # fmt: skip


def _untold(migration: Migration) -> bool:
    """True when nothing but the conductor's word for a failed task says that it is a migration."""
    reached = any(attempt.selected is not None for attempt in migration.attempts)
    return migration.action == "migrate" and migration.action_basis == "inferred" and not reached


def _renamed(migration: Migration, told: list[tuple[int, str]]) -> Migration:
    when = migration.accepted_us
    if when is None:
        return migration
    first = bisect_left(told, (when - _NEAR_US, ""))
    last = bisect_right(told, (when + _NEAR_US, "~"))
    around = {action for _, action in told[first : min(last, first + 500)]}
    return replace(migration, action=around.pop()) if len(around) == 1 else migration
