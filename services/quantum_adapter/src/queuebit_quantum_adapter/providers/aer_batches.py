"""Batches of circuits on Aer: converted, checked, and run one by one. Imported in worker processes only.

One by one, because within one call of Aer the place of a circuit changes its samples even with a fixed seed.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from qiskit.exceptions import QiskitError
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import PassManager
from qiskit_aer import AerSimulator
from qiskit_aer.library import SaveExpectationValue

from queuebit_problems.circuits.circuit import Branch, Circuit, Gate, Operation
from queuebit_problems.circuits.pauli import PauliSum
from queuebit_quantum_adapter.circuits import text_hash
from queuebit_quantum_adapter.equivalence import Equivalence, check_circuit
from queuebit_quantum_adapter.errors import RunFailed, TooMuchMemory
from queuebit_quantum_adapter.ports import Batch, Readings
from queuebit_quantum_adapter.providers.qiskit_conversion import steps_of_quantum_circuit, to_quantum_circuit
from queuebit_quantum_adapter.steps import Step

FORMS_MAX = 256
EQUIVALENCE_SEED = 20_240_601
"""The inputs of the check need to be random only to whoever made the conversion: fixed, so that evidence repeats."""
LABEL = "value"


class BatchRunner:
    """Runs batches on one simulator. A form of circuits (all but the angles) is checked when it is new."""

    def __init__(self, simulator: AerSimulator, passes: PassManager) -> None:
        self._simulator = simulator
        self._passes = passes
        self._native = frozenset(simulator.target.operation_names)
        self._checked: OrderedDict[Hashable, tuple[str, Equivalence]] = OrderedDict()

    def check(self, batch: Batch) -> dict[str, Any]:
        """That every circuit of the batch survives its conversion: evidence of it. Raises NotEquivalent."""
        forms = dict(self._check(circuit) for circuit in batch.circuits)
        return {"circuits": len(batch.circuits), "forms": {name: asdict(each) for name, each in forms.items()}}

    def run(self, batch: Batch, record: Mapping[str, Any]) -> Readings:
        """Raises AdapterError."""
        begun = time.perf_counter()
        made = [self.converted(circuit) for circuit in batch.circuits]
        ready = time.perf_counter()
        evidence = self.check(batch)
        checked = time.perf_counter()
        counts: tuple[Mapping[int, int], ...] = ()
        values: tuple[float, ...] = ()
        if batch.observable is not None:
            probe = SaveExpectationValue(operator_of(batch.observable), label=LABEL)
            values = tuple(self._value(circuit, probe) for circuit in made)
        elif batch.shots is not None:
            counts = tuple(
                self._counts(circuit, batch.shots, seed) for circuit, seed in zip(made, batch.seeds, strict=True)
            )
        return Readings(
            counts=counts,
            values=values,
            record={**record, "equivalence": evidence},
            timing={
                "convert_s": round(ready - begun, 6),
                "check_s": round(checked - ready, 6),
                "queue_s": 0.0,
                "run_s": round(time.perf_counter() - checked, 6),
            },
        )

    def converted(self, circuit: Circuit) -> Any:
        """As Aer runs it: what it knows stays as it is, other gates are taken apart."""
        made = to_quantum_circuit(circuit)
        names = {item.operation.name for item in made.data} | _inner_names(made)
        return made if names - {"barrier"} <= self._native else self._passes.run(made)

    def _check(self, circuit: Circuit) -> tuple[str, Equivalence]:
        """The name of its form, and how that was checked."""
        form = form_of(circuit)
        known = self._checked.get(form)
        if known is None:
            found = check_circuit(circuit, self._done, EQUIVALENCE_SEED)
            known = self._checked[form] = (text_hash(repr(form)), found)
            while len(self._checked) > FORMS_MAX:
                self._checked.popitem(last=False)
        else:
            self._checked.move_to_end(form)
        return known

    def _done(self, circuit: Circuit) -> tuple[Step, ...]:
        return steps_of_quantum_circuit(self.converted(circuit))

    def _counts(self, circuit: Any, shots: int, seed: int) -> dict[int, int]:
        """Aer's counts: hexadecimal integers, whose bit c is classical bit c. A circuit that measures nothing reads 0."""
        data = self._run(circuit, shots=shots, seed_simulator=seed)
        found = data.get("counts")
        if found is None:
            return {0: shots}
        return dict(sorted((int(outcome, 16), count) for outcome, count in found.items()))

    def _value(self, circuit: Any, probe: Any) -> float:
        circuit.append(probe, range(circuit.num_qubits))
        return float(self._run(circuit, shots=1, seed_simulator=0)[LABEL])

    def _run(self, circuit: Any, **options: int) -> Mapping[str, Any]:
        try:
            result = self._simulator.run(circuit, **options).result()
        except QiskitError as error:
            raise RunFailed(f"Aer failed: {error.message}") from error
        if not result.success:
            if "nsufficient memory" in str(result.status):
                raise TooMuchMemory(f"Aer refused: {str(result.status)[:300]}")
            raise RunFailed(f"Aer failed: {str(result.status)[:300]}")
        data: Mapping[str, Any] = result.data(0)
        return data


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
        else (each.clbits, each.value, _form(each.then), _form(each.otherwise))
        if isinstance(each, Branch)
        else each
        for each in operations
    )


def _inner_names(circuit: Any) -> set[str]:
    names: set[str] = set()
    for item in circuit.data:
        for block in getattr(item.operation, "blocks", ()):
            names |= {inner.operation.name for inner in block.data} | _inner_names(block)
    return names
