"""Measurements on a noisy target: bits where they belong after the layout, noise of the right size, told as what it is."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import uuid
from dataclasses import replace

import pytest

from queuebit_circuits.circuit import Circuit, Gate, Measure, Register
from queuebit_circuits.pauli import PauliSum
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.simulator import distribution
from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded, JobQueued
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Problem
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.snapshots import snapshot_of
from queuebit_quantum_adapter.errors import BudgetTooSmall, NotEquivalent, UnusableProblem
from queuebit_quantum_adapter.pipelines.measurement_device import ProviderDevice
from queuebit_quantum_adapter.providers.aer.offer import noisy_aer
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.submissions.running import Runner, open_provider
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.quantum_adapter.models import LIMITS, an_order

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `noise` is not installed")
HEADER = 'OPENQASM 3.0; include "stdgates.inc"; '
ASYMMETRIC = (
    HEADER + "qubit[5] q; bit[2] a; bit[3] b; x q[0]; ry(0.4) q[1]; ry(2.0) q[2]; cx q[1], q[3]; x q[4]; cx q[4], q[1];"
    "ccx q[0], q[2], q[3]; cp(0.3) q[0], q[4];"
    "a[0] = measure q[3]; a[1] = measure q[1]; b[2] = measure q[0]; b[0] = measure q[4]; b[1] = measure q[2];"
)
"""Five bits with five different means, in two registers, measured across each other."""
DYNAMIC = (
    HEADER + "qubit[4] q; bit[2] m; bit[2] r; ry(0.7) q[0]; cx q[0], q[2]; m[0] = measure q[0];"
    "if (m[0] == 1) { x q[3]; cx q[3], q[1]; } else { ry(2.2) q[1]; }"
    "reset q[0]; x q[0]; m[1] = measure q[2]; if (m == 3) { x q[0]; } r[0] = measure q[0]; r[1] = measure q[1];"
)
FAMILIES = "fake_manila", "fake_guadalupe", "fake_sherbrooke", "fake_torino", "fake_almaden"
"""A line of CX, heavy hexagons of CX, ECR and CZ, and gates of an older basis."""
REPEAT = """
import json
from queuebit_quantum_adapter.submissions.running import Runner
from tests.unit.quantum_adapter.test_noisy_measurements import ASYMMETRIC, DYNAMIC, a_device, read_circuit
circuits = [read_circuit(ASYMMETRIC), read_circuit(DYNAMIC)]
print(json.dumps(a_device("fake_sherbrooke").counts(circuits, shots=300, seed=11)))
"""


def a_device(name: str, *, budget_s: float = 60.0) -> ProviderDevice:
    provider = open_provider(noisy_aer(LIMITS, snapshot_of(name)))
    return ProviderDevice(Runner(uuid.uuid4(), lambda: provider), LIMITS, budget_s, name="noisy")


def distance(counts: dict[str, int], exact: dict[str, float]) -> float:
    shots = sum(counts.values())
    return sum(abs(counts.get(key, 0) / shots - exact.get(key, 0.0)) for key in {*counts, *exact}) / 2


async def done(order: JobQueued, name: str) -> ExecutionSucceeded | ExecutionFailed:
    backends = Backends([noisy_aer(LIMITS, snapshot_of(name))])
    executor = QuantumExecutor(InlinePool(), backends, LIMITS, SystemClock(), worker="w")
    return await executor.run(order, lambda progress: None, asyncio.Event())


@pytest.mark.parametrize("name", FAMILIES)
def test_bits_stay_in_their_places_whatever_the_layout(name: str) -> None:
    circuit, device = read_circuit(ASYMMETRIC), a_device(name)
    exact = distribution(circuit)

    [counts] = device.counts([circuit], shots=4000, seed=5)

    fitted = device.target()["target"]["circuits"][0]
    assert fitted["layout"] != [0, 1, 2, 3, 4]
    assert max(counts, key=lambda key: counts[key]) == max(exact, key=lambda key: exact[key])
    away = distance(dict(counts), exact)
    assert 0.02 < away < 0.02 + 1.5 * (1 - fitted["success"])
    turned = {key[::-1].replace(" ", "")[:3] + " " + key[::-1].replace(" ", "")[3:]: n for key, n in counts.items()}
    assert distance(turned, exact) > away + 0.15


@pytest.mark.parametrize("name", ["fake_sherbrooke", "fake_torino"])
def test_branches_resets_and_measurements_between_run_where_the_device_has_them(name: str) -> None:
    circuit, device = read_circuit(DYNAMIC), a_device(name)

    [counts] = device.counts([circuit], shots=4000, seed=5)

    assert distance(dict(counts), distribution(circuit)) < 0.08
    assert device.equivalence()["methods"] == ["exact outcomes without noise"]
    assert device.equivalence()["fidelity"] == pytest.approx(1.0)


def test_a_device_without_branches_refuses_them() -> None:
    with pytest.raises(UnusableProblem, match="needs the operation if_else, which fake_guadalupe lacks") as refused:
        a_device("fake_guadalupe").counts([read_circuit(DYNAMIC)], shots=10, seed=1)

    assert refused.value.remedy == "Use another device, as fake_sherbrooke, or the target exact."


def test_density_matrix_and_trajectories_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit, device = read_circuit(ASYMMETRIC), a_device("fake_guadalupe")

    [first] = device.counts([circuit], shots=4000, seed=1)
    methods = [device.target()["target"]["circuits"][0]["method"]]
    monkeypatch.setattr("queuebit_quantum_adapter.providers.aer.noisy.DENSITY_GATE_2Q_S", 1.0)
    [second] = device.counts([circuit], shots=4000, seed=2)
    methods.append(device.target()["target"]["circuits"][0]["method"])

    assert methods == ["density_matrix", "statevector"]
    assert distance(dict(first), {key: count / 4000 for key, count in second.items()}) < 0.04


def test_the_same_seed_gives_the_same_counts_in_every_process() -> None:
    here = a_device("fake_sherbrooke").counts([read_circuit(ASYMMETRIC), read_circuit(DYNAMIC)], shots=300, seed=11)
    other = a_device("fake_sherbrooke").counts([read_circuit(ASYMMETRIC)], shots=300, seed=12)

    done = subprocess.run([sys.executable, "-c", REPEAT], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == here
    assert other != here[:1]


def test_expectation_values_are_estimated_from_noisy_shots() -> None:
    circuit = Circuit(2, (), (Gate("ry", (0,), (0.6,)), Gate("cx", (0, 1))))
    observable = PauliSum(2, ((0.5, "II"), (1.0, "ZZ"), (0.3, "XX")))

    [found] = a_device("fake_manila").expectations([circuit], observable, shots=None, seed=4)

    assert found.std_error > 0
    assert found.value == pytest.approx(0.5 + 1.0 + 0.3 * 0.5646, abs=0.25)
    exact = 0.5 + 1.0 + 0.3 * 0.5646
    assert exact - found.bias_max - 3 * found.std_error < found.value < exact - 3 * found.std_error


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("qubits", [1, 5])
def test_the_bias_of_a_value_is_part_of_the_error_that_is_told(name: str, qubits: int) -> None:
    """All qubits excited: readouts err here more often than on average."""
    circuit = Circuit(qubits, (), tuple(Gate("x", (qubit,)) for qubit in range(qubits)))
    parity = PauliSum(qubits, ((1.0, "Z" * qubits),))

    [found] = a_device(name).expectations([circuit], parity, shots=4000, seed=4)

    away = abs(found.value - (-1) ** qubits)
    assert found.std_error < away < found.bias_max + 3 * found.std_error
    assert found.bias_max < 10 * away


async def test_an_order_tells_that_its_noise_is_simulated() -> None:
    order = an_order(Problem(kind="circuit_sampling", statement={"qasm": ASYMMETRIC, "shots": 200}))

    told = await done(order, "fake_manila")

    assert isinstance(told, ExecutionSucceeded)
    assert sum(told.answer["counts"].values()) == 200
    assert told.ran.backend == "aer_simulator (simulated noise of fake_manila)"
    assert told.ran.backend_version.endswith(", simulated noise model, snapshot of 2024-05-27")
    assert told.evidence["target"]["calibrated_at"] == told.evidence["calibrated_at"] == "2024-05-27T15:27:23-03:00"
    assert told.evidence["backend_health"] == 1.0
    assert told.provenance["noise"] == "fake_manila (simulated noise model)"


async def test_a_circuit_that_is_too_wide_is_refused_with_limit_and_remedy() -> None:
    wide = HEADER + "qubit[6] q; bit[6] c; h q; c = measure q;"

    told = await done(an_order(Problem(kind="circuit_sampling", statement={"qasm": wide, "shots": 10})), "fake_manila")

    assert isinstance(told, ExecutionFailed)
    assert (told.code, told.detail, told.remedy) == (
        FailureCode.PROBLEM_TOO_LARGE,
        "The problem needs 6 qubits; aer_simulator (simulated noise of fake_manila) takes at most 5.",
        "State fewer qubits, use the classical lane, or let the operator set the simulator's target to exact.",
    )


def test_a_circuit_that_would_not_end_in_time_is_refused_beforehand() -> None:
    layer = "h q; t q; cx q[0], q[8]; cx q[8], q[3]; cx q[3], q[6]; cx q[6], q[0];"
    long = HEADER + f"qubit[9] q; bit[9] c; for int i in [1:60] {{ {layer} }} c = measure q;"

    with pytest.raises(BudgetTooSmall, match=r"^1 circuits take about .* s with noise; 0\.08 s of the budget"):
        a_device("fake_sherbrooke", budget_s=0.1).counts([read_circuit(long)], shots=1000, seed=1)


def test_circuits_with_other_outcomes_are_told_apart() -> None:
    from queuebit_quantum_adapter.providers.read_back import same_outcomes

    asked = Circuit(2, (Register("c", 2),), (Gate("x", (0,)), Measure(0, 0), Measure(1, 1)))
    swapped = replace(asked, operations=(Gate("x", (0,)), Measure(1, 0), Measure(0, 1)))

    assert same_outcomes(asked, asked).fidelity == 1.0
    with pytest.raises(NotEquivalent, match="another distribution"):
        same_outcomes(asked, swapped)


async def test_shots_that_the_device_chose_are_counted() -> None:
    statement = {"observable": {"qubits": 1, "terms": [[1.0, "Z"]]}, "circuit": HEADER + "qubit[1] q; ry(1.0) q[0];"}

    told = await done(an_order(Problem(kind="expectation", statement=statement), number=2), "fake_manila")

    assert isinstance(told, ExecutionSucceeded), told
    assert told.usage.shots == told.evidence["shots"] == told.provenance["shots"] == 4096
    assert told.answer["std_error"] > 0
