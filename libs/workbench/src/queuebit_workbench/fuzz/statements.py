"""Statements of every kind, as large as their bytes allow and as hard as their numbers make them."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import isqrt
from typing import Any

from queuebit_workbench.fuzz.circuits import circuit
from queuebit_workbench.fuzz.numbers import ODD, Draw, numbers, size_of

Data = dict[str, Any]


def _row(draw: Draw, count: int) -> list[Any]:
    return [draw() for _ in range(count)]


def _table(draw: Draw, rows: int, columns: int) -> list[list[Any]]:
    return [_row(draw, columns) for _ in range(rows)]


def _signed(rng: random.Random, draw: Draw) -> Draw:
    sign = rng.choice((1, -1, 0))
    return lambda: draw() * (sign or rng.choice((1, -1)))


def _pairs(rng: random.Random, nodes: int, count: int, first: int) -> list[list[int]]:
    """Different pairs of nodes: all around a few of them, in a row, a clique, or anywhere."""
    style, found = rng.randrange(4), dict[tuple[int, int], None]()
    for k in range(4 * count):
        if len(found) == count:
            break
        u, v = rng.randrange(nodes), rng.randrange(nodes)
        if style == 0:
            u = k % min(nodes, 3)
        elif style == 1:
            u, v = k % nodes, (k + 1 + k // nodes) % nodes
        elif style == 2:
            side = min(nodes, isqrt(2 * count) + 2)
            u, v = k % side, k // side % side
        if u != v and (v, u) not in found:
            found[u, v] = None
    return [[u + first, v + first] for u, v in found]


def _square(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    n = isqrt(size_of(rng, most // each) or 1) or 1
    return {"costs": _table(_signed(rng, draw), n, n)}


def _packing(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    items = size_of(rng, max(1, most // (2 * each)))
    return {
        "capacity": rng.choice((draw(), 10**15, 0, items)),
        "profits": _row(draw, items),
        "weights": _row(draw, items),
    }


def _bins(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    sizes = _row(draw, rng.choice((size_of(rng, most // each), 1000, 999, 12)))
    most_size = max(sizes)
    return {"capacity": rng.choice((most_size, 2 * most_size, 10**15)), "sizes": sizes[: most // each]}


def _multi(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    rows = size_of(rng, 500)
    items = max(1, most // each // rows - 1)
    return {"capacities": [rng.choice((draw(), 10**15)) for _ in range(rows)], "profits": _row(draw, items),
            "weights": _table(draw, rows, items)}  # fmt: skip


def _agents(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    agents = size_of(rng, 200)
    jobs = max(1, most // each // agents // 2)
    return {"profits": _table(draw, agents, jobs), "weights": _table(draw, agents, jobs),
            "capacities": [rng.choice((10**15, draw() * jobs)) for _ in range(agents)]}  # fmt: skip


def _agents_paid(rng: random.Random, most: int) -> Data:
    stated = _agents(rng, most)
    return {"costs": stated.pop("profits"), **stated}


def _roads(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    metric = rng.choice(("EUC_2D", "CEIL_2D", "MAN_2D", "MAX_2D", "GEO", "ATT", "EXPLICIT"))
    if metric == "EXPLICIT":
        n = isqrt(size_of(rng, most // each) or 1) or 1
        table = _table(draw, n, n)
        if rng.random() < 0.5:
            table = [[table[max(i, j)][min(i, j)] for j in range(n)] for i in range(n)]
        return {"metric": metric, "distances": table}
    return {
        "metric": metric,
        "coordinates": _table(_signed(rng, draw), size_of(rng, max(1, min(2000, most // (2 * each + 2)))), 2),
    }


def _fleet(rng: random.Random, most: int) -> Data:
    roads = _roads(rng, most * 2 // 3)
    draw, _ = numbers(rng)
    nodes = len(roads.get("coordinates") or roads["distances"])
    demands = [0, *_row(draw, nodes - 1)]
    found: Data = {**roads, "capacity": rng.choice((max(demands), 2 * max(demands), 10**15)), "demands": demands}
    if rng.random() < 0.4:
        found["vehicles"] = rng.choice((1, nodes, 2000))
    return found


def _timed(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    nodes = max(2, size_of(rng, max(2, min(1_001, most // (7 * each)))))
    demands = [0, *_row(draw, nodes - 1)]
    return {
        "coordinates": _table(_signed(rng, draw), nodes, 2),
        "rounding": rng.choice(("tenths", "exact")),
        "capacity": rng.choice((max(demands), 10**15)),
        "demands": demands,
        "windows": [[0, rng.choice((draw(), 10**15))] for _ in range(nodes)],
        "service": [0, *_row(draw, nodes - 1)],
        "vehicles": rng.choice((None, 1, nodes)),
    }


def _graph(rng: random.Random, most: int) -> Data:
    nodes = rng.choice((size_of(rng, 5000), 500, 1000, 24))
    edges = _pairs(rng, nodes, size_of(rng, most // 10), 1)
    if rng.random() < 0.2:
        return {
            "nodes": nodes,
            "neighbours": [[v for u, v in edges if u == node] for node in range(1, min(nodes, 200) + 1)],
        }
    return {"nodes": nodes, "edges": edges}


def _weighted(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    nodes = size_of(rng, 20_000)
    return {"nodes": nodes, "edges": [[*pair, draw()] for pair in _pairs(rng, nodes, most // (each + 10), 0)]}


def _qubo(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    nodes, value = size_of(rng, 10_000), _signed(rng, draw)
    terms = [[*pair, value()] for pair in _pairs(rng, nodes, size_of(rng, most // (each + 10)), 0)]
    if rng.random() < 0.4:
        return {"spins": nodes, "h": [[i, value()] for i in range(min(nodes, 100))], "J": terms, "offset": value()}
    return {"variables": nodes, "terms": terms, "offset": value()}


def _shop(rng: random.Random, most: int) -> Data:
    jobs = rng.choice((size_of(rng, 500), 500, 2))
    machines = size_of(rng, 500)
    each = max(1, min(5000, most // 8) // jobs)
    draw: Draw = rng.choice((lambda: 0, lambda: rng.randrange(2), lambda: 1, lambda: rng.randrange(100), lambda: 10**9))
    spread = rng.random() < 0.5
    return {"machines": machines, "jobs": [
        [[(job + k) % machines if spread else rng.randrange(machines), draw()] for k in range(each)] for job in range(jobs)
    ]}  # fmt: skip


def _flow(rng: random.Random, most: int) -> Data:
    draw: Draw = rng.choice((lambda: 0, lambda: 1, lambda: rng.randrange(100), lambda: 10**9))
    jobs = size_of(rng, 500)
    return {"durations": _table(draw, jobs, max(1, most // 11 // jobs))}


def _partition(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    return {"numbers": _row(draw, size_of(rng, most // each))}


def _portfolio(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    n = isqrt(size_of(rng, most // each) or 1) or 1
    table = _table(draw, n, n)
    covariances = [[table[max(i, j)][min(i, j)] for j in range(n)] for i in range(n)]
    if rng.random() < 0.7:  # semidefinite, so that all of it is looked at
        covariances = [
            [sum(map(abs, row)) if i == j else row[j] for j in range(n)] for i, row in enumerate(covariances)
        ]
    return {"expected_returns": _row(draw, n), "covariances": covariances, "risk_factor": draw(),
            "budget": rng.choice((None, 1, n))}  # fmt: skip


def _placements(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    n = isqrt(size_of(rng, most // each // 2) or 1) or 1
    return {"flows": _table(draw, n, n), "distances": _table(draw, n, n)}


def _together(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    items = max(2, size_of(rng, min(2000, most // (4 * each))))
    return {"capacity": rng.choice((draw(), 10**15)), "profits": _row(draw, items), "weights": _row(draw, items),
            "pairs": [[*pair, draw()] for pair in _pairs(rng, items, most // (2 * each + 12), 0)]}  # fmt: skip


def _program(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    count, value = size_of(rng, max(1, min(20_000, most // 40))), _signed(rng, draw)
    span = rng.choice((1, 1, 7, 10**9))
    rows = size_of(rng, max(1, most // 200))
    width = max(1, min(count, most // 2 // rows // (each + 8)))
    side = rng.choice(("lower", "upper"))
    return {
        "sense": rng.choice(("min", "max")),
        "variables": [{"name": f"x{i}", "lower": rng.choice((0, -span)), "upper": span} for i in range(count)],
        "linear": [[i, value()] for i in range(min(count, most // 4 // (each + 8)))],
        "quadratic": [[*pair, value()] for pair in _pairs(rng, count, most // 8 // (each + 10), 0)],
        "constraints": [
            {"terms": [[i, value()] for i in rng.sample(range(count), width)], side: value()} for _ in range(rows)
        ],
    }


def _sampling(rng: random.Random, most: int) -> Data:
    return {"qasm": circuit(rng, most - 100), "shots": rng.choice((1, 1000, 10**6))}


def _expectation(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    qubits = rng.choice((1, 2, 10, 64))
    terms = {"".join(rng.choices("IXYZ", k=qubits)): draw() for _ in range(size_of(rng, most // (qubits + each + 4)))}
    found: Data = {"observable": {"qubits": qubits, "terms": [[value, letters] for letters, value in terms.items()]}}
    style = rng.randrange(3)
    if style == 0:
        found["circuit"] = circuit(rng, most // 2)
    elif style == 1:
        size = rng.choice((1, qubits))
        groups = [list(range(k, min(qubits, k + size))) for k in range(0, qubits, size)]
        found["particles"] = [{"qubits": group, "count": rng.randrange(2)} for group in groups]
    return found


def _batch(rng: random.Random, most: int) -> Data:
    """A few circuits, sampled or measured by observables, with as many sets of values as fit."""
    pubs: list[Data] = []
    for _ in range(rng.randrange(1, 5)):
        pubs.append({**_sampling(rng, most // 8), "parameters": {"x": _row(rng.random, rng.randrange(1, 400))}})
        if rng.random() < 0.5:
            pubs[-1]["observables"] = [_expectation(rng, most // 16)["observable"]]
    return {"pubs": pubs}


def _kernel(rng: random.Random, most: int) -> Data:
    draw, each = numbers(rng)
    features = rng.randrange(1, 21)
    points = max(1, most // each // features)
    train = min(200, size_of(rng, points))
    return {
        "train": _table(_signed(rng, draw), train, features),
        "test": _table(draw, min(500, points - train, 20_000), features),
    }


STATEMENTS: dict[str, Callable[[random.Random, int], Data]] = {
    "assignment": _square, "bin_packing": _bins, "binary_program": _program, "circuit_batch": _batch,
    "circuit_sampling": _sampling, "cvrp": _fleet, "expectation": _expectation,
    "generalised_assignment": _agents, "generalised_assignment_cost": _agents_paid,
    "flow_shop": _flow, "graph_colouring": _graph, "job_shop": _shop, "kernel": _kernel, "knapsack": _packing,
    "max_clique": _graph, "max_independent_set": _graph, "maxcut": _weighted, "multi_knapsack": _multi,
    "number_partitioning": _partition, "portfolio": _portfolio, "quadratic_assignment": _placements,
    "quadratic_knapsack": _together, "qubo": _qubo, "tsp": _roads, "vrptw": _timed,
}  # fmt: skip


def mutated(rng: random.Random, data: Any) -> Any:
    """The same with some values exchanged for odd ones, lists repeated, cut or nested, fields lost or added."""
    if isinstance(data, dict):
        found = {key: mutated(rng, value) if rng.random() < 0.7 else value for key, value in data.items()}
        if rng.random() < 0.1 and found:
            del found[rng.choice(list(found))]
        if rng.random() < 0.1:
            found[rng.choice(("x", "rows", "neighbours", "edges", "terms", "k" * 5000, "é"))] = rng.choice(ODD)
        return found
    if isinstance(data, list) and data:
        found_list = list(data)
        for _ in range(rng.choice((0, 1, 1, 5))):
            place = rng.randrange(len(found_list))
            found_list[place] = rng.choice(
                (rng.choice(ODD), found_list[0], [found_list[place]], mutated(rng, found_list[place]))
            )
        style = rng.random()
        if style < 0.1:
            return [*found_list, *found_list]
        if style < 0.15:
            return found_list[: rng.randrange(len(found_list))]
        if style < 0.2:
            return [rng.choice(ODD)] * len(found_list)
        return found_list
    return rng.choice(ODD) if rng.random() < 0.3 else data
