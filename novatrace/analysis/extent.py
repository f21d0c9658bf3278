"""When a batch began and ended, told from events alone: what ``inspect`` holds beginnings and ends of logs against."""

from __future__ import annotations

from collections.abc import Iterable

from novatrace.model.event import Event

# Lines that nothing but a move of a VM writes.
_MOVES = frozenset([
    "flavor-change", "move-dispatch", "move-started", "move-error", "migrate-disk-start", "finish-migration-start",
    "live-migrate-requested", "live-migration-done", "pre-live-done", "evacuate-requested", "rebuild-start",
    "cross-cell-prepare", "cross-cell-finish",
    "placement-move-request", "migration-tracked", "reschedule",
])  # fmt: skip
_ACTIONS = ("migrate", "resize", "os-migrateLive", "evacuate", "unshelve")


def of_moves(events: Iterable[Event]) -> tuple[int, int] | None:
    """First and last moment, µs since 1970 UTC, of what moves write; None where nothing moved."""
    moments = [event.when_us for event in events if event.when_us is not None and _moves(event)]
    return (min(moments), max(moments)) if moments else None


def _moves(event: Event) -> bool:
    return event.kind in _MOVES or (event.kind == "action-body" and event.values.get("action") in _ACTIONS)
