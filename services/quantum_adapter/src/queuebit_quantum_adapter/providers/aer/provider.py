"""Qiskit Aer as a provider, whatever it simulates. Imported in worker processes only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from queuebit_quantum_adapter.backends.conditions import Condition
from queuebit_quantum_adapter.backends.limits import statevector_bytes
from queuebit_quantum_adapter.errors import UnusableProblem
from queuebit_quantum_adapter.evidence.port import Program
from queuebit_quantum_adapter.ports import Capabilities, Preflight, Request, Result
from queuebit_quantum_adapter.providers.aer.forms import FormRunner
from queuebit_quantum_adapter.providers.aer.target import Target
from queuebit_quantum_adapter.providers.here import RunsHere
from queuebit_quantum_adapter.providers.qiskit_circuits import shown


class AerProvider(RunsHere):
    """One target in this process."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._forms = FormRunner(target)
        super().__init__(self._forms.run)

    def capabilities(self) -> Capabilities:
        return self._target.capabilities

    def condition(self) -> Condition:
        told = self._target.capabilities
        return Condition(calibrated_at=told.calibrated_at, calibration=self._target.calibration())

    def discover(self) -> tuple[Capabilities, ...]:
        return (self._target.capabilities,)

    def run_together(self, requests: Sequence[Request]) -> list[Result]:
        """Each as if it ran alone. Raises AdapterError where one cannot."""
        return self._forms.run_together(requests)

    @property
    def counted(self) -> Mapping[str, int]:
        """How often this process has transpiled for the target and called Aer."""
        return {"transpilations": self._forms.transpilations, "executions": self._forms.executions}

    def preflight(self, request: Request) -> Preflight:
        if request.observable is not None and not self._target.capabilities.exact:
            raise UnusableProblem("A noisy target has no exact expectation values.", remedy="Ask for shots.")
        qubits = max((bound.circuit.qubits for bound in request.circuits), default=0)
        self._target.space.check(qubits)
        fitted = [form.compiled.fitted for form in self._forms.checked(request)]
        found = Preflight(qubits, statevector_bytes(qubits))
        if not self._target.capabilities.estimates:
            return found
        return replace(
            found,
            success=min((each.success for each in fitted), default=1.0),
            seconds=sum(self._target.seconds(each, request.shots or 0) for each in fitted),
        )

    def shown(self, request: Request) -> tuple[Program, ...]:
        return shown(self._forms.bound(request))
