"""Circuits of any form become Qiskit's and stay what they are, against a simulator that shares nothing with Qiskit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit.quantum_info import Statevector
from qiskit_aer import AerSimulator

from queuebit_circuits.circuit import Branch, Circuit, Gate, Measure, Register, opened
from queuebit_circuits.gates import GATES
from queuebit_circuits.simulator import distribution, statevector
from queuebit_quantum_adapter.providers.aer.forms import FormRunner
from queuebit_quantum_adapter.providers.aer.ideal import IdealTarget
from queuebit_quantum_adapter.providers.qiskit_conversion import (
    GATE_OF,
    steps_of_quantum_circuit,
    to_open_circuit,
)
from queuebit_quantum_adapter.verification.matrices import Choice, go, product_state, steps_of
from tests.unit.quantum_adapter.circuits_at_random import a_dynamic, a_unitary

SHOTS = 20_000


def to_quantum_circuit(circuit: Circuit) -> Any:
    bound = opened(circuit)
    return to_open_circuit(bound.circuit).bind(bound.angles)


def a_runner() -> FormRunner:
    return FormRunner(IdealTarget(qubits_max=16, memory_bytes_max=2**30))


def test_every_gate_has_its_counterpart() -> None:
    assert set(GATE_OF) == set(GATES)


@pytest.mark.parametrize("name", sorted(GATES))
def test_a_gate_of_qiskit_does_what_ours_does(name: str) -> None:
    """On qubits in an order that is not theirs, from a state that is not symmetric."""
    kind = GATES[name]
    order = (1, 0, 2, 4, 3)[: kind.qubits] if kind.qubits > 1 else (2,)
    turns = tuple(Gate("u", (qubit,), (0.3 + qubit, 0.7, 0.2 * qubit)) for qubit in range(5))
    circuit = Circuit(5, (), (*turns, Gate(name, order, tuple(0.4 + 0.3 * k for k in range(kind.angles)))))

    found = np.asarray(Statevector(to_quantum_circuit(circuit)).data)

    assert abs(np.vdot(found, statevector(circuit))) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_a_circuit_read_back_from_qiskit_is_the_same(seed: int) -> None:
    circuit = a_unitary(5, seed)
    start = product_state(5, np.random.default_rng(seed))

    ours = go(steps_of(circuit.operations), start, generator=None, script={}).state
    theirs = go(steps_of_quantum_circuit(to_quantum_circuit(circuit)), start, generator=None, script={}).state

    assert abs(np.vdot(ours, theirs)) == pytest.approx(1, abs=1e-12)


def test_our_steps_are_those_of_the_simulator() -> None:
    circuit = a_unitary(4, 3)
    start = np.zeros((2,) * 4, dtype=np.complex128)
    start[0, 0, 0, 0] = 1

    found = go(steps_of(circuit.operations), start, generator=None, script={}).state

    np.testing.assert_allclose(found.transpose().ravel(), statevector(circuit), atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_measurements_resets_and_conditions_have_the_exact_distribution(seed: int) -> None:
    circuit = a_dynamic(4, seed)
    runner = a_runner()

    result = AerSimulator(method="statevector", max_parallel_threads=1).run(
        runner.converted(circuit), shots=SHOTS, seed_simulator=seed
    )
    counts = {int(key, 16): count for key, count in result.result().data(0)["counts"].items()}

    exact = distribution(circuit)
    found = dict(zip(circuit.keys(counts), counts.values(), strict=True))
    assert sum(abs(found.get(key, 0) / SHOTS - exact.get(key, 0.0)) for key in exact | found) / 2 < 0.025


@pytest.mark.parametrize(("value", "flips"), [(0, False), (1, False), (2, True), (3, False), (4, False)])
def test_a_condition_on_several_bits_holds_for_one_value_alone(value: int, flips: bool) -> None:
    """Bits 0 and 2 read 0 and 1, which is 2."""
    operations = (
        Gate("x", (1,)),
        Measure(0, 0),
        Measure(1, 2),
        Branch((0, 2), (value,), (Gate("x", (2,)),)),
        Measure(2, 1),
    )
    circuit = Circuit(3, (Register("a", 2), Register("b", 1)), operations)

    made = a_runner().converted(circuit)
    counts = AerSimulator().run(made, shots=5, seed_simulator=1).result().get_counts()

    assert counts == {"1 10" if flips else "1 00": 5}


def test_what_can_never_hold_leaves_the_other_way() -> None:
    never = Branch((0,), (2,), (Gate("x", (0,)),), (Gate("h", (0,)),))
    always = Branch((), (0,), (Gate("z", (0,)),))
    circuit = Circuit(1, (Register("c", 1),), (never, always, Branch((0,), (1,), (Gate("x", (0,)),))))

    steps = steps_of_quantum_circuit(to_quantum_circuit(circuit))

    assert [type(step).__name__ for step in steps] == ["Unitary", "Unitary", "Choice"]
    assert isinstance(steps[2], Choice)
    assert (steps[2].clbits, steps[2].values) == ((0,), (1,))
