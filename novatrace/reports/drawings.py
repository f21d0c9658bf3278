"""Pictures drawn in characters: at most 78 columns, ASCII alone, so that a serial console and a ticket show them alike."""

from __future__ import annotations

from novatrace.reports.figure_data import VMS, Bar, Burst, Funnel, Histogram, Rooms

_TRACK = 32
_BAR = 30
_NAME = 32
_SHOWN = 24
_ENDS = {"victim": "x", "admitted": ">", "unknown": "?"}


def burst(data: Burst) -> tuple[str, ...]:
    """One line an arrival: when it came, how long it was in flight, and what all had asked for by then."""
    span = max((bar.start_s if bar.end_s is None else bar.end_s for bar in data.bars), default=0.0) or 1.0
    head = f"{'#':>4}  |0 s{f'{span:.3f} s'.rjust(_TRACK - 5)}|"
    if data.amounts:
        head += f"  {data.asked}{f' ({data.room})' if data.room and data.unit != VMS else ''}"
    lines = [head]
    lines += [_bar(bar, span, data) for bar in data.bars[:_SHOWN]]
    if len(data.bars) > _SHOWN:
        lines.append(f"      … {len(data.bars) - _SHOWN} more arrivals; the table and -f json have all")
    if data.unit == VMS and data.room:
        lines.append(f"      {data.room}")
    lines.append("      | arrives, = in flight, > let in, x refused or too many, ? not logged")
    return tuple(lines)


def _bar(bar: Bar, span: float, data: Burst) -> str:
    start = min(_TRACK - 2, round(bar.start_s / span * (_TRACK - 1)))
    end = _TRACK - 1 if bar.end_s is None else max(start + 1, round(bar.end_s / span * (_TRACK - 1)))
    track = " " * start + "|" + "=" * (end - start - 1) + _ENDS.get(bar.outcome, "?")
    if not data.amounts:
        return f"{bar.number:>4}  {track}"
    noun = "VMs" if data.unit == VMS and bar.asked != 1 else data.unit
    asked = "not logged" if bar.asked is None else f"{_number(bar.asked)} {noun}".rjust(10)
    over = "  OVER" if bar.asked is not None and data.free is not None and bar.asked > data.free else ""
    return f"{bar.number:>4}  {track.ljust(_TRACK)}  {asked}{over}"


def funnel(data: Funnel) -> tuple[str, ...]:
    """One line a filter, with a bar as long as the share of hosts that it left."""
    numbers = [n for step in data.steps for n in (step.before, step.left) if n is not None]
    most = max(numbers, default=0) or 1
    first = data.steps[0].before if data.steps else None
    rows = [("hosts considered", first)] + [(step.name, step.left) for step in data.steps]
    return tuple(_funnel_row(name, left, most) for name, left in rows)


def _funnel_row(name: str, left: int | None, most: int) -> str:
    short = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
    if left is None:
        return f"{short.rjust(_NAME)}  not logged"
    bar = "#" * (max(1, round(left / most * _BAR)) if left else 0)
    return f"{short.rjust(_NAME)}  {left:>6}  {bar}".rstrip()


def rooms(data: Rooms) -> tuple[str, ...]:
    """Two bars a host: free before and after; what is below nothing is drawn with ``-``."""
    amounts = [abs(v) for room in data.rooms for v in (room.before, room.after) if v is not None]
    most = max(amounts, default=0) or 1
    lines = []
    for room in data.rooms:
        short = room.host if len(room.host) <= _NAME else f"{room.host[: _NAME - 1]}…"
        lines.append(_room_row(short, "before", room.before, most, data.unit))
        lines.append(_room_row("", "after", room.after, most, data.unit))
    if data.left_out:
        lines.append(f"… {data.left_out} more hosts; of them the targets and those with most room are shown")
    return tuple(lines)


def histogram(data: Histogram) -> tuple[str, ...]:
    """One line a number of errors, with a bar as long as the share of runs that ended so."""
    most = max((runs for _, runs in data.steps), default=0) or 1
    wide = max(len("errors"), *(len(name) for name, _ in data.steps))
    rows = [
        f"{name.rjust(wide)}  {runs:>7}  {'#' * (max(1, round(runs / most * _BAR)) if runs else 0)}".rstrip()
        for name, runs in data.steps
    ]
    return (f"{'errors'.rjust(wide)}  {'runs':>7}", *rows)


def _room_row(name: str, when: str, amount: float | None, most: float, unit: str) -> str:
    if amount is None:
        return f"{name.ljust(_NAME)}  {when:>6}  not logged"
    mark = "#" if amount >= 0 else "-"
    bar = mark * (max(1, round(abs(amount) / most * (_BAR - 12))) if amount else 0)
    return f"{name.ljust(_NAME)}  {when:>6}  {f'{_number(amount)} {unit}':>12}  {bar}".rstrip()


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.2f}"  # noqa: PLR2004
