"""The solver port over number partitioning: Karmarkar and Karp's differencing until few numbers are left, then all their signs.

What is left is divided as well as it can be: every sum of one half of it meets the nearest of the other (Horowitz and Sahni).
Up to CORE_MAX numbers nothing need be differenced, and the answer is proved. Of more, the first round differences the largest
numbers as they come, each later one chooses among the larger ones at random. Sums are counted: time is the backstop. numpy is
imported at the first solve; sums are integers of 64 bits, and what could overflow them is left to others.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from queuebit_classical_solver.cascade.pace import CutOffBy, Incumbent, Pace
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.optimisation import Optimisation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

METHOD = "differencing + meet in the middle"
CORE_FIRST = 37
"""One of them stays where it is, which leaves two halves of 18: a round takes some 30 ms."""
CORE_MAX = 41
"""Two halves of 20: arrays of 8 MiB."""
TOTAL_MAX = 2**61
UNITS_PER_S = 5_000_000.0
"""A unit is a sum of a half; an idle machine does two to four times as many."""
NUMBER_UNITS = 20.0
"""What differencing one number costs."""
WINDOW_MAX = 12
"""A later round takes one of so many next largest numbers, at most, to go against the largest."""


@dataclass(frozen=True, slots=True)
class KarmarkarKarpSolver:
    """Serves number partitioning."""

    core_first: int = CORE_FIRST
    core_max: int = CORE_MAX

    def solve(
        self,
        kind: Optimisation[S],
        statement: S,
        *,
        limits: Limits,
        hint: Answer | None,
        on_progress: OnProgress,
        stop: Stop,
    ) -> Solution:
        """See the port. Where every round's sums would overflow it finds nothing but the hint."""
        stated: Any = statement
        numbers: list[int] = stated.scaled[0]
        common = math.gcd(*numbers) or 1
        numbers = [value // common for value in numbers]
        pace = Pace(limits, stop, units_per_s=UNITS_PER_S)
        best = Incumbent(kind, statement, hint, on_progress, METHOD)
        rng = random.Random(limits.seed)
        rounds = 0
        cut_off_by: CutOffBy | None = "proof" if best.proved else None
        while cut_off_by is None:
            kept = min(len(numbers), self.core_max if rounds else self.core_first)
            core = Core(numbers, kept, rng, window=min(1 + rounds, WINDOW_MAX))
            rounds += 1
            if sum(core.values) >= TOTAL_MAX:
                if best.answer is None:
                    raise NothingFound("The numbers are too large for sums of 64 bits.")
                cut_off_by = "patience"
                break
            best.offer({"side": core.sides(least(core.values))})
            if kept == len(numbers):
                best.optimal()
            over = pace.spend(2.0 * 2 ** (kept // 2) + NUMBER_UNITS * len(numbers))
            cut_off_by = "proof" if best.proved else over
        return best.solution(cut_off_by, rounds, pace.worked)


class Core:
    """Numbers differenced until so many are left. `values`: these, each the difference of a group of the numbers.

    The largest goes against one of the next `window` largest, and their difference takes the place of both.
    """

    def __init__(self, numbers: Sequence[int], kept: int, rng: random.Random, *, window: int) -> None:
        heap = [(-value, place) for place, value in enumerate(numbers)]
        heapq.heapify(heap)
        self._apart: list[list[int]] = [[] for _ in numbers]
        while len(heap) > max(1, kept):
            large, one = heapq.heappop(heap)
            skipped = [heapq.heappop(heap) for _ in range(rng.randrange(min(window, len(heap))))]
            less, other = heapq.heappop(heap)
            self._apart[one].append(other)
            self._apart[other].append(one)
            for each in (*skipped, (large - less, one)):
                heapq.heappush(heap, each)
        left = sorted(heap)
        self.values = [-value for value, _ in left]
        self._places = [place for _, place in left]

    def sides(self, bits: Sequence[int]) -> list[int]:
        """The side of every number, where `bits` are those of the values."""
        side = [-1] * len(self._apart)
        for place, bit in zip(self._places, bits, strict=True):
            side[place] = bit
        waiting = list(self._places)
        while waiting:
            place = waiting.pop()
            for other in self._apart[place]:
                if side[other] < 0:
                    side[other] = 1 - side[place]
                    waiting.append(other)
        return side


def least(values: Sequence[int]) -> list[int]:
    """The division of a few values, together below TOTAL_MAX, with the least difference; the first is on side 0."""
    import numpy as np

    places = list(range(1, len(values)))
    halves = places[0::2], places[1::2]
    left, right = (_sums([values[place] for place in half]) for half in halves)
    rising, others = np.sort(left), np.sort(right)
    total = sum(values)
    meets = np.searchsorted(others, total // 2 - rising)
    found: list[tuple[int, int, int]] = []
    for nearest in (np.minimum(meets, len(others) - 1), np.maximum(meets - 1, 0)):
        differences = np.abs(total - 2 * (rising + others[nearest]))
        at = int(differences.argmin())
        found.append((int(differences[at]), int(rising[at]), int(others[nearest[at]])))
    bits = [0] * len(values)
    for half, sums, wanted in zip(halves, (left, right), min(found)[1:], strict=True):
        chosen = int((sums == wanted).argmax())
        for number, place in enumerate(half):
            bits[place] = chosen >> number & 1
    return bits


def _sums(values: Sequence[int]) -> NDArray[np.int64]:
    """The sum of each subset; the bits of its place say which values are in it."""
    import numpy as np

    sums: NDArray[np.int64] = np.zeros(1, dtype=np.int64)
    for value in values:
        sums = np.concatenate((sums, sums + value))
    return sums


SEARCH = Search(
    METHOD, "queuebit-classical-solver", (Turn(KarmarkarKarpSolver(), 0.9, 1, frozenset({"number_partitioning"})),)
)
"""Up to 41 numbers are proved in half a second; more are seldom proved by CP-SAT."""
