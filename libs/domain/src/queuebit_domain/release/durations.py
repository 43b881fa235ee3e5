"""How long attempts take on their lanes, learnt from those that ended: by kind, lane, tier and size of the problem."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from queuebit_contracts.jobs import Lane, Tier
from queuebit_contracts.paths import SizeBand
from queuebit_domain.sizes import band_of

KEYS_MAX: Final = 2_000
KEPT: Final = 64
"""Of so many attempts it is known how long they took, of each sort."""
WEIGHT: Final = 0.15
"""How much the latest attempt counts in the mean."""
FIRST_S, EACH_S = 5e-4, 5e-5
"""What is taken for the duration before any is known: a little, and a little for each variable and term."""


class Sort(NamedTuple):
    """What is taken to last alike."""

    kind: str
    lane: Lane
    tier: Tier
    band: SizeBand


class _Learnt:
    __slots__ = ("latest", "mean_s")

    def __init__(self, run_s: float) -> None:
        self.mean_s = run_s
        self.latest: deque[float] = deque([run_s], KEPT)


class Durations:
    """What was learnt in this process; the sorts that were heard of longest ago are forgotten first."""

    def __init__(self) -> None:
        self._learnt: OrderedDict[Sort, _Learnt] = OrderedDict()

    def learn(self, sort: Sort, run_s: float) -> None:
        """An attempt of this sort took so long."""
        found = self._learnt.get(sort)
        if found is None:
            self._learnt[sort] = _Learnt(run_s)
            if len(self._learnt) > KEYS_MAX:
                self._learnt.popitem(last=False)
            return
        found.mean_s += WEIGHT * (run_s - found.mean_s)
        found.latest.append(run_s)

    def expected_s(self, sort: Sort, variables: int, terms: int, budget_s: float) -> float:
        """How long an attempt takes on average, as far as is known; never more than its budget."""
        found = self._learnt.get(sort)
        guess_s = FIRST_S + EACH_S * (variables + terms) if found is None else found.mean_s
        return guess_s if guess_s < budget_s else budget_s

    def known(self, sort: Sort) -> Sequence[float]:
        """How long the latest ones took, the oldest first."""
        found = self._learnt.get(sort)
        return () if found is None else tuple(found.latest)


@lru_cache(maxsize=4096)
def sort_of(kind: str, lane: Lane, tier: Tier, variables: int) -> Sort:
    """The sort of an attempt."""
    return Sort(kind, lane, tier, band_of(variables))
