"""The view of ``filters``: what each filter let through over all passes, where hosts ran out, and for whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from novatrace.model.case import Case
from novatrace.model.funnel import FilterTally, Funnel, FunnelGroup, PassTally
from novatrace.reports import words
from novatrace.reports.document import Block, Cell, Column, Document, Section, cell, say, table

_PLACES_SHOWN = 3
_GROUPS_SHOWN = 12
_RETRY = "RetryFilter"


def document(case: Case, funnel: Funnel) -> Document:
    """The report on all filters."""
    sections = [
        Section("FILTERS", tuple(_filters(funnel))),
        Section("WHERE HOSTS RAN OUT", tuple(_ran_out(funnel, case))),
        Section("BY PROJECT", tuple(_groups(funnel.by_project, "project"))),
        Section("BY FLAVOR", tuple(_groups(funnel.by_flavor, "flavor"))),
        Section("NOT COUNTED", tuple(_missing(funnel.passes))),
    ]
    return Document("novatrace filters", tuple(section for section in sections if section.blocks))


def _filters(funnel: Funnel) -> Iterator[Block]:
    asked = words.listed([words.count(n, noun) for n, noun in ((funnel.moves, "move"), (funnel.boots, "boot")) if n])
    seen = funnel.passes
    yield say(
        f"{words.count(seen.passes, 'scheduler pass', 'scheduler passes')} of {asked or 'no move'}: "
        f"{seen.whole} with the whole chain, {seen.partial} in part, {seen.not_logged} without filter lines, "
        f"{seen.no_filter} that ended before any filter.",
        "strong",
    )
    if funnel.filters:
        yield _table(funnel.filters)
        yield say(
            "in, left: hosts, summed over the passes that tell both; to 1: one left of several; to 0: none left; "
            "failed: moves and boots whose last pass ended there.",
            "dim",
        )
    else:
        yield say("No filter's result is in these logs.", "warn")


def _table(filters: Iterable[FilterTally]) -> Block:
    columns = [
        Column("filter"), Column("passes", right=True), Column("in", right=True), Column("left", right=True),
        Column("to 1", right=True), Column("to 0", right=True), Column("failed", right=True),
    ]  # fmt: skip
    return table(columns, [_row(tally) for tally in filters])


def _row(tally: FilterTally) -> list[Cell]:
    counted = tally.counted > 0
    return [
        cell(tally.name),
        cell(tally.passes),
        cell(tally.hosts_in if counted else "?"),
        cell(tally.hosts_left if counted else "?", "warn" if tally.removing else ""),
        cell(tally.left_one, "warn" if tally.left_one else "dim"),
        cell(tally.left_none, "bad" if tally.left_none else "dim"),
        cell(tally.failures, "bad" if tally.failures else "dim"),
    ]


def _ran_out(funnel: Funnel, case: Case) -> Iterator[Block]:
    """The filters that left one host or none, the one that decided most failures first."""
    narrow = [t for t in funnel.filters if t.left_one or t.left_none]
    for tally in sorted(narrow, key=lambda t: (-t.failures, -t.left_none, -t.left_one, t.name)):
        yield say(_sentence(tally), "bad" if tally.failures else "warn")
        places = list(dict.fromkeys(words.place(c.provenance, case) for c in tally.evidence))
        more = f", and {len(places) - _PLACES_SHOWN} more" if len(places) > _PLACES_SHOWN else ""
        yield say(f"{', '.join(places[:_PLACES_SHOWN])}{more}", "dim", 1)
    if funnel.filters and not narrow:
        yield say("No filter left one host of several, or none.", "good")


def _sentence(tally: FilterTally) -> str:
    parts = []
    if tally.left_none:
        parts.append(f"left no host in {tally.left_none}")
    if tally.left_one:
        parts.append(f"left one host of several in {tally.left_one}")
    text = f"{tally.name} {words.listed(parts)} of {words.count(tally.passes, 'logged pass', 'logged passes')}"
    if tally.widest is not None:
        text += f", of at most {words.count(tally.widest, 'host')} that came in"
    if tally.failures:
        text += f"; {words.count(tally.failures, 'move or boot', 'moves and boots')} failed there"
    text += "."
    if tally.name == _RETRY and tally.left_none:
        text += " It removes the hosts that were tried before: what decided is why those refused."
    return text


def _groups(groups: tuple[FunnelGroup, ...], kind: str) -> Iterator[Block]:
    """The filters that removed hosts for each group; nothing where all passes are of one."""
    if len(groups) < 2:  # noqa: PLR2004 - one group is the table of all
        return
    telling = [g for g in groups if any(t.removing or t.left_none for t in g.filters)]
    for group in telling[:_GROUPS_SHOWN]:
        asked = words.count(group.actions, "move or boot", "moves and boots")
        yield say(f"{kind} {_name(group)}: {asked}, {group.failed} failed")
        yield _table(t for t in group.filters if t.removing or t.left_none)
    if len(telling) > _GROUPS_SHOWN:
        yield say(f"… and {len(telling) - _GROUPS_SHOWN} more (all of them with -f json)", "dim")
    quiet = [group for group in groups if group not in telling and group.passes.passes and _known(group)]
    if quiet:
        names = "; ".join(_name(group) for group in quiet[:_GROUPS_SHOWN])
        yield say(f"no logged filter removed a host for {words.count(len(quiet), kind)}: {names}", "dim")


def _known(group: FunnelGroup) -> bool:
    """False for those of whom the log does not say the project or the flavor: they are no group of one."""
    return group.name is not None or group.demand.known


def _name(group: FunnelGroup) -> str:
    if group.name is not None:
        return group.name
    return words.resources(group.demand) if group.demand.known else "not logged"


def _missing(seen: PassTally) -> Iterator[Block]:
    if seen.refused:
        yield say(
            f"{words.count(seen.refused, 'move or boot', 'moves and boots')} refused by the API, and never scheduled."
        )
    if seen.unseen:
        yield say(
            f"{words.count(seen.unseen, 'move or boot', 'moves and boots')} without any logged pass: the logs of nova-scheduler are "
            "missing or say nothing at INFO, or the request never came to a scheduler.",
            "warn",
        )
    if seen.not_logged:
        yield say(
            f"{words.count(seen.not_logged, 'pass', 'passes')} without filter lines: a pass that finds a host writes its chain at DEBUG "
            "only, so that the filters that removed few hosts are told of too seldom here.",
            "warn",
        )
    if seen.partial:
        yield say(
            f"{words.count(seen.partial, 'pass', 'passes')} in part: how many hosts came into the first logged filter is not said.",
            "warn",
        )
    if seen.no_filter:
        yield say(
            f"{words.count(seen.no_filter, 'pass', 'passes')} ended before any filter: placement had no candidate, or the request "
            "itself left no host.",
        )
