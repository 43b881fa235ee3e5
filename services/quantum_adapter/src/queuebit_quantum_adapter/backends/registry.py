"""Which backend serves which lane. Adding one is a module under `providers/`, a line here, and its settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version

from queuebit_contracts.jobs import Lane
from queuebit_quantum_adapter.backends.limits import Limits
from queuebit_quantum_adapter.backends.snapshots import EXACT, Snapshot
from queuebit_quantum_adapter.errors import NoBackend, TooManyQubits
from queuebit_quantum_adapter.shell.task import BackendSpec

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
        noisy=True,
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


def check_backend(backend: BackendSpec, qubits: int) -> None:
    """Raises TooManyQubits where a noisy target does not take a circuit of so many qubits; ideal ones go by the tier."""
    if backend.noisy and qubits > backend.qubits_max:
        raise TooManyQubits(
            f"The problem needs {qubits} qubits; {backend.name} takes at most {backend.qubits_max}.",
            remedy=backend.remedy,
        )


class Backends:
    """The configured backends, by lane."""

    def __init__(self, specs: Iterable[BackendSpec]) -> None:
        self._by_lane: Mapping[Lane, BackendSpec] = {spec.lane: spec for spec in specs}

    def all(self) -> tuple[BackendSpec, ...]:
        return tuple(self._by_lane.values())

    def of(self, lane: Lane) -> BackendSpec:
        """The backend of a lane. Raises NoBackend."""
        spec = self._by_lane.get(lane)
        if spec is None:
            known = ", ".join(sorted(self._by_lane)) or "none"
            raise NoBackend(
                f"No backend is configured for the {lane} lane of the quantum adapter (configured: {known}).",
                remedy="Configure a provider for this lane, or use the simulator or the classical lane.",
            )
        return spec
