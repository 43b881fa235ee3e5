"""Circuits that a transpiler made, read back into ours, so that our own exact simulator can say what they would measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from queuebit_circuits.circuit import Branch, Circuit, Gate, Measure, Operation, Register, Reset
from queuebit_circuits.cost import affordable
from queuebit_circuits.errors import UnfitCircuit
from queuebit_circuits.gates import GATES
from queuebit_circuits.simulator import followed, outcomes
from queuebit_quantum_adapter.errors import NotEquivalent
from queuebit_quantum_adapter.providers.qiskit_conversion import read_condition
from queuebit_quantum_adapter.verification.equivalence import Equivalence

TOLERANCE = 1e-9
METHOD = "exact outcomes without noise"


def same_outcomes(asked: Circuit, done: Circuit) -> Equivalence:
    """Compare the exact distributions of two circuits with the same classical bits. Raises NotEquivalent.

    Circuits that are too large for the exact simulator are not compared, and that is what the answer says.
    """
    try:
        found = [outcomes(each) if affordable(each) else followed(each) for each in (asked, done)]
    except UnfitCircuit:
        return Equivalence("not compared: too large", 0, 1.0)
    left, right = ({int(b): p for b, p in zip(o.bits, o.probabilities, strict=True)} for o in found)
    overlap = sum(np.sqrt(left[bits] * right.get(bits, 0.0)) for bits in left)
    distance = sum(abs(left.get(bits, 0.0) - right.get(bits, 0.0)) for bits in left.keys() | right.keys()) / 2
    fidelity = min(1.0, float(overlap) ** 2)
    if distance > TOLERANCE + sum(each.left_out for each in found):
        raise NotEquivalent(f"The transpiled circuit has another distribution: fidelity {fidelity:.9f}.")
    return Equivalence(METHOD, 1, fidelity)


def read_back(circuit: Any) -> Circuit:
    """A bound Qiskit circuit as ours; its classical bits are one register. Raises NotEquivalent where it has other gates."""
    qubits = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    clbits = {bit: index for index, bit in enumerate(circuit.clbits)}
    registers = (Register("c", circuit.num_clbits),) if circuit.num_clbits else ()
    return Circuit(circuit.num_qubits, registers, _operations(circuit, qubits, clbits))


def _operations(circuit: Any, qubits: Mapping[Any, int], clbits: Mapping[Any, int]) -> tuple[Operation, ...]:
    found: list[Operation] = []
    for item in circuit.data:
        at = tuple(qubits[qubit] for qubit in item.qubits)
        match item.operation.name:
            case "barrier" | "delay":
                pass
            case "measure":
                found.append(Measure(at[0], clbits[item.clbits[0]]))
            case "reset":
                found.append(Reset(at[0]))
            case "if_else":
                found.append(_branch(item, at, clbits))
            case "ecr":
                found += _echoed(*at)
            case name if name in GATES:
                found.append(Gate(name, at, tuple(float(value) for value in item.operation.params)))
            case name:
                raise NotEquivalent(
                    f"The transpiled circuit has an operation {name[:60]!r} that nothing here can check."
                )
    return tuple(found)


def _branch(item: Any, at: tuple[int, ...], clbits: Mapping[Any, int]) -> Branch:
    places, values = read_condition(item.operation.condition, clbits)
    blocks = [
        _operations(
            block,
            dict(zip(block.qubits, at, strict=True)),
            dict(zip(block.clbits, (clbits[bit] for bit in item.clbits), strict=True)),
        )
        for block in item.operation.blocks
    ]
    return Branch(places, values, blocks[0], blocks[1] if len(blocks) > 1 else ())


def _echoed(first: int, second: int) -> tuple[Gate, ...]:
    """The echoed cross-resonance gate, up to a phase."""
    return Gate("s", (first,)), Gate("sx", (second,)), Gate("cx", (first, second)), Gate("x", (first,))
