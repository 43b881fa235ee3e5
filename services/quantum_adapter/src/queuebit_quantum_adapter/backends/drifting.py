"""Whether a backend still does what it used to do: a chart of its standing probes, each compared with all before it.

A probe is a number of runs of which a share survives: comes out as it would without any fault. Each probe is compared with all
before it (self-starting, so that nothing about the backend need be known), which under no change gives numbers that are close
to independent and normal. A cumulative sum in both directions adds up what lies beyond half a standard error. Beyond LIMIT it
is told as drift. Where nothing changes that happens once in some 465 probes on average: every 20 days at one an hour. A change
of one standard error of a probe is found within some ten probes. As later probes count among those that came before, a new
level becomes the usual one with time, and is told no longer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

SLACK, LIMIT = 0.5, 5.0
SUM_MAX = 2 * LIMIT
"""A sum rises no further, so that a new level is no longer told soon after it has become the usual one."""
BEFORE_MIN = 3
"""So many probes come before the first that is compared."""


@dataclass(frozen=True, slots=True)
class Probed:
    """One probe: when it was handed in, and how many of its runs came out as they would without any fault."""

    at: datetime
    shots: int
    survived: int


@dataclass(frozen=True, slots=True)
class Drift:
    """Where the chart stands. `survival`: of the last probe; `usual`: of all before it, None where there are none. `statistic`:
    the larger of both sums; `since`: when the probe was handed in with which that sum began to grow.
    """

    probes: int
    last_at: datetime
    survival: float
    usual: float | None = None
    statistic: float = 0.0
    since: datetime | None = None

    @property
    def drifted(self) -> bool:
        return self.statistic > LIMIT


class Chart:
    """Takes probes in their order. Not for several threads at once."""

    def __init__(self) -> None:
        self._up, self._down = _Sum(), _Sum()
        self._before = self._survived = self._shots = 0
        self._last: Probed | None = None

    def add(self, probe: Probed) -> None:
        """One more. A probe without runs says nothing."""
        if probe.shots <= 0:
            return
        last = self._last
        if last is not None:
            self._before, self._shots = self._before + 1, self._shots + last.shots
            self._survived += last.survived
        if self._before >= BEFORE_MIN:
            score = _score(probe, self._shots, self._survived)
            self._up.add(score, probe.at)
            self._down.add(-score, probe.at)
        self._last = probe

    @property
    def drift(self) -> Drift | None:
        """Where it stands; None where there are no probes."""
        last, larger = self._last, max(self._up, self._down, key=lambda each: each.value)
        if last is None:
            return None
        return Drift(
            probes=self._before + 1,
            last_at=last.at,
            survival=last.survived / last.shots,
            usual=self._survived / self._shots if self._shots else None,
            statistic=larger.value,
            since=larger.since,
        )


def drift_of(probes: Iterable[Probed]) -> Drift | None:
    """What the probes say, the oldest first; None where there are none."""
    chart = Chart()
    for each in probes:
        chart.add(each)
    return chart.drift


def _score(probe: Probed, shots: int, survived: int) -> float:
    """By how many standard errors its share differs from that of all before, if both were drawn from one."""
    pooled = (survived + probe.survived) / (shots + probe.shots)
    error = math.sqrt(pooled * (1 - pooled) * (1 / shots + 1 / probe.shots))
    return (probe.survived / probe.shots - survived / shots) / error if error else 0.0


class _Sum:
    """A cumulative sum from 0 to SUM_MAX, and since when it has not been 0."""

    def __init__(self) -> None:
        self.value = 0.0
        self.since: datetime | None = None

    def add(self, score: float, at: datetime) -> None:
        self.value = min(SUM_MAX, max(0.0, self.value + score - SLACK))
        self.since = None if self.value == 0.0 else self.since or at
