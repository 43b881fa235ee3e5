"""Clifford circuits of any width: every classical bit is a parity of fair coins (Aaronson and Gottesman 2004).

Measurements in the middle, resets, and Pauli gates where one bit is set are followed, too. Nothing here needs numpy.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import assert_never

from queuebit_circuits.circuit import Barrier, Branch, Circuit, Gate, Measure, Operation, Reset
from queuebit_circuits.steps import steps_of
from queuebit_circuits.tableau import Tableau

QUBITS_MAX = 1_000
WORK_MAX = 4_000_000
"""Rows touched by gates and measurements, all together: a few seconds."""


@dataclass(frozen=True, slots=True)
class Parities:
    """What a Clifford circuit measures: of the mask of classical bit k, bit 0 is a constant and bit j + 1 says whether coin j
    is in its parity.
    """

    circuit: Circuit
    bits: tuple[int, ...]
    coins: int

    @property
    def constant(self) -> int:
        """The outcome where all coins show 0."""
        return sum((mask & 1) << place for place, mask in enumerate(self.bits))

    def basis(self) -> list[int]:
        """Outcomes, in echelon form by their highest bits, whose sums modulo 2, added to the constant, are all outcomes."""
        found: dict[int, int] = {}
        for coin in range(self.coins):
            turned = sum((mask >> coin + 1 & 1) << place for place, mask in enumerate(self.bits))
            while turned:
                top = turned.bit_length() - 1
                if top not in found:
                    found[top] = turned
                    break
                turned ^= found[top]
        return [found[top] for top in sorted(found)]

    def outcomes(self) -> list[int]:
        """Every outcome, all alike likely, in ascending order. There are 2**len(basis()) of them."""
        outcomes = [self.constant]
        for turned in self.basis():
            outcomes += [outcome ^ turned for outcome in outcomes]
        return sorted(outcomes)

    def sample(self, shots: int, seed: int) -> dict[str, int]:
        """What `shots` runs might give, the same for the same seed."""
        rng, basis, constant = random.Random(seed), self.basis(), self.constant
        seen: dict[int, int] = {}
        for _ in range(shots):
            outcome, toss = constant, rng.getrandbits(len(basis)) if basis else 0
            for place, turned in enumerate(basis):
                if toss >> place & 1:
                    outcome ^= turned
            seen[outcome] = seen.get(outcome, 0) + 1
        return dict(zip(self.circuit.keys(seen), seen.values(), strict=True))


def is_clifford(circuit: Circuit) -> bool:
    """Whether `parities_of` is willing to follow the circuit; judged by its operations alone."""
    if circuit.qubits > QUBITS_MAX or not all(map(_is_clifford, circuit.operations)):
        return False
    rows = 2 * circuit.qubits
    on_rows = [not isinstance(each, Gate) for each in circuit.operations if not isinstance(each, Barrier)]
    changes = sum(one != other for one, other in pairwise(on_rows))
    measured = sum(isinstance(each, Measure | Reset) for each in circuit.operations)
    turned = sum(len(each.then) + len(each.otherwise) for each in circuit.operations if isinstance(each, Branch))
    work = len(circuit.operations) * 8 + (changes + 1) * rows * circuit.qubits + (measured + turned) * rows
    return work <= WORK_MAX


def _is_clifford(operation: Operation) -> bool:
    match operation:
        case Gate():
            return steps_of(operation) is not None
        case Measure() | Reset() | Barrier():
            return True
        case Branch(clbits, values, then, otherwise):
            paulis = all(isinstance(each, Gate) and each.name in ("x", "y", "z", "id") for each in (*then, *otherwise))
            return len(clbits) == 1 and paulis and set(values) <= {0, 1}
        case never:
            assert_never(never)


def parities_of(circuit: Circuit) -> Parities | None:
    """The parities that a circuit measures; None where it is no Clifford circuit, or too large."""
    if not is_clifford(circuit):
        return None
    tableau, bits = Tableau(circuit.qubits), [0] * circuit.clbits
    for operation in circuit.operations:
        match operation:
            case Gate():
                tableau.apply(steps_of(operation) or ())
            case Measure(qubit, clbit):
                bits[clbit] = tableau.measure(qubit)
            case Reset(qubit):
                tableau.turn("x", qubit, tableau.measure(qubit))
            case Branch(clbits, values, then, otherwise):
                _branch(tableau, bits[clbits[0]], values, then, otherwise)
            case Barrier():
                pass
            case never:
                assert_never(never)
    return Parities(circuit, tuple(bits), tableau.coins)


def _branch(
    tableau: Tableau, bit: int, values: Sequence[int], then: Sequence[Operation], otherwise: Sequence[Operation]
) -> None:
    """Pauli gates where a bit is 1, or where it is 0: those turn signs by its parity."""
    for value, parity in ((1, bit), (0, bit ^ 1)):
        for gate in then if value in values else otherwise:
            if isinstance(gate, Gate) and gate.name != "id":
                tableau.turn(gate.name, gate.qubits[0], parity)
