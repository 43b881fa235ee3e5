"""Small instances of every optimisation kind, of at most 20 qubits each, repeatable by seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from queuebit_contracts.jobs import Problem

Draw = random.Random
Statement = dict[str, Any]


def small(kind: str, seed: int) -> Problem:
    """An instance of a kind."""
    return Problem(kind=kind, statement=MAKERS[kind](random.Random(seed * 1000 + len(kind))))


def _graph(draw: Draw, nodes: int, density: float) -> list[tuple[int, int]]:
    return [(u, v) for u in range(nodes) for v in range(u + 1, nodes) if v == u + 1 or draw.random() < density]


def _from_one(edges: list[tuple[int, int]]) -> list[list[int]]:
    return [[u + 1, v + 1] for u, v in edges]


def _table(draw: Draw, rows: int, columns: int, most: int) -> list[list[int]]:
    return [[draw.randint(1, most) for _ in range(columns)] for _ in range(rows)]


def _zero_diagonal(table: list[list[int]]) -> list[list[int]]:
    return [[0 if i == j else value for j, value in enumerate(row)] for i, row in enumerate(table)]


def _points(draw: Draw, count: int) -> list[list[int]]:
    return [[draw.randint(0, 100), draw.randint(0, 100)] for _ in range(count)]


def _maxcut(draw: Draw) -> Statement:
    return {"nodes": 16, "edges": [[u, v, draw.choice((-2, 1, 3))] for u, v in _graph(draw, 16, 0.4)]}


def _qubo(draw: Draw) -> Statement:
    n = 16
    terms = [[i, j, draw.randint(-50, 50)] for i in range(n) for j in range(i, n) if draw.random() < 0.7]
    return {"variables": n, "terms": terms}


def _portfolio(draw: Draw) -> Statement:
    n = 12
    factors = [[draw.gauss(0, 1) for _ in range(6)] for _ in range(n)]
    covariances = [[round(sum(a * b for a, b in zip(x, y, strict=True)), 3) for y in factors] for x in factors]
    returns = [round(draw.uniform(0, 1), 3) for _ in range(n)]
    return {"expected_returns": returns, "covariances": covariances, "budget": draw.randint(3, 8)}


def _knapsack(draw: Draw) -> Statement:
    weights = [draw.randint(2, 15) for _ in range(11)]
    return {"profits": [draw.randint(5, 30) for _ in weights], "weights": weights, "capacity": sum(weights) // 2}


def _multi_knapsack(draw: Draw) -> Statement:
    weights = _table(draw, 2, 8, 6)
    return {
        "profits": [draw.randint(5, 30) for _ in range(8)],
        "weights": weights,
        "capacities": [sum(row) // 2 for row in weights],
    }


def _quadratic_knapsack(draw: Draw) -> Statement:
    weights = [draw.randint(1, 12) for _ in range(10)]
    return {
        "profits": [draw.randint(1, 20) for _ in weights],
        "pairs": [[i, j, draw.randint(1, 20)] for i in range(10) for j in range(i) if draw.random() < 0.5],
        "weights": weights,
        "capacity": sum(weights) // 2,
    }


def _generalised_assignment(draw: Draw) -> Statement:
    return {
        "profits": _table(draw, 3, 4, 20),
        "weights": _table(draw, 3, 4, 3),
        "capacities": [3, 3, 4],
    }


def _program(draw: Draw) -> Statement:
    """The most of a choice under a budget, with exactly two of the first four."""
    count = 9
    return {
        "sense": "max",
        "variables": [{"name": f"x{i}"} for i in range(count)],
        "linear": [[i, draw.randint(1, 20)] for i in range(count)],
        "quadratic": [[0, 4, draw.randint(1, 9)], [2, 5, -draw.randint(1, 9)]],
        "constraints": [
            {"terms": [[i, 1] for i in range(4)], "lower": 2, "upper": 2},
            {"terms": [[i, draw.randint(1, 5)] for i in range(4, count)], "upper": 7},
        ],
    }


def _flow_shop(draw: Draw) -> Statement:
    return {"durations": _table(draw, 3, 3, 9)}


def _timed_routes(draw: Draw) -> Statement:
    customers = 4
    opening = [draw.randint(0, 100) for _ in range(customers)]
    return {
        "coordinates": _points(draw, customers + 1),
        "capacity": 10,
        "demands": [0, *(draw.randint(2, 4) for _ in range(customers))],
        "windows": [[0, 1000], *([early, early + 300] for early in opening)],
        "service": [0, *([5] * customers)],
    }


MAKERS: dict[str, Callable[[Draw], Statement]] = {
    "assignment": lambda draw: {"costs": _table(draw, 4, 4, 20)},
    "bin_packing": lambda draw: {"capacity": 10, "sizes": sorted((draw.randint(3, 8) for _ in range(6)), reverse=True)},
    "binary_program": _program,
    "cvrp": lambda draw: {
        "metric": "EUC_2D",
        "coordinates": _points(draw, 5),
        "demands": [0, *(draw.randint(2, 5) for _ in range(4))],
        "capacity": 9,
    },
    "flow_shop": _flow_shop,
    "generalised_assignment": _generalised_assignment,
    "graph_colouring": lambda draw: {"nodes": 5, "edges": _from_one(_graph(draw, 5, 0.3))},
    "job_shop": lambda draw: {
        "machines": 2,
        "jobs": [[[m, draw.randint(1, 4)] for m in draw.sample((0, 1), 2)] for _ in range(2)],
    },
    "knapsack": _knapsack,
    "max_clique": lambda draw: {"nodes": 16, "edges": _from_one(_graph(draw, 16, 0.6))},
    "max_independent_set": lambda draw: {"nodes": 16, "edges": _from_one(_graph(draw, 16, 0.3))},
    "maxcut": _maxcut,
    "multi_knapsack": _multi_knapsack,
    "number_partitioning": lambda draw: {"numbers": [draw.randint(1, 500) for _ in range(14)]},
    "portfolio": _portfolio,
    "quadratic_assignment": lambda draw: {
        "flows": _zero_diagonal(_table(draw, 4, 4, 9)),
        "distances": _zero_diagonal(_table(draw, 4, 4, 9)),
    },
    "quadratic_knapsack": _quadratic_knapsack,
    "qubo": _qubo,
    "tsp": lambda draw: {"metric": "EUC_2D", "coordinates": _points(draw, 5)},
    "vrptw": _timed_routes,
}
