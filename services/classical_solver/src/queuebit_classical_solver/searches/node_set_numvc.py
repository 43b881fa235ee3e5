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
RESTART_STEPS_EACH = 1_500
"""Steps that bring nothing better, for each node, before the search begins again from nothing: how long it takes to find the
largest sets has a long tail.
"""
SEED_STRIDE = 7_919


def _begun(nodes: int, conflicts: NDArray[int32], members: list[int], seed: int) -> Steps:
    from queuebit_classical_solver.searches.compiled import vertex_cover

    state = vertex_cover.begun(nodes, conflicts, members, seed)
    largest: list[int] = members
    size, stale, begins = len(members), 0, 0

    class Cover:
        def advance(self, steps: int) -> int:
            nonlocal state, largest, size, stale, begins
            found = nodes - vertex_cover.advance(state, steps)
            stale += steps
            if found > size:
                size, stale = found, 0
                largest = (state.least == 0).nonzero()[0].tolist()
            elif stale >= RESTART_STEPS_EACH * nodes:
                begins, stale = begins + 1, 0
                state = vertex_cover.begun(nodes, conflicts, [], seed + begins * SEED_STRIDE)
            return size

        def members(self) -> list[int]:
            return largest

        def size_max(self) -> int:
            return nodes

    return Cover()


NUMVC = SteppedSolver(_begun, METHOD)
NODE_SETS = frozenset({"max_clique", "max_independent_set"})
SEARCH = Search(METHOD, "queuebit-classical-solver", (Turn(NUMVC, 0.85, 4, NODE_SETS),))
