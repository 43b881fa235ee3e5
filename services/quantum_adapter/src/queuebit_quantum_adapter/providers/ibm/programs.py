"""Requests as IBM's sampler takes them: transpiled for the backend, checked, and their outcomes read.

Imported in worker processes only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from math import prod
from typing import Any

import numpy as np
from qiskit.exceptions import QiskitError

from queuebit_circuits.circuit import Bound, Circuit, opened
from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.errors import UnusableProblem
from queuebit_quantum_adapter.ports import AS_USUAL, Request, Transpilation
from queuebit_quantum_adapter.providers.active_qubits import on_active_qubits
from queuebit_quantum_adapter.providers.calibration import calibration_used
from queuebit_quantum_adapter.providers.ibm.states import places_of, same_states
from queuebit_quantum_adapter.providers.qiskit_circuits import calibration_fingerprint, circuit_fingerprint
from queuebit_quantum_adapter.providers.qiskit_conversion import OpenCircuit, to_open_circuit
from queuebit_quantum_adapter.providers.read_back import read_back, same_outcomes
from queuebit_quantum_adapter.providers.transpilers import Transpilers
from queuebit_quantum_adapter.verification.equivalence import Equivalence

LEVEL = 2
TRANSPILER_SEED = 7
EQUIVALENCE_SEED = 20_240_601
FORMS_MAX = 256
PACKAGES = ("qiskit", "qiskit-ibm-runtime")


@dataclass(frozen=True, slots=True)
class Form:
    """A structure as the backend runs it, and what is known of that. `used`: the qubits it runs on; `calibration`: what was
    measured of them.
    """

    name: str
    used: tuple[int, ...]
    calibration: str
    open: OpenCircuit
    layout: tuple[int, ...]
    equivalence: Equivalence
    success: float


class Programs:
    """What was transpiled for one backend, as it is calibrated now."""

    def __init__(self, backend: Any, before: Programs | None = None) -> None:
        """`before`: what was transpiled for its calibration before; what that says of the qubits a circuit runs on may stand
        still, and then the circuit does.
        """
        self._backend = backend
        self._transpilers = Transpilers(backend.target, LEVEL, TRANSPILER_SEED)
        self._forms: OrderedDict[Hashable, Form] = OrderedDict()
        self._packages = {name: version(name) for name in PACKAGES}
        properties = backend.properties()
        moment = None if properties is None else properties.last_update_date
        self.name, self.qubits = str(backend.name), int(backend.num_qubits)
        self.calibrated_at: str | None = None if moment is None else moment.isoformat()
        self._calibration = calibration_fingerprint(properties)
        for key, form in before._forms.items() if before is not None else ():
            if calibration_used(backend.target, form.used) == form.calibration:
                self._forms[key] = form

    def prepared(self, request: Request) -> tuple[dict[str, Any], tuple[dict[str, Any], ...], float]:
        """What reproduces the request, for all circuits and for each, and the success of the worst. Raises AdapterError."""
        pairs = self._forms_of(request)
        record = {
            "method": "device",
            "transpiler": self._transpilers.told(request.transpilation),
            "noise": self._backend.name,
            "calibrated_at": self.calibrated_at,
            "calibration_fingerprint": self._calibration,
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
                "calibration_used": form.calibration,
                "circuit_fingerprint": circuit_fingerprint(form.open.bind(angles)),
            }
            for form, angles in pairs
        )
        return record, ran, min((form.success for form, _ in pairs), default=1.0)

    def pubs(self, request: Request) -> list[tuple[Any, Any]]:
        """One program where all circuits are of one form, so that it is sent once with all its angles; else one a circuit.

        A form that has no angle, or none left, is one a circuit, too: without angles a program runs once.
        """
        pairs = self._forms_of(request)
        if len({form.name for form, _ in pairs}) == 1 and len(pairs) > 1 and pairs[0][0].open.circuit.parameters:
            form = pairs[0][0]
            return [_pub(form, np.array([angles for _, angles in pairs], dtype=np.float64))]
        return [_pub(form, np.array(angles, dtype=np.float64)) for form, angles in pairs]

    def bound(self, request: Request) -> list[Any]:
        """Each circuit as the backend runs it."""
        return [form.open.bind(angles) for form, angles in self._forms_of(request)]

    def _forms_of(self, request: Request) -> list[tuple[Form, tuple[float, ...]]]:
        return [self._form(bound, request.transpilation) for bound in request.circuits]

    def _form(self, bound: Bound, how: Transpilation) -> tuple[Form, tuple[float, ...]]:
        template = bound if bound.circuit.slots else opened(bound.circuit)
        key = (template.circuit.fingerprint, how)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = self._made(template.circuit, how)
            while len(self._forms) > FORMS_MAX:
                self._forms.popitem(last=False)
        return form, template.angles

    def _made(self, circuit: Circuit, how: Transpilation) -> Form:
        plain = to_open_circuit(circuit)
        passes = self._transpilers.of(how, circuit.qubits, self._backend.name)
        try:
            made = passes.run(plain.circuit)
        except QiskitError as error:
            raise UnusableProblem(f"It cannot be fitted to {self._backend.name}: {str(error)[:200]}.") from error
        compact, used = on_active_qubits(made)
        angles = np.random.default_rng(EQUIVALENCE_SEED).uniform(-np.pi, np.pi, size=circuit.slots).tolist()
        there = OpenCircuit(compact, plain.parameters)
        if circuit.clbits:
            found = same_outcomes(read_back(plain.bind(angles)), read_back(there.bind(angles)))
        else:
            found = same_states(plain.bind(angles), OpenCircuit(made, plain.parameters).bind(angles))
        layout = range(circuit.qubits) if made.layout is None else made.layout.initial_index_layout(True)
        success = prod(1.0 - error for error in self._errors(made))
        if not circuit.clbits:
            success *= prod(1.0 - self._error("measure", (place,)) for place in places_of(made))
        calibration = calibration_used(self._backend.target, used)
        parts = [circuit.fingerprint, self._backend.name, calibration, self._packages]
        name = fingerprint(parts if how == AS_USUAL else [*parts, how.level, how.layout])
        return Form(name, used, calibration, OpenCircuit(made, plain.parameters), tuple(layout), found, success)

    def _errors(self, made: Any) -> Iterator[float]:
        for item in made.data:
            yield self._error(item.operation.name, tuple(made.find_bit(qubit).index for qubit in item.qubits))

    def _error(self, name: str, place: tuple[int, ...]) -> float:
        known = self._backend.target.get(name)
        properties = None if known is None else known.get(place)
        return min(1.0, float(getattr(properties, "error", None) or 0.0))


def outcomes_of(data: Any) -> list[tuple[int, ...]]:
    """The outcome of each run of each set of angles, bit k of it classical bit k: registers in the order of their numbers."""
    names = sorted(data.keys(), key=lambda name: int(name[1:]))
    bits = np.concatenate([data[name].to_bool_array(order="little") for name in names], axis=-1)
    rows = bits.reshape(-1, *bits.shape[-2:])
    return [_whole(each) for each in rows]


def _whole(shots: Any) -> tuple[int, ...]:
    weights = [1 << place for place in range(shots.shape[-1])]
    return tuple(sum(weight for weight, bit in zip(weights, row, strict=True) if bit) for row in shots.tolist())


def _pub(form: Form, angles: Any) -> tuple[Any, Mapping[Any, Any] | None]:
    """A circuit and its angles; those that Qiskit's circuit does not have are left out."""
    used = form.open.circuit.parameters
    values = {each: angles[..., place] for place, each in enumerate(form.open.parameters) if each in used}
    return form.open.circuit, values or None
