"""The JSON of bursts, for the reports that have them."""

from __future__ import annotations

from typing import Any

from novatrace.model.capacity import Arrival, Burst, Capacity, Counted, OrderUnknown, Slots
from novatrace.reports.view_burst import burst_kinds

_Json = dict[str, Any]


def burst(b: Burst, evidence: list[_Json]) -> _Json:
    """A burst with its evidence, which the caller has written."""
    return {
        "target": {"host": b.target.host, "node": b.target.node},
        "first_us": b.first_us,
        "last_us": b.last_us,
        "kinds": [
            {
                "action": kind,
                "arrivals": told.total(),
                **{word: told[word] for word in ("admitted", "victim", "unknown")},
            }
            for kind, told in burst_kinds(b).items()
        ],
        "arrivals": [_arrival(a) for a in b.arrivals],
        "capacity": _capacity(b.capacity),
        "slots": _slots(b.slots),
        "classes": [_class(c) for c in b.counted],
        "binding": list(b.binding),
        "verdict": b.verdict,
        "basis": b.basis,
        "effect": b.effect,
        "candidates_most": b.candidates_most,
        "cause": b.cause,
        "unknown_because": b.unknown_because or None,
        "order_unknown": [_pair(pair) for pair in b.order_unknown],
        "evidence": evidence,
    }


def _arrival(a: Arrival) -> _Json:
    return {
        "instance_uuid": a.instance_uuid,
        "request_id": a.request_id,
        "action": a.action,
        "selected_us": a.selected_us,
        "outcome": a.outcome,
        "outcome_basis": a.outcome_basis,
        "reason": a.reason,
    }


def _capacity(c: Capacity | None) -> _Json | None:
    if c is None:
        return None
    return {
        "free_vcpus": c.free.vcpus,
        "free_ram_mb": c.free.ram_mb,
        "free_disk_gb": c.free.disk_gb,
        "source": c.source,
        "basis": c.basis,
        "when_us": c.when_us,
    }


def _slots(s: Slots) -> _Json:
    return {"vcpus": s.vcpus, "ram_mb": s.ram_mb, "disk_gb": s.disk_gb, "all": s.all}


def _class(c: Counted) -> _Json:
    return {
        "name": c.name,
        "resource": c.resource,
        "free": list(c.free),
        "each": c.each,
        "cells_each": c.over,
        "room": c.room,
        "known_us": c.known_us,
    }


def _pair(pair: OrderUnknown) -> _Json:
    return {
        "first": pair.first,
        "second": pair.second,
        "apart_us": pair.apart_us,
        "clocks_apart_us": pair.clocks_apart_us,
        "nodes": list(pair.nodes),
    }
