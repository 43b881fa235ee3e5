"""The solver port over quadratic assignment by branch and bound: proves the best permutation where it is small.

Depth first from the best permutation known, lowest bound first, several nodes at a time. At each node one facility is tried at
its locations, or one location with its facilities, whichever leaves less to do. Bounds are those of `pair_costs`, rounded up to
what a permutation can cost. A node that is left open still counts: the least of their bounds holds for all. Work is counted:
time is the backstop. numpy is imported at the first solve.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING, Any

from queuebit_classical_solver.cascade.pace import CutOffBy, Incumbent, Pace
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_classical_solver.searches.quadratic_assignment.symmetries import automorphisms, cost_step
from queuebit_problems.kind import Answer, S
from queuebit_problems.kinds.assignment.quadratic_assignment_search import cost_of
from queuebit_problems.numeric import number_below
from queuebit_problems.optimisation import Optimisation

if TYPE_CHECKING:
    from queuebit_classical_solver.searches.quadratic_assignment.bounds import Nodes

METHOD = "branch and bound by pair costs"
UNITS_PER_S = 250_000_000.0
"""About one for each entry of a table that is read or written; an idle machine does nearly twice as many."""
FACILITIES_MAX = 50
"""Above, the costs of pairs take too much memory."""
BRANCHED_MAX = 22
"""Above, only the bound of the whole is raised: the open nodes of a search take too much memory."""
SCALE_MAX = 1024
ENTRIES_TOGETHER = 500_000
"""Costs of pairs of the nodes that are looked at together."""
LAST_FREE = 3
"""So many free facilities are tried in every order."""
FIRST_ROUNDS_MAX = 200
FIRST_GAIN_MIN = 0.002
"""Of what lies between bound and limit: the whole's bound is raised until a round gains less."""
ROUNDS_MAX = 6
GAIN_MIN = 0.05


class _CutOff(Exception):
    """The work or the time ran out, or a stop came, amid a round. It does not leave this module."""

    def __init__(self, by: CutOffBy) -> None:
        super().__init__(by)
        self.by = by


@dataclass(frozen=True, slots=True)
class AssignmentBranchAndBoundSolver:
    """Serves quadratic assignment. Raises NothingFound where there are too many facilities or digits."""

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
        """See the port. Without branching it ends with patience, once the bound rises no more."""
        from queuebit_classical_solver.searches.quadratic_assignment.bounds import TOTAL_MAX

        scaled: Any = statement
        a, b, unit = scaled.scaled
        if len(a) > FACILITIES_MAX:
            raise NothingFound("There are more facilities than the search takes.")
        most = max(1, sum(map(sum, a)) * max(map(max, b)))
        if most > TOTAL_MAX:
            raise NothingFound("The costs have more digits than the search takes.")
        pace = Pace(limits, stop, units_per_s=UNITS_PER_S)
        best = Incumbent(kind, statement, hint or kind.default_answer(statement), on_progress, METHOD)
        cut_off_by: CutOffBy | None = "proof" if best.proved else pace.spend(0.0)
        scale = min(SCALE_MAX, 1 << ((TOTAL_MAX // most).bit_length() - 1))
        search = _Search(a, b, unit, scale, pace, best)
        if cut_off_by is None:
            try:
                cut_off_by = search.run()
            except _CutOff as ended:
                cut_off_by = ended.by
        return best.solution(cut_off_by, search.nodes, pace.worked)


class _Search:
    """`cost` is that of the best permutation; others cost `step` less, or a multiple of it, or are no better."""

    def __init__(
        self, a: list[list[int]], b: list[list[int]], unit: int, scale: int, pace: Pace, best: Incumbent
    ) -> None:
        assert best.answer is not None
        self.a, self.b, self.unit, self.scale = a, b, unit, scale
        self.pace, self.best = pace, best
        self.cost = cost_of(a, b, best.answer["permutation"])
        self.step = 0
        self.nodes = 0

    @property
    def limit(self) -> int:
        """What a better permutation costs at most, scaled."""
        return (self.cost - self.step) * self.scale

    def run(self) -> CutOffBy:
        """Go through everything that could be better. Raises _CutOff."""
        self.step = cost_step(self.a, self.b)
        if self.step == 0:
            self.best.optimal()
            return "proof"
        stack = self._raised(self._whole(), FIRST_ROUNDS_MAX, FIRST_GAIN_MIN, whole=True)
        if len(self.a) > BRANCHED_MAX and stack:
            return "patience"
        while stack:
            self._tell(min(int(nodes.bound.min()) for nodes in stack))
            nodes = stack.pop()
            first, rest = self._split(nodes)
            if rest is not None:
                stack.append(rest)
            stack += self._branched(first)
        self.best.optimal()
        return "proof"

    def _whole(self) -> Nodes:
        import numpy as np

        from queuebit_classical_solver.searches.quadratic_assignment.bounds import Part, all_placements

        n = len(self.a)
        every = tuple(range(n))
        part = Part((-1,) * n, every, every, tuple(automorphisms(self.a)), tuple(automorphisms(self.b)))
        flows, distances = np.array(self.a, dtype=np.int64), np.array(self.b, dtype=np.int64)
        return all_placements(flows, distances, self.scale, part)

    def _raised(self, nodes: Nodes, rounds_max: int, gain_min: float, *, whole: bool = False) -> list[Nodes]:
        """The nodes with their bounds raised while that is worth it; [] where none may lead to something better."""
        from queuebit_classical_solver.searches.quadratic_assignment.bounds import raised

        if nodes.choices.shape[1] <= LAST_FREE:
            return [nodes]
        for _ in range(rounds_max):
            nodes, gain = raised(nodes, self.limit, self._spend)
            if not nodes.parts:
                return []
            if whole:
                self._tell(int(nodes.bound.min()))
            if gain.sum() < gain_min * (self.limit - nodes.bound).sum():
                break
        return [nodes]

    def _split(self, nodes: Nodes) -> tuple[Nodes, Nodes | None]:
        """(the lowest, as many as are looked at together, the others)."""
        count, m, _ = nodes.choices.shape
        together = max(1, ENTRIES_TOGETHER // (m * max(1, m - 1) ** 4))
        if count <= together:
            return nodes, None
        order = nodes.bound.argsort(kind="stable")
        return nodes.taken(order[:together]), nodes.taken(order[together:])

    def _branched(self, nodes: Nodes) -> list[Nodes]:
        from queuebit_classical_solver.searches.quadratic_assignment.bounds import branches, children

        if len(nodes.parts[0].facilities) <= LAST_FREE:
            self._finished(nodes)
            return []
        chosen = [branches(nodes, at, self.limit) for at in range(len(nodes.parts))]
        self.nodes += sum(map(len, chosen))
        found = children(nodes, chosen, self.limit, self._spend)
        return [] if found is None else self._raised(found, ROUNDS_MAX, GAIN_MIN)

    def _finished(self, nodes: Nodes) -> None:
        """Try every order of the last facilities."""
        for part in nodes.parts:
            for order in permutations(part.locations):
                place = list(part.place)
                for facility, location in zip(part.facilities, order, strict=True):
                    place[facility] = location
                cost = cost_of(self.a, self.b, place)
                if cost < self.cost and self.best.offer({"permutation": place}):
                    self.cost = cost

    def _tell(self, scaled: int) -> None:
        """A bound on all permutations was proved: the least cost from there that one can have."""
        least = -(-scaled // self.scale)
        steps = (self.cost - least) // self.step
        self.best.lift(number_below(Fraction(min(self.cost, self.cost - steps * self.step), self.unit)))

    def _spend(self, units: float) -> None:
        over = self.pace.spend(units)
        if over is not None:
            raise _CutOff(over)


ASSIGNMENTS = frozenset({"quadratic_assignment"})
SEARCH = Search(
    METHOD,
    "queuebit-classical-solver",
    (
        Turn(AssignmentBranchAndBoundSolver(), 0.7, 1, ASSIGNMENTS, variables_max=12),
        Turn(AssignmentBranchAndBoundSolver(), 0.9, 2, ASSIGNMENTS, variables_min=13, variables_max=FACILITIES_MAX),
    ),
)
"""Up to 16 facilities are mostly proved, 12 in a second from the heuristic's answer; larger problems get a better bound
in what the tabu search leaves."""
