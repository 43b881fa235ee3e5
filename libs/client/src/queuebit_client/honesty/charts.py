"""Bar charts as SVG, without any dependency: labelled, readable in light and dark, the same values always the same text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH = 720
LABEL_WIDTH = 240
VALUE_WIDTH = 150
ROW = 26
HEAD = 46
FOOT = 34
COLOURS = {"quantum": "#7b4fd6", "simulator": "#2f7fd0", "classical": "#2e9e6b", "rule": "#9a8a3c"}
OTHER_COLOUR = "#777777"
_STYLE = (
    "text{font-family:system-ui,sans-serif;font-size:12px;fill:#333}.t{font-size:14px;font-weight:600}"
    ".n{fill:#666}.a{stroke:#999;stroke-width:1}.w{stroke:#222;stroke-width:1.5}.b{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.n{fill:#aaa}.w{stroke:#eee}.b{fill:#181818}}"
)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar. `low` and `high` are the ends of its whisker; without a value the row says `note` instead."""

    label: str
    lane: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars under one title, on one axis from 0 (or the least value, where that is negative) to `top` or the greatest value."""

    name: str
    title: str
    axis: str
    bars: tuple[Bar, ...]
    top: float | None = None

    @property
    def height(self) -> int:
        return HEAD + ROW * max(1, len(self.bars)) + FOOT


def svg_of(charts: Sequence[Chart]) -> str:
    """One picture with the charts below each other."""
    height = sum(chart.height for chart in charts)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape('; '.join(chart.title for chart in charts))}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="b" width="{WIDTH}" height="{height}"/>',
    ]
    top = 0
    for chart in charts:
        parts += _chart(chart, top)
        top += chart.height
    return "\n".join([*parts, "</svg>", ""])


def _chart(chart: Chart, top: int) -> list[str]:
    numbers = [n for bar in chart.bars for n in (bar.value, bar.low, bar.high) if n is not None]
    least = min(0.0, *numbers, 0.0)
    greatest = chart.top if chart.top is not None else _round_up(max([*numbers, 0.0]))
    span = (greatest - least) or 1.0
    room = WIDTH - LABEL_WIDTH - VALUE_WIDTH

    def x_of(value: float) -> float:
        return LABEL_WIDTH + room * (min(max(value, least), greatest) - least) / span

    parts = [f'<text class="t" x="12" y="{top + 24}">{escape(chart.title)}</text>']
    if not chart.bars:
        parts.append(f'<text class="n" x="12" y="{top + HEAD + 16}">nothing to show</text>')
    for place, bar in enumerate(chart.bars):
        parts += _bar(bar, top + HEAD + place * ROW, x_of)
    bottom = top + HEAD + ROW * max(1, len(chart.bars)) + 2
    parts.append(f'<line class="a" x1="{LABEL_WIDTH}" y1="{bottom}" x2="{LABEL_WIDTH + room}" y2="{bottom}"/>')
    for tick in (least, least + span / 2, greatest):
        parts.append(
            f'<text class="n" x="{x_of(tick):.1f}" y="{bottom + 15}" text-anchor="middle">{_short(tick)}</text>'
        )
    parts.append(f'<text class="n" x="12" y="{bottom + 15}">{escape(chart.axis)}</text>')
    return parts


def _bar(bar: Bar, y: int, x_of: Callable[[float], float]) -> list[str]:
    middle = y + ROW / 2
    label = f'<text x="{LABEL_WIDTH - 8}" y="{middle + 4:.0f}" text-anchor="end">{escape(bar.label)}</text>'
    beside = WIDTH - VALUE_WIDTH + 10
    if bar.value is None:
        told = escape(bar.note or "not known")
        return [label, f'<text class="n" x="{LABEL_WIDTH + 6}" y="{middle + 4:.0f}">{told}</text>']
    start, end = sorted((x_of(0.0), x_of(bar.value)))
    colour = COLOURS.get(bar.lane, OTHER_COLOUR)
    parts = [
        label,
        f'<rect x="{start:.1f}" y="{y + 5}" width="{end - start:.1f}" height="{ROW - 10}" fill="{colour}"/>',
        f'<text x="{beside}" y="{middle + 4:.0f}">{_short(bar.value)} {escape(bar.note)}</text>',
    ]
    if bar.low is not None and bar.high is not None and bar.high > bar.low:
        low, high = x_of(bar.low), x_of(bar.high)
        for x1, y1, x2, y2 in (
            (low, middle, high, middle),
            (low, middle - 4, low, middle + 4),
            (high, middle - 4, high, middle + 4),
        ):
            parts.append(f'<line class="w" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')
    return parts


def _round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-12))


def _short(value: float) -> str:
    return f"{value:.3g}"
