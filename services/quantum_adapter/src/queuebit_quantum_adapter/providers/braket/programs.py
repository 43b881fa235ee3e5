"""Requests as programs that Braket runs: in gates that the device has, checked by Braket's own reading of the text, and their
outcomes read. Imported in worker processes only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Hashable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from qiskit.circuit.equivalence_library import SessionEquivalenceLibrary
from qiskit.exceptions import QiskitError
from qiskit.transpiler import PassManager
from qiskit.transpiler.passes import BasisTranslator, UnrollCustomDefinitions

from queuebit_circuits.circuit import Bound, Circuit, length_of, opened
from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.errors import TooManyOperations, UnusableProblem
from queuebit_quantum_adapter.ports import Request
from queuebit_quantum_adapter.providers.braket.text import WORD_OF, Text, read_back, written
from queuebit_quantum_adapter.providers.qiskit_circuits import circuit_fingerprint
from queuebit_quantum_adapter.providers.qiskit_conversion import OpenCircuit, to_open_circuit
from queuebit_quantum_adapter.providers.terminal import Reads, reads_of
from queuebit_quantum_adapter.verification.equivalence import Equivalence, check_circuit, check_template

FORMS_MAX = 256
OPERATIONS_MAX = 5_000
"""Braket's reader takes milliseconds for each."""
EQUIVALENCE_SEED = 20_240_601
PASSES = ("UnrollCustomDefinitions", "BasisTranslator")
PACKAGES = ("amazon-braket-sdk", "qiskit")


@dataclass(frozen=True, slots=True)
class Form:
    """A structure in the gates of the device."""

    name: str
    open: OpenCircuit
    reads: Reads


class Programs:
    """What was made for one device, which has gates of these words."""

    def __init__(self, machine: str, words: Collection[str]) -> None:
        basis = sorted(name for name, word in WORD_OF.items() if word in words)
        self._machine = machine
        self._passes = PassManager(
            [
                UnrollCustomDefinitions(SessionEquivalenceLibrary, basis),
                BasisTranslator(SessionEquivalenceLibrary, basis),
            ]
        )
        self._forms: OrderedDict[Hashable, Form] = OrderedDict()
        self._checked: OrderedDict[str, Equivalence] = OrderedDict()
        self._packages = {name: version(name) for name in PACKAGES}
        self._key = fingerprint([machine, basis, self._packages])

    def prepared(self, request: Request) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
        """What reproduces the request, for all circuits and for each. Raises AdapterError."""
        checks: dict[str, Any] = {}
        ran: list[dict[str, Any]] = []
        for bound in request.circuits:
            form, made = self._made(bound)
            checks[form.name] = asdict(self._check(bound.circuit, form))
            ran.append(
                {
                    "form": form.name,
                    "layout": list(range(bound.circuit.qubits)),
                    "template_key": form.name,
                    "circuit_fingerprint": circuit_fingerprint(made),
                }
            )
        record = {
            "transpiler": {"passes": list(PASSES), "optimization_level": None, "seed": None},
            "packages": self._packages,
            "equivalence": {"circuits": len(ran), "forms": checks},
        }
        return record, tuple(ran)

    def texts(self, request: Request) -> list[Text]:
        """A program a circuit. Raises UnusableProblem where one reads nothing, for then it has no outcomes."""
        texts = [self._text(bound) for bound in request.circuits]
        if any(not text.reads.qubits for text in texts):
            raise UnusableProblem("The circuit measures nothing.", remedy="Measure at least one qubit.")
        return texts

    def _text(self, bound: Bound) -> Text:
        form, made = self._made(bound)
        return written(made, form.reads)

    def _check(self, circuit: Circuit, form: Form) -> Equivalence:
        """A circuit with slots once for all values, another at its own angles and at random ones. Raises NotEquivalent."""
        name = circuit.fingerprint
        found = self._checked.get(name)
        if found is None:
            if circuit.slots:
                found = check_template(
                    circuit,
                    lambda angles: read_back(written(form.open.bind(angles), form.reads)),
                    EQUIVALENCE_SEED,
                )
            else:
                found = check_circuit(circuit, lambda each: read_back(self._text(Bound(each))), EQUIVALENCE_SEED)
            self._checked[name] = found
            while len(self._checked) > FORMS_MAX:
                self._checked.popitem(last=False)
        return found

    def _made(self, bound: Bound) -> tuple[Form, Any]:
        template = bound if bound.circuit.slots else opened(bound.circuit)
        name = fingerprint([template.circuit.fingerprint, self._key])
        form = self._forms.get(name)
        if form is None:
            form = self._forms[name] = self._form(name, template.circuit)
            while len(self._forms) > FORMS_MAX:
                self._forms.popitem(last=False)
        return form, form.open.bind(template.angles)

    def _form(self, name: str, circuit: Circuit) -> Form:
        if length_of(circuit.operations) > OPERATIONS_MAX:
            raise TooManyOperations(f"The circuit has more than {OPERATIONS_MAX} operations.")
        plain, reads = to_open_circuit(circuit), reads_of(circuit, self._machine)
        try:
            made = self._passes.run(plain.circuit)
        except QiskitError as error:
            raise UnusableProblem(f"{self._machine} has no gates for this circuit: {str(error)[:200]}.") from error
        return Form(name, OpenCircuit(made, plain.parameters), reads)


def words_of(capabilities: Mapping[str, Any]) -> frozenset[str]:
    """The gates that a device names in its capabilities, as its programs write them."""
    action = capabilities["action"]["braket.ir.openqasm.program"]
    return frozenset(str(each) for each in action["supportedOperations"])
