"""The solver port over independent sets and cliques by phased local search (Pullan): a walk takes what fits its set, else
exchanges one node for another, and where it is stuck it goes on from elsewhere, in turns of two ways: it puts any node in and
drops what conflicts with it; or it starts again from one node and shuns for a while what it stood at, so that sets which hide
behind better-looking ones are found. numba makes its steps machine code. Steps are counted: time is the backstop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.searches.node_sets.steps import SteppedSolver, Steps

if TYPE_CHECKING:
    from numpy import int32
    from numpy.typing import NDArray

METHOD = "phased local search"


def _begun(nodes: int, conflicts: NDArray[int32], members: list[int], seed: int) -> Steps:
    from queuebit_classical_solver.searches.compiled import set_walks

    walk = set_walks.begun(nodes, conflicts, members, seed)

    class Walks:
        def advance(self, steps: int) -> int:
            return set_walks.advance(walk, steps)

        def members(self) -> list[int]:
            found: list[int] = walk.largest[: walk.counts[set_walks.LARGEST]].tolist()
            return found

        def size_max(self) -> int:
            return nodes

    return Walks()


PHASED_WALKS = SteppedSolver(_begun, METHOD)
NODE_SETS = frozenset({"max_clique", "max_independent_set"})
SEARCH = Search(METHOD, "queuebit-classical-solver", (Turn(PHASED_WALKS, 0.25, 3, NODE_SETS),))
