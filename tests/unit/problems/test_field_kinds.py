"""Every kind of the catalogue keeps the promises of `Kind`, measured against definitions that share no code with it."""

from __future__ import annotations

import copy
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from queuebit_problems.encoding.enumeration import minimum_of_qubo
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.kind import Answer
from queuebit_problems.numeric import number
from tests.unit.problems.every_field import FIELDS
from tests.unit.problems.fields import Data, Field

NAMES = [field.name for field in FIELDS]
every_field = pytest.mark.parametrize("field", FIELDS, ids=NAMES)
few = settings(max_examples=15, deadline=None)
BRUTE_MAX = 10
ENUMERATED_MAX = 16


def checked(field: Field, data: Data, answer: Answer | None) -> Fraction:
    """The worth of an answer that must be readable and feasible, by the kind and by the definition alike."""
    kind, statement = field.kind, field.kind.parse(data)
    assert answer is not None
    assert (kind.answer_errors(statement, answer), kind.violations(statement, answer)) == ([], [])
    worth = field.worth(data, answer)
    assert worth is not None
    assert kind.objective(statement, answer) == number(worth)
    return worth


@every_field
@few
@given(draw=st.data())
def test_objective_and_violations_are_their_definitions(field: Field, draw: st.DataObject) -> None:
    data = draw.draw(field.statements)
    kind, statement = field.kind, field.kind.parse(data)

    for answer in field.answers(data):
        worth = field.worth(data, answer)
        assert kind.answer_errors(statement, answer) == []
        assert (kind.violations(statement, answer) == []) == (worth is not None)
        if worth is not None:
            assert kind.objective(statement, answer) == number(worth)


@every_field
@few
@given(draw=st.data())
def test_the_minima_of_the_energy_are_the_optima(field: Field, draw: st.DataObject) -> None:
    data = draw.draw(field.statements)
    kind, statement, best = field.kind, field.kind.parse(data), field.best(data)
    assume(best is not None)
    assert best is not None
    encoding = kind.encoding(statement)
    qubo = encoding.qubo
    assert kind.size(statement).qubits == qubo.n

    for answer in field.answers(data):
        worth = field.worth(data, answer)
        if worth is None:
            continue
        bits = encoding.encode(answer)
        back = checked(field, data, encoding.decode(bits))
        assert qubo.energy(bits) == field.lowest(back)
        assert back == worth or (field.polished_by_encoding and kind.better(float(back), float(worth)))
    assume(qubo.n <= ENUMERATED_MAX)
    found = minimum_of_qubo(qubo)
    assert found.energy == field.lowest(best)
    assert checked(field, data, encoding.decode(found.bits)) == best
    if qubo.n <= BRUTE_MAX:
        for every in product((0, 1), repeat=qubo.n):
            if qubo.energy(every) == found.energy:
                assert checked(field, data, encoding.decode(every)) == best


@every_field
@few
@given(draw=st.data())
def test_any_bits_decode_to_an_answer_that_can_be_improved(field: Field, draw: st.DataObject) -> None:
    data = draw.draw(field.statements)
    kind, statement = field.kind, field.kind.parse(data)
    encoding = kind.encoding(statement)
    bits = draw.draw(st.lists(st.integers(0, 1), min_size=encoding.qubo.n, max_size=encoding.qubo.n))

    answer = encoding.decode(bits)
    before = copy.deepcopy(answer)
    improved = kind.improve(statement, answer)

    assert kind.answer_errors(statement, answer) == []
    assert kind.answer_errors(statement, improved) == []
    assert answer == before
    if not kind.violations(statement, answer):
        assert not kind.better(kind.objective(statement, answer), kind.objective(statement, improved))
        checked(field, data, improved)


@every_field
@few
@given(draw=st.data())
def test_quick_answers_are_feasible_and_inside_the_bound(field: Field, draw: st.DataObject) -> None:
    data = draw.draw(field.statements)
    kind, statement, best = field.kind, field.kind.parse(data), field.best(data)
    bound = exact(kind.trivial_bound(statement))
    seed = draw.draw(st.integers(0, 2**32))

    quick, default, found = kind.heuristic(statement, seed), kind.default_answer(statement), kind.enumerated(statement)

    assert kind.heuristic(statement, seed) == quick
    for answer in (quick, default):
        if answer is not None:
            checked(field, data, answer)
    if best is None:
        assert found is None
        return
    assert bound >= best if kind.sense == "max" else bound <= best
    if found is not None:
        assert found.objective == number(best)
        assert checked(field, data, found.answer) == best
    if quick is not None:
        improved = kind.improve(statement, quick)
        assert not kind.better(kind.objective(statement, quick), kind.objective(statement, improved))
        checked(field, data, improved)


@every_field
@few
@given(draw=st.data())
def test_the_model_has_the_optimum_of_the_definition(field: Field, draw: st.DataObject) -> None:
    data = draw.draw(field.statements)
    kind, statement, best = field.kind, field.kind.parse(data), field.best(data)
    model = cp_model.CpModel()

    reading = kind.cp_model(statement, model)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = 20
    status = solver.solve(model)

    if best is None:
        assert status == cp_model.INFEASIBLE
        return
    assert status == cp_model.OPTIMAL
    assert reading.error == 0
    assert checked(field, data, reading.answer(solver.value)) == best
    assert number(round(solver.objective_value) * exact(reading.scale)) == number(best)
    assert reading.bound(solver.best_objective_bound, kind.sense) == number(best)


@every_field
@few
@given(draw=st.data())
def test_a_hint_is_a_solution_of_the_model_with_the_worth_of_the_answer(field: Field, draw: st.DataObject) -> None:
    data = draw.draw(field.statements)
    kind, statement = field.kind, field.kind.parse(data)
    answer = kind.heuristic(statement, 1)
    assume(answer is not None)
    model = cp_model.CpModel()
    reading = kind.cp_model(statement, model)

    for variable, value in reading.hint(answer or {}):
        model.add(variable == value)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = 20

    assert solver.solve(model) == cp_model.OPTIMAL
    assert number(round(solver.objective_value) * exact(reading.scale)) == number(checked(field, data, answer))


@every_field
@few
@given(draw=st.data())
def test_the_normal_form_is_read_back_as_it_is(field: Field, draw: st.DataObject) -> None:
    kind = field.kind
    statement = kind.parse(draw.draw(field.statements))

    normal = statement.model_dump(mode="json")

    assert kind.parse(normal) == statement
    assert kind.parse(normal).model_dump(mode="json") == normal


@every_field
def test_the_example_is_small_valid_and_has_the_optimum_that_it_states(field: Field) -> None:
    kind = field.kind
    example = kind.example()
    data: dict[str, Any] = example.model_dump(mode="json")

    found = kind.enumerated(example)

    assert kind.parse(data) == example
    assert (kind.name, kind.version) == (field.name, 1)
    assert all((kind.title, kind.answer_shape, kind.formats, example.__class__.__doc__))
    assert found is not None
    assert checked(field, data, found.answer) == field.example
