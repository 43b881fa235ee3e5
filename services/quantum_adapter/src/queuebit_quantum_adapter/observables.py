"""An expectation value from samples: the bases in which its terms can be read together, and the estimate from the outcomes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from queuebit_problems.circuits.circuit import Circuit, Gate, Measure, Operation, Register
from queuebit_problems.circuits.pauli import PauliSum
from queuebit_problems.measurement import Estimate

_TURN: dict[str, tuple[str, ...]] = {"X": ("h",), "Y": ("sdg", "h"), "Z": (), "I": ()}
"""The gates that turn a letter's basis into that of the measurement."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One basis, a letter each qubit, and the terms of the observable (by their place) that are read in it."""

    letters: str
    terms: tuple[int, ...]

    def applied_to(self, circuit: Circuit) -> Circuit:
        """The circuit, then a measurement of every qubit in this basis, qubit q into bit q."""
        turns: list[Operation] = [
            Gate(name, (qubit,)) for qubit, letter in enumerate(self.letters) for name in _TURN[letter]
        ]
        reads = [Measure(qubit, qubit) for qubit in range(circuit.qubits)]
        return Circuit(circuit.qubits, (Register("c", circuit.qubits),), (*circuit.operations, *turns, *reads))


def settings_of(observable: PauliSum) -> tuple[Setting, ...]:
    """Bases for all terms but the constant, few by a greedy choice: a term joins the first that it does not contradict."""
    chosen: list[tuple[str, list[int]]] = []
    for place, (_, letters) in enumerate(observable.terms):
        if not letters.strip("I"):
            continue
        for index, (basis, terms) in enumerate(chosen):
            if all(a == b or "I" in (a, b) for a, b in zip(basis, letters, strict=True)):
                merged = "".join(b if a == "I" else a for a, b in zip(basis, letters, strict=True))
                chosen[index] = (merged, [*terms, place])
                break
        else:
            chosen.append((letters, [place]))
    return tuple(Setting(basis, tuple(terms)) for basis, terms in chosen)


def estimate_of(observable: PauliSum, settings: Sequence[Setting], outcomes: Sequence[Mapping[int, int]]) -> Estimate:
    """The value and its standard error from the outcomes of each setting. Terms of one basis are correlated: the error is that
    of their sum in each shot.
    """
    value = math.fsum(factor for factor, letters in observable.terms if not letters.strip("I"))
    variance = 0.0
    for setting, counts in zip(settings, outcomes, strict=True):
        terms = [(observable.terms[place][0], _mask(observable.terms[place][1])) for place in setting.terms]
        shots = sum(counts.values())
        sums = [
            (math.fsum(-factor if (bits & mask).bit_count() & 1 else factor for factor, mask in terms), count)
            for bits, count in counts.items()
        ]
        mean = math.fsum(total * count for total, count in sums) / shots
        value += mean
        if shots > 1:
            variance += math.fsum(count * (total - mean) ** 2 for total, count in sums) / (shots - 1) / shots
    return Estimate(value, math.sqrt(variance))


def _mask(letters: str) -> int:
    return sum(1 << qubit for qubit, letter in enumerate(letters) if letter != "I")
