"""A model of CP-SAT as linear rows: they allow what the problem allows, and where all of it can be written, nothing else."""

from __future__ import annotations

import math
import random
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from queuebit_classical_solver.ports import never_stop
from queuebit_classical_solver.searches.infeasibility.believing import HIGHS_S_MIN, proved_by_another
from queuebit_classical_solver.searches.infeasibility.refuting import OutOfWork, refuted
from queuebit_classical_solver.searches.infeasibility.stated_again import NUMBER_MAX, PAIRS_MAX, stated_again
from queuebit_problems.rows import Row
from tests.unit.problems.every_field import FIELDS
from tests.unit.problems.fields import Field

NODES_MAX = 20_000


def without_answer(model: cp_model.CpModel) -> bool:
    """Whether exact branching refutes the rows. Raises OutOfWork."""
    found = stated_again(model)
    rows = [
        Row(tuple((i, int(a)) for i, a in terms), _whole(low), _whole(high), 1, False)
        for terms, low, high in found.rows
    ]
    return refuted(found.ranges, rows, math.inf, nodes_max=NODES_MAX)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


@pytest.mark.parametrize("field", FIELDS, ids=[field.name for field in FIELDS])
@settings(max_examples=6, deadline=None)
@given(draw=st.data())
def test_rows_never_forbid_what_the_field_allows(field: Field, draw: st.DataObject) -> None:
    data = draw.draw(field.statements)
    statement = field.kind.parse(data)
    kind, model = field.kind.as_stated(statement), cp_model.CpModel()
    reading = kind.cp_model(statement, model)

    try:
        refuted_ = without_answer(model)
    except OutOfWork:
        return
    assert not refuted_ or field.best(data) is None or math.isinf(reading.error)


def a_model(seed: int) -> cp_model.CpModel:
    """Some of everything, over four Booleans and a whole number."""
    numbers, model = random.Random(seed), cp_model.CpModel()
    bits, n = [model.new_bool_var("") for _ in range(4)], model.new_int_var(-2, 3, "")

    def literals() -> list[Any]:
        return [bit if numbers.random() < 0.6 else bit.negated() for bit in numbers.sample(bits, numbers.randint(1, 3))]

    for _ in range(5):
        match numbers.randrange(6):
            case 0:
                model.add_bool_or(literals())
            case 1:
                model.add_implication(literals()[0], literals()[0])
            case 2:
                model.add_exactly_one(literals())
            case 3:
                model.add_at_most_one(literals())
            case 4:
                model.add(n * numbers.randint(-2, 2) + sum(bits) >= numbers.randint(-3, 4)).only_enforce_if(literals())
            case _:
                model.add_bool_or(literals()).only_enforce_if(literals())
    return model


@pytest.mark.parametrize("seed", range(40))
def test_conditions_and_literals_are_what_they_were(seed: int) -> None:
    model = a_model(seed)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1

    assert without_answer(model) == (solver.solve(model) == cp_model.INFEASIBLE)


@pytest.mark.parametrize("several", [True, False])
def test_a_circle_that_passes_the_first_node_by_is_no_route(several: bool) -> None:
    """Ways that visit each node once: allowed are those that are a circuit, or circuits through the first node."""
    ways = [(i, j) for i, j in product(range(4), repeat=2) if i != j]
    for used in (
        {(0, 1), (1, 0), (2, 3), (3, 2)},
        {(0, 1), (1, 2), (2, 3), (3, 0)},
        {(0, 1), (1, 0), (0, 2), (2, 3), (3, 0)},
    ):
        model = cp_model.CpModel()
        arcs = [(i, j, model.new_bool_var("")) for i, j in ways]
        (model.add_multiple_circuit if several else model.add_circuit)(arcs)
        for i, j, bit in arcs:
            model.add(bit == int((i, j) in used))

        leaves_twice = sum(i == 0 for i, _ in used) == 2
        assert without_answer(model) == (((2, 3) in used and (3, 2) in used) or (leaves_twice and not several))


@pytest.mark.parametrize("horizon", [4, 5])
def test_a_machine_does_one_thing_at_a_time(horizon: int) -> None:
    model = cp_model.CpModel()
    starts = [model.new_int_var(0, horizon - length, "") for length in (2, 3)]
    model.add_no_overlap(
        [model.new_fixed_size_interval_var(start, length, "") for start, length in zip(starts, (2, 3), strict=True)]
    )

    assert without_answer(model) == (horizon == 4)


def test_what_floats_do_not_carry_or_would_be_too_much_is_left_out() -> None:
    large, many = cp_model.CpModel(), cp_model.CpModel()
    x = large.new_int_var(0, 2 * NUMBER_MAX, "")
    large.add(x >= 2 * NUMBER_MAX + 1)
    far = large.new_int_var(0, 10**15, "")
    large.add(far >= 7)
    many.add_no_overlap(
        [
            many.new_fixed_size_interval_var(many.new_int_var(0, 1, ""), 1, "")
            for _ in range(math.isqrt(2 * PAIRS_MAX) + 2)
        ]
    )

    assert (stated_again(large).rows, stated_again(many).rows) == ([], [])


def test_another_solver_proves_what_has_no_answer_and_nothing_else() -> None:
    pigeons, holes = 5, 4
    for bound, proved in ((1, True), (2, False)):
        model = cp_model.CpModel()
        sits = [[model.new_bool_var("") for _ in range(holes)] for _ in range(pigeons)]
        for row in sits:
            model.add_exactly_one(row)
        for hole in range(holes):
            model.add(sum(row[hole] for row in sits) <= bound)

        assert proved_by_another(model, 60.0, never_stop) is proved
        assert proved_by_another(model, HIGHS_S_MIN / 2, never_stop) is False
        assert proved_by_another(model, 60.0, lambda: True) is False
