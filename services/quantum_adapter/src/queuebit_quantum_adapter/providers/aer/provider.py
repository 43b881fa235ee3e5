"""Qiskit Aer as a provider, whatever it simulates. Imported in worker processes only.

A running simulation cannot be cancelled from inside: the process that runs it is killed instead. `submit` therefore returns
when the samples are there, and `poll` and `result` only look them up.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from uuid import UUID

from queuebit_quantum_adapter.backends.limits import statevector_bytes
from queuebit_quantum_adapter.errors import KeyReused, RunFailed, UnusableProblem
from queuebit_quantum_adapter.ports import Capabilities, Poll, Preflight, Request, Result, RunState
from queuebit_quantum_adapter.providers.aer.forms import FormRunner
from queuebit_quantum_adapter.providers.aer.target import Target

RESULTS_MAX = 4


class AerProvider:
    """One target in this process. The last few results are kept by their id."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._forms = FormRunner(target)
        self._results: OrderedDict[str, tuple[Request, Result]] = OrderedDict()

    def capabilities(self) -> Capabilities:
        return self._target.capabilities

    def discover(self) -> tuple[Capabilities, ...]:
        return (self._target.capabilities,)

    def preflight(self, request: Request) -> Preflight:
        if request.observable is not None and not self._target.capabilities.exact:
            raise UnusableProblem("A noisy target has no exact expectation values.", remedy="Ask for shots.")
        qubits = max((bound.circuit.qubits for bound in request.circuits), default=0)
        self._target.space.check(qubits)
        fitted = [form.compiled.fitted for form in self._forms.checked(request.circuits)]
        found = Preflight(qubits, statevector_bytes(qubits))
        if not self._target.capabilities.estimates:
            return found
        return replace(
            found,
            success=min((each.success for each in fitted), default=1.0),
            seconds=sum(self._target.seconds(each, request.shots or 0) for each in fitted),
        )

    def fence(self, key: UUID) -> None:
        """What runs here needs none."""

    def submit(self, request: Request, key: UUID, fence: str | None = None) -> str:  # noqa: ARG002
        provider_id = str(key)
        kept = self._results.get(provider_id)
        if kept is None:
            self._results[provider_id] = (request, self._forms.run(request))
            while len(self._results) > RESULTS_MAX:
                self._results.popitem(last=False)
        elif kept[0] != request:
            raise KeyReused(f"The key {key} was used for another request before.")
        return provider_id

    def poll(self, provider_id: str) -> Poll:
        return Poll(RunState.SUCCEEDED if provider_id in self._results else RunState.UNKNOWN)

    def result(self, provider_id: str) -> Result:
        kept = self._results.get(provider_id)
        if kept is None:
            raise RunFailed(f"No result is kept under {provider_id}.")
        return kept[1]

    def cancel(self, provider_id: str) -> None:
        """Nothing runs between two calls, so that there is nothing to end."""

    def reconcile(self, key: UUID, fence: str | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return (str(key),) if str(key) in self._results else ()

    def close(self, fence: str) -> None:
        """There are no fences."""
