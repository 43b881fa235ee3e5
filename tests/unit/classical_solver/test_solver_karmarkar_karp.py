"""Number partitioning by differencing and meeting in the middle: what it finds and proves, that it repeats, where it stops."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest

from queuebit_classical_solver.cascade.ladder import Ladder
from queuebit_classical_solver.cascade.rungs import rungs
from queuebit_classical_solver.cascade.stages import Stages
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, Solution, ignore_progress, never_stop
from queuebit_classical_solver.searches import number_partitioning_karmarkar_karp as karmarkar_karp
from queuebit_classical_solver.searches.number_partitioning_karmarkar_karp import Core, KarmarkarKarpSolver, least
from queuebit_problems.kind import Answer
from queuebit_problems.registry import optimisation_of

KIND: Any = optimisation_of("number_partitioning")
SOLVER = KarmarkarKarpSolver()
LIMITS = Limits(5.0, 1)


def some_numbers(count: int, most: int, seed: int = 1) -> list[int]:
    rng = random.Random(seed)
    return [rng.randint(0, most) for _ in range(count)]


def difference(numbers: list[int], side: list[int]) -> int:
    return abs(sum(value if bit else -value for value, bit in zip(numbers, side, strict=True)))


def least_of_all(numbers: list[int]) -> int:
    return min(difference(numbers, list(side)) for side in product((0, 1), repeat=len(numbers)))


def solved(
    numbers: list[Any], solver: KarmarkarKarpSolver = SOLVER, limits: Limits = LIMITS, hint: Answer | None = None
) -> Solution:
    statement = KIND.parse({"numbers": numbers})
    return solver.solve(KIND, statement, limits=limits, hint=hint, on_progress=ignore_progress, stop=never_stop)


@pytest.mark.parametrize("count", range(1, 12))
@pytest.mark.parametrize("most", [3, 1_000, 10**12])
def test_few_values_are_divided_as_well_as_they_can_be(count: int, most: int) -> None:
    numbers = some_numbers(count, most, seed=count)

    side = least(numbers)

    assert side[0] == 0
    assert difference(numbers, side) == least_of_all(numbers)


@pytest.mark.parametrize("seed", range(5))
def test_a_proof_is_the_least_of_all_divisions(seed: int) -> None:
    numbers = some_numbers(11, 10**9, seed)

    found = solved(numbers)

    assert (found.proven_optimal, found.objective, found.bound) == (True, least_of_all(numbers), least_of_all(numbers))
    assert found.objective == difference(numbers, found.answer["side"])


@pytest.mark.parametrize("window", [1, 2, 5])
def test_the_sides_of_a_core_have_the_difference_of_its_values(window: int) -> None:
    numbers = some_numbers(30, 10**6)
    core = Core(numbers, 7, random.Random(3), window=window)
    bits = [0, 1, 1, 0, 1, 0, 0]

    assert len(core.values) == 7
    assert difference(numbers, core.sides(bits)) == difference(core.values, bits)


@pytest.mark.parametrize(("count", "most"), [(60, 10**9), (200, 10**12)])
@pytest.mark.parametrize("seed", [1, 2])
def test_many_large_numbers_meet_the_bound_of_parity(count: int, most: int, seed: int) -> None:
    numbers = some_numbers(count, most, seed)

    found = Ladder(Stages(rungs())).solve(
        KIND, KIND.parse({"numbers": numbers}), limits=LIMITS, hint=None, on_progress=ignore_progress, stop=never_stop
    )

    assert (found.objective, found.proven_optimal, found.method) == (sum(numbers) % 2, True, karmarkar_karp.METHOD)
    assert difference(numbers, found.answer["side"]) == sum(numbers) % 2


def test_41_numbers_are_proved_though_no_bound_is_met() -> None:
    numbers = some_numbers(41, 10**12, 3)

    found = solved(numbers)

    assert found.proven_optimal
    assert found.objective == difference(numbers, found.answer["side"]) > 1
    assert found.iterations == 2


def test_later_rounds_better_the_first_and_counted_work_ends_them() -> None:
    numbers, small = some_numbers(40, 10**12), KarmarkarKarpSolver(core_first=11, core_max=13)
    first = solved(numbers, small, Limits(1e-6, 1))
    some = solved(numbers, small, Limits(0.01, 1, spent_s=-60.0))
    again = solved(numbers, small, Limits(0.01, 1, spent_s=-60.0))

    assert (first.iterations, first.proven_optimal, some.details["cut_off_by"]) == (1, False, "work")
    assert some.iterations > 10
    assert some.objective < first.objective
    assert (some.answer, some.iterations, some.worked) == (again.answer, again.iterations, 1.0)


def test_sums_that_could_overflow_are_left_to_others() -> None:
    numbers = [10**15 - place - 0.125 for place in range(0, 300, 100)] + [1e-6] * 42
    hint = {"side": [0] * len(numbers)}

    with pytest.raises(NothingFound, match="64 bits"):
        solved(numbers)
    kept = solved(numbers, hint=hint)

    assert (kept.answer, kept.worked, kept.proven_optimal) == (hint, 0.0, False)
