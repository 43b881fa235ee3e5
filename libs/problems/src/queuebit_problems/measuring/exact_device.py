"""The device that computes: the exact simulator as a `measurement.Device`, the peer of every simulator and of all hardware."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.operators import expectation
from queuebit_circuits.pauli import PauliSum, bases, estimate, measured, rotations, term_estimates
from queuebit_circuits.readout import Readout
from queuebit_circuits.simulator import State, apply, outcomes, statevector
from queuebit_problems.measurement import Counts, Estimate


class ExactDevice:
    """Counts are drawn from the exact distribution, expectation values computed from the state.

    With a number of shots, an expectation value is estimated as hardware would: so many shots in each of the bases that the
    observable needs. Raises UnfitCircuit for circuits that are too large or of the wrong form.
    """

    name = "exact"

    def counts(self, circuits: Sequence[Circuit], *, shots: int, seed: int) -> list[Counts]:
        return [outcomes(circuit).sample(shots, (seed, place)) for place, circuit in enumerate(circuits)]

    def outcomes(self, circuit: Circuit, *, shots: int, seed: int) -> list[str]:
        return in_some_order(outcomes(circuit).sample(shots, (seed, 0)), seed)

    def readouts(self) -> list[Readout | None]:
        return []

    def models(self) -> list[Counts | None]:
        return []

    def expectations(
        self,
        circuits: Sequence[Circuit],
        observable: PauliSum,
        *,
        shots: int | None,
        seed: int,
        per_term: bool = False,
    ) -> list[Estimate]:
        if per_term:
            return [_by_terms(circuit, observable, shots, (seed, place)) for place, circuit in enumerate(circuits)]
        states = map(statevector, circuits)
        if shots is None:
            return [Estimate(expectation(state, observable), 0.0) for state in states]
        return [
            _estimate(state, observable, shots, np.random.default_rng((seed, place)))
            for place, state in enumerate(states)
        ]


def _by_terms(circuit: Circuit, observable: PauliSum, shots: int | None, seed: tuple[int, int]) -> Estimate:
    if shots is None:
        state = statevector(circuit)
        single = [PauliSum(observable.qubits, ((1.0, letters),)) for _, letters in observable.terms]
        terms = tuple((expectation(state, each), 0.0) for each in single)
        return Estimate(expectation(state, observable), 0.0, terms=terms)
    counts = [
        outcomes(measured(circuit, basis)).sample(shots, (*seed, place))
        for place, basis in enumerate(bases(observable))
    ]
    return Estimate(*estimate(observable, counts), shots=shots, terms=term_estimates(observable, counts))


def in_some_order(counts: Counts, seed: int) -> list[str]:
    """Runs that give these counts, in an order that says nothing."""
    keys = sorted(counts)
    places = np.repeat(np.arange(len(keys)), [counts[key] for key in keys])
    return [keys[place] for place in np.random.default_rng((seed, 1)).permutation(places).tolist()]


def _estimate(state: State, observable: PauliSum, shots: int, rng: np.random.Generator) -> Estimate:
    """The mean over `shots` drawn readings in each basis, and its true standard error, which the state tells."""
    value, variance = observable.constant, 0.0
    indices = np.arange(len(state))
    for basis in bases(observable):
        turned = state.copy()
        for gate in rotations(basis.letters):
            apply(turned, observable.qubits, gate)
        weights = turned.real**2 + turned.imag**2
        weights /= weights.sum()
        readings = np.zeros(len(state))
        for coefficient, mask in basis.terms:
            readings += coefficient * (1.0 - 2.0 * (np.bitwise_count(indices & mask) & 1))
        value += float(rng.multinomial(shots, weights) @ readings) / shots
        variance += max(0.0, float(weights @ readings**2) - float(weights @ readings) ** 2) / shots
    return Estimate(value, math.sqrt(variance), shots=shots)
