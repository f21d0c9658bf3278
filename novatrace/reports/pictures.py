"""Figures drawn as SVG and PNG by Vega, through the extra ``novatrace[charts]``; nothing is fetched from anywhere."""

from __future__ import annotations

import importlib.util
import re

from novatrace.reports import chart_specs
from novatrace.reports.figure_data import FigureData

_IDS = re.compile(r'(id="|url\(#|href="#)')
EXTRA = "novatrace[charts]"


def available() -> bool:
    """True when the library that draws is installed."""
    return importlib.util.find_spec("vl_convert") is not None


def svg(data: FigureData) -> str:
    """The figure as a whole SVG document in fixed colours."""
    import vl_convert  # noqa: PLC0415 - an extra, and slow to import

    drawn: str = vl_convert.vegalite_to_svg(chart_specs.spec(data))
    return drawn


def png(data: FigureData) -> bytes:
    """The figure as PNG, at twice its size for sharp text."""
    import vl_convert  # noqa: PLC0415 - see svg

    drawn: bytes = vl_convert.vegalite_to_png(chart_specs.spec(data), scale=2)
    return drawn


def svg_for_page(data: FigureData, number: int) -> str:
    """The figure for a page: its ids are its own, its colours are the page's variables, readers skip it for the caption."""
    drawn = _IDS.sub(rf"\g<1>f{number}-", svg(data))
    for name, colour in chart_specs.PALETTE.items():
        drawn = drawn.replace(colour, f"var(--{name})")
    return drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
