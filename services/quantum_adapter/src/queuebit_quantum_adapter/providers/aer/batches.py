"""Batches of circuits on Aer: converted, checked, and run one by one. Imported in worker processes only.

One by one, because within one call of Aer the place of a circuit changes its samples even with a fixed seed.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from queuebit_circuits.circuit import Branch, Circuit, Gate, Operation
from queuebit_quantum_adapter.circuits import text_hash
from queuebit_quantum_adapter.ports import Batch, Result
from queuebit_quantum_adapter.providers.aer.fitted import Compiled
from queuebit_quantum_adapter.providers.aer.target import Target
from queuebit_quantum_adapter.providers.qiskit_conversion import angles_of, to_open_circuit
from queuebit_quantum_adapter.verification.equivalence import Equivalence

FORMS_MAX = 1024


@dataclass(slots=True)
class _Form:
    """All of a circuit but its angles, as Aer runs it, and how the conversion was checked."""

    name: str
    compiled: Compiled
    equivalence: Equivalence | None = None


class BatchRunner:
    """Runs batches on one target. A form of circuits (all but the angles) is converted and checked when it is new."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._forms: OrderedDict[Hashable, _Form] = OrderedDict()

    def check(self, batch: Batch) -> dict[str, Any]:
        """That every circuit of the batch survives its conversion: evidence of it. Raises NotEquivalent."""
        found = {}
        for circuit in batch.circuits:
            form = self._form(circuit)
            if form.equivalence is None:
                form.equivalence = self._target.check_circuit(circuit, self.converted)
            found[form.name] = asdict(form.equivalence)
        return {"circuits": len(batch.circuits), "forms": found}

    def run(self, batch: Batch) -> Result:
        """Raises AdapterError."""
        begun = time.perf_counter()
        evidence = self.check(batch)
        checked = time.perf_counter()
        counts: tuple[Mapping[int, int], ...] = ()
        values: tuple[float, ...] = ()
        if batch.observable is not None:
            values = self._target.values([self.converted(circuit) for circuit in batch.circuits], batch.observable)
        elif batch.shots is not None:
            counts = tuple(
                self._target.counts(self.converted(circuit), self.compiled(circuit).fitted, batch.shots, seed)
                for circuit, seed in zip(batch.circuits, batch.seeds, strict=True)
            )
        ended = time.perf_counter()
        fitted = [self.compiled(circuit).fitted for circuit in batch.circuits]
        return Result(
            counts=counts,
            values=values,
            record={
                **self._target.told(fitted, batch.shots or 0),
                **self._target.record,
                "equivalence": evidence,
            },
            timing={"check_s": round(checked - begun, 6), "queue_s": 0.0, "run_s": round(ended - checked, 6)},
        )

    def converted(self, circuit: Circuit) -> Any:
        """As Aer runs it, its angles filled in."""
        return self.compiled(circuit).open.bind(angles_of(circuit.operations))

    def compiled(self, circuit: Circuit) -> Compiled:
        """The form of the circuit, as the target runs it. Raises AdapterError."""
        return self._form(circuit).compiled

    def _form(self, circuit: Circuit) -> _Form:
        key = form_of(circuit)
        form = self._forms.get(key)
        if form is None:
            plain = to_open_circuit(circuit)
            made = Compiled.of(plain, self._target.fit(plain.circuit))
            form = self._forms[key] = _Form(text_hash(repr(key)), made)
            while len(self._forms) > FORMS_MAX:
                self._forms.popitem(last=False)
        else:
            self._forms.move_to_end(key)
        return form


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
