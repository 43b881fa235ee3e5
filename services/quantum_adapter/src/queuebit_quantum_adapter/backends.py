"""Which backend serves which lane. Adding one is a module under `providers/`, a line here, and its settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version

from queuebit_contracts.jobs import Lane
from queuebit_quantum_adapter.errors import NoBackend
from queuebit_quantum_adapter.limits import Limits
from queuebit_quantum_adapter.task import BackendSpec

AER = "aer_simulator"
NOISY_QUBITS_MAX = 8
"""With the few more that routing takes, a density matrix of so many qubits is quick; larger problems are cut into cores."""


def aer(limits: Limits) -> BackendSpec:
    """The local simulator."""
    return BackendSpec(
        name=AER,
        version=version("qiskit-aer"),
        lane="simulator",
        opener="queuebit_quantum_adapter.providers.aer:open_provider",
        qubits_max=limits.qubits_hard_max,
        options={"qubits_max": limits.qubits_hard_max, "memory_bytes_max": limits.memory_bytes_max},
    )


def noisy_aer(limits: Limits, device: str) -> BackendSpec:
    """The local simulator under the noise of a fake device, by its class name, as FakeTorino. Needs the extra `noise`."""
    return BackendSpec(
        name=f"{AER} ({device})",
        version=version("qiskit-aer"),
        lane="simulator",
        opener="queuebit_quantum_adapter.providers.noisy_aer:open_provider",
        qubits_max=NOISY_QUBITS_MAX,
        options={"device": device, "qubits_max": NOISY_QUBITS_MAX, "memory_bytes_max": limits.memory_bytes_max},
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
