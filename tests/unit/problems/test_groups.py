"""Groups of an encoding: every feasible answer keeps them, and without their penalties its energy is the same."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import kind_of, kinds

GROUPED = {
    "assignment",
    "bin_packing",
    "binary_program",
    "cvrp",
    "flow_shop",
    "generalised_assignment",
    "generalised_assignment_cost",
    "graph_colouring",
    "job_shop",
    "portfolio",
    "quadratic_assignment",
    "tsp",
    "vrptw",
}


OPTIMISATIONS = [kind for kind in map(kind_of, kinds()) if isinstance(kind, Optimisation)]


@pytest.mark.parametrize("kind", OPTIMISATIONS, ids=lambda kind: kind.name)
def test_feasible_answers_keep_the_groups_and_need_no_penalty(kind: Optimisation[Any]) -> None:
    statement = kind.example()
    encoding = kind.encoding(statement)
    answer = kind.heuristic(statement, 1)
    assert answer is not None

    bits = encoding.encode(answer)

    assert (bool(encoding.groups)) == (kind.name in GROUPED)
    assert [sum(bits[i] for i in group.variables) for group in encoding.groups] == [g.count for g in encoding.groups]
    assert encoding.without(encoding.groups).energy(bits) == encoding.qubo.energy(bits)


@pytest.mark.parametrize("kind", OPTIMISATIONS, ids=lambda kind: kind.name)
def test_a_broken_group_costs_its_penalty(kind: Optimisation[Any]) -> None:
    encoding = kind.encoding(kind.example())
    for group in encoding.groups:
        bits = [int(i in group.variables) for i in range(encoding.qubo.n)]

        saved = encoding.qubo.energy(bits) - encoding.without([group]).energy(bits)

        assert saved == group.penalty * (len(group.variables) - group.count) ** 2
