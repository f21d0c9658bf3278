"""Which releases of Nova wrote the logs, as far as their wording tells: in words, and where nodes differ, node by node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePath

from novatrace.model.case import Case
from novatrace.model.evidence import Coverage
from novatrace.model.releases import RELEASES, ReleaseRange, Wording, range_of
from novatrace.reports.document import Block, say


def lines(case: Case) -> Iterator[Block]:
    """What the wording tells of the release: of all logs together, or of each node where nodes differ."""
    whole = range_of(case.coverage)
    if whole is None or not whole.says_something:
        return
    if whole.since is not None:
        yield say(f"release by wording: {named(whole)} ({_grounds(whole, case)})", "dim")
        return
    inputs = by_node(case)
    nodes = {node: found for node, own in inputs.items() if (found := range_of(own)) is not None}
    sound = [coverage for node, found in nodes.items() if found.since is not None for coverage in inputs[node]]
    together = range_of(sound)
    if together is not None and together.since is not None:
        yield say(f"release by wording: {named(together)}, but for the nodes below", "warn")
    elif together is not None:
        told = [f"{node or 'unknown node'} {named(found)}" for node, found in nodes.items() if found.since is not None]
        yield say(f"release by wording, differs between nodes: {', '.join(told)}", "warn")
    for node, found in nodes.items():
        if found.since is None:
            yield say(f"release by wording, {node or 'unknown node'}: {contradiction(found, case)}", "warn")


def by_node(case: Case) -> dict[str | None, list[Coverage]]:
    """The accounts of each node's inputs, by the node's name."""
    found: dict[str | None, list[Coverage]] = defaultdict(list)
    for coverage in case.coverage:
        found[case.evidence[coverage.evidence_id].node].append(coverage)
    return dict(sorted(found.items(), key=lambda item: (item[0] is None, item[0] or "")))


def named(found: ReleaseRange) -> str:
    """A range in words, such as ``Pike to Stein`` or ``2023.1 or later``."""
    since, until = found.since, found.until
    if since is None or until is None:
        return "contradictory"
    if since == until:
        return name(since)
    if until == RELEASES[-1]:
        return f"{name(since)} or later" if since != RELEASES[0] else "any"
    return f"{name(until)} or earlier" if since == RELEASES[0] else f"{name(since)} to {name(until)}"


def name(release: str) -> str:
    """A release as one writes it."""
    return release.capitalize()


def contradiction(found: ReleaseRange, case: Case) -> str:
    """Why no release fits, with the two lines that show it."""
    newer, older = found.oldest_by, found.newest_by
    if newer.kind == older.kind == "service-start":
        return (
            f"{name(older.until)} is stated at {place(older, case)}, {name(newer.since)} at {place(newer, case)}: "
            "an upgrade in between, or logs of several clouds"
        )
    return (
        f"{newer.kind} as at {place(newer, case)} is written from {name(newer.since)} on, {older.kind} as at "
        f"{place(older, case)} until {name(older.until)}: an upgrade in between, logs of several clouds, or a patched Nova"
    )


def despite(odd: Wording, case: Case) -> str:
    """What does not fit the version that services state."""
    return (
        f"{odd.kind} as at {place(odd, case)} is written by {span_in_words(odd)}: ported back by a distribution, patched, "
        "or an upgrade without a start that is logged"
    )


def span_in_words(wording: Wording) -> str:
    """The releases that write a wording."""
    return named(ReleaseRange(wording.since, wording.until, wording, wording))


def place(wording: Wording, case: Case) -> str:
    """``node/file:line`` of a wording."""
    evidence = case.evidence[wording.evidence_id]
    file = PurePath(evidence.place).name
    return f"{evidence.node}/{file}:{wording.line_no}" if evidence.node else f"{file}:{wording.line_no}"


def _grounds(found: ReleaseRange, case: Case) -> str:
    if found.despite is not None:
        return f"stated at {place(found.oldest_by, case)}; {despite(found.despite, case)}"
    if found.oldest_by == found.newest_by and found.since == found.until:
        return f"stated at {place(found.oldest_by, case)}"
    grounds = []
    if found.since != RELEASES[0]:
        grounds.append(f"not older: {found.oldest_by.kind} {place(found.oldest_by, case)}")
    if found.until != RELEASES[-1]:
        grounds.append(f"not newer: {found.newest_by.kind} {place(found.newest_by, case)}")
    return "; ".join(grounds)
