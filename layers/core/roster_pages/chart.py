"""A series of numbers as a small drawing: bars in HTML, blocks in a terminal. Its sentence says the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from roster_pages.page_model import Series, number

_HEIGHT = 40
_WIDTH = 22
_LEAST = 2  # so that 1 of 10,000 can be seen
_BLOCKS = "▁▂▃▄▅▆▇█"


def drawing(series: Series, name: str) -> str:
    """The bars as an SVG image with an accessible name (escaped already)."""
    most = max((value for value in series.values if value), default=0) - series.floor
    bars = []
    for place, (value, label) in enumerate(zip(series.values, series.labels, strict=True)):
        if value:
            height = max(_LEAST, round((value - series.floor) * _HEIGHT / most, 1))
            bars.append(
                f'<rect class="sis-bar-{series.tone}" x="{place * 10 + 1}" y="{_HEIGHT - height:g}" width="8" '
                f'height="{height:g}"><title>{escape(label)}: {number(value)}</title></rect>'
            )
    many = max(len(series.values), 1)
    shape = f'width="{many * _WIDTH}" viewBox="0 0 {many * 10} {_HEIGHT}" preserveAspectRatio="none"'
    return f'<svg role="img" aria-label="{name}" {shape}>{"".join(bars)}</svg>'


def blocks(values: Sequence[int | None], floor: int = 0) -> str:
    """The bars as a line of block characters, a space where there is no number."""
    most = max((value for value in values if value), default=0) - floor
    levels = len(_BLOCKS) - 1
    return "".join(
        " " if value is None else _BLOCKS[-(-(value - floor) * levels // most) if most else 0] for value in values
    )
