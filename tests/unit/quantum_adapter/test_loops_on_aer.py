"""Programs with loops on measurements through the adapter's own Aer: the counts pass the tests that a validator makes."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_circuits.circuit import Circuit, length_of
from queuebit_circuits.qasm import read_circuit
from queuebit_problems.kinds.circuits.circuit_sampling import KIND, sampled
from queuebit_quantum_adapter.backends.snapshots import snapshot_of
from queuebit_quantum_adapter.pipelines.measurement_device import ProviderDevice
from queuebit_quantum_adapter.providers.aer.forms import FormRunner
from queuebit_quantum_adapter.providers.aer.ideal import IdealTarget
from queuebit_quantum_adapter.providers.aer.noisy import NoisyTarget
from queuebit_quantum_adapter.providers.aer.offer import noisy_aer
from queuebit_quantum_adapter.providers.aer.provider import AerProvider
from queuebit_quantum_adapter.providers.qiskit_conversion import steps_of_quantum_circuit
from queuebit_quantum_adapter.providers.read_back import METHOD, same_outcomes
from queuebit_quantum_adapter.submissions.running import Runner
from queuebit_quantum_adapter.verification.equivalence import check_circuit
from tests.unit.quantum_adapter.models import LIMITS, an_attempt

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q; bit[2] c; bit d;\n'
LOOPS = {
    "a geometric number": "h q[0]; c[0] = measure q[0]; while (c[0]) { h q[0]; c[0] = measure q[0]; x q[1]; }"
    " d = measure q[1];",
    "repeated until success": "x q[0]; c[0] = measure q[0]; h q[2]; while (c != 0) { reset q[0]; reset q[1]; h q[0]; h q[1];"
    " ccx q[0], q[1], q[2]; s q[2]; ccx q[0], q[1], q[2]; z q[2]; h q[0]; h q[1]; c = measure q[0:1]; }"
    " h q[2]; d = measure q[2];",
}


@pytest.mark.parametrize("program", LOOPS)
def test_what_aer_counts_is_what_the_loop_gives(program: str) -> None:
    statement = KIND.parse({"qasm": HEAD + LOOPS[program], "shots": 4000})

    provider = AerProvider(IdealTarget(qubits_max=8, memory_bytes_max=2**30))
    device = ProviderDevice(Runner(an_attempt(), lambda: provider), LIMITS, 60.0, name="aer")

    [counts] = device.counts([statement.circuit], shots=4000, seed=11)

    examined = KIND.examine(statement, sampled(statement, counts))
    assert examined.exact
    assert all(test.passed for test in examined.tests), examined.tests


def test_what_the_circuit_is_converted_into_is_compared_with_it() -> None:
    circuit = read_circuit(HEAD + LOOPS["a geometric number"])
    runner = FormRunner(IdealTarget(qubits_max=8, memory_bytes_max=2**30))

    found = check_circuit(circuit, lambda each: steps_of_quantum_circuit(runner.converted(each)), 3)

    assert found.fidelity == pytest.approx(1)
    assert length_of(circuit.operations) > 39


def test_what_a_noisy_device_runs_is_compared_too() -> None:
    """Its circuit has a measurement a turn: too many by their count, and few histories."""
    pytest.importorskip("qiskit_ibm_runtime", reason="the extra `noise` is not installed")
    options: Any = noisy_aer(LIMITS, snapshot_of("fake_manila")).options
    target = NoisyTarget(**options)
    circuit = read_circuit(HEAD + LOOPS["a geometric number"])
    runner = FormRunner(target)

    found = target.check_circuit(circuit, runner.converted)

    assert found.method == METHOD
    assert found.fidelity == pytest.approx(1)


def test_what_loops_within_loops_leave_out_is_no_difference() -> None:
    inner = "reset q[0]; c = measure q[0:1]; while (c != 1) { h q[0]; c = measure q[0:1]; }"
    circuit = read_circuit(f"{HEAD}while (!d) {{ {inner} h q[2]; d = measure q[2]; }}")
    assert circuit.loops is not None
    assert circuit.loops.left_out > 5e-9

    found = same_outcomes(circuit, Circuit(circuit.qubits, circuit.registers, circuit.operations))

    assert found.method == METHOD


def test_what_is_too_large_by_its_histories_is_not_compared() -> None:
    mixed = "h q[0]; c[0] = measure q[0]; if (c[0]) { rx(0.3) q[1]; } else { ry(0.4) q[1]; } "
    program = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[40] c; ' + "".join(
        mixed.replace("c[0]", f"c[{turn}]") for turn in range(40)
    )
    circuit = read_circuit(program)

    assert same_outcomes(circuit, circuit).method == "not compared: too large"
