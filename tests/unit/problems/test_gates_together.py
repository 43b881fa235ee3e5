"""Many gates at once do what they do one after the other."""

from __future__ import annotations

import random

import numpy as np
import pytest

from queuebit_circuits.applying import QUBITS_MIN, apply, apply_all
from queuebit_circuits.circuit import Circuit, Gate, Register
from queuebit_circuits.gates import GATES

USUAL = ("rz", "rzz", "rx", "h", "cx", "p", "cz", "cp", "t", "crz")


@pytest.mark.parametrize("seed", range(40))
def test_any_gates_in_any_order(seed: int) -> None:
    chance = random.Random(seed)
    qubits = chance.randint(QUBITS_MIN, QUBITS_MIN + 3)
    gates = []
    for _ in range(chance.randint(1, 60)):
        name = chance.choice(USUAL if chance.random() < 0.6 else [*GATES])
        kind = GATES[name]
        at = tuple(chance.sample(range(qubits), kind.qubits))
        gates.append(Gate(name, at, tuple(chance.uniform(-4, 4) for _ in range(kind.angles))))
    start = np.random.default_rng(seed).normal(size=2 << qubits).view(np.complex128)
    one_by_one, together = start.copy(), start.copy()

    for gate in gates:
        apply(one_by_one, qubits, gate)
    apply_all(together, qubits, gates)

    assert np.abs(one_by_one - together).max() < 1e-12 * np.abs(start).max() * len(gates)


def test_keys_are_read_together_as_one_by_one() -> None:
    plain, parted = (
        Circuit(3, registers, ()) for registers in ((Register("c", 3),), (Register("a", 2), Register("b", 1)))
    )

    for circuit in (plain, parted):
        for keys in (["000", "101"], ["0 01", "1 10"], ["0 1"], [" 01", "1_1"], ["٣٣٣"], [""], []):
            assert circuit.all_bits(keys) == [circuit.bits(key) for key in keys]
