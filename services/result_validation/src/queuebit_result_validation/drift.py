"""Whether a backend still gives what it gave: two runs of the same circuits on it, compared outcome by outcome.

The distance of two empirical distributions is never 0, even where both were drawn from one: the more outcomes and the fewer
shots, the larger it is. Both are taken into account, so that "beyond" means beyond chance.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from queuebit_contracts.events import ExecutionSucceeded

LIMIT = 0.02
"""How far in total variation a backend may move before it is told."""
RUNS_MAX = 500
OUTCOMES_MAX = 4096
"""Larger answers are not remembered: their distance says little at any number of shots."""
MISS = 0.05

_Counts = Mapping[str, int]
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Drift:
    """The total variation between two runs, with the interval in which that of their true distributions lies (95 %)."""

    distance: float
    low: float
    high: float
    limit: float = LIMIT

    @property
    def beyond(self) -> bool:
        """Whether the true distributions surely lie further apart than the limit."""
        return self.low > self.limit


def drift(previous: _Counts, current: _Counts, limit: float = LIMIT) -> Drift | None:
    """The drift from one set of counts to another; None where either is empty.

    With n and m shots, sampling alone adds on average at most sum_k sqrt(p_k (1 - p_k) (1/n + 1/m)) / 2 to the distance, and
    chance moves it beyond its average by more than sqrt(ln(1/MISS) (1/n + 1/m) / 2) in MISS of the cases (McDiarmid).
    """
    before, after = sum(previous.values()), sum(current.values())
    if before <= 0 or after <= 0:
        return None
    share = 1 / before + 1 / after
    distance = noise = 0.0
    for key in previous.keys() | current.keys():
        left, right = previous.get(key, 0), current.get(key, 0)
        pooled = (left + right) / (before + after)
        distance += abs(left / before - right / after) / 2
        noise += math.sqrt(pooled * (1 - pooled) * share) / 2
    spread = math.sqrt(math.log(1 / MISS) * share / 2)
    return Drift(distance, max(0.0, distance - noise - spread), min(1.0, distance + spread), limit)


class Runs:
    """The last counts for each circuit on each backend, bounded and in memory. Not for several threads at once."""

    def __init__(self) -> None:
        self._counts: OrderedDict[_Key, tuple[object, dict[str, int]]] = OrderedDict()

    def drift(self, execution: ExecutionSucceeded) -> Drift | None:
        """How far the answer is from the one before; None where there was none, or it is the same attempt again."""
        key = _key(execution)
        kept = None if key is None else self._counts.get(key)
        if kept is None or kept[0] == execution.attempt_id:
            return None
        counts = _counts(execution)
        return None if counts is None else drift(kept[1], counts)

    def note(self, execution: ExecutionSucceeded) -> None:
        """An answer was accepted: later ones are compared with it. The first one stays: a slow drift is one too."""
        key, counts = _key(execution), _counts(execution)
        if key is None or counts is None:
            return
        self._counts.setdefault(key, (execution.attempt_id, counts))
        self._counts.move_to_end(key)
        if len(self._counts) > RUNS_MAX:
            self._counts.popitem(last=False)


def _key(execution: ExecutionSucceeded) -> _Key | None:
    name = execution.provenance.get("circuit_fingerprint")
    return (name, execution.ran.backend) if isinstance(name, str) and name else None


def _counts(execution: ExecutionSucceeded) -> dict[str, int] | None:
    """The counts of an answer that consists of them."""
    counts = execution.answer.get("counts")
    if not isinstance(counts, dict) or len(counts) > OUTCOMES_MAX:
        return None
    numbers = counts.values()
    if not {*map(type, counts)} <= {str} or not {*map(type, numbers)} <= {int} or min(numbers, default=0) < 0:
        return None
    return counts
