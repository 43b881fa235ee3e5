"""When a job is expected to end, from those before it: of a waiting one by how many are ahead, of a running one by how long
others took that ran as long. Where too little is known nothing is said.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from itertools import pairwise
from typing import Final, Literal, NamedTuple

ENDED_MAX: Final = 200
"""So many jobs that ended are looked at, the last ones."""
ENDED_MIN: Final = 10
ALIKE_MAX: Final = 80
"""So many of them, those that had about as many ahead, tell how far the simple product is off."""
SHIFT_S: Final = 0.05
"""What ratios of durations are taken with, so that tiny ones do not decide."""
STEP: Final = 0.05
OFF_MAX: Final = math.log(4.0)
MISS: Final = 0.1
"""Of the 90 % bounds so many are to be missed."""

Unknown = Literal["no_history", "longer_than_ever", "hold", "approval", "outage"]


class Ended(NamedTuple):
    """A job like it: when it was submitted, and when it ended."""

    submitted_at: datetime
    ended_at: datetime

    @property
    def took_s(self) -> float:
        """Clocks of two processes may differ, so that it ended before it was submitted: then it took no time."""
        return max(0.0, (self.ended_at - self.submitted_at).total_seconds())


class Eta(NamedTuple):
    """So many seconds from now: as likely as not, and nine times in ten. `basis`: what is known of the queue, or how long
    others took; `seen`: of how many jobs.
    """

    p50_s: float
    p90_s: float
    basis: Literal["state", "history"]
    seen: int


@dataclass(slots=True)
class Correction:
    """How far the bounds are off, as jobs that ended show: each miss widens them, each hit narrows them by a ninth of that."""

    off: float = 0.0

    def score(self, hit: bool) -> None:
        """A job ended within its 90 % bound, or not."""
        self.off = max(-OFF_MAX, min(OFF_MAX, self.off + STEP * ((0.0 if hit else 1.0) - MISS)))


def waiting_eta(ended: Sequence[Ended], ahead: int, correction: Correction) -> Eta | Unknown:
    """For a job with so many ahead of it, from jobs in the order in which they ended, of each of which that is known too: from
    those that had about as many ahead, as behind a long queue chance evens out, and before free workers nothing is waited for.
    """
    if len(ended) < ENDED_MIN:
        return "no_history"
    gap_s = _gap_s(ended)
    alike = nsmallest(
        ALIKE_MAX, zip(_ahead_of(ended), ended, strict=True), key=lambda one: abs(math.log((one[0] + 1) / (ahead + 1)))
    )
    ratios = sorted(math.log((each.took_s + SHIFT_S) / ((before + 1) * gap_s + SHIFT_S)) for before, each in alike)
    base_s = (ahead + 1) * gap_s + SHIFT_S
    p50_s = base_s * math.exp(_quantile(ratios, 0.5)) - SHIFT_S
    p90_s = base_s * math.exp(_quantile(ratios, 0.9) + correction.off) - SHIFT_S
    return Eta(max(0.0, p50_s), max(0.0, p50_s, p90_s), "state", len(ended))


def running_eta(ended: Sequence[Ended], elapsed_s: float, correction: Correction) -> Eta | Unknown:
    """For a job that is at work since it was submitted so long ago: by those that took longer than that."""
    if len(ended) < ENDED_MIN:
        return "no_history"
    longer = sorted(each.took_s - elapsed_s for each in ended if each.took_s > elapsed_s)
    if len(longer) < ENDED_MIN:
        return "longer_than_ever"
    p50_s, p90_s = _quantile(longer, 0.5), _quantile(longer, 0.9) * math.exp(correction.off)
    return Eta(p50_s, max(p50_s, p90_s), "history", len(longer))


def _gap_s(ended: Sequence[Ended]) -> float:
    """The mean time from one end to the next, without the time in which nobody waited."""
    gaps = [
        (each.ended_at - max(before.ended_at, each.submitted_at)).total_seconds() for before, each in pairwise(ended)
    ]
    return max(1e-6, math.fsum(max(0.0, gap) for gap in gaps) / max(1, len(gaps)))


def _ahead_of(ended: Sequence[Ended]) -> list[int]:
    """Of each job, how many that were submitted before it had not ended then."""
    submitted = sorted(each.submitted_at for each in ended)
    ends = sorted(each.ended_at for each in ended)
    return [max(0, bisect_left(submitted, each.submitted_at) - bisect_right(ends, each.submitted_at)) for each in ended]


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Of n values the one below which a further value lies with this chance, as far as there is one."""
    return ordered[min(len(ordered) - 1, math.ceil(share * (len(ordered) + 1)) - 1)]
