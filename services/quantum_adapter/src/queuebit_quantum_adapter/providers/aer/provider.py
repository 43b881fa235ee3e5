"""Qiskit Aer as a provider, whatever it simulates. Imported in worker processes only.

A running simulation cannot be cancelled from inside: the process that runs it is killed instead. `submit` therefore returns
when the samples are there, and `poll` and `result` only look them up.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import assert_never
from uuid import UUID

from queuebit_quantum_adapter.errors import KeyReused, RunFailed, UnusableProblem
from queuebit_quantum_adapter.ports import (
    Batch,
    Capabilities,
    Forecast,
    Request,
    Result,
    Submission,
    SubmissionState,
)
from queuebit_quantum_adapter.providers.aer.batches import BatchRunner
from queuebit_quantum_adapter.providers.aer.target import Target
from queuebit_quantum_adapter.providers.aer.templates import TemplateRunner

RESULTS_MAX = 4


class AerProvider:
    """One target in this process. The last few results are kept by their id."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._templates = TemplateRunner(target)
        self._batches = BatchRunner(target)
        self._results: OrderedDict[str, tuple[Request, Result]] = OrderedDict()

    def capabilities(self) -> Capabilities:
        return self._target.capabilities

    def preflight(self, request: Request) -> None:
        match request:
            case Submission():
                self._target.space.check(request.circuit.template.qubits)
                self._templates.compiled(request.circuit.template)
            case Batch():
                if request.observable is not None and not self._target.capabilities.exact:
                    raise UnusableProblem("A noisy target has no exact expectation values.", remedy="Ask for shots.")
                self._target.space.check(max((circuit.qubits for circuit in request.circuits), default=0))
                self._batches.check(request)
            case _:
                assert_never(request)

    def estimate(self, request: Request) -> Forecast:
        match request:
            case Submission():
                self._target.space.check(request.circuit.template.qubits)
                fitted, shots = [self._templates.compiled(request.circuit.template).fitted], request.shots
            case Batch():
                fitted, shots = [self._batches.compiled(each).fitted for each in request.circuits], request.shots or 0
            case _:
                assert_never(request)
        return Forecast(
            success=min((each.success for each in fitted), default=1.0),
            seconds=sum(self._target.seconds(each, shots) for each in fitted),
        )

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

    def result(self, provider_id: str) -> Result:
        kept = self._results.get(provider_id)
        if kept is None:
            raise RunFailed(f"No result is kept under {provider_id}.")
        return kept[1]

    def cancel(self, provider_id: str) -> None:
        """Nothing runs between two calls, so that there is nothing to end."""

    def reconcile(self, key: UUID) -> str | None:
        return str(key) if str(key) in self._results else None

    def _run(self, request: Request) -> Result:
        match request:
            case Submission():
                return self._templates.run(request)
            case Batch():
                return self._batches.run(request)
            case _:
                assert_never(request)
