"""The report of a night as one page of HTML that needs nothing else: outcomes, what changed, and how figures went. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from queuebit_workbench.nightly.night import Night, Step, steps
from queuebit_workbench.nightly.parts import BY_NAME

NIGHTS_MAX = 60
WIDTH, HEIGHT, EDGE = 320, 80, 6
STYLE = (
    "body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #8884}"
    ".failed,.worse{font-weight:600;color:#c22}figure{display:inline-block;margin:1rem 1.5rem 0 0}svg{background:#8881}"
)


def page(nights: Sequence[Night]) -> str:
    """Of the last of these nights, beside those before it."""
    night, before = nights[-1], nights[-2] if len(nights) > 1 else None
    told = steps(night, before)
    said = "All passed" if night.passed and not any(each.worse for each in told) else "Something is worse or failed"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Night of {escape(night.date)}</title>'
        f"<style>{STYLE}</style><h1>Night of {escape(night.date)}</h1><p>{said}. Version {escape(night.version)}"
        f"{f', beside {escape(before.date)}' if before else ', the first of its size that is kept'}.</p>"
        f"<h2>Parts</h2>{_parts(night)}<h2>Figures</h2>{_figures(told)}<h2>Trends</h2>{_trends(nights, told)}</html>\n"
    )


def _parts(night: Night) -> str:
    rows = "".join(
        f'<tr><td>{escape(each.part)}<td class="{each.outcome}">{each.outcome.replace("_", " ")}<td>{each.took_s:.0f} s'
        f"<td>{escape(BY_NAME[each.part].about)} {escape(each.detail)}"
        for each in night.results
    )
    return f"<table><tr><th>part<th>outcome<th>took<th>{rows}</table>"


def _figures(told: Sequence[Step]) -> str:
    rows = "".join(
        f"<tr><td>{escape(each.part)}<td>{escape(each.figure.path)}<td>{each.now:,.6g}"
        f"<td>{'' if each.before is None else f'{each.before:,.6g}'}"
        f'<td class="{"worse" if each.worse else ""}">{"" if each.change is None else f"{each.change:+.1%}"}'
        f"{' worse than it may be' if each.worse else ''}"
        for each in told
    )
    return f"<table><tr><th>part<th>figure<th>now<th>before<th>{rows}</table>" if rows else "<p>None.</p>"


def _trends(nights: Sequence[Night], told: Sequence[Step]) -> str:
    shown = nights[-NIGHTS_MAX:]
    return "".join(
        f"<figure><figcaption>{escape(each.part)}: {escape(each.figure.path)}</figcaption>"
        f"{line([night.figure(each.part, each.figure.path) for night in shown])}</figure>"
        for each in told
    )


def line(values: Sequence[float | None]) -> str:
    """A line through what is known, from 0 up, so that a small change looks small."""
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    top = max((value for _, value in known), default=0.0) or 1.0
    across = (WIDTH - 2 * EDGE) / max(1, len(values) - 1)
    points = [
        (EDGE + index * across, HEIGHT - EDGE - max(0.0, value) / top * (HEIGHT - 2 * EDGE)) for index, value in known
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in points)
    label = f"{len(known)} nights, the highest {top:,.6g}"
    return (
        f'<svg role="img" aria-label="{label}" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<polyline fill="none" stroke="currentColor" points="{path}"/>{dots}</svg>'
    )
