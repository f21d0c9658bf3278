"""The JSON of ``filters``, version 1; ``schemas/filters.json`` says the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from novatrace.model.funnel import FilterTally, Funnel, FunnelGroup, PassTally
from novatrace.model.migration import Citation

_Json = dict[str, Any]
_Cite = Callable[[Iterable[Citation]], list[_Json]]


def value(funnel: Funnel, cite: _Cite, *, tool_version: str) -> _Json:
    """The whole report but for the notices; ``cite`` writes evidence."""
    return {
        "schema": "novatrace/filters/1",
        "tool_version": tool_version,
        "moves": funnel.moves,
        "boots": funnel.boots,
        "passes": _passes(funnel.passes),
        "filters": [_tally(tally, cite) for tally in funnel.filters],
        "by_project": [{"project_id": g.name, **_group(g, cite)} for g in funnel.by_project],
        "by_flavor": [{"flavor": g.name, **_amounts(g), **_group(g, cite)} for g in funnel.by_flavor],
    }


def _passes(seen: PassTally) -> _Json:
    return {
        "total": seen.passes,
        "whole": seen.whole,
        "partial": seen.partial,
        "no_filter": seen.no_filter,
        "not_logged": seen.not_logged,
        "unseen_actions": seen.unseen,
        "refused_actions": seen.refused,
    }


def _amounts(group: FunnelGroup) -> _Json:
    asked = group.demand
    return {"vcpus": asked.vcpus, "ram_mb": asked.ram_mb, "disk_gb": asked.disk_gb}


def _group(group: FunnelGroup, cite: _Cite) -> _Json:
    return {
        "actions": group.actions,
        "failed": group.failed,
        "passes": _passes(group.passes),
        "filters": [_tally(tally, cite) for tally in group.filters],
    }


def _tally(tally: FilterTally, cite: _Cite) -> _Json:
    counted = tally.counted > 0
    return {
        "name": tally.name,
        "passes": tally.passes,
        "counted": tally.counted,
        "hosts_in": tally.hosts_in if counted else None,
        "hosts_left": tally.hosts_left if counted else None,
        "removing": tally.removing if counted else None,
        "left_one": tally.left_one,
        "left_none": tally.left_none,
        "failures": tally.failures,
        "widest": tally.widest,
        "evidence": cite(tally.evidence),
    }
