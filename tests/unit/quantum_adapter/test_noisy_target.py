"""A noisy target: the depth follows its errors, only active qubits are simulated, and the noise shows."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

import pytest

from queuebit_circuits.pauli import PauliSum
from queuebit_quantum_adapter.algorithms.qaoa import linear_ramp, qaoa_circuit
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.snapshots import snapshot_of
from queuebit_quantum_adapter.errors import BudgetTooSmall, NoBackend, TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.pipelines.samples import derived_seed
from queuebit_quantum_adapter.ports import Request
from queuebit_quantum_adapter.providers.aer.offer import aer, noisy_aer, simulator
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.task import Task
from queuebit_quantum_adapter.submissions.running import open_provider
from queuebit_result_validation.evidence import read_evidence
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.quantum_adapter.models import LIMITS, NOW, a_maxcut, a_task, an_ising, an_order
from tests.unit.quantum_adapter.oracle import qaoa_distribution, total_variation

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `noise` is not installed")
TARGET = noisy_aer(LIMITS, snapshot_of("fake_guadalupe"))


def on_the_device(task: Task) -> Task:
    return replace(task, backend=TARGET)


def test_the_depth_is_what_the_noise_allows_and_it_is_told() -> None:
    problem = a_maxcut(7, density=0.4)

    noisy = frame.run(on_the_device(a_task(problem)), lambda stage: None)
    ideal = frame.run(a_task(problem), lambda stage: None)

    assert ideal.objective == noisy.objective == noisy.evidence["optimum"]
    assert (ideal.evidence["layers"], ideal.evidence["esp"]) == (10, None)
    assert 1 <= noisy.evidence["layers"] < 10
    assert 0 < noisy.evidence["esp"] < 1
    assert 0 < noisy.evidence["q_normalised"] < ideal.evidence["q_normalised"]
    assert any("the noise of the target" in reason for reason in noisy.evidence["reasons"])
    assert noisy.provenance["noise"].startswith("fake_guadalupe")
    assert noisy.provenance["method"] == "density_matrix"
    assert 6 <= len(noisy.provenance["layout"]) < 16
    assert noisy.provenance["equivalence"]["fidelity"] == pytest.approx(1.0)


def test_the_same_seed_gives_the_same_noise() -> None:
    task = on_the_device(a_task(a_maxcut(6), number=1))

    first, second = (frame.run(task, lambda stage: None) for _ in range(2))

    assert first.evidence == second.evidence
    assert first.provenance["counts_fingerprint"] == second.provenance["counts_fingerprint"]


def test_noise_blurs_the_distribution_by_about_what_is_expected() -> None:
    """What comes through right is at least the estimated success, so the rest bounds the distance to the ideal."""
    ising = an_ising(4, 2)
    ramp = linear_ramp(ising, 2)
    circuit = qaoa_circuit(ising, ramp)
    provider = open_provider(TARGET)

    provider_id = provider.submit(Request((circuit,), (derived_seed(1, "x"),), 20_000), uuid.UUID(int=1), None)
    distance = total_variation(
        provider.result(provider_id).counts[0], qaoa_distribution(ising, ramp.gammas, ramp.betas)
    )

    success = provider.preflight(Request((circuit,), (0,), 1)).success or 0.0
    assert 0.02 < distance < 1 - success + 0.02


def test_problems_beyond_the_target_are_cut_into_cores() -> None:
    outcome = frame.run(
        on_the_device(a_task(a_maxcut(14, density=0.6, weights=(1, 2, 3)), rounds=1, shots=200)), lambda stage: None
    )

    assert outcome.provenance["qubits"] <= 8
    assert any("do not fit" in reason for reason in outcome.evidence["reasons"])


def test_large_problems_that_are_not_to_be_cut_are_refused_with_limit_and_remedy() -> None:
    executor = QuantumExecutor(InlinePool(), Backends([TARGET]), LIMITS, SystemClock(), worker="w")

    with pytest.raises(TooManyQubits) as refused:
        executor.task_of(an_order(a_maxcut(12), params={"rounds": 0}))

    assert refused.value.detail == (
        "The problem needs 12 qubits; aer_simulator (simulated noise of fake_guadalupe) takes at most 10."
    )
    assert refused.value.remedy == (
        "State fewer qubits, use the classical lane, or let the operator set the simulator's target to exact."
    )


def test_a_device_that_is_smaller_bounds_circuits_and_cores() -> None:
    small = noisy_aer(LIMITS, snapshot_of("fake_manila"))

    assert (small.qubits_max, small.core_qubits_max) == (5, 5)
    assert (TARGET.qubits_max, TARGET.core_qubits_max) == (10, 8)


def test_depth_also_fits_the_budget_of_a_noisy_simulation() -> None:
    problem, roomy = a_maxcut(9, density=0.6), 60.0

    with pytest.raises(BudgetTooSmall, match="noisy circuits of one layer take about"):
        frame.run(on_the_device(a_task(problem, budget_s=0.05)), lambda stage: None)
    outcome = frame.run(on_the_device(a_task(problem, budget_s=roomy)), lambda stage: None)

    assert outcome.evidence["layers"] >= 1


def test_what_the_validator_needs_is_told_and_the_snapshot_names_itself() -> None:
    outcome = frame.run(on_the_device(a_task(a_maxcut(5))), lambda stage: None)

    (circuit,) = outcome.evidence["target"]["circuits"]
    read, absurd = read_evidence(outcome.evidence, outcome.shots, NOW)
    assert absurd == []
    assert read.backend_health == outcome.evidence["backend_health"] == 1.0
    assert read.calibration_age_s == (NOW - datetime.fromisoformat("2021-04-20T07:26:31+02:00")).total_seconds()
    assert outcome.evidence["target"] == {
        "name": "fake_guadalupe",
        "noise": "simulated noise model",
        "calibrated_at": "2021-04-20T07:26:31+02:00",
        "circuits": [circuit],
    }
    assert circuit["gates_2q"] > 0
    assert circuit["depth"] > 0
    assert circuit["success"] == pytest.approx(outcome.evidence["esp"], rel=1e-6)
    assert circuit["layout"] == outcome.provenance["layout"]
    assert outcome.provenance["target"] == outcome.evidence["target"]


def test_an_ideal_target_says_nothing_of_the_kind() -> None:
    outcome = frame.run(a_task(a_maxcut(5)), lambda stage: None)

    assert {"target", "backend_health", "calibrated_at"} & outcome.evidence.keys() == set()
    assert simulator(LIMITS, None) == aer(LIMITS)


def test_unknown_devices_and_exact_values_are_refused() -> None:
    with pytest.raises(NoBackend, match="no fake device 'FakeNothing'"):
        open_provider(replace(TARGET, options={**TARGET.options, "device": "FakeNothing"}))
    with pytest.raises(UnusableProblem, match="no exact expectation values"):
        open_provider(TARGET).preflight(Request((), (), observable=PauliSum(1, ((1.0, "Z"),))))


def test_a_device_whose_couplings_are_all_broken_is_refused() -> None:
    with pytest.raises(UnusableProblem, match="cannot be fitted to fake_kyoto"):
        frame.run(replace(a_task(a_maxcut(4)), backend=noisy_aer(LIMITS, snapshot_of("fake_kyoto"))), print)
