"""Models of large statements know only a part: they give feasible answers and claim no bound."""

from __future__ import annotations

from typing import Any

import pytest
from ortools.sat.python import cp_model

from queuebit_problems.kinds.assignment import quadratic_assignment
from queuebit_problems.kinds.routing import cvrp_model, tsp_model
from queuebit_problems.registry import optimisation_of

PLACES = [[0, 0], [3, 9], [8, 2], [5, 5], [1, 7], [9, 9], [4, 1], [7, 6]]
TABLE = [[abs(i - j) for j in range(5)] for i in range(5)]
FLOWS = [[(i * j * 3) % 7 if i != j else 0 for j in range(5)] for i in range(5)]


def solved(model: cp_model.CpModel) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = 20
    assert solver.solve(model) == cp_model.OPTIMAL
    return solver


@pytest.mark.parametrize(
    ("name", "module", "limit", "data"),
    [
        ("tsp", tsp_model, "FULL_MODEL_NODES_MAX", {"metric": "EUC_2D", "coordinates": PLACES}),
        (
            "cvrp",
            cvrp_model,
            "FULL_MODEL_NODES_MAX",
            {
                "metric": "EUC_2D",
                "coordinates": PLACES,
                "capacity": 9,
                "demands": [0, 3, 3, 3, 3, 3, 3, 3],
                "vehicles": 3,
            },
        ),
        ("quadratic_assignment", quadratic_assignment, "CHOICE_MODEL_MAX", {"flows": FLOWS, "distances": TABLE}),
    ],
)
def test_a_part_of_the_model_gives_answers_without_a_bound(
    monkeypatch: pytest.MonkeyPatch, name: str, module: Any, limit: str, data: dict[str, Any]
) -> None:
    monkeypatch.setattr(module, limit, 1)
    if hasattr(module, "NEAR"):
        monkeypatch.setattr(module, "NEAR", 2)
    kind = optimisation_of(name)
    statement = kind.parse(data)
    model = cp_model.CpModel()

    reading = kind.cp_model(statement, model)
    solver = solved(model)
    answer = reading.answer(solver.value)

    assert (kind.answer_errors(statement, answer), kind.violations(statement, answer)) == ([], [])
    assert reading.bound(solver.best_objective_bound, "min") is None
    assert reading.hint(kind.default_answer(statement) or {})


def test_costs_of_choices_state_the_same_as_costs_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = optimisation_of("quadratic_assignment")
    statement = kind.parse({"flows": FLOWS, "distances": TABLE})
    best = kind.enumerated(statement)
    assert best is not None
    found = []
    for most in (14, 1):
        monkeypatch.setattr(quadratic_assignment, "PRODUCT_MODEL_MAX", most)
        model = cp_model.CpModel()
        reading = kind.cp_model(statement, model)
        for variable, value in reading.hint(best.answer):
            model.add_hint(variable, value)
        solver = solved(model)
        assert kind.objective(statement, reading.answer(solver.value)) == best.objective
        found.append((reading.bound(solver.best_objective_bound, "min"), reading.error))

    assert found == [(best.objective, 0)] * 2
