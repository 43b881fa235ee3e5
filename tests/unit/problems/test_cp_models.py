"""The CP-SAT models state the same problem: same optima, same objective, hints that are solutions, bounds that hold."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from ortools.sat.python import cp_model

from queuebit_problems.encoding.qubo import exact
from queuebit_problems.numeric import cp_coefficients, number
from queuebit_problems.optimisation import CpReading
from queuebit_problems.registry import optimisation_of
from tests.unit.problems.statements import Case, cases, key_of, optimum, worth


@settings(max_examples=60, deadline=None)
@given(cases)
def test_the_model_has_the_optimum_of_the_definition(case: Case) -> None:
    kind, statement, data = case
    best, answers = optimum(kind, statement, data)
    model = cp_model.CpModel()

    reading = kind.cp_model(statement, model)
    solver = _solve(model)
    answer = reading.answer(solver.value)

    assert answer in answers
    assert reading.error == 0
    assert number(round(solver.objective_value) * exact(reading.scale)) == number(best)
    assert reading.bound(solver.best_objective_bound, kind.sense) == number(best)


@settings(max_examples=40, deadline=None)
@given(cases)
def test_a_hint_is_a_solution_of_the_model_with_the_worth_of_the_answer(case: Case) -> None:
    kind, statement, data = case
    answer = kind.default_answer(statement)
    assert answer is not None
    model = cp_model.CpModel()
    reading = kind.cp_model(statement, model)

    for variable, value in reading.hint(answer):
        model.add(variable == value)
    solver = _solve(model)

    assert number(round(solver.objective_value) * exact(reading.scale)) == number(
        worth(kind, data, answer[key_of(kind)])
    )


def test_weights_of_many_digits_are_rounded_and_the_error_is_stated() -> None:
    kind = optimisation_of("maxcut")
    statement = kind.parse({"nodes": 3, "edges": [[0, 1, 1e15], [1, 2, 0.12345678901234567], [0, 2, 1e-300]]})
    model = cp_model.CpModel()

    reading = kind.cp_model(statement, model)
    solver = _solve(model)
    objective = kind.objective(statement, reading.answer(solver.value))
    bound = reading.bound(solver.best_objective_bound, "max")

    assert 0 < reading.error < 1
    assert bound is not None
    assert objective <= bound <= objective + 1


def test_a_knapsack_of_many_digits_stays_feasible_but_gives_no_bound() -> None:
    kind = optimisation_of("knapsack")
    weights = [0.12345678901234567, 0.3333333333333333, 876543210.123456]
    statement = kind.parse({"capacity": 876543210.5, "profits": [1, 2, 3], "weights": weights})
    model = cp_model.CpModel()

    reading = kind.cp_model(statement, model)
    solver = _solve(model)
    answer = reading.answer(solver.value)

    assert kind.violations(statement, answer) == []
    assert (reading.error, reading.bound(5, "max")) == (math.inf, None)


def test_a_bound_is_rounded_to_the_safe_side() -> None:
    reading = CpReading(answer=lambda value: {}, scale=0.1, hint=lambda answer: [], error=0.25)

    assert (reading.bound(7.0000001, "max"), reading.bound(6.9999999, "min")) == (0.95, 0.45)
    assert reading.bound(math.inf, "max") is None


def test_coefficients_scale_by_powers_of_ten_and_refuse_endless_decimals() -> None:
    found = cp_coefficients([3, -125], 100)
    assert (found.coefficients, found.scale, found.error) == ([3, -125], 0.01, 0)
    assert cp_coefficients([10**20, 3]).scale == 100_000
    with pytest.raises(ValueError, match="no decimal text"):
        cp_coefficients([1], 3)


def _solve(model: object) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = 20
    assert solver.solve(model) == cp_model.OPTIMAL
    return solver


@pytest.mark.parametrize(("size", "value", "presolved"), [(4, 10**9, True), (16, 10, True), (16, 10**5, False)])
def test_large_sums_under_conditions_are_not_presolved(size: int, value: int, presolved: bool) -> None:
    """The presolve of OR-Tools 9.15 can lose solutions where such sums pass 2**31."""
    kind = optimisation_of("quadratic_assignment")
    table = [[0 if i == j else value for j in range(size)] for i in range(size)]

    reading = kind.cp_model(kind.parse({"flows": table, "distances": table}), cp_model.CpModel())

    assert reading.presolve is presolved
