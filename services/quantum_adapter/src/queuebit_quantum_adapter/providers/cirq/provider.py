"""A simulator of Cirq under the constraints of a Google processor. Imported in worker processes only.

Google's engine is no job service that one can rent, and its virtual one dies with its process and cancels nothing: so what runs
here is a simulator, and the process that it runs in can be killed.
"""

from __future__ import annotations

import time
from functools import lru_cache
from importlib.metadata import version

from cirq import to_json

from queuebit_quantum_adapter.backends.limits import statevector_bytes
from queuebit_quantum_adapter.errors import TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.evidence.port import Program
from queuebit_quantum_adapter.ports import Capabilities, Preflight, Request, Result
from queuebit_quantum_adapter.providers.cirq.circuits import counted
from queuebit_quantum_adapter.providers.cirq.forms import Forms, simulated
from queuebit_quantum_adapter.providers.here import RunsHere

SHOTS_MAX = 100_000


class CirqProvider(RunsHere):
    """One processor."""

    def __init__(self, *, processor: str, qubits_max: int, memory_bytes_max: int) -> None:
        self._name = f"cirq_{processor}"
        self._forms = Forms(processor, memory_bytes_max)
        self._qubits_max = min(qubits_max, self._forms.qubits)
        super().__init__(self._ran)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            backend=self._name,
            version=f"cirq-google {version('cirq-google')}",
            lane="simulator",
            qubits_max=self._qubits_max,
            shots_max=SHOTS_MAX,
            noise="ideal",
        )

    def discover(self) -> tuple[Capabilities, ...]:
        return (self.capabilities(),)

    def preflight(self, request: Request) -> Preflight:
        if request.observable is not None:
            raise UnusableProblem("This simulator gives samples only.", remedy="Ask for shots, or use Aer.")
        qubits = max((bound.circuit.qubits for bound in request.circuits), default=0)
        if qubits > self._qubits_max:
            raise TooManyQubits(f"The circuit has {qubits} qubits; {self._name} takes at most {self._qubits_max}.")
        record, ran, _ = self._forms.prepared(request)
        return Preflight(qubits, statevector_bytes(qubits), record=record, ran=ran)

    def shown(self, request: Request) -> tuple[Program, ...]:
        """In Cirq's own form: another one would name the gates of the processor otherwise."""
        _, _, circuits = self._forms.prepared(request)
        return tuple(Program(f"ran-{place}.cirq.json", to_json(each).encode()) for place, each in enumerate(circuits))

    def _ran(self, request: Request) -> Result:
        shots, begun = request.shots or 0, time.perf_counter()
        record, ran, circuits = self._forms.prepared(request)
        ready = time.perf_counter()
        counts = tuple(
            counted(simulated(circuit, shots, seed), shots)
            for circuit, seed in zip(circuits, request.seeds, strict=True)
        )
        run_s = time.perf_counter() - ready
        timing = {"transpile_s": round(ready - begun, 6), "queue_s": 0.0, "run_s": round(run_s, 6)}
        return Result(counts, record=record, ran=ran, timing=timing)


@lru_cache(maxsize=2)
def open_provider(processor: str, qubits_max: int, memory_bytes_max: int) -> CirqProvider:
    """The provider of this process: made once, so that what was fitted stays."""
    return CirqProvider(processor=processor, qubits_max=qubits_max, memory_bytes_max=memory_bytes_max)
