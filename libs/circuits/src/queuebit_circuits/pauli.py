"""Observables as sums of Pauli strings, exact in their coefficients as far as floating point is; and how to measure them.

Letter q of a string acts on qubit q, and qubit q is bit q of the index into a state: the leftmost letter is qubit 0, the least
significant bit. (Qiskit prints its strings the other way round.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from queuebit_circuits.circuit import Circuit, Gate, Measure, Register


@dataclass(frozen=True, slots=True)
class PauliSum:
    """sum_k c_k P_k. Each string has one letter of IXYZ a qubit; letter q is qubit q (leftmost qubit 0, unlike Qiskit).

    `unit` is that of the value, in the field's own word (hartree), or "".
    """

    qubits: int
    terms: tuple[tuple[float, str], ...]
    unit: str = ""

    @property
    def constant(self) -> float:
        """The coefficient of the identity."""
        return math.fsum(coefficient for coefficient, letters in self.terms if not letters.strip("I"))

    @property
    def spread(self) -> float:
        """The sum of the magnitudes of all other coefficients: no value is further than that from the constant."""
        return math.fsum(abs(coefficient) for coefficient, letters in self.terms if letters.strip("I"))


_FLIPS, _SIGNS = str.maketrans("IXYZ", "0110"), str.maketrans("IXYZ", "0011")


def masks(letters: str) -> tuple[int, int]:
    """(x, z) of a string: it flips the bits of x, then `i` to the number of its Y, and -1 for each bit of z that is set.

    P|b> = i^|x & z| (-1)^|b & z| |b ^ x>.
    """
    reverse = letters[::-1]
    return int(reverse.translate(_FLIPS), 2), int(reverse.translate(_SIGNS), 2)


@dataclass(frozen=True, slots=True)
class Basis:
    """Terms that one measurement of each qubit gives: `letters` says in which basis (I: not measured).

    Each term is its coefficient and the mask of the qubits whose outcomes it multiplies.
    """

    letters: str
    terms: tuple[tuple[float, int], ...]

    @property
    def spread(self) -> float:
        """The largest magnitude of one outcome."""
        return math.fsum(abs(coefficient) for coefficient, _ in self.terms)

    def outcome(self, bits: int) -> float:
        """What the terms add up to where qubit q was measured as bit q."""
        return math.fsum(
            -coefficient if (bits & mask).bit_count() & 1 else coefficient for coefficient, mask in self.terms
        )


PSEUDO = 4
"""Runs that an estimate adds to judge its error, two of each end."""


@lru_cache(maxsize=32)
def bases(observable: PauliSum) -> tuple[Basis, ...]:
    """The measurements that give every term but the identity: strings that agree on each qubit share one.

    First fit, the largest coefficients first. (Any two strings of a basis commute qubit by qubit.)
    """
    ordered = sorted(observable.terms, key=lambda term: (-abs(term[0]), term[1]))
    shared: list[tuple[int, int]] = []
    grouped: list[list[tuple[float, int]]] = []
    for coefficient, letters in ordered:
        flips, signs = masks(letters)
        acting = flips | signs
        if coefficient == 0 or not acting:
            continue
        for place, (x, z) in enumerate(shared):
            if not ((flips ^ x) | (signs ^ z)) & acting & (x | z):
                shared[place] = (x | flips, z | signs)
                grouped[place].append((coefficient, acting))
                break
        else:
            shared.append((flips, signs))
            grouped.append([(coefficient, acting)])
    qubits = range(observable.qubits)
    return tuple(
        Basis("".join("IZXY"[2 * (x >> q & 1) + (z >> q & 1)] for q in qubits), tuple(terms))
        for (x, z), terms in zip(shared, grouped, strict=True)
    )


def rotations(letters: str) -> tuple[Gate, ...]:
    """Gates after which a measurement in the computational basis is one in the basis of each letter."""
    gates: list[Gate] = []
    for qubit, letter in enumerate(letters):
        if letter == "X":
            gates.append(Gate("h", (qubit,)))
        elif letter == "Y":
            gates += [Gate("sdg", (qubit,)), Gate("h", (qubit,))]
    return tuple(gates)


def measured(circuit: Circuit, basis: Basis) -> Circuit:
    """The circuit, which measures nothing itself, followed by a measurement of every qubit in the basis: bit q is qubit q."""
    measures = tuple(Measure(qubit, qubit) for qubit in range(circuit.qubits))
    operations = (*circuit.operations, *rotations(basis.letters), *measures)
    return Circuit(circuit.qubits, (Register("meas", circuit.qubits),), operations)


def estimate(observable: PauliSum, counts: Sequence[Mapping[str, int]]) -> tuple[float, float]:
    """(value, standard error) from the counts of `measured(circuit, basis)` for each of the `bases`, in their order.

    Each basis is a sample of its own: their variances add. Of a single run the error is unknown and taken at its most; of more
    it is that of the sample and of PSEUDO runs more, half at either end of what can be read (Agresti and Coull 1998), so that
    runs that all agree do not claim to be certain.
    """
    value, variance = [observable.constant], 0.0
    for basis, outcomes in zip(bases(observable), counts, strict=True):
        shots = sum(outcomes.values())
        samples = [(basis.outcome(int(key, 2)), number) for key, number in outcomes.items()]
        mean = math.fsum(sample * number for sample, number in samples) / shots
        value.append(mean)
        if shots == 1:
            variance += basis.spread**2
        else:
            squares = math.fsum(number * (sample - mean) ** 2 for sample, number in samples)
            ends = (basis.spread - mean) ** 2 + (basis.spread + mean) ** 2
            variance += (squares + PSEUDO / 2 * ends) / (shots + PSEUDO) / shots
    return math.fsum(value), math.sqrt(variance)


def error_floor(observable: PauliSum, shots: int) -> float:
    """The standard error that `estimate` tells of so many runs in each basis which all read the largest value. That of runs
    which all read 0 is smaller by the root of 2, and none is smaller than that.
    """
    if shots == 1:
        return math.sqrt(math.fsum(basis.spread**2 for basis in bases(observable)))
    each = (PSEUDO / 2 * (2 * basis.spread) ** 2 / (shots + PSEUDO) / shots for basis in bases(observable))
    return math.sqrt(math.fsum(each))


def term_estimates(observable: PauliSum, counts: Sequence[Mapping[str, int]]) -> tuple[tuple[float, float] | None, ...]:
    """(value, standard error) of each string by itself, from the same counts; None of one whose coefficient is 0.

    The values of strings that share a basis come from the same runs, so that their errors do not add up to that of the sum.
    """
    found: dict[str, tuple[float, float]] = {}
    for basis, outcomes in zip(bases(observable), counts, strict=True):
        shots = sum(outcomes.values())
        read = [(int(key, 2), number) for key, number in outcomes.items()]
        for coefficient, letters in observable.terms:
            flips, signs = masks(letters)
            if (coefficient, flips | signs) in basis.terms and _within(letters, basis.letters):
                odd = sum(number for bits, number in read if (bits & (flips | signs)).bit_count() & 1)
                share = (odd + PSEUDO / 2) / (shots + PSEUDO)
                found[letters] = (1 - 2 * odd / shots, 2 * math.sqrt(share * (1 - share) / (shots + PSEUDO)))
    return tuple((1.0, 0.0) if not letters.strip("I") else found.get(letters) for _, letters in observable.terms)


def _within(letters: str, basis: str) -> bool:
    return all(letter in ("I", other) for letter, other in zip(letters, basis, strict=True))


def commutes_with_number(observable: PauliSum, qubits: Sequence[int]) -> bool:
    """As `commute_with_numbers` for one group."""
    return commute_with_numbers(observable, (qubits,))[0]


def commute_with_numbers(
    observable: PauliSum, groups: Sequence[Sequence[int]], *, tolerance: float = 1e-9
) -> list[bool]:
    """Whether the observable keeps the number of ones among the qubits of each group, within `tolerance` of its spread.

    It does where the commutator with the sum of their Z vanishes: string by string, as strings are linearly independent.
    """
    limit = tolerance * max(1.0, observable.spread)
    terms = [(coefficient, *masks(letters)) for coefficient, letters in observable.terms]
    return [_vanishes(terms, qubits, limit) for qubits in groups]


def _vanishes(terms: Sequence[tuple[float, int, int]], qubits: Sequence[int], limit: float) -> bool:
    inside = sum(1 << qubit for qubit in qubits)
    left: dict[tuple[int, int], complex] = {}
    for coefficient, flips, signs in terms:
        changed = flips & inside
        while changed:
            # P Z_q, as i^k X^x Z^z with k the number of Y of P: independent of the order of the factors below.
            mask = changed & -changed
            changed ^= mask
            place = (flips, signs ^ mask)
            left[place] = left.get(place, 0) + coefficient * 1j ** ((flips & signs).bit_count() % 4)
    return all(abs(rest) <= limit for rest in left.values())
