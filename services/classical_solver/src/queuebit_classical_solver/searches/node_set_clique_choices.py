"""The solver port over independent sets and cliques where conflicts fall into few cliques: a tabu search keeps one node of
each, conflicts allowed, and exchanges the one that costs least (as Galinier and Hao do for constraint problems, which graphs of
Model RB are). numba makes its steps machine code. Steps are counted: time is the backstop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.searches.node_sets.steps import SteppedSolver, Steps

if TYPE_CHECKING:
    from numpy import int32
    from numpy.typing import NDArray

METHOD = "tabu search over a node of each clique"
CLIQUE_NODES_MIN = 8
"""Of a clique, on average: in smaller ones there is little to choose."""
BEYOND_MAX = 1.5
"""So many times the nodes of a set that is known there may be cliques: with more, no set has a node of nearly each."""
ORDERS = 8
"""In which cliques are put together anew, in a row without one less: a node that went into a wrong one goes on."""
PAIRS_MAX = 200_000_000
"""That are looked at for cliques: in denser graphs it takes too long."""


def _begun(nodes: int, conflicts: NDArray[int32], members: list[int], seed: int) -> Steps:
    """Raises NothingFound where the cliques are too many, or not found in time."""
    cliques_max = min(BEYOND_MAX * len(members), nodes / CLIQUE_NODES_MIN)
    cliques = cliques_of(nodes, conflicts, cliques_max)
    if len(cliques) > cliques_max:
        raise NothingFound("The conflicts of the graph fall into too many cliques.")
    from queuebit_classical_solver.searches.compiled import clique_choices

    choice = clique_choices.begun(nodes, conflicts, cliques, members, seed)

    class Choices:
        def advance(self, steps: int) -> int:
            return clique_choices.advance(choice, steps)

        def members(self) -> list[int]:
            found: list[int] = choice.largest.nonzero()[0].tolist()
            return found

        def size_max(self) -> int:
            """A set has at most one node of each clique."""
            return len(cliques)

    return Choices()


def cliques_of(nodes: int, conflicts: NDArray[int32], cliques_max: float) -> list[list[int]]:
    """A partition of the nodes, each time that with most conflicts among those that still fit, and then in other orders; it
    ends where there are more than `cliques_max`. Raises NothingFound where the graph is too dense.
    """
    import numpy as np

    joined: Any = np.zeros((nodes, nodes), dtype=bool)
    joined[conflicts[:, 0], conflicts[:, 1]] = joined[conflicts[:, 1], conflicts[:, 0]] = True
    found = _grown(joined, np.argsort(joined.sum(axis=1), kind="stable").tolist(), cliques_max)
    draws = np.random.default_rng(nodes)
    stale = 0
    while stale < ORDERS and len(found) <= cliques_max:
        before = len(found)
        small = [node for mine in found if len(mine) < nodes / before for node in mine]
        if small:
            again = _grown(joined, draws.permutation(small).tolist(), nodes)
            kept = [mine for mine in found if len(mine) >= nodes / before]
            found = min(found, kept + again, key=len)
        order = [node for place in draws.permutation(len(found)).tolist() for node in found[place]]
        found = _regrouped(joined, order, len(found))
        stale = stale + 1 if len(found) == before else 0
    return found


def _grown(joined: Any, order: list[int], cliques_max: float) -> list[list[int]]:
    """Cliques of the nodes that are named, each grown from the first that is free."""
    import numpy as np

    free = np.zeros(len(joined), dtype=bool)
    free[order] = True
    found: list[list[int]] = []
    pairs_seen = 0
    for v in order:
        if not free[v]:
            continue
        clique, fitting = [v], np.flatnonzero(joined[v] & free)
        while len(fitting):
            pairs_seen += len(fitting) ** 2
            if pairs_seen > PAIRS_MAX:
                raise NothingFound("The graph has more conflicts than cliques are sought among.")
            common = joined[np.ix_(fitting, fitting)].sum(axis=1)
            u = int(fitting[int(common.argmax())])
            clique.append(u)
            fitting = fitting[joined[u][fitting]]
        free[clique] = False
        found.append(clique)
        if len(found) > cliques_max:
            break
    return found


def _regrouped(joined: Any, order: list[int], cliques: int) -> list[list[int]]:
    """Each node in the first clique that it fits: no more of them where those of a partition follow each other in the order."""
    import numpy as np

    within: Any = np.zeros((cliques, len(joined)), dtype=np.int32)
    sizes = np.zeros(cliques, dtype=np.int32)
    found: list[list[int]] = []
    for v in order:
        fitting = np.flatnonzero(within[: len(found), v] == sizes[: len(found)])
        place = int(fitting[0]) if len(fitting) else len(found)
        if place == len(found):
            found.append([])
        found[place].append(v)
        within[place] += joined[v]
        sizes[place] += 1
    return found


CLIQUE_CHOICES = SteppedSolver(_begun, METHOD)
NODE_SETS = frozenset({"max_clique", "max_independent_set"})
SEARCH = Search(METHOD, "queuebit-classical-solver", (Turn(CLIQUE_CHOICES, 0.6, 2, NODE_SETS),))
