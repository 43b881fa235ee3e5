"""The charts of a report: quality, P(opt), feasible samples, time and wins, by kind and lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from queuebit_client.honesty.charts import Bar, Chart
from queuebit_client.honesty.job import SAMPLED_LANES

OF_SAMPLES = frozenset({"q", "q_normalised", "feasible_fraction", "p_opt", "placebo_matched"})
"""What only a lane that samples has: the others are left out of these charts."""

MEDIANS: tuple[tuple[str, str, str, float | None], ...] = (
    ("q", "q of the samples (median, from lowest to highest)", "q", 1.0),
    ("q_normalised", "q beyond random samples (median, from lowest to highest)", "0: as random, 1: all optimal", 1.0),
    ("feasible_fraction", "Feasible samples (median share, from lowest to highest)", "share", 1.0),
    ("p_opt", "P(opt): optimal samples before any polish (median share, from lowest to highest)", "share", None),
    ("gap", "Gap to the best valid bound (median, from lowest to highest)", "relative", None),
)


def charts_of(summary: Sequence[Mapping[str, Any]]) -> tuple[Chart, ...]:
    """The charts of a summary, always the same ones in the same order."""
    medians = (Chart(name, title, axis, _medians(summary, name), top) for name, title, axis, top in MEDIANS)
    return (
        *medians,
        Chart("won", "Jobs whose answer the lane gave (share, 95 % interval)", "share", _shares(summary, "won"), 1.0),
        Chart(
            "placebo_matched",
            "Answers that random samples reached as well (share, 95 % interval)",
            "share",
            _shares(summary, "placebo_matched"),
            1.0,
        ),
        Chart(
            "time",
            "Time of an attempt (median, from lowest to highest)",
            "seconds",
            _medians([{**line, "time": line["circumstances"]["run_s"]} for line in summary], "time"),
        ),
    )


def _medians(summary: Sequence[Mapping[str, Any]], name: str) -> tuple[Bar, ...]:
    bars = []
    for line in _of(summary, name):
        spread = line[name]
        if spread is None:
            bars.append(Bar(_label(line), line["lane"], None))
        else:
            known = f"({spread['known']} of {line['attempts']})"
            bars.append(
                Bar(_label(line), line["lane"], spread["median"], spread["lowest"], spread["highest"], note=known)
            )
    return tuple(bars)


def _shares(summary: Sequence[Mapping[str, Any]], name: str) -> tuple[Bar, ...]:
    bars = []
    for line in _of(summary, name):
        share = line[name]
        if share is None:
            bars.append(Bar(_label(line), line["lane"], None))
        else:
            counted = f"(of {share['count']})"
            bars.append(Bar(_label(line), line["lane"], share["value"], share["low"], share["high"], note=counted))
    return tuple(bars)


def _of(summary: Sequence[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    return [line for line in summary if name not in OF_SAMPLES or line["lane"] in SAMPLED_LANES]


def _label(line: Mapping[str, Any]) -> str:
    return f"{line['kind']}, {line['lane']}"
