"""Branch and bound over quadratic assignments: it proves what enumeration proves, and what it states always holds."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, Progress, Solution, ignore_progress, never_stop
from queuebit_classical_solver.searches import quadratic_assignment_branch_and_bound as branch_and_bound
from queuebit_classical_solver.searches.quadratic_assignment.prices import reduced
from queuebit_classical_solver.searches.quadratic_assignment.symmetries import automorphisms, cost_step, orbits
from queuebit_classical_solver.searches.quadratic_assignment_branch_and_bound import AssignmentBranchAndBoundSolver
from queuebit_problems.encoding.one_hot import least_cost
from queuebit_problems.kinds.assignment.quadratic_assignment_search import cost_of
from queuebit_problems.registry import optimisation_of

KIND = optimisation_of("quadratic_assignment")
Table = list[list[Any]]
SQUARE = [[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]]
"""Four places around a square."""


def by_lot(draw: Callable[[random.Random], Any], *, symmetric: bool) -> Callable[[int, random.Random], Table]:
    def table(n: int, rng: random.Random) -> Table:
        found = [[draw(rng) for _ in range(n)] for _ in range(n)]
        return [[found[max(i, j)][min(i, j)] for j in range(n)] for i in range(n)] if symmetric else found

    return table


def a_grid(n: int, rng: random.Random) -> Table:
    width = rng.choice((2, 3, n))
    return [[abs(i // width - k // width) + abs(i % width - k % width) for k in range(n)] for i in range(n)]


def a_cube(n: int, _: random.Random) -> Table:
    return [[(i ^ k).bit_count() for k in range(n)] for i in range(n)]


TABLES: dict[str, Callable[[int, random.Random], Table]] = {
    "one way": by_lot(lambda rng: rng.randint(0, 99), symmetric=False),
    "both ways": by_lot(lambda rng: rng.randint(0, 9), symmetric=True),
    "mostly zeros": by_lot(lambda rng: rng.choice((0, 0, 0, 1, 7)), symmetric=False),
    "few values": by_lot(lambda rng: rng.randint(0, 2), symmetric=True),
    "odd": by_lot(lambda rng: rng.choice((1, 3, 7)), symmetric=False),
    "fractions": by_lot(lambda rng: rng.choice((0.1, 0.25, 3, 2.75)), symmetric=False),
    "grid": a_grid,
    "cube": a_cube,
}
tables = pytest.mark.parametrize("flows", TABLES)


def a_statement(flows: str, n: int, seed: int) -> Any:
    rng = random.Random(seed)
    distances = rng.choice(list(TABLES.values()))
    return KIND.parse({"flows": TABLES[flows](n, rng), "distances": distances(n, rng)})


def solved(statement: Any, *, seed: int = 0, stop: Callable[[], bool] = never_stop, **limits: Any) -> Solution:
    """From a permutation by lot, so that the search has to find the best one too."""
    n = len(statement.flows)
    hint = {"permutation": random.Random(seed).sample(range(n), n)}
    return AssignmentBranchAndBoundSolver().solve(
        KIND,
        statement,
        limits=Limits(**{"budget_s": 60.0, "seed": 1, **limits}),
        hint=hint,
        on_progress=ignore_progress,
        stop=stop,
    )


@tables
@pytest.mark.parametrize("n", range(1, 8))
def test_it_proves_what_enumeration_proves(flows: str, n: int) -> None:
    statement = a_statement(flows, n, n)
    best = KIND.enumerated(statement)
    assert best is not None
    found = solved(statement)
    assert (found.objective, found.bound, found.proven_optimal) == (best.objective, best.objective, True)
    assert found.objective == KIND.objective(statement, found.answer)
    assert found.details == {"status": "OPTIMAL", "cut_off_by": "proof"}


@pytest.mark.parametrize("flows", ["one way", "grid"])
def test_it_proves_what_trying_every_permutation_of_eight_gives(flows: str) -> None:
    statement = a_statement(flows, 8, 5)
    a, b, unit = statement.scaled
    assert unit == 1
    found = solved(statement)
    assert (found.objective, found.proven_optimal) == (min(cost_of(a, b, p) for p in permutations(range(8))), True)


@tables
def test_wherever_it_is_cut_off_its_bound_holds_and_nothing_false_is_proved(flows: str) -> None:
    statement = a_statement(flows, 7, 3)
    best = KIND.enumerated(statement)
    assert best is not None
    for asked in range(1, 12):
        left = iter(range(asked))
        found = solved(statement, stop=lambda left=left: next(left, None) is None)  # type: ignore[misc]
        assert found.bound is not None
        assert KIND.trivial_bound(statement) <= found.bound <= best.objective
        assert found.proven_optimal == (found.objective == found.bound)


def test_it_proves_a_grid_of_twelve_places() -> None:
    rng = random.Random(4)
    flows = by_lot(lambda rng: rng.choice((0, 0, 1, 2, 5, 10)), symmetric=True)(12, rng)
    grid = [[abs(i // 4 - k // 4) + abs(i % 4 - k % 4) for k in range(12)] for i in range(12)]
    statement = KIND.parse({"flows": flows, "distances": grid})
    hint = KIND.heuristic(statement, 1)
    found = AssignmentBranchAndBoundSolver().solve(
        KIND, statement, limits=Limits(600.0, 1), hint=hint, on_progress=ignore_progress, stop=never_stop
    )
    assert (found.proven_optimal, found.details["cut_off_by"]) == (True, "proof")


def test_counted_work_cuts_it_off_at_the_same_place_and_the_bound_is_better_than_the_first() -> None:
    statement = a_statement("one way", 14, 8)
    first, second = (solved(statement, work_share=0.003) for _ in range(2))
    assert first == second
    assert (first.details["cut_off_by"], first.worked, first.proven_optimal) == ("work", 1.0, False)
    assert first.bound is not None
    assert first.bound > KIND.trivial_bound(statement)


def test_above_the_size_that_is_branched_on_it_raises_the_bound_and_leaves_the_rest_of_the_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(branch_and_bound, "BRANCHED_MAX", 9)
    statement = a_statement("one way", 10, 2)
    found = solved(statement)
    assert (found.details["cut_off_by"], found.iterations, found.proven_optimal) == ("patience", 0, False)
    assert found.worked < 1
    assert found.bound is not None
    assert KIND.trivial_bound(statement) < found.bound < found.objective


def test_it_tells_of_better_answers_and_of_rising_bounds() -> None:
    statement = a_statement("one way", 8, 5)
    told: list[Progress] = []
    hint = {"permutation": list(range(8))}
    found = AssignmentBranchAndBoundSolver().solve(
        KIND, statement, limits=Limits(60.0, 1), hint=hint, on_progress=told.append, stop=never_stop
    )
    bounds = [item.bound for item in told if item.bound is not None]
    assert bounds == sorted(bounds)
    answers = [(item.objective, item.answer) for item in told if item.objective is not None]
    assert answers[-1] == (found.objective, found.answer)
    assert [value for value, _ in answers] == sorted((value for value, _ in answers), reverse=True)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ({"flows": [[0, 10**9], [0, 0]], "distances": [[0, 10**9], [1, 0]]}, "digits"),
        ({"flows": [[1] * 51] * 51, "distances": [[1] * 51] * 51}, "facilities"),
    ],
)
def test_it_refuses_what_it_cannot_hold(statement: dict[str, Any], why: str) -> None:
    with pytest.raises(NothingFound, match=why):
        solved(KIND.parse(statement))


@pytest.mark.parametrize("most", [1, 9, 1 << 40, 1 << 48])
def test_reduced_costs_prove_the_least_cost_of_each_assignment(most: int) -> None:
    rng = np.random.default_rng(3)
    costs = rng.integers(0, most + 1, (40, 6, 6))
    given = costs.copy()
    units: list[float] = []
    values = reduced(costs, units.append)
    assert values.tolist() == [least_cost(table.tolist())[0] for table in given]
    assert (costs >= 0).all()
    prices = given - costs
    assert (prices[:, 1:, 1:] - prices[:, :1, 1:] - prices[:, 1:, :1] + prices[:, :1, :1] == 0).all()
    assert sum(units) > 0


@tables
def test_automorphisms_keep_every_entry(flows: str) -> None:
    table = TABLES[flows](7, random.Random(2))
    for move in automorphisms(table):
        assert [[table[i][k] for k in move] for i in move] == table
        assert sorted(move) == list(range(7))


def test_a_square_looks_the_same_from_all_corners_and_with_one_corner_fixed_from_two() -> None:
    moves = automorphisms(SQUARE)
    assert len(moves) == 7
    assert orbits(4, moves) == [0, 0, 0, 0]
    assert orbits(4, [move for move in moves if move[0] == 0]) == [0, 1, 2, 1]
    assert orbits(4, []) == [0, 1, 2, 3]


@tables
def test_all_permutations_cost_the_same_but_for_multiples_of_the_step(flows: str) -> None:
    rng = random.Random(6)
    for _ in range(20):
        statement = a_statement(flows, 5, rng.randrange(10**6))
        a, b, _ = statement.scaled
        step = cost_step(a, b)
        costs = [cost_of(a, b, p) for p in permutations(range(5))]
        rest = {cost - costs[0] for cost in costs}
        assert rest == {0} if step == 0 else all(each % step == 0 for each in rest)


def test_costs_that_go_both_ways_are_all_even_or_all_odd() -> None:
    assert cost_step([[0, 1, 5], [1, 0, 2], [5, 2, 0]], [[0, 1, 3], [1, 0, 2], [3, 2, 0]]) == 2
    assert cost_step([[0, 1], [1, 0]], [[0, 4], [4, 0]]) == 0
