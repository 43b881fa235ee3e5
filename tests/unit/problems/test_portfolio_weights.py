"""Portfolios of weights: least variance, long only, fully invested, at a return that may be asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from queuebit_problems.errors import InvalidStatement, TooManyQubits, UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.kind import Answer
from queuebit_problems.registry import optimisation_of
from tests.unit.problems.published import SHARED, beside, needs_shared

KIND = optimisation_of("portfolio")
PAIR = {"expected_returns": [0.1, 0.3], "deviations": [0.2, 0.4], "correlations": [[], [0]]}
"""The least variance is at 0.8 and 0.2, since 0.04 w = 0.16 (1 - w)."""


def frontier(name: str) -> list[tuple[float, float]]:
    lines = (SHARED / "portfolio" / f"{name}_frontier.txt").read_text().splitlines()
    return [(float(gain), float(variance)) for gain, variance in map(str.split, lines)]


@needs_shared
@pytest.mark.parametrize(
    ("name", "point"),
    [("port1", 0), ("port1", 1), ("port1", 500), ("port1", 1999), ("port2", 300), ("port2", 1500), ("port5", 700)],
)
def test_the_published_frontier_is_reached_and_bounded(name: str, point: int) -> None:
    gain, variance = frontier(name)[point]
    path = SHARED / "portfolio" / f"{name}_return_sd.txt"
    params = {"min_return": gain}

    problem = read_problem(path.read_text(), file_name=path.name, params=params, beside=beside(path.parent))
    statement = KIND.parse(problem.statement)
    answer = KIND.heuristic(statement, 1)

    assert problem.kind == "portfolio"
    assert answer is not None
    assert (KIND.answer_errors(statement, answer), KIND.violations(statement, answer)) == ([], [])
    found, bound = KIND.objective(statement, answer), KIND.trivial_bound(statement)
    assert found == pytest.approx(variance, rel=1e-5)
    assert bound <= found <= bound * (1 + 1e-5)


def test_least_variance_by_hand() -> None:
    statement = KIND.parse(PAIR)

    answer = KIND.heuristic(statement, 1)

    assert answer == {"weights": [0.8, 0.2]}
    assert KIND.objective(statement, {"weights": [0.8, 0.2]}) == 0.032
    assert KIND.trivial_bound(statement) == pytest.approx(0.032, rel=1e-6)
    assert KIND.enumerated(statement) is None


def test_a_return_that_is_asked_for_is_paid_for() -> None:
    statement = KIND.parse({**PAIR, "min_return": 0.2})

    assert KIND.heuristic(statement, 1) == {"weights": [0.5, 0.5]}
    assert [v.code for v in KIND.violations(statement, {"weights": [0.8, 0.2]})] == ["low_return"]
    assert KIND.improve(statement, {"weights": [1.0, 0.0]}) == {"weights": [0.5, 0.5]}
    assert KIND.default_answer(statement) == {"weights": [0.5, 0.5]}


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_weights_are_better_than_the_bound(draw: st.DataObject) -> None:
    assets = draw.draw(st.integers(1, 4))
    hundredths = st.integers(-20, 20).map(lambda value: value / 100)
    table = draw.draw(st.lists(st.lists(hundredths, min_size=assets, max_size=assets), min_size=3, max_size=3))
    covariances = [[round(sum(row[i] * row[j] for row in table), 4) for j in range(assets)] for i in range(assets)]
    returns = draw.draw(st.lists(hundredths, min_size=assets, max_size=assets))
    asked = draw.draw(st.sampled_from([None, min(returns), max(returns), round(sum(returns) / assets, 6)]))
    if asked is not None and asked > max(returns):
        asked = max(returns)
    statement = KIND.parse({"expected_returns": returns, "covariances": covariances, "min_return": asked})
    shares = draw.draw(st.lists(st.integers(0, 8), min_size=assets, max_size=assets).filter(any))
    other: Answer = {"weights": [round(share / sum(shares), 12) for share in shares]}
    bound = KIND.trivial_bound(statement)

    for answer in (KIND.heuristic(statement, 0), KIND.default_answer(statement), KIND.improve(statement, other)):
        assert answer is not None
        assert KIND.violations(statement, answer) == []
        assert bound <= KIND.objective(statement, answer)
    if not KIND.violations(statement, other):
        assert bound <= KIND.objective(statement, other)


@pytest.mark.parametrize(
    ("weights", "codes"),
    [
        ([0.5, 0.4], ["not_invested"]),
        ([1.2, -0.2], ["short"]),
        ([0.5, 0.5000000001], []),
        ([-0.5, 0.5], ["short", "not_invested"]),
    ],
)
def test_weights_are_positive_and_add_up(weights: list[float], codes: list[str]) -> None:
    statement = KIND.parse(PAIR)

    assert [violation.code for violation in KIND.violations(statement, {"weights": weights})] == codes


def test_weights_have_no_qubo_and_a_model_without_bound() -> None:
    statement = KIND.parse({**PAIR, "min_return": 0.2})
    model = cp_model.CpModel()

    reading = KIND.cp_model(statement, model)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(model)

    assert status == cp_model.OPTIMAL
    assert KIND.violations(statement, reading.answer(solver.value)) == []
    assert reading.bound(1.0, "min") is None
    with pytest.raises(TooManyQubits, match="continuous"):
        KIND.encoding(statement)


BAD: list[tuple[dict[str, Any], str]] = [
    ({**PAIR, "min_return": 0.31}, "/min_return"),
    ({**PAIR, "budget": 3}, "/budget"),
    ({**PAIR, "budget": 1, "min_return": 0.1}, "/min_return"),
    ({**PAIR, "correlations": [[], [1.5]]}, "/correlations/1/0"),
    ({**PAIR, "correlations": [[0], [0]]}, "/correlations/0"),
    ({**PAIR, "deviations": [0.2, -0.4]}, "/deviations/1"),
    ({"expected_returns": [1, 2]}, "/deviations"),
    ({"expected_returns": [1, 2], "covariances": [[1, 2], [3, 1]]}, "/covariances/1/0"),
    ({"expected_returns": [1, 2], "covariances": [[1, 2]]}, "/covariances"),
    ({"expected_returns": [1], "covariances": [[-1]]}, "/covariances/0/0"),
]


@pytest.mark.parametrize(("data", "pointer"), BAD)
def test_a_bad_statement_is_refused_by_field(data: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        KIND.parse(data)

    assert f"/problem/statement{pointer}" in [field.pointer for field in refused.value.fields]


def test_correlations_that_are_not_there_are_asked_for() -> None:
    with pytest.raises(UnreadableFile, match="all correlations are missing"):
        read_problem("1 0.1 0.2\n2 0.3 0.4\n", file_name="a_return_sd.txt", beside=lambda name: None)


def test_the_three_formats_state_the_same() -> None:
    asked: list[str] = []

    def beside(name: str) -> str:
        asked.append(name)
        return "1 1 1\n1 2 0\n2 2 1\n"

    indexed = read_problem("1 0.1 0.2\n2 0.3 0.4\n", file_name="a_return_sd.txt", beside=beside)
    counted = read_problem("2\n0.1 0.2\n0.3 0.4\n1 1 1\n1 2 0\n2 2 1\n", file_name="port")
    covariances = '{"name": "x", "expected_returns": [0.1, 0.3], "covariances": [[0.04, 0], [0, 0.16]]}'
    document = read_problem(covariances)

    assert asked == ["a_correlation.txt"]
    assert indexed == counted
    assert [KIND.heuristic(KIND.parse(one.statement), 1) for one in (indexed, document)] == [
        {"weights": [0.8, 0.2]}
    ] * 2
