"""The solver port over independent sets and cliques by local search on vertex covers (NuMVC: Cai, Su, Luo, Sattar): a cover
that leaves conflicts open exchanges nodes, conflicts that stay open weigh more and more, and a node that left comes back only
after something near it changed. numba makes its steps machine code. Steps are counted: time is the backstop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.searches.node_sets.steps import SteppedSolver, Steps

if TYPE_CHECKING:
    from numpy import int32
    from numpy.typing import NDArray

METHOD = "local search with conflict weights"


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


NUMVC = SteppedSolver(_begun, METHOD)
NODE_SETS = frozenset({"max_clique", "max_independent_set"})
SEARCH = Search(METHOD, "queuebit-classical-solver", (Turn(NUMVC, 0.85, 3, NODE_SETS),))
