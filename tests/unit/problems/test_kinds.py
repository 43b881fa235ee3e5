"""Every kind keeps the promises of `Kind`, measured against definitions that share no code with it."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.numeric import number
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of
from tests.unit.problems.statements import NAMES, Case, all_answers, cases, excess, key_of, knapsacks, optimum, worth


@given(cases)
def test_the_objective_is_its_definition(case: Case) -> None:
    kind, statement, data = case

    for answer in all_answers(kind, statement):
        assert kind.objective(statement, answer) == number(worth(kind, data, answer[key_of(kind)]))


@given(knapsacks())
def test_a_packing_over_capacity_is_a_violation_with_its_excess(case: Case) -> None:
    kind, statement, data = case

    for answer in all_answers(kind, statement):
        over = excess(data, answer["take"])
        found = [(violation.code, violation.amount) for violation in kind.violations(statement, answer)]
        assert found == ([("over_capacity", number(over))] if over > 0 else [])


@settings(max_examples=60, deadline=None)
@given(cases)
def test_the_energy_is_the_objective_of_feasible_answers_and_its_minima_are_the_optima(case: Case) -> None:
    kind, statement, data = case
    encoding = kind.encoding(statement)
    sign = -1 if kind.sense == "max" else 1
    best, answers = optimum(kind, statement, data)

    energies: dict[str, Fraction] = {}
    for bits in product((0, 1), repeat=encoding.qubo.n):
        answer = encoding.decode(bits)
        energy = Fraction(encoding.qubo.energy(bits))
        energies[repr(answer)] = min(energy, energies.get(repr(answer), energy))
    least = min(energies.values())

    for answer in all_answers(kind, statement):
        if not kind.violations(statement, answer):
            encoded = encoding.encode(answer)
            assert encoding.decode(encoded) == answer
            assert encoding.qubo.energy(encoded) == sign * worth(kind, data, answer[key_of(kind)])
    assert least == sign * best
    assert {text for text, energy in energies.items() if energy == least} == {repr(answer) for answer in answers}


@settings(max_examples=60, deadline=None)
@given(cases)
def test_ising_and_qubo_agree_on_every_bit_string(case: Case) -> None:
    kind, statement, _ = case
    qubo = kind.encoding(statement).qubo
    ising = qubo.to_ising()

    for bits in product((0, 1), repeat=qubo.n):
        assert ising.energy([1 - 2 * bit for bit in bits]) == qubo.energy(bits)


@given(cases)
def test_size_states_the_qubits_of_the_encoding(case: Case) -> None:
    kind, statement, _ = case

    assert kind.size(statement).qubits == kind.encoding(statement).qubo.n


@given(cases)
def test_enumeration_finds_the_optimum_and_counts_who_reaches_it(case: Case) -> None:
    kind, statement, data = case
    best, answers = optimum(kind, statement, data)

    found = kind.enumerated(statement)

    assert isinstance(found, Enumerated)
    assert found.answer in answers
    assert (found.objective, found.optima) == (number(best), len(answers))


@given(cases, st.integers(0, 2**32))
def test_quick_answers_are_feasible_and_inside_the_bound(case: Case, seed: int) -> None:
    kind, statement, data = case
    best, _ = optimum(kind, statement, data)
    bound = exact(kind.trivial_bound(statement))

    assert bound >= best if kind.sense == "max" else bound <= best
    for answer in (kind.heuristic(statement, seed), kind.default_answer(statement)):
        assert answer is not None
        assert (kind.answer_errors(statement, answer), kind.violations(statement, answer)) == ([], [])
    assert kind.heuristic(statement, seed) == kind.heuristic(statement, seed)


@given(cases, st.randoms(use_true_random=False))
def test_improving_repairs_and_never_makes_worse(case: Case, rng: random.Random) -> None:
    kind, statement, _ = case
    start = {key_of(kind): [rng.randint(0, 1) for _ in range(kind.size(statement).variables)]}
    before = {key: list(bits) for key, bits in start.items()}

    improved = kind.improve(statement, start)

    assert start == before
    assert (kind.answer_errors(statement, improved), kind.violations(statement, improved)) == ([], [])
    if not kind.violations(statement, start):
        assert not kind.better(kind.objective(statement, start), kind.objective(statement, improved))


@given(cases)
def test_the_normal_form_is_read_back_as_it_is(case: Case) -> None:
    kind, statement, _ = case

    normal = statement.model_dump(mode="json")

    assert kind.parse(normal) == statement
    assert kind.parse(normal).model_dump(mode="json") == normal


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_small_valid_and_described(name: str) -> None:
    kind = optimisation_of(name)
    example = kind.example()

    assert kind.parse(example.model_dump(mode="json")) == example
    assert kind.size(example).variables <= 6
    assert (kind.name, kind.version) == (name, 1)
    assert all((kind.title, kind.answer_shape, kind.formats))
    assert kind.statement.model_json_schema()["properties"].keys() >= set(example.model_dump())


def test_examples_have_the_optima_that_they_state() -> None:
    assert [optimisation_of(name).enumerated(optimisation_of(name).example()) for name in NAMES] == [
        Enumerated({"take": [0, 1, 0, 1]}, 37, 1),
        Enumerated({"side": [0, 0, 1, 0, 1, 1]}, 7, 6),
        Enumerated({"x": [1, 0, 1]}, -2, 1),
    ]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("answer", "pointer", "code"),
    [
        ({}, "", "missing"),
        ({"": "0101"}, "", "list_type"),
        ({"": {"0": 1}}, "", "list_type"),
        ({"": [0]}, "", "length"),
        ({"": [0, 1, 2]}, "/2", "bit"),
        ({"": [0, True, 1]}, "/1", "bit"),
        ({"": [0.0, 1, 1]}, "/0", "bit"),
        ({"": [0, 1, None]}, "/2", "bit"),
        ({"": [0, 1, []]}, "/2", "bit"),
    ],
)
def test_an_unreadable_answer_is_named(name: str, answer: dict[str, Any], pointer: str, code: str) -> None:
    kind = optimisation_of(name)
    statement = {
        "knapsack": {"capacity": 3, "profits": [1, 1, 1], "weights": [1, 1, 1]},
        "maxcut": {"nodes": 3, "edges": []},
        "qubo": {"variables": 3, "terms": []},
    }[name]
    key = key_of(kind)

    errors = kind.answer_errors(kind.parse(statement), dict.fromkeys([key] if answer else [], answer.get("")))

    assert [(error.pointer, error.code) for error in errors] == [(f"/{key}{pointer}", code)]


def test_cut_weights_in_decimals_add_up_as_written() -> None:
    kind: Optimisation[Any] = optimisation_of("maxcut")
    statement = kind.parse({"nodes": 4, "edges": [[0, 1, 0.1], [0, 2, 0.2], [0, 3, 0.4]]})

    assert kind.objective(statement, {"side": [0, 1, 1, 0]}) == 0.3
    assert kind.objective(statement, {"side": [0, 1, 1, 1]}) == 0.7


def test_a_knapsack_whose_weights_need_too_many_slack_bits_is_not_encoded() -> None:
    kind = optimisation_of("knapsack")
    statement = kind.parse({"capacity": 1, "profits": [1, 1, 1], "weights": [0.7, 0.7, 1e-310]})

    with pytest.raises(TooManyQubits) as refused:
        kind.encoding(statement)

    assert "classical lane" in refused.value.remedy
    assert kind.size(statement).qubits > 1000


def test_a_knapsack_too_small_for_anything_is_encoded_with_its_penalty() -> None:
    kind = optimisation_of("knapsack")
    statement = kind.parse({"capacity": 3, "profits": [5, 6], "weights": [4, 8]})
    qubo = kind.encoding(statement).qubo

    assert qubo.n == 2
    assert min(product((0, 1), repeat=2), key=qubo.energy) == (0, 0)
