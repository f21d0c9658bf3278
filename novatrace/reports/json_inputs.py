"""What inputs are, and the account of their lines, in JSON."""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from typing import Any

from novatrace.model.case import Case
from novatrace.model.clock import ClockBounds
from novatrace.model.evidence import Coverage, LineLedger
from novatrace.reports import json_release, view_releases

_Json = dict[str, Any]
# How Python keeps the bytes of a name that are not UTF-8.
_NO_UTF8 = re.compile("[\\udc80-\\udcff]")


def coverage_of(case: Case, *, samples: bool) -> _Json:
    """The account of a case; with ``samples`` as ``inspect`` shows it."""
    total = LineLedger()
    inputs = []
    for coverage in case.coverage:
        total.add(coverage.lines)
        inputs.append(_input(coverage, case, samples=samples))
    release = json_release.release(case.coverage, case)
    return {"inputs": inputs, "lines": _lines(total), "nodes": _nodes(case), "release": release}


def _input(coverage: Coverage, case: Case, *, samples: bool) -> _Json:
    evidence = case.evidence[coverage.evidence_id]
    services = sorted(coverage.services, key=lambda name: (-coverage.services[name], name))
    layouts = sorted(coverage.layouts, key=lambda name: (-coverage.layouts[name], name))
    row: _Json = {
        "path": evidence.path,
        "member": evidence.member,
        **_bytes_of(path=evidence.path, member=evidence.member),
        "node": evidence.node,
        "service": evidence.service or (services[0] if services else None),
        "layout": "+".join(layouts) or None,
        "sha256": None,
        "bytes": coverage.bytes_decoded,
        "first_us": coverage.first_us,
        "last_us": coverage.last_us,
        "clock_basis": coverage.clock_basis,
        "levels": dict(sorted(coverage.levels.items())),
        "lines": _lines(coverage.lines),
        "release": json_release.release([coverage], case),
    }
    if samples:
        row["ignored"] = dict(sorted(coverage.ignored.items()))
        row["also_in"] = [{"path": place, "events": number} for place, number in sorted(coverage.also_in.items())]
        row["layouts"] = dict(sorted(coverage.layouts.items()))
        row["layout_certainty"] = _certainty(coverage)
        row["unparsed_shapes"] = [
            {"shape": shape, "lines": count, "first_line": line_no} for shape, count, line_no in _shapes(coverage)
        ]
        row["unparsed_samples"] = [{"line": number, "text": text} for number, text in coverage.samples]
    return row


def _bytes_of(**names: str | None) -> _Json:
    """``path_b64`` and ``member_b64`` of names that are not UTF-8: what is shown of them is not their bytes."""
    return {
        f"{key}_b64": base64.b64encode(name.encode("utf-8", "surrogateescape")).decode()
        for key, name in names.items()
        if name is not None and _NO_UTF8.search(name)
    }


def _certainty(coverage: Coverage) -> _Json | None:
    lines, rival = coverage.lines, coverage.rival
    tried = lines.parsed + lines.unparsed + lines.too_long
    if rival is None or not tried:
        return None
    share = lines.parsed / tried
    return {
        "word": rival.word(share), "share": round(share, 6), "guessed": rival.guessed, "rival": rival.layout,
        "rival_lines": rival.lines, "probed_lines": rival.probed,
    }  # fmt: skip


def _shapes(coverage: Coverage) -> list[tuple[str, int, int]]:
    rows = [(shape, count, line_no) for shape, (count, line_no) in coverage.shapes.items()]
    return sorted(rows, key=lambda row: (-row[1], row[2]))


def clock_of(clock: ClockBounds) -> _Json:
    """What causality tells of a node's clock."""
    return {
        "node": clock.node,
        "offset_low_us": clock.offset_low_us,
        "offset_high_us": clock.offset_high_us,
        "pairs": clock.pairs,
        "reference": clock.reference,
        "correction_us": clock.applied_us,
    }


def _lines(ledger: LineLedger) -> _Json:
    found = {
        "total": ledger.total,
        "parsed": ledger.parsed,
        "continuation": ledger.continuation,
        "ignored": ledger.ignored,
        "unparsed": ledger.unparsed,
        "too_long": ledger.too_long,
    }
    return found | {"unread": ledger.unread} if ledger.unread else found


def _nodes(case: Case) -> list[_Json]:
    services: dict[str | None, set[str]] = defaultdict(set)
    levels: dict[str | None, set[str]] = defaultdict(set)
    for coverage in case.coverage:
        evidence = case.evidence[coverage.evidence_id]
        services[evidence.node] |= {evidence.service} if evidence.service else set(coverage.services)
        levels[evidence.node] |= set(coverage.levels)
    inputs = view_releases.by_node(case)
    return [
        {
            "node": node,
            "services": sorted(services[node]),
            "debug": "DEBUG" in levels[node] if levels[node] else None,
            "release": json_release.release(inputs[node], case),
        }
        for node in sorted(services, key=lambda name: (name is None, name or ""))
    ]
