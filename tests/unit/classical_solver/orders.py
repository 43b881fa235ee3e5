"""Work orders and problems for the tests of the solver."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

from queuebit_classical_solver.ports import Limits
from queuebit_contracts.events import JobQueued
from queuebit_contracts.ids import attempt_id_of, uuid7
from queuebit_contracts.jobs import Problem
from queuebit_problems import instances
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of

JOB_ID = uuid7(1_750_000_000_000, 5)
ATTEMPT_ID: UUID = attempt_id_of(JOB_ID, "classical", 1)
PATIENT = Limits(budget_s=60.0, seed=11)


def an_order(problem: Problem, **changes: Any) -> JobQueued:
    values: dict[str, Any] = {
        "attempt_id": ATTEMPT_ID,
        "leg": "classical",
        "role": "primary",
        "lane": "classical",
        "number": 1,
        "tier": "interactive",
        "problem": problem,
        "fingerprint": "f",
        "seed": 7,
        "budget_s": 10.0,
        **changes,
    }
    return JobQueued(**values)


def an_instance(name: str) -> tuple[Optimisation[Any], Any, int | float]:
    """(kind, statement, best known value) of an instance that the package carries."""
    found = instances.load(name)
    kind = optimisation_of(found.kind)
    return kind, kind.read(found.text, file_name=instances.file_name(name)), found.best_known


def as_problem(kind: Optimisation[Any], statement: Any) -> Problem:
    return Problem(kind=kind.name, statement=statement.model_dump(mode="json"))


def a_triangle() -> Problem:
    """Its best cut is 2, and six divisions reach it."""
    return Problem(kind="maxcut", statement={"nodes": 3, "edges": [[0, 1], [1, 2], [0, 2]]})


def a_hard_cut(nodes: int = 80) -> Problem:
    """A complete graph with random signs: far more than can be proved in any test."""
    rng = random.Random(3)
    edges = [[u, v, rng.choice((1, -1)) * rng.randint(1, 9)] for v in range(nodes) for u in range(v)]
    return Problem(kind="maxcut", statement={"nodes": nodes, "edges": edges})


def a_delivery(customers: int = 30, **changes: Any) -> tuple[Optimisation[Any], Any]:
    """Customers at random places, and one vehicle more than their demand needs."""
    rng = random.Random(5)
    places = [[rng.randint(0, 100), rng.randint(0, 100)] for _ in range(customers + 1)]
    demands = [0, *(rng.randint(1, 20) for _ in range(customers))]
    vehicles = -(-sum(demands) // 80) + 1
    kind = optimisation_of("cvrp")
    statement = {"metric": "EUC_2D", "coordinates": places, "capacity": 80, "demands": demands, "vehicles": vehicles}
    return kind, kind.parse({**statement, **changes})
