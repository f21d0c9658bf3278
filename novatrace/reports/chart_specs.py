"""Vega-Lite specifications of the figures: data alone, drawn by ``pictures``.

Every colour is one of ``PALETTE``, so that a page can replace each by a variable of its own and follow dark and light.
"""

from __future__ import annotations

from typing import Any

from novatrace.reports.figure_data import Burst, FigureData, Funnel, Histogram, Rooms

Spec = dict[str, Any]

PALETTE = {
    "paper": "#fffffe",
    "ink": "#1b1f25",
    "grid": "#d9dde4",
    "good": "#1a7f4b",
    "bad": "#c2331f",
    "dim": "#5c6470",
    "blue": "#2f6db5",
    "pale": "#9db9dc",
}
_WIDTH = 620
_MANY = 40
_OUTCOMES = {"admitted": "let in", "victim": "turned away or too many", "unknown": "not logged"}
_OUTCOME_COLOURS = dict(zip(_OUTCOMES.values(), (PALETTE["good"], PALETTE["bad"], PALETTE["dim"]), strict=True))


def spec(data: FigureData) -> Spec:
    """The specification of a figure."""
    if isinstance(data, Burst):
        drawn = _burst(data)
    elif isinstance(data, Funnel):
        drawn = _funnel(data)
    elif isinstance(data, Histogram):
        drawn = _histogram(data)
    else:
        drawn = _rooms(data)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": PALETTE["paper"],
        "padding": 8,
        "config": _CONFIG,
        **drawn,
    }


_CONFIG: Spec = {
    "aria": False,
    "font": "DejaVu Sans, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": PALETTE["ink"], "titleColor": PALETTE["ink"], "domainColor": PALETTE["dim"],
        "tickColor": PALETTE["dim"], "gridColor": PALETTE["grid"], "labelFontSize": 12, "titleFontSize": 12,
        "titleFontWeight": "normal", "labelLimit": 280,
    },
    "legend": {"labelColor": PALETTE["ink"], "titleColor": PALETTE["ink"], "labelFontSize": 12, "orient": "top", "title": None},
    "title": {"color": PALETTE["ink"], "fontSize": 13, "anchor": "start", "fontWeight": "normal"},
    "text": {"color": PALETTE["ink"], "fontSize": 12},
}  # fmt: skip


def _burst(data: Burst) -> Spec:
    ends = [bar.start_s if bar.end_s is None else bar.end_s for bar in data.bars]
    span = max(ends, default=0.0) or 1.0
    edge = span * (1.12 if any(bar.end_s is None for bar in data.bars) else 1.04)
    values = [
        {
            "arrival": f"#{bar.number}  {bar.name[:12]}…" if len(bar.name) > 12 else f"#{bar.number}  {bar.name}",  # noqa: PLR2004 - enough of a UUID
            "start": bar.start_s,
            "end": edge if bar.end_s is None else max(bar.end_s, bar.start_s + span / 150),
            "sure": bar.end_s is not None,
            "outcome": _OUTCOMES.get(bar.outcome, _OUTCOMES["unknown"]),
            "asked": bar.asked,
        }
        for bar in data.bars
    ]
    x: Spec = {"field": "start", "type": "quantitative", "scale": {"domain": [0, edge], "nice": False}}
    bars = _arrivals(values, x, span)
    panels = [bars] if not data.amounts or data.bars[-1].asked is None else [bars, _asked(data, values, x, edge)]
    return {"vconcat": panels, "spacing": 14}


def _arrivals(values: list[Spec], x: Spec, span: float) -> Spec:
    many = len(values) > _MANY
    outcomes = {value["outcome"] for value in values}
    met = {outcome: colour for outcome, colour in _OUTCOME_COLOURS.items() if outcome in outcomes}
    crosses = f"datum.sure && datum.outcome == '{_OUTCOMES['victim']}'" if not many else "false"
    y: Spec = {
        "field": "arrival", "type": "nominal", "sort": None, "title": None,
        "axis": None if many else {"grid": False, "ticks": False, "domain": False},
    }  # fmt: skip
    colour: Spec = {
        "field": "outcome", "type": "nominal",
        "scale": {"domain": list(met), "range": list(met.values())},
    }  # fmt: skip
    said = f"seconds after the first arrival{f'; {len(values)} arrivals in their order, from the top' if many else ''}"
    axis = {"title": said, "grid": True, "tickCount": 6 if span > 0 else 1}
    return {
        "width": _WIDTH,
        "height": {"step": max(1.5, min(5, 480 / len(values))) if many else 22},
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.6}, "cornerRadius": 0 if many else 2},
                "encoding": {
                    "x": {**x, "axis": axis}, "x2": {"field": "end"}, "y": y, "color": colour,
                    "opacity": {"condition": {"test": "datum.sure", "value": 1}, "value": 0.45},
                },
            },
            {
                "transform": [{"filter": crosses}],
                "mark": {"type": "text", "text": "✕", "dx": 9, "fontSize": 12, "fontWeight": "bold", "color": PALETTE["bad"]},
                "encoding": {"x": {**x, "field": "end"}, "y": y},
            },
        ],
    }  # fmt: skip


def _asked(data: Burst, values: list[Spec], x: Spec, edge: float) -> Spec:
    """What all arrivals had asked for by then, as steps, against the line of what was free."""
    most = max([v["asked"] for v in values if v["asked"] is not None] + ([data.free] if data.free is not None else []))
    y: Spec = {
        "field": "asked", "type": "quantitative", "title": _with_unit(data.asked, data.unit),
        "scale": {"domain": [min(0, data.free or 0), most * 1.12 or 1]}, "axis": {"tickCount": 4},
    }  # fmt: skip
    steps = [*values, {**values[-1], "start": edge}]
    layers: list[Spec] = [
        {
            "mark": {
                "type": "area", "interpolate": "step-after", "color": PALETTE["pale"], "opacity": 0.45,
                "line": {"color": PALETTE["blue"]},
            },
            "encoding": {"x": {**x, "axis": {"title": None, "grid": True, "tickCount": 6, "labels": False}}, "y": y},
        }
    ]  # fmt: skip
    if data.free is not None:
        line: Spec = {"values": [{"asked": data.free, "label": data.room, "start": edge}]}
        over: Spec = {
            "transform": [{"calculate": f"max(datum.asked, {data.free})", "as": "over"}],
            "mark": {"type": "area", "interpolate": "step-after", "color": PALETTE["bad"], "opacity": 0.3},
            "encoding": {"x": x, "y": {**y, "field": "over"}, "y2": {"datum": data.free}},
        }
        layers += [
            over,
            {"data": line, "mark": {"type": "rule", "color": PALETTE["bad"], "strokeDash": [6, 4], "size": 2}, "encoding": {"y": y}},
            {
                "data": line,
                "mark": {"type": "text", "align": "left", "dx": 6, "color": PALETTE["bad"], "fontWeight": "bold"},
                "encoding": {"x": x, "y": y, "text": {"field": "label"}},
            },
        ]  # fmt: skip
    return {"width": _WIDTH, "height": 150, "data": {"values": steps}, "layer": layers}


def _with_unit(title: str, unit: str) -> str:
    """``RAM asked so far (MB)``; ``free vCPU``, whose unit is its name."""
    return title if unit in title else f"{title} ({unit})"


def _funnel(data: Funnel) -> Spec:
    first = data.steps[0].before
    values: list[Spec] = [] if first is None else [{"filter": "hosts considered", "left": first, "kind": "in"}]
    before = first
    for step in data.steps:
        values.append(
            {"filter": step.name, "left": step.left, "kind": "cut" if before not in (None, step.left) else "same"}
        )
        before = step.left
    y: Spec = {
        "field": "filter", "type": "nominal", "sort": None, "title": None,
        "axis": {"grid": False, "ticks": False, "domain": False},
    }  # fmt: skip
    x: Spec = {
        "field": "left",
        "type": "quantitative",
        "title": "hosts left",
        "axis": {"tickMinStep": 1, "format": "d"},
    }
    colour: Spec = {
        "field": "kind", "type": "nominal", "legend": None,
        "scale": {"domain": ["in", "same", "cut"], "range": [PALETTE["dim"], PALETTE["blue"], PALETTE["bad"]]},
    }  # fmt: skip
    return {
        "width": 460,
        "height": {"step": 26},
        "data": {"values": values},
        "layer": [
            {"mark": {"type": "bar", "height": {"band": 0.7}}, "encoding": {"y": y, "x": x, "color": colour}},
            {
                "mark": {"type": "text", "align": "left", "dx": 5},
                "encoding": {"y": y, "x": x, "text": {"field": "left", "type": "quantitative"}},
            },
        ],
    }


def _histogram(data: Histogram) -> Spec:
    values = [{"errors": name, "runs": runs, "kind": "none" if name == "0" else "some"} for name, runs in data.steps]
    colour: Spec = {
        "field": "kind", "type": "nominal", "legend": None,
        "scale": {"domain": ["none", "some"], "range": [PALETTE["good"], PALETTE["bad"]]},
    }  # fmt: skip
    y: Spec = {
        "field": "errors",
        "type": "nominal",
        "sort": None,
        "title": "errors",
        "axis": {"grid": False, "ticks": False},
    }
    x: Spec = {"field": "runs", "type": "quantitative", "title": "runs", "axis": {"tickMinStep": 1, "format": "d"}}
    return {
        "width": 460,
        "height": {"step": 22},
        "data": {"values": values},
        "mark": {"type": "bar", "height": {"band": 0.8}},
        "encoding": {"y": y, "x": x, "color": colour},
    }


def _rooms(data: Rooms) -> Spec:
    kinds = ["before", "after, as last logged"]
    values = [
        {
            "host": room.host,
            "when": when,
            "free": amount or 0,
            "known": amount is not None,
            "label": "not logged" if amount is None else f"{amount:,.0f}",
        }
        for room in data.rooms
        for when, amount in zip(kinds, (room.before, room.after), strict=True)
    ]
    y: Spec = {
        "field": "host", "type": "nominal", "sort": None, "title": None,
        "axis": {"grid": False, "ticks": False, "domain": False},
    }  # fmt: skip
    shared: Spec = {"y": y, "yOffset": {"field": "when", "sort": kinds}, "x": {
        "field": "free", "type": "quantitative", "title": _with_unit(f"free {data.resource}", data.unit), "axis": {"tickCount": 5},
    }}  # fmt: skip
    colour: Spec = {
        "field": "when", "type": "nominal", "sort": None,
        "scale": {"domain": kinds, "range": [PALETTE["pale"], PALETTE["blue"]]},
    }  # fmt: skip
    return {
        "width": 460,
        "height": {"step": 16},
        "data": {"values": values},
        "layer": [
            {"mark": {"type": "bar"}, "encoding": {**shared, "color": colour}},
            _labels(shared, "datum.free >= 0 && datum.known", "left"),
            _labels(shared, "datum.free < 0", "right", PALETTE["bad"]),
            _labels(shared, "!datum.known", "left", PALETTE["dim"]),
        ],
    }


def _labels(shared: Spec, which: str, align: str, colour: str = PALETTE["ink"]) -> Spec:
    """The numbers beside the bars, outside of them on either side."""
    return {
        "transform": [{"filter": which}],
        "mark": {"type": "text", "align": align, "dx": 4 if align == "left" else -4, "fontSize": 11, "color": colour},
        "encoding": {**shared, "text": {"field": "label"}},
    }
