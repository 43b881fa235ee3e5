"""Structures as a processor runs them: fitted to its couplings, checked, and judged by its rules. In worker processes only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import cirq
import numpy as np
from cirq_google.engine.virtual_engine_factory import create_device_from_processor_id
from qiskit.exceptions import QiskitError
from qiskit.transpiler import CouplingMap, generate_preset_pass_manager

from queuebit_circuits.circuit import Bound, Circuit, opened
from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.backends.limits import statevector_bytes
from queuebit_quantum_adapter.errors import TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.ports import Request
from queuebit_quantum_adapter.providers.cirq.circuits import BASIS, from_cirq, to_cirq
from queuebit_quantum_adapter.providers.qiskit_circuits import circuit_fingerprint
from queuebit_quantum_adapter.providers.qiskit_conversion import OpenCircuit, to_open_circuit
from queuebit_quantum_adapter.providers.read_back import same_outcomes
from queuebit_quantum_adapter.providers.terminal import reads_of
from queuebit_quantum_adapter.verification.equivalence import Equivalence

LEVEL = 2
TRANSPILER_SEED = 7
EQUIVALENCE_SEED = 20_240_601
FORMS_MAX = 256
PACKAGES = ("cirq-core", "cirq-google", "qiskit")


@dataclass(frozen=True, slots=True)
class Form:
    """A structure on the qubits of the processor."""

    name: str
    open: OpenCircuit
    layout: tuple[int, ...]
    equivalence: Equivalence


class Forms:
    """What was fitted to one processor."""

    def __init__(self, processor: str, memory_bytes_max: int) -> None:
        self._processor = processor
        self._memory_bytes_max = memory_bytes_max
        self._device = create_device_from_processor_id(processor)
        metadata = self._device.metadata
        self._places = sorted(metadata.qubit_set)
        number = {qubit: index for index, qubit in enumerate(self._places)}
        pairs = sorted(sorted(number[qubit] for qubit in pair) for pair in metadata.qubit_pairs)
        self._passes = generate_preset_pass_manager(
            optimization_level=LEVEL,
            basis_gates=list(BASIS),
            coupling_map=CouplingMap([*pairs, *(pair[::-1] for pair in pairs)]),
            seed_transpiler=TRANSPILER_SEED,
        )
        self._forms: OrderedDict[Hashable, Form] = OrderedDict()
        self._packages = {name: version(name) for name in PACKAGES}

    @property
    def qubits(self) -> int:
        return len(self._places)

    def prepared(self, request: Request) -> tuple[dict[str, Any], tuple[dict[str, Any], ...], list[Any]]:
        """What reproduces the request, for all and for each; and the circuits as Cirq runs them. Raises AdapterError."""
        pairs = [self._form(bound) for bound in request.circuits]
        bound_circuits = [form.open.bind(angles) for form, angles in pairs]
        record = {
            "method": "statevector",
            "noise": "ideal",
            "constraints": self._processor,
            "transpiler": {"passes": ["preset"], "optimization_level": LEVEL, "seed": TRANSPILER_SEED},
            "packages": self._packages,
            "equivalence": {
                "circuits": len(pairs),
                "forms": {form.name: asdict(form.equivalence) for form, _ in pairs},
            },
        }
        ran = tuple(
            {
                "form": form.name,
                "layout": list(form.layout),
                "template_key": form.name,
                "circuit_fingerprint": circuit_fingerprint(made),
            }
            for (form, _), made in zip(pairs, bound_circuits, strict=True)
        )
        return record, ran, [self._validated(made) for made in bound_circuits]

    def _validated(self, made: Any) -> Any:
        """Judged by the processor's own rules. Raises UnusableProblem or TooManyQubits."""
        circuit = to_cirq(made, self._places)
        if not circuit.all_measurement_key_names():
            raise UnusableProblem("The circuit measures nothing.", remedy="Measure at least one qubit.")
        used = len(circuit.all_qubits())
        if statevector_bytes(used) > self._memory_bytes_max:
            raise TooManyQubits(f"The circuit takes {used} qubits of {self._processor}, more than are simulated.")
        try:
            self._device.validate_circuit(circuit)
        except ValueError as error:
            raise UnusableProblem(f"{self._processor} does not run this circuit: {str(error)[:200]}") from error
        return circuit

    def _form(self, bound: Bound) -> tuple[Form, tuple[float, ...]]:
        template = bound if bound.circuit.slots else opened(bound.circuit)
        name = fingerprint([template.circuit.fingerprint, self._processor, self._packages])
        form = self._forms.get(name)
        if form is None:
            form = self._forms[name] = self._made(name, template.circuit)
            while len(self._forms) > FORMS_MAX:
                self._forms.popitem(last=False)
        return form, template.angles

    def _made(self, name: str, circuit: Circuit) -> Form:
        """Raises NotEquivalent where a step changed what is measured, at random angles."""
        reads_of(circuit, self._processor)
        plain = to_open_circuit(circuit)
        try:
            made = self._passes.run(plain.circuit)
        except QiskitError as error:
            raise UnusableProblem(f"It cannot be fitted to {self._processor}: {str(error)[:200]}.") from error
        angles = np.random.default_rng(EQUIVALENCE_SEED).uniform(-np.pi, np.pi, size=circuit.slots).tolist()
        there = OpenCircuit(made, plain.parameters)
        asked = Bound(circuit, tuple(angles)).filled
        found = same_outcomes(asked, from_cirq(to_cirq(there.bind(angles), self._places), circuit.clbits))
        layout = range(circuit.qubits) if made.layout is None else made.layout.initial_index_layout(True)
        return Form(name, there, tuple(layout), found)


def simulated(circuit: Any, shots: int, seed: int) -> Any:
    """The measurements of one circuit, the same for the same seed."""
    return cirq.Simulator(seed=seed % 2**32).run(circuit, repetitions=shots).measurements
