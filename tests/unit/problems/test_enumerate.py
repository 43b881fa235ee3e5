"""Enumeration is exact in every one of its ways: plain lists, numpy, and meeting in the middle."""

from __future__ import annotations

import random
import sys
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queuebit_problems.encoding.enumeration import (
    CUT_NODES_MAX,
    CUT_TOTAL_MAX,
    Minimum,
    best_cut,
    best_packing,
    minimum_of,
    minimum_of_qubo,
)
from queuebit_problems.encoding.qubo import Qubo, QuboBuilder
from queuebit_problems.encoding.qubo_search import Quadratic, quadratic_of
from queuebit_problems.kinds.graphs.maxcut import KIND as MAXCUT

coefficients = st.one_of(st.integers(-9, 9), st.fractions(-3, 3, max_denominator=7), st.integers(-(10**30), 10**30))


@st.composite
def qubos(draw: st.DrawFn) -> Qubo:
    n = draw(st.integers(1, 7))
    builder = QuboBuilder(n, draw(coefficients))
    for i in range(n):
        for j in range(i + 1):
            builder.add(i, j, draw(coefficients))
    return builder.build()


@settings(deadline=None)
@given(qubos())
def test_the_minimum_of_a_qubo_is_that_of_all_bit_strings(qubo: Qubo) -> None:
    energies = {bits: qubo.energy(bits) for bits in product((0, 1), repeat=qubo.n)}
    least = min(energies.values())

    found = minimum_of_qubo(qubo)

    assert energies[tuple(found.bits)] == least
    assert (found.energy, found.count) == (least, sum(energy == least for energy in energies.values()))


@given(qubos(), st.data())
def test_integer_forms_keep_the_energies(qubo: Qubo, data: st.DataObject) -> None:
    bits = data.draw(st.lists(st.integers(0, 1), min_size=qubo.n, max_size=qubo.n))
    form = quadratic_of(qubo)

    assert form.exact(form.energy(bits)) == qubo.energy(bits)


@pytest.mark.parametrize("n", [12, 13, 15, 17, 18])
def test_with_and_without_numpy_the_minimum_is_the_same(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    form = a_form(n, seed=n)
    with_numpy = minimum_of(form)

    monkeypatch.setitem(sys.modules, "numpy", None)
    without = minimum_of(form)

    assert (without.energy, without.count) == (with_numpy.energy, with_numpy.count)
    assert form.energy(without.bits) == form.energy(with_numpy.bits) == without.energy


def test_numbers_beyond_64_bits_are_enumerated_exactly() -> None:
    form = a_form(14, seed=1, scale=10**25)

    found = minimum_of(form)

    small = minimum_of(a_form(14, seed=1))
    assert found == Minimum(Fraction(small.energy) * 10**25, found.bits, small.count)


def test_a_fixed_last_variable_stays_zero() -> None:
    form = a_form(9, seed=4)
    best = min(product((0, 1), repeat=8), key=lambda bits: form.energy((*bits, 0)))

    found = minimum_of(form, last_is_zero=True)

    assert (found.bits[-1], found.energy) == (0, form.energy((*best, 0)))


def test_more_than_24_variables_are_refused() -> None:
    with pytest.raises(ValueError, match="25 variables are more than 24"):
        minimum_of(a_form(25, seed=1))
    with pytest.raises(ValueError, match="25 items are more than 24"):
        best_packing([1] * 25, [1] * 25, 3)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=7),
    st.integers(0, 30),
)
def test_the_best_packing_is_that_of_all_subsets(items: list[tuple[int, int]], capacity: int) -> None:
    profits, weights = [profit for profit, _ in items], [weight for _, weight in items]
    worths = {
        bits: sum(p for p, bit in zip(profits, bits, strict=True) if bit)
        for bits in product((0, 1), repeat=len(items))
        if sum(w for w, bit in zip(weights, bits, strict=True) if bit) <= capacity
    }
    most = max(worths.values())

    profit, take, count = best_packing(profits, weights, capacity)

    assert worths[tuple(take)] == profit == most
    assert count == sum(value == most for value in worths.values())


@given(st.integers(1, CUT_NODES_MAX), st.sampled_from([1, 9, CUT_TOTAL_MAX // 28]), st.data())
def test_the_best_cut_is_that_of_all_divisions(nodes: int, most: int, data: st.DataObject) -> None:
    edges = [(u, v, data.draw(st.integers(-most, most))) for u in range(nodes) for v in range(u + 1, nodes)]
    cuts = {
        sides: sum(weight for u, v, weight in edges if sides[u] != sides[v]) for sides in product((0, 1), repeat=nodes)
    }
    most = max(cuts.values())

    cut, sides, count = best_cut(nodes, edges, [weight for _, _, weight in edges])

    assert cuts[tuple(sides)] == cut == most
    assert (sides[0], count) == (0, sum(value == most for value in cuts.values()))


@pytest.mark.parametrize("scale", [1, CUT_TOTAL_MAX // 20, CUT_TOTAL_MAX])
@pytest.mark.parametrize("nodes", [5, CUT_NODES_MAX, CUT_NODES_MAX + 1])
def test_small_and_large_cuts_are_found_alike(nodes: int, scale: int) -> None:
    rng = random.Random(nodes)
    pairs = [(u, v) for u in range(nodes) for v in range(u + 1, nodes) if rng.random() < 0.6]
    statement = MAXCUT.statement(nodes=nodes, edges=tuple((u, v, rng.randint(-9, 9) * scale) for u, v in pairs))
    least = minimum_of(statement.form, last_is_zero=True)

    found = MAXCUT.enumerated(statement)

    assert found is not None
    assert (found.objective, found.optima) == (-least.energy, 2 * least.count)
    assert found.answer == {"side": [bit ^ least.bits[0] for bit in least.bits]}


def a_form(n: int, seed: int, scale: int = 1) -> Quadratic:
    rng = random.Random(seed)
    builder = QuboBuilder(n, rng.randint(-5, 5) * scale)
    for i in range(n):
        for j in range(i + 1):
            builder.add(i, j, rng.randint(-9, 9) * scale)
    return quadratic_of(builder.build())
