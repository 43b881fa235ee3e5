"""For each kind that a search names, an instance of its size, and one so small that its optimum is known."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from typing import Any

from queuebit_classical_solver.declaration import Search
from queuebit_classical_solver.ports import Limits, Solver, ignore_progress, never_stop
from queuebit_classical_solver.searches.any_cp_sat import CpSatSolver
from queuebit_classical_solver.searches.any_heuristic_restarts import METHOD as RESTARTS
from queuebit_classical_solver.searches.any_heuristic_restarts import RestartSolver
from queuebit_classical_solver.searches.node_set_clique_choices import METHOD as CHOICES
from queuebit_contracts.jobs import Number
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of

Instance = tuple[Optimisation[Any], Any]

OF_ALL_KINDS = "max_clique"
"""What stands for all kinds where a search serves every one."""
ASIDE: dict[str, tuple[Solver, str]] = {RESTARTS: (RestartSolver(2.0), "quadratic_assignment")}
"""Searches without turns: what other searches use."""

CHOSEN = {CHOICES: "max_independent_set"}
"""A kind by the method of a search that needs more than any instance of the first kind that it serves."""


def _places(rng: random.Random, count: int) -> list[list[int]]:
    return [[rng.randint(0, 999), rng.randint(0, 999)] for _ in range(count)]


def _edges(rng: random.Random, nodes: int) -> list[list[int]]:
    return [[u, v] for v in range(1, nodes + 1) for u in range(1, v) if rng.random() < 0.6]


def _cliques(rng: random.Random, nodes: int) -> list[list[int]]:
    """Six cliques, and conflicts between them."""
    return [[u, v] for v in range(1, nodes + 1) for u in range(1, v) if u % 6 == v % 6 or rng.random() < 0.3]


def _matrix(rng: random.Random, n: int) -> list[list[int]]:
    return [[rng.randint(0, 9) for _ in range(n)] for _ in range(n)]


def _routes(rng: random.Random, n: int) -> dict[str, Any]:
    demands = [0, *(rng.randint(1, 20) for _ in range(n - 1))]
    return {"metric": "EUC_2D", "coordinates": _places(rng, n), "capacity": 60, "demands": demands}


def _timed_routes(rng: random.Random, n: int) -> dict[str, Any]:
    opening = [rng.randint(0, 2000) for _ in range(n - 1)]
    return {
        "coordinates": _places(rng, n),
        "capacity": 60,
        "demands": [0, *(rng.randint(1, 20) for _ in range(n - 1))],
        "windows": [[0, 9000], *([early, early + 3000] for early in opening)],
        "service": [0, *([10] * (n - 1))],
    }


def _cut(rng: random.Random, n: int) -> dict[str, Any]:
    return {"nodes": n, "edges": [[u, v, rng.choice((1, -1)) * rng.randint(1, 9)] for v in range(n) for u in range(v)]}


def _shop(rng: random.Random, jobs: int) -> dict[str, Any]:
    rows = [[[machine, rng.randint(1, 99)] for machine in rng.sample(range(jobs), jobs)] for _ in range(jobs)]
    return {"machines": jobs, "jobs": rows}


def _knapsack(rng: random.Random, items: int) -> dict[str, Any]:
    weights = [rng.randint(1, 1000) for _ in range(items)]
    profits = [weight + rng.randint(0, 200) for weight in weights]
    return {"capacity": sum(weights) // 3, "profits": profits, "weights": weights}


def _program(rng: random.Random, variables: int) -> dict[str, Any]:
    rows = [[[i, rng.randint(5, 60)] for i in range(variables)] for _ in range(variables // 3)]
    return {
        "variables": [{"name": f"x{i}"} for i in range(variables)],
        "linear": [[i, -rng.randint(10, 99)] for i in range(variables)],
        "constraints": [{"terms": row, "upper": 10 * variables} for row in rows],
    }


STATED: dict[str, tuple[Callable[[random.Random, int], dict[str, Any]], int, int]] = {
    "cvrp": (_routes, 20, 7),
    "tsp": (lambda rng, n: {"metric": "EUC_2D", "coordinates": _places(rng, n)}, 70, 8),
    "quadratic_assignment": (lambda rng, n: {"flows": _matrix(rng, n), "distances": _matrix(rng, n)}, 11, 6),
    "maxcut": (_cut, 60, 10),
    "max_clique": (lambda rng, n: {"nodes": n, "edges": _edges(rng, n)}, 60, 10),
    "max_independent_set": (lambda rng, n: {"nodes": n, "edges": _cliques(rng, n)}, 60, 54),
    "graph_colouring": (lambda rng, n: {"nodes": n, "edges": _edges(rng, n)}, 40, 8),
    "bin_packing": (lambda rng, n: {"capacity": 150, "sizes": [rng.randint(20, 100) for _ in range(n)]}, 60, 7),
    "knapsack": (_knapsack, 200, 12),
    "number_partitioning": (lambda rng, n: {"numbers": [rng.randint(1, 10**9) for _ in range(n)]}, 60, 10),
    "job_shop": (_shop, 12, 3),
    "vrptw": (_timed_routes, 20, 6),
    "binary_program": (_program, 40, 9),
    "flow_shop": (lambda rng, n: {"durations": [[rng.randint(1, 99) for _ in range(5)] for _ in range(n)]}, 20, 5),
}
"""How each is stated, its size, and a size at which it is proved at once."""


def served_by(search: Search) -> tuple[Solver, str]:
    """A solver of the search, as its first turn has it, and a kind that it serves."""
    if not search.turns:
        return ASIDE[search.method]
    turn = search.turns[0]
    if search.method in CHOSEN:
        return turn.solver, CHOSEN[search.method]
    served = OF_ALL_KINDS if any(each.kinds is None for each in search.turns) else min(turn.kinds or ())
    return turn.solver, served


@cache
def instance(kind: str) -> Instance:
    """The instance of a kind."""
    state, size, _ = STATED[kind]
    return _stated(kind, state, size)


@cache
def small_instance(kind: str) -> tuple[Optimisation[Any], Any, Number]:
    """The small instance of a kind and its optimum, by going through all answers or by CP-SAT's proof."""
    state, _, size = STATED[kind]
    found, statement = _stated(kind, state, size)
    every = found.enumerated(statement)
    if every is not None:
        return found, statement, every.objective
    proved = CpSatSolver().solve(
        found, statement, limits=Limits(60.0, 1), hint=None, on_progress=ignore_progress, stop=never_stop
    )
    assert proved.proven_optimal
    return found, statement, proved.objective


def _stated(kind: str, state: Callable[[random.Random, int], dict[str, Any]], size: int) -> Instance:
    found = optimisation_of(kind)
    return found, found.parse(state(random.Random(5), size))
