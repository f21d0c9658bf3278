"""The view of one burst: who reached for a target, in which order, against what it had room for."""

from __future__ import annotations

from collections import Counter

from novatrace.model.capacity import Arrival, Burst
from novatrace.model.case import Case
from novatrace.model.resource import UNITS
from novatrace.reports import figures, words
from novatrace.reports.document import Block, Cell, Column, Section, cell, say, table

_PAIRS_SHOWN = 6


def burst_section(burst: Burst, case: Case) -> Section:
    """One target's burst in arrival order, against what it had room for."""
    blocks: list[Block] = [say(f"{words.capital(burst.cause)}.", words.verdict_tone(burst))]
    where = words.place(burst.capacity.provenance, case) if burst.capacity else ""
    blocks.append(say(words.capacity(burst.capacity, words.counted(burst)) + (f"  {where}" if where else "")))
    blocks.append(say(words.slots(burst)))
    kinds = burst_kinds(burst)
    several = len(kinds.keys() - {"unknown"}) > 1
    if several:
        blocks.append(say(f"by kind: {'; '.join(_of_kind(kind, told) for kind, told in kinds.items())}"))
    columns = [
        Column("#", right=True),
        Column("at"),
        *([Column("kind")] if several else []),
        Column("VM or request"),
        Column("asks"),
        Column("result"),
        Column("why", whole=False),
    ]
    rows = [_arrival_row(n, a, burst, kind=several) for n, a in enumerate(burst.arrivals, 1)]
    blocks.append(table(columns, rows))
    blocks += [say(text, "warn") for text in _order(burst)]
    picture = figures.burst(burst)
    if picture is not None:
        blocks.append(picture)
    title = f"TARGET {words.host(burst.target)}: {words.verdict(burst)}"
    first = f", from {words.when(burst.first_us)}" if burst.first_us is not None else ""
    return Section(title + first, tuple(blocks), "fitting" if burst.verdict == "fits" else "target")


def _order(burst: Burst) -> list[str]:
    """Between whom the order is not known, and why."""
    if not burst.order_unknown:
        return []
    pairs = burst.order_unknown
    shown = words.listed([f"{pair.first}–{pair.second}" for pair in pairs[:_PAIRS_SHOWN]])
    if len(pairs) == 1:
        shown = f"{pairs[0].first} and {pairs[0].second}"
    more = f" and {len(pairs) - _PAIRS_SHOWN} more pairs" if len(pairs) > _PAIRS_SHOWN else ""
    nodes = sorted({node for pair in pairs for node in pair.nodes})
    most = max((pair.clocks_apart_us for pair in pairs if pair.clocks_apart_us is not None), default=None)
    if len(nodes) > 1 and most:
        why = f"the clocks of {words.listed(nodes[:_PAIRS_SHOWN])} may be up to {most / 1e6:.3f} s apart"
    else:
        why = "their stamps are too coarse, or missing"
    return [f"order unknown between {shown}{more}: {why}"]


def burst_kinds(burst: Burst) -> dict[str, Counter[str]]:
    """Kind of action → how many of its arrivals came to which outcome; the most frequent kind first."""
    found: dict[str, Counter[str]] = {}
    for arrival in burst.arrivals:
        found.setdefault(arrival.action, Counter())[arrival.outcome] += 1
    return dict(sorted(found.items(), key=lambda item: (-item[1].total(), item[0])))


def _of_kind(kind: str, told: Counter[str]) -> str:
    ended = ", ".join(f"{told[word]} {word}" for word in ("admitted", "victim", "unknown") if told[word])
    return f"{told.total()} {kind} ({ended})"


def _arrival_row(number: int, a: Arrival, burst: Burst, *, kind: bool) -> list[Cell]:
    since = (
        "?" if a.selected_us is None or burst.first_us is None else f"+{(a.selected_us - burst.first_us) / 1e6:.3f} s"
    )
    basis = " (computed)" if a.outcome_basis == "computed" else ""
    return [
        cell(number),
        cell(since),
        *([cell(a.action)] if kind else []),
        cell(a.instance_uuid or a.request_id),
        cell(_asks(number, a, burst)),
        cell(f"{a.outcome}{basis}", words.outcome_tone(a.outcome)),
        cell(a.reason),
    ]


def _asks(number: int, a: Arrival, burst: Burst) -> str:
    """What the VM asks of the binding resources, else of all that are known."""
    classes = burst.binding_classes
    names = [n for n in burst.binding if n in UNITS] or ([] if classes else list(UNITS))
    told = [words.amount(value, UNITS[n]) for n in names if (value := getattr(a.demand, n)) is not None]
    of_classes = [f"{c.name} {asked}" for c in classes if (asked := c.asked[number - 1])]
    return ", ".join([*told, *of_classes])
