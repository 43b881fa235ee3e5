"""Braket's simulator on this machine. Imported in worker processes only."""

from __future__ import annotations

import json
import time
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from braket.devices import LocalSimulator
from braket.ir.openqasm import Program as OpenQasm

from queuebit_quantum_adapter.backends.limits import statevector_bytes
from queuebit_quantum_adapter.errors import TooManyQubits, TooMuchMemory, UnusableProblem
from queuebit_quantum_adapter.evidence.port import Program
from queuebit_quantum_adapter.ports import Capabilities, Preflight, Request, Result
from queuebit_quantum_adapter.providers.braket.offer import LOCAL_NAME
from queuebit_quantum_adapter.providers.braket.outcomes import counts_of
from queuebit_quantum_adapter.providers.braket.programs import Programs, words_of
from queuebit_quantum_adapter.providers.here import RunsHere

SHOTS_MAX = 100_000


class LocalBraket(RunsHere):
    """The state vector simulator of Braket."""

    def __init__(self, *, qubits_max: int, memory_bytes_max: int) -> None:
        self._qubits_max, self._memory_bytes_max = qubits_max, memory_bytes_max
        self._device = LocalSimulator()
        told: dict[str, Any] = json.loads(self._device.properties.json())
        self._programs = Programs(LOCAL_NAME, words_of(told))
        super().__init__(self._ran)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            backend=LOCAL_NAME,
            version=f"amazon-braket-sdk {version('amazon-braket-sdk')}",
            lane="simulator",
            qubits_max=self._qubits_max,
            shots_max=SHOTS_MAX,
            noise="ideal",
            repeats=False,
        )

    def discover(self) -> tuple[Capabilities, ...]:
        return (self.capabilities(),)

    def preflight(self, request: Request) -> Preflight:
        if request.observable is not None:
            raise UnusableProblem("This simulator gives samples only.", remedy="Ask for shots, or use Aer.")
        qubits = max((bound.circuit.qubits for bound in request.circuits), default=0)
        if qubits > self._qubits_max:
            raise TooManyQubits(f"The circuit has {qubits} qubits; {LOCAL_NAME} takes at most {self._qubits_max}.")
        if statevector_bytes(qubits) > self._memory_bytes_max:
            raise TooMuchMemory(f"{qubits} qubits need {statevector_bytes(qubits) // 2**20} MiB.")
        record, ran = self._programs.prepared(request)
        self._programs.texts(request)
        return Preflight(qubits, statevector_bytes(qubits), record=self._record(record), ran=ran)

    def shown(self, request: Request) -> tuple[Program, ...]:
        texts = self._programs.texts(request)
        return tuple(Program(f"ran-{place}.qasm", text.source.encode()) for place, text in enumerate(texts))

    def _ran(self, request: Request) -> Result:
        shots, begun = request.shots or 0, time.perf_counter()
        record, ran = self._programs.prepared(request)
        ready = time.perf_counter()
        counts: list[dict[int, int]] = []
        for text in self._programs.texts(request):
            task = self._device.run(OpenQasm(source=text.source), shots=shots)
            outcome = {"measurements": task.result().measurements.tolist()}
            action = {"action": {"source": text.source}}
            counts += counts_of({**outcome, "additionalMetadata": action}, shots, _nothing)
        run_s = time.perf_counter() - ready
        timing = {"transpile_s": round(ready - begun, 6), "queue_s": 0.0, "run_s": round(run_s, 6)}
        return Result(tuple(counts), record=self._record(record), ran=ran, timing=timing)

    def _record(self, record: dict[str, Any]) -> dict[str, Any]:
        return {"method": "statevector", "noise": "ideal", **record}


def _nothing(path: str) -> bytes:
    raise KeyError(path)


@lru_cache(maxsize=2)
def open_provider(qubits_max: int, memory_bytes_max: int) -> LocalBraket:
    """The provider of this process: made once, so that what was prepared stays."""
    return LocalBraket(qubits_max=qubits_max, memory_bytes_max=memory_bytes_max)
