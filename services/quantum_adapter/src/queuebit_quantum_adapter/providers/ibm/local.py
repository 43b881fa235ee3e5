"""IBM's client in its local mode: the same primitives on a device that is simulated in this process. Nothing is paid.

Imported in worker processes only.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from qiskit.primitives.primitive_job import PrimitiveJob
from qiskit_ibm_runtime import fake_provider  # type: ignore[import-untyped]

from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.errors import NoBackend, RunFailed, TooManyQubits
from queuebit_quantum_adapter.evidence.port import Program
from queuebit_quantum_adapter.ports import Capabilities, Preflight, Request, Result
from queuebit_quantum_adapter.providers.here import RunsHere
from queuebit_quantum_adapter.providers.ibm import primitives
from queuebit_quantum_adapter.providers.ibm.offer import MITIGATIONS, local_name
from queuebit_quantum_adapter.providers.ibm.programs import Programs
from queuebit_quantum_adapter.providers.qiskit_circuits import shown

SHOTS_MAX = 100_000


class LocalIbm(RunsHere):
    """One device of the client's own, with the noise of its snapshot."""

    def __init__(self, *, device: str, maker: str, qubits_max: int) -> None:
        """Raises NoBackend."""
        made = getattr(fake_provider, maker, None)
        if made is None:
            raise NoBackend(f"There is no device {device[:60]!r} in IBM's client.")
        self._name = local_name(device)
        self._device: Any = made()
        self._qubits_max = qubits_max
        self._programs = Programs(self._device)
        super().__init__(self._ran)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            backend=self._name,
            version=f"qiskit-ibm-runtime {version('qiskit-ibm-runtime')}",
            lane="simulator",
            qubits_max=self._qubits_max,
            shots_max=SHOTS_MAX,
            noise=self._device.name,
            estimates=True,
            calibrated_at=self._programs.calibrated_at,
            mitigations=MITIGATIONS,
            memory=True,
        )

    def discover(self) -> tuple[Capabilities, ...]:
        return (self.capabilities(),)

    def preflight(self, request: Request) -> Preflight:
        qubits = max((bound.circuit.qubits for bound in request.circuits), default=0)
        if qubits > self._qubits_max:
            raise TooManyQubits(f"The circuit has {qubits} qubits; {self._name} takes {self._qubits_max}.")
        found = primitives.prepared(self._programs, request)
        target = {
            "name": self._device.name,
            "noise": "simulated noise model",
            "calibrated_at": self._programs.calibrated_at,
            "circuits": [{"success": found.success}],
        }
        return replace(found, cost_at_least=False, record={**found.record, "method": "local mode", "target": target})

    def shown(self, request: Request) -> tuple[Program, ...]:
        return shown(self._programs.bound(request))

    def _ran(self, request: Request) -> Result:
        begun = time.perf_counter()
        job = primitives.started(self._device, self._programs, request, (), simulation=_seeded(request))
        try:
            answer = PrimitiveJob.result(job)
        except Exception as error:
            raise RunFailed(f"The simulation failed: {type(error).__name__}: {str(error)[:300]}") from error
        found = primitives.read(answer)
        return replace(found, timing={"queue_s": 0.0, "run_s": round(time.perf_counter() - begun, 6)})


def _seeded(request: Request) -> dict[str, Any]:
    """One seed for all that the client draws, from those of all circuits."""
    return {"simulator": {"seed_simulator": int(fingerprint(list(request.seeds))[:8], 16)}}


@lru_cache(maxsize=2)
def open_provider(device: str, maker: str, qubits_max: int) -> LocalIbm:
    """The provider of this process: made once, so that what was transpiled stays."""
    return LocalIbm(device=device, maker=maker, qubits_max=qubits_max)
