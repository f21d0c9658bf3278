"""The analysis as a whole: from events to migrations, bursts and views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from novatrace.analysis import capacity, insights, migrations, release, silence, verdicts
from novatrace.analysis.classes import Classes
from novatrace.analysis.heard import Heard
from novatrace.analysis.order import Clocks
from novatrace.model.capacity import Burst, View
from novatrace.model.case import Inventory
from novatrace.model.events import Events
from novatrace.model.evidence import Coverage, NodeSettings
from novatrace.model.hands import Hands
from novatrace.model.insight import Insight
from novatrace.model.kept import Shelf
from novatrace.model.migration import Migration


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the events amount to; see ``model.case.Case`` for the fields. ``outside``: moves that began out of bounds."""

    migrations: tuple[Migration, ...]
    bursts: tuple[Burst, ...]
    views: tuple[View, ...]
    claims_in_placement: bool | None
    insight: Insight
    outside: int


def correlate(  # noqa: PLR0913 - everything that an analysis rests on
    events: Events,
    heard: Heard,
    coverage: Sequence[Coverage],
    shelf: Shelf,
    hands: Hands,
    inventory: Inventory | None,
    settings: Sequence[NodeSettings],
    clocks: Callable[[], Clocks],
    *,
    since_us: int | None = None,
    until_us: int | None = None,
) -> Analysis:
    """Migrations, bursts and views of all events; ``since_us`` and ``until_us`` bound when actions began.

    ``heard`` has heeded the events. ``clocks`` is asked when there is time, and may then be asked again.
    """
    hosts, by_request = heard.hosts(), heard.requests(events)
    ledger = capacity.Ledger(hosts, inventory, settings, shelf)
    classes = Classes(ledger)

    def meanwhile() -> None:
        clocks()
        ledger.learn(events)
        classes.learn(events, by_request.values(), hosts)

    everything = migrations.build(by_request, events, hosts, coverage, inventory, hands, meanwhile)
    found = [m for m in everything if _within(m, since_us, until_us)]
    silent = silence.silences(found, hosts, coverage)
    found = silence.less_sure(found, silent)
    ledger.settle(found)
    in_placement = release.claims_in_placement(events)
    bursts = verdicts.judge(found, ledger, classes, clocks(), hands, claims_in_placement=in_placement)
    beside = insights.insight(found, bursts, ledger, silent, events)
    return Analysis(tuple(found), bursts, ledger.views(), in_placement, beside, len(everything) - len(found))


def _within(migration: Migration, since_us: int | None, until_us: int | None) -> bool:
    """True when the action began within the bounds; one whose time is unknown is kept."""
    began = migrations.began_us(migration)
    if began is None:
        return True
    return (since_us is None or began >= since_us) and (until_us is None or began <= until_us)
