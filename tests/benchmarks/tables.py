"""What was measured as Markdown tables, against their goals; and their place in the README."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contestants import Contestant
from data import Logs
from measuring import Median

COLD, AGAIN, EXPLAIN = "novatrace correlate, cold", "novatrace correlate, nothing new", "novatrace explain, warm"
HINTS, ANCHORS, GREP = "rg -a -j1 -c -F -f hints", "rg -a -j1 -c -F -f anchors", "grep -a -c -F -f hints"
LNAV, KIT, MERGER = "lnav -n, load and count", "searchkit, equivalent searches", "os-log-merger"
MOST_MB = 200
_MARKERS = "<!-- {name}: written by tests/benchmarks/peers.py -->", "<!-- end of {name} -->"

Results = Mapping[str, Median]


@dataclass(frozen=True, slots=True)
class Ratio:
    """A row: how two contestants compare, and what is asked by mix (at most, or at least)."""

    title: str
    above: str
    below: str
    figure: str
    asked: Mapping[str, float]
    at_least: bool = False


def _asked(sparse: float, medium: float, dense: float) -> dict[str, float]:
    return {"sparse": sparse, "medium": medium, "dense": dense}


RATIOS = (
    Ratio("cold correlate ÷ rg (hints), wall", COLD, HINTS, "wall_s", _asked(1.5, 2.0, 6)),
    Ratio("the same, CPU", COLD, HINTS, "cpu_s", _asked(2.0, 3.0, 10)),
    Ratio("cold correlate ÷ rg (anchors), wall", COLD, ANCHORS, "wall_s", {}),
    Ratio("the same, CPU", COLD, ANCHORS, "cpu_s", {}),
    Ratio("grep ÷ cold correlate, wall", GREP, COLD, "wall_s", {}),
    Ratio("lnav ÷ cold correlate, wall", LNAV, COLD, "wall_s", _asked(10, 10, 5), at_least=True),
    Ratio("searchkit ÷ cold correlate, wall", KIT, COLD, "wall_s", _asked(30, 30, 15), at_least=True),
    Ratio("os-log-merger ÷ cold correlate, wall", MERGER, COLD, "wall_s", {}),
    Ratio("nothing new ÷ cold correlate, wall", AGAIN, COLD, "wall_s", _asked(0.05, 0.05, 0.05)),
)


def machine() -> str:
    """What it was measured on."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", info.read_text(encoding="utf-8")) if info.exists() else None
    cores = len(os.sched_getaffinity(0))
    return f"{cores} × {found[1] if found else platform.machine()}, Python {platform.python_version()}"


def medians(contestants: Sequence[Contestant], columns: Mapping[str, Results]) -> str:
    """Wall, CPU and peak memory of everybody."""
    rows = [["median of wall s / CPU s / peak MB", "version", *columns]]
    for contestant in contestants:
        cells = [_figures(results.get(contestant.name)) for results in columns.values()]
        rows.append([contestant.name, contestant.version, *cells])
    return table(rows)


def _figures(m: Median | None) -> str:
    if m is None:
        return "–"
    more = "> " if m.late else ""
    return f"{more}{_number(m.wall_s)} / {more}{_number(m.cpu_s)} / {m.peak_mb:.0f}"


def ratios(logs: Sequence[Logs], columns: Mapping[str, Results]) -> str:
    """The ratios of the medians, each beside its goal."""
    rows = [["ratio of medians (goal)", *columns]]
    for ratio in RATIOS:
        cells = [_ratio(ratio, one.mix, columns[one.title]) for one in logs]
        if any(cell != "–" for cell in cells):
            rows.append([ratio.title, *cells])
    peaks = [_peak(columns[one.title]) for one in logs]
    return table([*rows, ["peak memory of any process of novatrace, MB", *peaks]])


def _ratio(ratio: Ratio, mix: str, results: Results) -> str:
    above, below = results.get(ratio.above), results.get(ratio.below)
    if above is None or below is None:
        return "–"
    value = getattr(above, ratio.figure) / getattr(below, ratio.figure)
    return beside(value, ratio.asked.get(mix), at_least=ratio.at_least, bound="> " if above.late else "")


def _peak(results: Results) -> str:
    own = [m.peak_mb for name, m in results.items() if name in (COLD, AGAIN, EXPLAIN)]
    return beside(max(own), MOST_MB) if own else "–"


def beside(value: float, asked: float | None, *, at_least: bool = False, bound: str = "") -> str:
    """A figure and its goal; one that does not reach it is bold."""
    text = f"{bound}{_number(value)}"
    if asked is None:
        return text
    reached = value >= asked if at_least else value <= asked
    return f"{text if reached else f'**{text}**'} ({'≥' if at_least else '≤'} {asked:g})"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table of rows; the first is the head."""
    head, *body = rows
    return "\n".join(_lines([head, ["---", *["---:"] * (len(head) - 1)], *body]))


def _lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        yield f"| {' | '.join(row)} |"


def fill(readme: Path, name: str, text: str) -> None:
    """Puts a text between the markers of its name.

    Raises:
        ValueError: the file has no such markers.
    """
    begin, end = (marker.format(name=name) for marker in _MARKERS)
    before, found, rest = readme.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"{readme}: no place for {name}: {begin} … {end}")
    readme.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
