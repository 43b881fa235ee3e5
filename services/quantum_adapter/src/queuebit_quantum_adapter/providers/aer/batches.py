"""Batches of circuits on Aer: converted, checked, and run one by one. Imported in worker processes only.

One by one, because within one call of Aer the place of a circuit changes its samples even with a fixed seed.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from qiskit.exceptions import QiskitError
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import PassManager
from qiskit_aer import AerSimulator
from qiskit_aer.library import SaveExpectationValue

from queuebit_circuits.circuit import Branch, Circuit, Gate, Operation
from queuebit_circuits.pauli import PauliSum
from queuebit_quantum_adapter.circuits import text_hash
from queuebit_quantum_adapter.errors import RunFailed, TooMuchMemory
from queuebit_quantum_adapter.ports import Batch, Readings
from queuebit_quantum_adapter.providers.qiskit_conversion import (
    OpenCircuit,
    steps_of_quantum_circuit,
    to_open_circuit,
)
from queuebit_quantum_adapter.verification.equivalence import Equivalence, check_circuit
from queuebit_quantum_adapter.verification.matrices import Step

FORMS_MAX = 1024
EQUIVALENCE_SEED = 20_240_601
"""The inputs of the check need to be random only to whoever made the conversion: fixed, so that evidence repeats."""
LABEL = "value"


@dataclass(slots=True)
class _Form:
    """All of a circuit but its angles, as Aer runs it, and how the conversion was checked."""

    name: str
    open: OpenCircuit
    equivalence: Equivalence | None = None


class BatchRunner:
    """Runs batches on one simulator. A form of circuits (all but the angles) is converted and checked when it is new."""

    def __init__(self, simulator: AerSimulator, passes: PassManager) -> None:
        self._simulator = simulator
        self._passes = passes
        self._native = frozenset(simulator.target.operation_names)
        self._forms: OrderedDict[Hashable, _Form] = OrderedDict()

    def check(self, batch: Batch) -> dict[str, Any]:
        """That every circuit of the batch survives its conversion: evidence of it. Raises NotEquivalent."""
        found = {}
        for circuit in batch.circuits:
            form = self._form(circuit)
            if form.equivalence is None:
                form.equivalence = self._compared(circuit)
            found[form.name] = asdict(form.equivalence)
        return {"circuits": len(batch.circuits), "forms": found}

    def run(self, batch: Batch, record: Mapping[str, Any]) -> Readings:
        """Raises AdapterError."""
        begun = time.perf_counter()
        evidence = self.check(batch)
        checked = time.perf_counter()
        counts: tuple[Mapping[int, int], ...] = ()
        values: tuple[float, ...] = ()
        if batch.observable is not None:
            values = self._values(batch.circuits, batch.observable)
        elif batch.shots is not None:
            counts = tuple(
                self._counts(circuit, batch.shots, seed)
                for circuit, seed in zip(batch.circuits, batch.seeds, strict=True)
            )
        return Readings(
            counts=counts,
            values=values,
            record={**record, "equivalence": evidence},
            timing={
                "check_s": round(checked - begun, 6),
                "queue_s": 0.0,
                "run_s": round(time.perf_counter() - checked, 6),
            },
        )

    def converted(self, circuit: Circuit) -> Any:
        """As Aer runs it: what it knows stays as it is, other gates are taken apart."""
        return self._form(circuit).open.bind(circuit)

    def _form(self, circuit: Circuit) -> _Form:
        key = form_of(circuit)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = _Form(text_hash(repr(key)), self._opened(circuit))
            while len(self._forms) > FORMS_MAX:
                self._forms.popitem(last=False)
        else:
            self._forms.move_to_end(key)
        return form

    def _opened(self, circuit: Circuit) -> OpenCircuit:
        made = to_open_circuit(circuit)
        if _names(made.circuit) - {"barrier"} <= self._native:
            return made
        return OpenCircuit(self._passes.run(made.circuit), made.parameters)

    def _done(self, circuit: Circuit) -> tuple[Step, ...]:
        return steps_of_quantum_circuit(self.converted(circuit))

    def _compared(self, circuit: Circuit) -> Equivalence:
        """That the circuit survives its conversion. Raises NotEquivalent."""
        return check_circuit(circuit, self._done, EQUIVALENCE_SEED)

    def _counts(self, circuit: Circuit, shots: int, seed: int) -> dict[int, int]:
        return counts_of(self._simulator, self.converted(circuit), shots, seed)

    def _values(self, circuits: Sequence[Circuit], observable: PauliSum) -> tuple[float, ...]:
        """The exact values, by one call: nothing is drawn. Aer could fill in angles itself, but for some gates it does not."""
        probe = SaveExpectationValue(operator_of(observable), label=LABEL)
        made = [self.converted(circuit) for circuit in circuits]
        for circuit in made:
            circuit.append(probe, range(circuit.num_qubits))
        return tuple(float(data[LABEL]) for data in data_of(self._simulator, made, shots=1, seed_simulator=0))


def counts_of(simulator: AerSimulator, circuit: Any, shots: int, seed: int) -> dict[int, int]:
    """Aer's counts: hexadecimal integers, whose bit c is classical bit c. A circuit that measures nothing reads 0."""
    (data,) = data_of(simulator, [circuit], shots=shots, seed_simulator=seed)
    found = data.get("counts")
    if found is None:
        return {0: shots}
    return dict(sorted((int(outcome, 16), count) for outcome, count in found.items()))


def data_of(simulator: AerSimulator, circuits: Sequence[Any], **options: int) -> list[Mapping[str, Any]]:
    """What Aer gives for each circuit. Raises RunFailed or TooMuchMemory."""
    try:
        result = simulator.run(list(circuits), **options).result()
    except QiskitError as error:
        raise RunFailed(f"Aer failed: {error.message}") from error
    if not result.success:
        if "nsufficient memory" in str(result.status):
            raise TooMuchMemory(f"Aer refused: {str(result.status)[:300]}")
        raise RunFailed(f"Aer failed: {str(result.status)[:300]}")
    return [result.data(place) for place in range(len(circuits))]


def operator_of(observable: PauliSum) -> Any:
    """Qiskit's operator: its strings have qubit 0 rightmost."""
    return SparsePauliOp.from_list([(letters[::-1], factor) for factor, letters in observable.terms])


def form_of(circuit: Circuit) -> Hashable:
    """All of a circuit but its angles."""
    return circuit.qubits, circuit.clbits, _form(circuit.operations)


def _form(operations: Iterable[Operation]) -> Hashable:
    return tuple(
        (each.name, each.qubits)
        if isinstance(each, Gate)
        else (each.clbits, each.values, _form(each.then), _form(each.otherwise))
        if isinstance(each, Branch)
        else each
        for each in operations
    )


def _names(circuit: Any) -> set[str]:
    """The names of all instructions, those inside branches too."""
    names = {item.operation.name for item in circuit.data}
    for item in circuit.data:
        for block in getattr(item.operation, "blocks", ()):
            names |= _names(block)
    return names
