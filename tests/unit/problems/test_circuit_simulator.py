"""The exact simulator follows every branch, knows beforehand what it can afford, and draws the same for the same seed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from queuebit_circuits.circuit import Branch, Circuit, Gate, Measure, Register, Reset
from queuebit_circuits.cost import active, affordable
from queuebit_circuits.errors import UnfitCircuit
from queuebit_circuits.pauli import PauliSum
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.simulator import distribution, outcomes, statevector
from queuebit_problems.measuring.exact_device import ExactDevice

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'


def _near(found: dict[str, float], wanted: dict[str, float]) -> None:
    assert list(found) == sorted(wanted)
    assert found == pytest.approx(wanted, abs=1e-12)


def test_a_measured_qubit_that_is_reset_keeps_what_was_read() -> None:
    circuit = read_circuit(HEAD + "qreg q[1]; creg c[2]; h q; measure q[0] -> c[0]; reset q; measure q[0] -> c[1];")

    _near(distribution(circuit), {"00": 0.5, "01": 0.5})


def test_a_reset_qubit_leaves_its_partner_mixed() -> None:
    circuit = read_circuit(HEAD + "qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; reset q[0]; h q[1]; measure q -> c;")

    _near(distribution(circuit), {"00": 0.5, "10": 0.5})


def test_teleportation_with_corrections_moves_the_state() -> None:
    circuit = read_circuit(
        HEAD + "qreg q[3]; creg a[1]; creg b[1]; creg out[1]; u3(0.3,0.2,0.1) q[0]; h q[1]; cx q[1],q[2];"
        "cx q[0],q[1]; h q[0]; measure q[0] -> a[0]; measure q[1] -> b[0];"
        "if(a==1) z q[2]; if(b==1) x q[2]; u3(-0.3,-0.1,-0.2) q[2]; measure q[2] -> out[0];"
    )

    _near(distribution(circuit), {f"0 {b} {a}": 0.25 for a in "01" for b in "01"})


def test_a_measurement_in_a_branch_and_its_other_way() -> None:
    then, otherwise = (Gate("h", (1,)), Measure(1, 1)), (Gate("x", (1,)), Measure(1, 1))
    operations = (Gate("h", (0,)), Measure(0, 0), Branch((0,), (1,), then, otherwise))

    _near(distribution(Circuit(2, (Register("c", 2),), operations)), {"01": 0.25, "10": 0.5, "11": 0.25})


@pytest.mark.parametrize("last", ["0", "1"])
def test_a_bit_that_is_written_twice_keeps_the_last(last: str) -> None:
    flips = "x q[1];" if last == "1" else "x q[0];"
    circuit = read_circuit(HEAD + f"qreg q[2]; creg c[1]; h q[0]; {flips} measure q[0] -> c[0]; measure q[1] -> c[0];")

    _near(distribution(circuit), {last: 1.0})


def test_more_bits_than_a_machine_word_holds() -> None:
    gates = "".join(f"h q[0]; measure q[0] -> c[{k}]; reset q[0];" for k in (0, 40, 79))
    found = distribution(read_circuit(HEAD + f"qreg q[1]; creg c[80]; {gates}"))

    assert len(found) == 8
    assert found["1" + "0" * 38 + "1" + "0" * 39 + "1"] == pytest.approx(1 / 8)


@pytest.mark.parametrize("seed", range(4))
def test_random_circuits_with_resets_and_conditions_agree_with_aer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines = [HEAD, "qreg q[4]; creg c[4];"]
    for _ in range(30):
        a, b = rng.choice(4, 2, replace=False)
        lines.append(
            [
                f"h q[{a}];", f"cx q[{a}],q[{b}];", f"u3({rng.random()},{rng.random()},{rng.random()}) q[{a}];",
                f"rzz({rng.random()}) q[{a}],q[{b}];", f"if(c=={rng.integers(16)}) x q[{a}];",
                *([f"measure q[{a}] -> c[{b}];", f"reset q[{a}];"] if rng.random() < 0.4 else [f"t q[{a}];"] * 2),
            ][rng.integers(7)]
        )  # fmt: skip
    text = "\n".join([*lines, "measure q -> c;"])
    shots = 20_000
    theirs = AerSimulator(seed_simulator=1, max_parallel_threads=1).run(QuantumCircuit.from_qasm_str(text), shots=shots)

    exact, seen = distribution(read_circuit(text)), theirs.result().get_counts()

    assert set(seen) <= set(exact)
    distance = sum(abs(exact.get(key, 0.0) - seen.get(key, 0) / shots) for key in exact) / 2
    assert distance < math.sqrt(16 / shots) / 2 + math.sqrt(math.log(1e6) / 2 / shots)


def test_qubits_without_gates_cost_nothing() -> None:
    circuit = read_circuit(
        HEAD + "qreg q[500]; creg c[2]; x q[400]; reset q[3]; measure q[400] -> c[1]; measure q[7] -> c[0];"
    )

    assert active(circuit) == [400]
    _near(distribution(circuit), {"10": 1.0})


def _wide(qubits: int, layers: int = 1) -> Circuit:
    gates = tuple(Gate("h", (qubit,)) for _ in range(layers) for qubit in range(qubits))
    measures = tuple(Measure(qubit, qubit) for qubit in range(qubits))
    return Circuit(qubits, (Register("c", qubits),), gates + measures)


def _measuring_often(times: int) -> Circuit:
    steps = tuple(each for k in range(times) for each in (Gate("h", (0,)), Measure(0, k), Reset(0)))
    return Circuit(1, (Register("c", times),), steps)


@pytest.mark.parametrize(
    ("circuit", "small"),
    [
        (_wide(20), True),
        (_wide(21), False),  # Two million outcomes.
        (_wide(24), False),
        (_wide(20, layers=60), False),
        (_measuring_often(10), True),
        (_measuring_often(30), False),
        (Circuit(23, (Register("c", 23),), (Gate("h", (0,)), *(Gate("cx", (k, k + 1)) for k in range(22)),
                                            *(Measure(k, k) for k in range(23)))), True),
        (Circuit(4, (Register("c", 4),), tuple(each for k in range(60) for each in (Gate("x", (0,)), Measure(0, 0)))),
         True),
    ],
)  # fmt: skip
def test_counts_alone_decide_what_is_affordable(circuit: Circuit, small: bool) -> None:
    assert affordable(circuit) is small


def test_what_is_not_affordable_is_refused() -> None:
    with pytest.raises(UnfitCircuit, match="too large to be simulated exactly"):
        distribution(_wide(24))
    with pytest.raises(UnfitCircuit, match="no single final state"):
        statevector(_wide(2))


def test_samples_repeat_with_their_seed_and_follow_the_distribution() -> None:
    found = outcomes(_wide(3))

    assert found.sample(1000, 7) == found.sample(1000, 7) != found.sample(1000, 8)
    assert sum(found.sample(1000, 7).values()) == 1000
    assert outcomes(read_circuit(HEAD + "qreg q[2]; creg c[2]; x q[1]; measure q -> c;")).sample(9, 0) == {"10": 9}


def test_the_exact_device_counts_and_computes_expectations() -> None:
    device, bell = ExactDevice(), Circuit(2, (), (Gate("h", (0,)), Gate("cx", (0, 1))))
    observable = PauliSum(2, ((0.5, "II"), (1.0, "ZZ"), (2.0, "XX"), (0.25, "YY"), (3.0, "ZI")))
    [exact] = device.expectations([bell], observable, shots=None, seed=1)
    [sampled] = device.expectations([bell], observable, shots=10_000, seed=1)

    assert exact.value == pytest.approx(3.25)
    assert exact.std_error == 0
    assert sampled.std_error == pytest.approx(0.03, rel=1e-6)
    assert abs(sampled.value - 3.25) < 5 * sampled.std_error
    assert device.counts([_wide(2)] * 2, shots=100, seed=3) == device.counts([_wide(2)] * 2, shots=100, seed=3)
    assert [sum(each.values()) for each in device.counts([_wide(2)] * 2, shots=100, seed=3)] == [100, 100]
