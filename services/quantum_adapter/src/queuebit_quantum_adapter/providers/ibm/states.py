"""Whether a circuit that reads nothing became one that ends in the same state, wherever its qubits went."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from qiskit.circuit import ClassicalRegister

from queuebit_quantum_adapter.providers.active_qubits import on_active_qubits
from queuebit_quantum_adapter.providers.read_back import read_back, same_outcomes
from queuebit_quantum_adapter.verification.equivalence import Equivalence

READINGS = 3
SEED = 20_260_601
METHOD = "exact outcomes without noise, each qubit read in directions at random"


def same_states(asked: Any, made: Any) -> Equivalence:
    """Compare what both give where each qubit is read in a direction at random, several times. Raises NotEquivalent.

    Two states that differ, and not by a phase alone, agree on such readings with probability 0.
    """
    chance = np.random.default_rng(SEED)
    found = []
    for _ in range(READINGS):
        turns = chance.uniform(0, np.pi, size=(asked.num_qubits, 2))
        compact, _ = on_active_qubits(_read(made, places_of(made), turns))
        left = read_back(_read(asked, places_of(asked), turns))
        found.append(same_outcomes(left, read_back(compact)))
    if not all(each.inputs for each in found):
        return found[0]
    return replace(found[0], method=METHOD, inputs=READINGS, fidelity=min(each.fidelity for each in found))


def places_of(circuit: Any) -> list[int]:
    """Where each qubit that was asked for is at the end."""
    if circuit.layout is None:
        return list(range(circuit.num_qubits))
    return list(circuit.layout.final_index_layout(filter_ancillas=True))


def _read(circuit: Any, places: list[int], turns: Any) -> Any:
    """The circuit, each of these qubits turned and then read into the bit of its number."""
    register = ClassicalRegister(len(places), "r")
    read = circuit.copy()
    read.add_register(register)
    for bit, (place, (first, second)) in enumerate(zip(places, turns, strict=True)):
        read.rz(first, place)
        read.ry(second, place)
        read.measure(place, register[bit])
    return read
