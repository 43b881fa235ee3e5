"""The solver port over independent sets and cliques by local search on vertex covers (NuMVC: Cai, Su, Luo, Sattar): a cover
that leaves conflicts open exchanges nodes, conflicts that stay open weigh more and more, and a node that left comes back only
after something near it changed. numba makes its steps machine code. Steps are counted: time is the backstop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_classical_solver.searches.node_sets.steps import Steps, stepped
from queuebit_problems.kind import Answer, S
from queuebit_problems.optimisation import Optimisation

if TYPE_CHECKING:
    from numpy import int32
    from numpy.typing import NDArray

METHOD = "local search with conflict weights"


@dataclass(frozen=True, slots=True)
class NumvcSolver:
    """Serves sets of nodes: cliques and independent sets."""

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
        """See the port. It proves nothing that reductions do not."""
        return stepped(_begun, METHOD, kind, statement, limits=limits, hint=hint, on_progress=on_progress, stop=stop)


def _begun(nodes: int, conflicts: NDArray[int32], members: list[int], seed: int) -> Steps:
    from queuebit_classical_solver.searches.compiled import vertex_cover

    state = vertex_cover.begun(nodes, conflicts, members, seed)

    class Cover:
        def advance(self, steps: int) -> int:
            return nodes - vertex_cover.advance(state, steps)

        def members(self) -> list[int]:
            found: list[int] = (state.least == 0).nonzero()[0].tolist()
            return found

    return Cover()


NODE_SETS = frozenset({"max_clique", "max_independent_set"})
SEARCH = Search(METHOD, "queuebit-classical-solver", (Turn(NumvcSolver(), 0.85, 3, NODE_SETS),))
