"""Many local searches at once find sets that hide: their nodes have fewer neighbours than others have."""

from __future__ import annotations

import random
from itertools import combinations

from queuebit_classical_solver.ports import Limits, ignore_progress, never_stop
from queuebit_classical_solver.searches.node_set_many_walks import ManyWalksSolver
from queuebit_problems.registry import optimisation_of

NODES, HIDDEN = 250, 18


def test_it_finds_a_clique_that_greed_walks_past() -> None:
    """Given a graph of density 0.65 with a clique of 20 whose other edges are rarer, then it is found, twice alike."""
    rng = random.Random(4)
    clique = set(rng.sample(range(1, NODES + 1), HIDDEN))
    rarer = (0.65 * (NODES - 1) - (HIDDEN - 1)) / (NODES - HIDDEN) - 0.03
    chances = (0.65, rarer, 1.0)
    edges = [
        pair
        for pair in combinations(range(1, NODES + 1), 2)
        if rng.random() < chances[(pair[0] in clique) + (pair[1] in clique)]
    ]
    kind = optimisation_of("max_clique")
    statement = kind.parse({"nodes": NODES, "edges": edges})
    greedy = kind.heuristic(statement, 1)
    assert greedy is not None
    limits = Limits(budget_s=300.0, seed=2, work_share=0.003)

    first, again = (
        ManyWalksSolver().solve(
            kind, statement, limits=limits, hint=greedy, on_progress=ignore_progress, stop=never_stop
        )
        for _ in range(2)
    )

    assert kind.objective(statement, greedy) < HIDDEN
    assert first.answer == {"nodes": sorted(clique)}
    assert first == again
