"""A provider as the device that a measurement runs on: batches of circuits, each handed in once, under a key of its own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from queuebit_circuits.circuit import Branch, Circuit, Gate, Measure, Reset, length_of
from queuebit_circuits.pauli import PauliSum, bases, estimate, measured
from queuebit_circuits.text import circuit_print
from queuebit_contracts.ids import derive_id
from queuebit_problems.measurement import Counts, Estimate
from queuebit_quantum_adapter.backends.limits import Limits
from queuebit_quantum_adapter.errors import BudgetTooSmall, UnusableProblem
from queuebit_quantum_adapter.pipelines.evidence import target_evidence
from queuebit_quantum_adapter.pipelines.measurement_task import check_operations
from queuebit_quantum_adapter.pipelines.samples import derived_seed
from queuebit_quantum_adapter.ports import Batch, Ledger, Provider, Result
from queuebit_quantum_adapter.submissions.ledger import POLL_INTERVAL_S, run_to_end

BATCH_CIRCUITS_MAX = 256
SHOTS_OF_ITS_CHOICE = 4096
"""Where exact values are wanted of a device that only samples."""


class ProviderDevice:
    """Runs the circuits of one attempt. Equal circuits in one call are sampled anew each; what else is in a batch does not
    change the outcomes of a circuit, for its seed comes from the circuit and not from its place.

    The key of a batch is derived from the attempt's id and the number of the batch, so that a repeat of the attempt, which asks
    for the same batches in the same order, finds what was handed in before.
    """

    def __init__(
        self,
        provider: Provider,
        ledger: Ledger,
        attempt_id: UUID,
        limits: Limits,
        budget_s: float,
        *,
        name: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._provider = provider
        self._ledger = ledger
        self._attempt_id = attempt_id
        self._limits = limits
        self._budget_s = budget_s
        self._name = name
        self._sleep = sleep
        self._capabilities = provider.capabilities()
        self._forms: dict[str, Mapping[str, Any]] = {}
        self._run_s = 0.0
        self.shots = 0
        self.batches = 0
        self.runs = 0
        self.record: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        """The backend, by the name that people know it by."""
        return self._name

    @property
    def run_s(self) -> float:
        """Seconds that the backend ran, as far as it tells."""
        return self._run_s

    def target(self) -> dict[str, Any]:
        """What a noisy target is and what it made of the last circuits; empty for an ideal one."""
        return target_evidence(self._capabilities, self.record.get("target"))

    def counts(self, circuits: Sequence[Circuit], *, shots: int, seed: int) -> list[Counts]:
        """The outcomes by their keys. Raises AdapterError."""
        if any(not circuit.clbits for circuit in circuits):
            raise UnusableProblem("The circuit has no classical bit, so that nothing can be read.")
        outcomes: list[Mapping[int, int]] = []
        for batch in self._batches(circuits, seed, shots=shots, observable=None):
            outcomes += self._run(batch).counts
        return [
            dict(zip(circuit.keys(counts), counts.values(), strict=True))
            for circuit, counts in zip(circuits, outcomes, strict=True)
        ]

    def expectations(
        self, circuits: Sequence[Circuit], observable: PauliSum, *, shots: int | None, seed: int
    ) -> list[Estimate]:
        """With `shots`, so many for each basis in which the observable is measured. Raises AdapterError."""
        for circuit in circuits:
            if any(isinstance(each, Measure | Branch | Reset) for each in circuit.operations):
                raise UnusableProblem(
                    "An expectation value is that of a final state: the circuit may not measure or reset."
                )
        if shots is None and self._capabilities.exact:
            values: list[float] = []
            for batch in self._batches(circuits, seed, shots=None, observable=observable):
                values += self._run(batch).values
            return [Estimate(value, 0.0) for value in values]
        chosen = bases(observable)
        if not chosen:
            return [Estimate(observable.constant, 0.0) for _ in circuits]
        turned = [measured(circuit, basis) for circuit in circuits for basis in chosen]
        found = self.counts(turned, shots=shots or SHOTS_OF_ITS_CHOICE, seed=seed)
        return [
            Estimate(*estimate(observable, found[start : start + len(chosen)]))
            for start in range(0, len(found), len(chosen))
        ]

    def equivalence(self) -> dict[str, Any]:
        """How it was checked that the circuits that ran are those that were asked for.

        Circuits that differ by angles alone are of one form, which is checked once; `fidelity` is the lowest of all inputs.
        """
        checks = self._forms.values()
        return {
            "circuits": self.runs,
            "forms": len(checks),
            "methods": sorted({check["method"] for check in checks}),
            "inputs": sum(check["inputs"] for check in checks),
            "fidelity": min((check["fidelity"] for check in checks), default=None),
        }

    def _batches(
        self, circuits: Sequence[Circuit], seed: int, *, shots: int | None, observable: PauliSum | None
    ) -> list[Batch]:
        for circuit in circuits:
            runs = shots if shots and runs_shot_by_shot(circuit) else 1
            check_operations(self._limits, self._budget_s, circuit.qubits, length_of(circuit.operations), runs)
        seeds = seeds_of(circuits, seed) if shots is not None else [0] * len(circuits)
        return [
            Batch(
                tuple(circuits[start : start + BATCH_CIRCUITS_MAX]),
                tuple(seeds[start : start + BATCH_CIRCUITS_MAX]),
                shots,
                observable,
            )
            for start in range(0, len(circuits), BATCH_CIRCUITS_MAX)
        ]

    def _affords(self, batch: Batch) -> None:
        """Where the backend estimates, whether the batch fits what is left of the budget. Raises BudgetTooSmall."""
        if not self._capabilities.estimates:
            return
        needed_s = self._provider.estimate(batch).seconds
        left_s = self._budget_s * self._limits.circuit_share - self._run_s
        if needed_s > left_s:
            raise BudgetTooSmall(
                f"{len(batch.circuits)} circuits take about {needed_s:.3g} s with noise; {max(left_s, 0.0):.3g} s of the "
                "budget are left for them.",
                remedy="Give a larger budget, state fewer shots or gates, or use the classical lane.",
            )

    def _run(self, batch: Batch) -> Result:
        key = derive_id(self._attempt_id, f"batch:{self.batches}")
        self.batches += 1
        self._provider.preflight(batch)
        self._affords(batch)
        provider_id = run_to_end(self._provider, self._ledger, batch, key, lambda: self._sleep(POLL_INTERVAL_S))
        readings = self._provider.result(provider_id)
        self.runs += len(batch.circuits)
        self.shots += len(batch.circuits) * (batch.shots or 0)
        self._run_s += float(readings.timing.get("run_s", 0.0))
        self.record = {name: value for name, value in readings.record.items() if name != "equivalence"}
        self._forms.update(readings.record.get("equivalence", {}).get("forms", {}))
        return readings


def seeds_of(circuits: Sequence[Circuit], seed: int) -> list[int]:
    """A seed a circuit, from the circuit and how many equal ones stand before it."""
    seen: Counter[str] = Counter()
    seeds = []
    for circuit in circuits:
        name = circuit_print(circuit)
        seeds.append(derived_seed(seed, f"{name}:{seen[name]}"))
        seen[name] += 1
    return seeds


def runs_shot_by_shot(circuit: Circuit) -> bool:
    """Whether a simulator must go through the circuit again for each shot: something follows on a measurement or a reset."""
    touched: set[int] = set()
    for operation in circuit.operations:
        match operation:
            case Branch():
                return True
            case Gate(_, qubits, _):
                if touched.intersection(qubits):
                    return True
            case Measure(qubit, _):
                touched.add(qubit)
            case Reset():
                return True
            case _:
                pass
    return False
