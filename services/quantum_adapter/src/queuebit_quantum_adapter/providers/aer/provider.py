"""Qiskit Aer as a provider: an exact statevector on one thread, sampled. Imported in worker processes only.

A running simulation cannot be cancelled from inside: the process that runs it is killed instead. `submit` therefore returns
when the samples are there, and `poll` and `result` only look them up.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Any, assert_never
from uuid import UUID

from qiskit.circuit.equivalence_library import SessionEquivalenceLibrary
from qiskit.transpiler import PassManager
from qiskit.transpiler.passes import BasisTranslator
from qiskit_aer import AerSimulator

from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.backends.limits import statevector_bytes
from queuebit_quantum_adapter.circuits import Template
from queuebit_quantum_adapter.errors import KeyReused, RunFailed, TooManyQubits, TooMuchMemory
from queuebit_quantum_adapter.ports import Batch, Capabilities, Readings, Request, Samples, Submission, SubmissionState
from queuebit_quantum_adapter.providers.aer.batches import EQUIVALENCE_SEED, BatchRunner, counts_of
from queuebit_quantum_adapter.providers.qiskit_circuits import QiskitTemplate, circuit_fingerprint, to_qiskit
from queuebit_quantum_adapter.providers.qiskit_conversion import steps_of_quantum_circuit
from queuebit_quantum_adapter.verification.equivalence import Equivalence, check_template

TEMPLATES_MAX = 64
RESULTS_MAX = 4
SHOTS_MAX = 1_000_000
PASSES = ("BasisTranslator",)
PACKAGES = ("qiskit", "qiskit-aer", "numpy")


@dataclass(slots=True)
class Cached:
    """A transpiled template, how it was checked, how long both took, and how often it has run."""

    template: QiskitTemplate
    key: str
    equivalence: Equivalence
    transpile_s: float
    runs: int = 0


class AerProvider:
    """One simulator in this process. Templates are transpiled once and kept; the last few results are kept by their id.

    The passes are our own short list, not a preset: Aer runs our gates as they are, on any pair of qubits, so that layout and
    routing have nothing to do, and building a preset costs more than the run of a small circuit.
    """

    def __init__(self, *, qubits_max: int, memory_bytes_max: int) -> None:
        self._qubits_max = qubits_max
        self._memory_bytes_max = memory_bytes_max
        self._simulator = AerSimulator(
            method="statevector",
            max_parallel_threads=1,
            max_parallel_experiments=1,
            max_parallel_shots=1,
            max_memory_mb=memory_bytes_max // 2**20,
        )
        target = self._simulator.target
        self._passes = PassManager([BasisTranslator(SessionEquivalenceLibrary, None, target=target)])
        self._packages = {name: version(name) for name in PACKAGES}
        self._target_key = fingerprint([self._simulator.name, self._packages, sorted(target.operation_names)])
        self._record = {
            "transpiler": {"passes": list(PASSES), "optimization_level": None, "seed": None},
            "threads": 1,
            "noise": "ideal",
            "packages": self._packages,
        }
        self._templates: OrderedDict[str, Cached] = OrderedDict()
        self._batches = BatchRunner(self._simulator, self._passes)
        self._results: OrderedDict[str, tuple[Request, Samples | Readings]] = OrderedDict()

    def capabilities(self) -> Capabilities:
        return Capabilities(
            backend=self._simulator.name,
            version=self._packages["qiskit-aer"],
            lane="simulator",
            qubits_max=self._qubits_max,
            shots_max=SHOTS_MAX,
            noise="ideal",
            exact=True,
        )

    def preflight(self, request: Request) -> None:
        match request:
            case Submission():
                self._fits(request.circuit.template.qubits)
                self._transpiled(request.circuit.template)
            case Batch():
                self._fits(max((circuit.qubits for circuit in request.circuits), default=0))
                self._batches.check(request)
            case _:
                assert_never(request)

    def _fits(self, qubits: int) -> None:
        if qubits > self._qubits_max:
            raise TooManyQubits(f"The circuit has {qubits} qubits; this simulator takes {self._qubits_max}.")
        if statevector_bytes(qubits) > self._memory_bytes_max:
            raise TooMuchMemory(f"{qubits} qubits need {statevector_bytes(qubits) // 2**20} MiB.")

    def submit(self, request: Request, key: UUID) -> str:
        provider_id = str(key)
        kept = self._results.get(provider_id)
        if kept is None:
            self._results[provider_id] = (request, self._run(request))
            while len(self._results) > RESULTS_MAX:
                self._results.popitem(last=False)
        elif kept[0] != request:
            raise KeyReused(f"The key {key} was used for another request before.")
        return provider_id

    def poll(self, provider_id: str) -> SubmissionState:
        return SubmissionState.SUCCEEDED if provider_id in self._results else SubmissionState.UNKNOWN

    def result(self, provider_id: str) -> Samples:
        found = self._kept(provider_id)
        if not isinstance(found, Samples):
            raise RunFailed(f"{provider_id} is a batch, not a template.")
        return found

    def readings(self, provider_id: str) -> Readings:
        found = self._kept(provider_id)
        if not isinstance(found, Readings):
            raise RunFailed(f"{provider_id} is a template, not a batch.")
        return found

    def _kept(self, provider_id: str) -> Samples | Readings:
        kept = self._results.get(provider_id)
        if kept is None:
            raise RunFailed(f"No result is kept under {provider_id}.")
        return kept[1]

    def cancel(self, provider_id: str) -> None:
        """Nothing runs between two calls, so that there is nothing to end."""

    def reconcile(self, key: UUID) -> str | None:
        return str(key) if str(key) in self._results else None

    def _run(self, request: Request) -> Samples | Readings:
        match request:
            case Submission():
                return self._run_template(request)
            case Batch():
                return self._batches.run(request, {"method": "statevector", **self._record})
            case _:
                assert_never(request)

    def _run_template(self, submission: Submission) -> Samples:
        begun = time.perf_counter()
        cached = self._transpiled(submission.circuit.template)
        bound = cached.template.bind(submission.circuit.angles)
        circuit_print = circuit_fingerprint(bound)
        ready = time.perf_counter()
        counts = self._sample(bound, submission)
        ended = time.perf_counter()
        cached.runs += 1
        qubits = submission.circuit.template.qubits
        return Samples(
            counts=counts,
            record={
                "circuit_fingerprint": circuit_print,
                "template_key": cached.key,
                "layout": list(range(qubits)),
                "method": "statevector",
                "batch_index": 0,
                "equivalence": asdict(cached.equivalence),
                **self._record,
            },
            timing={
                "template_cached": cached.runs > 1,
                "transpile_s": round(cached.transpile_s, 6) if cached.runs == 1 else 0.0,
                "bind_s": round(ready - begun, 6),
                "queue_s": 0.0,
                "run_s": round(ended - ready, 6),
            },
        )

    def _transpiled(self, template: Template) -> Cached:
        """The template as Aer runs it, transpiled where it is new."""
        key = fingerprint([template.fingerprint, self._target_key, PASSES])
        cached = self._templates.get(key)
        if cached is not None:
            self._templates.move_to_end(key)
            return cached
        begun = time.perf_counter()
        plain = to_qiskit(template)
        made = QiskitTemplate(self._passes.run(plain.circuit), plain.angles)
        found = check_template(template, lambda angles: steps_of_quantum_circuit(made.bind(angles)), EQUIVALENCE_SEED)
        return self._keep(Cached(made, key, found, time.perf_counter() - begun))

    def _keep(self, cached: Cached) -> Cached:
        """Remember a new template, and forget the one that was not used for longest where there are too many."""
        self._templates[cached.key] = cached
        while len(self._templates) > TEMPLATES_MAX:
            self._templates.popitem(last=False)
        return cached

    def _sample(self, bound: Any, submission: Submission) -> dict[int, int]:
        return counts_of(self._simulator, bound, submission.shots, submission.seed)


@lru_cache(maxsize=4)
def open_provider(qubits_max: int, memory_bytes_max: int) -> AerProvider:
    """The provider of this process: made once, so that its templates stay."""
    return AerProvider(qubits_max=qubits_max, memory_bytes_max=memory_bytes_max)
