"""The view of one burst: who reached for a target, in which order, against what it had room for."""

from __future__ import annotations

from novatrace.model.capacity import Arrival, Burst
from novatrace.model.case import Case
from novatrace.reports import figures, words
from novatrace.reports.document import Block, Cell, Column, Section, cell, say, table


def burst_section(burst: Burst, case: Case) -> Section:
    """One target's burst in arrival order, against what it had room for."""
    blocks: list[Block] = [say(f"{words.capital(burst.cause)}.", words.verdict_tone(burst))]
    where = words.place(burst.capacity.provenance, case) if burst.capacity else ""
    blocks.append(say(words.capacity(burst.capacity) + (f"  {where}" if where else "")))
    blocks.append(say(words.slots(burst.slots)))
    columns = [
        Column("#", right=True),
        Column("at"),
        Column("VM or request"),
        Column("asks"),
        Column("result"),
        Column("why", whole=False),
    ]
    rows = [_arrival_row(n, a, burst) for n, a in enumerate(burst.arrivals, 1)]
    blocks.append(table(columns, rows))
    picture = figures.burst(burst)
    if picture is not None:
        blocks.append(picture)
    title = f"TARGET {words.host(burst.target)}: {words.verdict(burst)}"
    first = f", from {words.when(burst.first_us)}" if burst.first_us is not None else ""
    return Section(title + first, tuple(blocks))


def _arrival_row(number: int, a: Arrival, burst: Burst) -> list[Cell]:
    since = (
        "?" if a.selected_us is None or burst.first_us is None else f"+{(a.selected_us - burst.first_us) / 1e6:.3f} s"
    )
    basis = " (computed)" if a.outcome_basis == "computed" else ""
    return [
        cell(number),
        cell(since),
        cell(a.instance_uuid or a.request_id),
        cell(_asks(a, burst)),
        cell(f"{a.outcome}{basis}", words.outcome_tone(a.outcome)),
        cell(a.reason),
    ]


def _asks(a: Arrival, burst: Burst) -> str:
    """What the VM asks of the binding resources, else of all that are known."""
    units = {"vcpus": "vCPU", "ram_mb": "MB", "disk_gb": "GB"}
    names = [n for n in burst.binding if n in units] or list(units)
    return ", ".join(words.amount(value, units[n]) for n in names if (value := getattr(a.demand, n)) is not None)
