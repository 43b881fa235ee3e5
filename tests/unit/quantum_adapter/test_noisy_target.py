"""A noisy target: the depth follows its errors, only active qubits are simulated, and the noise shows."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from queuebit_quantum_adapter import pipeline
from queuebit_quantum_adapter.ansatz import linear_ramp, qaoa_circuit
from queuebit_quantum_adapter.backends import noisy_aer
from queuebit_quantum_adapter.errors import NoBackend, UnusableProblem
from queuebit_quantum_adapter.ports import Batch, Submission
from queuebit_quantum_adapter.running import open_provider
from queuebit_quantum_adapter.samples import derived_seed
from queuebit_quantum_adapter.task import Task
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, a_task, an_ising
from tests.unit.quantum_adapter.oracle import qaoa_distribution, total_variation

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `noise` is not installed")
DEVICE = "FakeGuadalupeV2"


def on_the_device(task: Task) -> Task:
    return replace(task, backend=noisy_aer(LIMITS, DEVICE))


def test_the_depth_is_what_the_noise_allows_and_it_is_told() -> None:
    problem = a_maxcut(7, density=0.4)

    noisy = pipeline.run(on_the_device(a_task(problem)), lambda stage: None)
    ideal = pipeline.run(a_task(problem), lambda stage: None)

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

    first, second = (pipeline.run(task, lambda stage: None) for _ in range(2))

    assert first.evidence == second.evidence
    assert first.provenance["counts_fingerprint"] == second.provenance["counts_fingerprint"]


def test_noise_blurs_the_distribution_by_about_what_is_expected() -> None:
    """What comes through right is at least the estimated success, so the rest bounds the distance to the ideal."""
    ising = an_ising(4, 2)
    ramp = linear_ramp(ising, 2)
    circuit = qaoa_circuit(ising, ramp)
    provider = open_provider(noisy_aer(LIMITS, DEVICE))

    provider_id = provider.submit(Submission(circuit, 20_000, derived_seed(1, "x")), uuid.UUID(int=1))
    distance = total_variation(provider.result(provider_id).counts, qaoa_distribution(ising, ramp.gammas, ramp.betas))

    success = provider.success(circuit)  # type: ignore[attr-defined]
    assert 0.02 < distance < 1 - success + 0.02


def test_problems_beyond_the_target_are_cut_into_cores() -> None:
    outcome = pipeline.run(
        on_the_device(a_task(a_maxcut(14, density=0.6, weights=(1, 2, 3)), rounds=1, shots=200)), lambda stage: None
    )

    assert outcome.provenance["qubits"] <= 8
    assert any("do not fit" in reason for reason in outcome.evidence["reasons"])


def test_unknown_devices_and_free_circuits_are_refused() -> None:
    with pytest.raises(NoBackend, match="no fake device 'FakeNothing'"):
        open_provider(noisy_aer(LIMITS, "FakeNothing"))
    with pytest.raises(UnusableProblem, match="samples problems only"):
        open_provider(noisy_aer(LIMITS, DEVICE)).preflight(Batch((), (), shots=1))
