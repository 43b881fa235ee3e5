"""The local simulator as backends: of an ideal machine, or of a device with its noise. Nothing of Qiskit is imported."""

from __future__ import annotations

from importlib.metadata import version

from queuebit_contracts.regions import LOCAL
from queuebit_quantum_adapter.backends.limits import Limits
from queuebit_quantum_adapter.backends.snapshots import Snapshot, snapshot_of
from queuebit_quantum_adapter.backends.spec import EXACT, BackendSpec, Setup

AER = "aer_simulator"
NOISY_QUBITS_MAX = 10
"""With the few more that routing takes, a density matrix of so many qubits takes seconds."""
NOISY_CORE_QUBITS_MAX = 8
"""And one of so many is quick: larger problems are cut into cores of these."""


def aer(limits: Limits) -> BackendSpec:
    """The local simulator."""
    return BackendSpec(
        name=AER,
        version=version("qiskit-aer"),
        lane="simulator",
        opener="queuebit_quantum_adapter.providers.aer.ideal:open_provider",
        qubits_max=limits.qubits_hard_max,
        region=LOCAL,
        joins=True,
        options={"qubits_max": limits.qubits_hard_max, "memory_bytes_max": limits.memory_bytes_max},
    )


def noisy_aer(limits: Limits, snapshot: Snapshot) -> BackendSpec:
    """The local simulator under the noise of a device. Needs the extra `noise`."""
    qubits_max = min(NOISY_QUBITS_MAX, snapshot.qubits, limits.qubits_hard_max)
    return BackendSpec(
        name=f"{AER} (simulated noise of {snapshot.name})",
        version=f"{version('qiskit-aer')}, {snapshot.told}",
        lane="simulator",
        opener="queuebit_quantum_adapter.providers.aer.noisy:open_provider",
        qubits_max=qubits_max,
        region=LOCAL,
        noisy=True,
        joins=True,
        transpiles=True,
        core_qubits_max=min(NOISY_CORE_QUBITS_MAX, qubits_max),
        calibrated_at=snapshot.calibrated_at,
        remedy=f"State fewer qubits, use the classical lane, or let the operator set the simulator's target to {EXACT}.",
        options={
            "device": snapshot.maker,
            "qubits_max": qubits_max,
            "memory_bytes_max": limits.memory_bytes_max,
            "calibrated_at": snapshot.calibrated_at or "",
            "health": snapshot.health,
        },
    )


def simulator(limits: Limits, snapshot: Snapshot | None) -> BackendSpec:
    """The local simulator, of an ideal machine where no snapshot is given."""
    return aer(limits) if snapshot is None else noisy_aer(limits, snapshot)


def offer(setup: Setup) -> tuple[BackendSpec, ...]:
    """The backend that the operator's target asks for: an entry point of `queuebit.providers`. Raises UnknownTarget."""
    exact = setup.simulator_target == EXACT
    return (simulator(setup.limits, None if exact else snapshot_of(setup.simulator_target)),)
