"""The device that computes: the exact simulator as a `measurement.Device`, the peer of every simulator and of all hardware."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from queuebit_problems.circuits.circuit import Circuit, Gate
from queuebit_problems.circuits.pauli import PauliSum, expectation
from queuebit_problems.circuits.simulator import State, apply, outcomes, statevector
from queuebit_problems.measurement import Counts, Estimate

Term = tuple[float, str]


class ExactDevice:
    """Counts are drawn from the exact distribution, expectation values computed from the state.

    With a number of shots, an expectation value is estimated as hardware would: so many shots in each of the bases that the
    observable needs. Raises UnfitCircuit for circuits that are too large or of the wrong form.
    """

    name = "exact"

    def counts(self, circuits: Sequence[Circuit], *, shots: int, seed: int) -> list[Counts]:
        return [outcomes(circuit).sample(shots, (seed, place)) for place, circuit in enumerate(circuits)]

    def expectations(
        self, circuits: Sequence[Circuit], observable: PauliSum, *, shots: int | None, seed: int
    ) -> list[Estimate]:
        states = map(statevector, circuits)
        if shots is None:
            return [Estimate(expectation(state, observable), 0.0) for state in states]
        bases = _bases(observable)
        rngs = (np.random.default_rng((seed, place)) for place in range(len(circuits)))
        return [_estimate(state, observable, bases, shots, rng) for state, rng in zip(states, rngs, strict=False)]


def _estimate(
    state: State, observable: PauliSum, bases: list[tuple[str, list[Term]]], shots: int, rng: np.random.Generator
) -> Estimate:
    """The mean over `shots` drawn readings in each basis, and its true standard error, which the state tells."""
    value = variance = 0.0
    indices = np.arange(len(state))
    for basis, terms in bases:
        turned = _turned(state, observable.qubits, basis)
        weights = turned.real**2 + turned.imag**2
        weights /= weights.sum()
        readings = np.zeros(len(state))
        for coefficient, letters in terms:
            mask = sum(1 << qubit for qubit, letter in enumerate(letters) if letter != "I")
            readings += coefficient * (1.0 - 2.0 * (np.bitwise_count(indices & mask) & 1))
        drawn = rng.multinomial(shots, weights)
        value += float(drawn @ readings) / shots
        variance += max(0.0, float(weights @ readings**2) - float(weights @ readings) ** 2) / shots
    return Estimate(value, math.sqrt(variance))


def _turned(state: State, qubits: int, basis: str) -> State:
    """The state with each qubit turned so that its letter of the basis is read in the computational basis."""
    turned = state.copy()
    for qubit, letter in enumerate(basis):
        for name in {"X": ("h",), "Y": ("sdg", "h")}.get(letter, ()):
            apply(turned, qubits, Gate(name, (qubit,)))
    return turned


def _bases(observable: PauliSum) -> list[tuple[str, list[Term]]]:
    """The terms in groups that one basis a qubit reads together, each put into the first group that it fits."""
    groups: list[tuple[str, list[Term]]] = []
    for term in observable.terms:
        for place, (basis, terms) in enumerate(groups):
            joined = _joined(basis, term[1])
            if joined is not None:
                groups[place] = (joined, [*terms, term])
                break
        else:
            groups.append((term[1], [term]))
    return groups


def _joined(basis: str, letters: str) -> str | None:
    """The basis that reads both; None where they disagree on a qubit."""
    joined = []
    for mine, other in zip(basis, letters, strict=True):
        if mine != other and "I" not in (mine, other):
            return None
        joined.append(other if mine == "I" else mine)
    return "".join(joined)
