"""Pauli sums against dense matrices that are built independently, letter by letter."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queuebit_circuits.circuit import Circuit, Gate
from queuebit_circuits.operators import Sector, expectation, lowest, variances
from queuebit_circuits.pauli import (
    PauliSum,
    bases,
    commutes_with_number,
    estimate,
    masks,
    measured,
)
from queuebit_circuits.simulator import distribution, outcomes, statevector

Matrix = npt.NDArray[np.complex128]
LETTERS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def dense(observable: PauliSum) -> Matrix:
    """Qubit 0 is the least significant bit of an index, so its letter is the last factor."""
    total = np.zeros((1 << observable.qubits, 1 << observable.qubits), dtype=np.complex128)
    for coefficient, letters in observable.terms:
        total += coefficient * reduce(np.kron, [LETTERS[letter] for letter in reversed(letters)])
    return total


@st.composite
def sums(draw: st.DrawFn, qubits_max: int = 4) -> PauliSum:
    qubits = draw(st.integers(1, qubits_max))
    strings = draw(st.lists(st.text("IXYZ", min_size=qubits, max_size=qubits), min_size=1, max_size=8, unique=True))
    return PauliSum(qubits, tuple((draw(st.integers(-40, 40)) / 8, letters) for letters in strings))


def state_of(qubits: int, seed: int) -> Matrix:
    rng = np.random.default_rng(seed)
    state = rng.standard_normal(1 << qubits) + 1j * rng.standard_normal(1 << qubits)
    return np.asarray(state / np.linalg.norm(state), dtype=np.complex128)


@settings(max_examples=60, deadline=None)
@given(sums(), st.integers(0, 2**32))
def test_an_expectation_value_is_that_of_the_matrix(observable: PauliSum, seed: int) -> None:
    state = state_of(observable.qubits, seed)

    assert expectation(state, observable) == pytest.approx(np.vdot(state, dense(observable) @ state).real, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(sums(), st.integers(0, 2**32))
def test_large_observables_are_summed_term_by_term_to_the_same(observable: PauliSum, seed: int) -> None:
    state = state_of(observable.qubits, seed)
    value = expectation(state, observable)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("queuebit_circuits.operators._CACHED_MAX", 0)
        assert expectation(state, observable) == pytest.approx(value, abs=1e-12)


def test_letter_q_acts_on_qubit_q() -> None:
    flipped = statevector(Circuit(3, (), (Gate("x", (0,)),)))

    values = [expectation(flipped, PauliSum(3, ((1.0, letters),))) for letters in ("ZII", "IZI", "IIZ")]

    assert values == [-1.0, 1.0, 1.0]
    assert masks("XYZ") == (0b011, 0b110)


@settings(max_examples=60, deadline=None)
@given(sums())
def test_bases_hold_each_term_once_and_agree_with_its_letters(observable: PauliSum) -> None:
    found = sorted(
        (coefficient, "".join(letter if mask >> q & 1 else "I" for q, letter in enumerate(basis.letters)))
        for basis in bases(observable)
        for coefficient, mask in basis.terms
    )

    assert found == sorted((c, letters) for c, letters in observable.terms if c and letters.strip("I"))


@settings(max_examples=30, deadline=None)
@given(sums(qubits_max=3), st.integers(0, 2**32))
def test_the_distributions_in_all_bases_give_the_value_and_its_variance(observable: PauliSum, seed: int) -> None:
    rng = np.random.default_rng(seed)
    gates = tuple(
        Gate("u", (qubit,), tuple(rng.uniform(-3, 3, 3))) for _ in range(2) for qubit in range(observable.qubits)
    ) + tuple(Gate("cx", (q, q + 1)) for q in range(observable.qubits - 1))
    circuit = Circuit(observable.qubits, (), gates)
    state = statevector(circuit)

    value, variance = observable.constant, 0.0
    for basis in bases(observable):
        seen = [(basis.outcome(int(key, 2)), p) for key, p in distribution(measured(circuit, basis)).items()]
        mean = sum(outcome * p for outcome, p in seen)
        value += mean
        variance += sum(p * (outcome - mean) ** 2 for outcome, p in seen)

    assert value == pytest.approx(expectation(state, observable), abs=1e-9)
    assert variances(state, observable)[0] == pytest.approx(variance, abs=1e-9)


def test_counts_give_the_value_within_its_standard_error() -> None:
    circuit = Circuit(2, (), (Gate("ry", (0,), (0.9,)), Gate("cx", (0, 1)), Gate("s", (1,))))
    observable = PauliSum(2, ((0.5, "II"), (1.0, "ZI"), (-0.7, "ZZ"), (0.4, "XY"), (0.3, "YX")))
    runs = [outcomes(measured(circuit, basis)).sample(20_000, seed) for seed, basis in enumerate(bases(observable))]

    value, std_error = estimate(observable, runs)

    exact = expectation(statevector(circuit), observable)
    assert std_error == pytest.approx(math.sqrt(variances(statevector(circuit), observable)[0] / 20_000), rel=0.05)
    assert abs(value - exact) < 5 * std_error


def test_a_single_run_has_the_largest_error_and_equal_runs_have_none() -> None:
    observable = PauliSum(1, ((2.0, "Z"), (1.0, "I")))

    assert estimate(observable, [{"1": 1}]) == (-1.0, 2.0)
    value, std_error = estimate(observable, [{"0": 7}])
    assert (value, std_error) == pytest.approx((3.0, 2 * math.sqrt(8 / 77)))


@pytest.mark.parametrize("expected", [0.05, 0.2, 0.5, 1, 2, 3, 5, 10, 50])
def test_errors_near_an_eigenstate_cover_what_they_say(expected: float) -> None:
    """`expected`: how many of 1000 runs read -1 on average; exactly how likely the true value lies within 1, 2, 3 errors."""
    observable, shots = PauliSum(1, ((1.0, "Z"),)), 1000
    share = expected / shots
    covered = [0.0, 0.0, 0.0]
    for ones in range(shots + 1):
        log = math.lgamma(shots + 1) - math.lgamma(ones + 1) - math.lgamma(shots - ones + 1)
        probability = math.exp(log + ones * math.log(share) + (shots - ones) * math.log1p(-share))
        if probability < 1e-12:
            continue
        counts = {key: number for key, number in (("0", shots - ones), ("1", ones)) if number}
        value, std_error = estimate(observable, [counts])
        for place in range(3):
            covered[place] += probability * (abs(value - (1 - 2 * share)) <= (place + 1) * std_error)

    assert covered[0] >= 0.64
    assert covered[1] >= 0.94
    assert covered[2] >= 0.985


@settings(max_examples=40, deadline=None)
@given(sums())
def test_the_lowest_eigenvalue_is_that_of_the_matrix(observable: PauliSum) -> None:
    found = lowest(observable)

    assert found is not None
    assert found.value == pytest.approx(np.linalg.eigvalsh(dense(observable))[0], abs=1e-10)
    assert (found.dimension, found.residual < 1e-9) == (1 << observable.qubits, True)


def chain(qubits: int, field: float) -> PauliSum:
    """The transverse-field Ising chain."""
    bonds = tuple((-1.0, "I" * q + "ZZ" + "I" * (qubits - q - 2)) for q in range(qubits - 1))
    return PauliSum(qubits, bonds + tuple((-field, "I" * q + "X" + "I" * (qubits - q - 1)) for q in range(qubits)))


def test_twelve_qubits_are_diagonalised_by_iteration() -> None:
    """The critical open chain has the energy 1 - 1 / sin(pi / (4 n + 2)) (Pfeuty 1970)."""
    found = lowest(chain(12, 1.0))

    assert found is not None
    assert found.value == pytest.approx(1 - 1 / math.sin(math.pi / 50), abs=1e-9)
    assert lowest(chain(12, 1.0)) == found


def test_a_space_that_is_too_large_is_left_alone() -> None:
    assert lowest(chain(17, 1.0)) is None


def test_a_sector_holds_the_states_with_so_many_ones() -> None:
    hopping = PauliSum(3, ((0.5, "XXI"), (0.5, "YYI"), (0.5, "IXX"), (0.5, "IYY"), (1.0, "ZII")))
    table = dense(hopping).real
    one = [0b001, 0b010, 0b100]

    found = lowest(hopping, Sector((((0, 1, 2), 1),)))

    assert found is not None
    assert found.value == pytest.approx(np.linalg.eigvalsh(table[np.ix_(one, one)])[0], abs=1e-12)
    assert list(Sector((((0, 2), 1),)).states(3)) == [0b001, 0b011, 0b100, 0b110]


@pytest.mark.parametrize(
    ("terms", "kept"),
    [
        ([(0.5, "XX"), (0.5, "YY")], True),
        ([(0.5, "XX"), (0.4, "YY")], False),
        ([(0.5, "XY"), (-0.5, "YX")], True),
        ([(0.5, "XY"), (0.5, "YX")], False),
        ([(1.0, "ZZ"), (1.0, "IZ")], True),
        ([(1.0, "XI")], False),
    ],
)
def test_keeping_the_number_of_ones_is_recognised(terms: list[tuple[float, str]], kept: bool) -> None:
    observable = PauliSum(2, tuple(terms))
    number = np.diag([0, 1, 1, 2])

    assert commutes_with_number(observable, (0, 1)) == kept
    assert kept == np.allclose(dense(observable) @ number, number @ dense(observable))
