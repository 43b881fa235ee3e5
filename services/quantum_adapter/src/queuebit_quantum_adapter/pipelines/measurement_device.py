"""A provider as the device that a measurement runs on: batches of circuits, each handed in once, under a key of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from queuebit_circuits.circuit import Bound, Branch, Circuit, Gate, Measure, Reset, length_of
from queuebit_circuits.pauli import PauliSum, bases, error_floor, estimate, measured, term_estimates
from queuebit_circuits.readout import Misread, Readout, mendable, mended_estimate
from queuebit_problems.measurement import Counts, Estimate, Raw
from queuebit_problems.measuring.machine_noise import bias_max, error_probability
from queuebit_quantum_adapter.backends.limits import Limits
from queuebit_quantum_adapter.errors import BudgetTooSmall, UnusableProblem
from queuebit_quantum_adapter.pipelines.checks import check_operations
from queuebit_quantum_adapter.pipelines.evidence import target_evidence
from queuebit_quantum_adapter.pipelines.samples import derived_seed
from queuebit_quantum_adapter.ports import (
    AS_USUAL,
    NO_MITIGATION,
    Mitigation,
    Preflight,
    Request,
    Result,
    Transpilation,
)
from queuebit_quantum_adapter.submissions.running import Runner

SHOTS_OF_ITS_CHOICE = 4096
"""Where exact values are wanted of a device that only samples."""


class ProviderDevice:
    """Runs the circuits of one attempt. Equal circuits in one call are sampled anew each; what else is in a batch does not
    change the outcomes of a circuit, for its seed comes from the circuit and not from its place.
    """

    def __init__(
        self,
        runner: Runner,
        limits: Limits,
        budget_s: float,
        *,
        name: str,
        mitigation: Mitigation = NO_MITIGATION,
        transpilation: Transpilation = AS_USUAL,
    ) -> None:
        self._runner = runner
        self._limits = limits
        self._budget_s = budget_s
        self._name = name
        self._mitigation = mitigation
        self._transpilation = transpilation
        self._forms: dict[str, Mapping[str, Any]] = {}
        self._ran: list[Mapping[str, Any]] = []
        self._circuits: Sequence[Circuit] = []
        self._worst: Mapping[str, Any] | None = None
        self.record: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        """The backend, by the name that people know it by."""
        return self._name

    def target(self) -> dict[str, Any]:
        """What a noisy target is and what it made of the last circuits, and of the one that erred most; empty for an ideal
        one.
        """
        target = self.record.get("target")
        if target is not None and self._worst is not None and self._worst not in target["circuits"]:
            target = {**target, "circuits": [*target["circuits"], self._worst]}
        return target_evidence(self._runner.provider.capabilities(), target)

    def counts(self, circuits: Sequence[Circuit], *, shots: int, seed: int) -> list[Counts]:
        """The outcomes by their keys. Raises AdapterError."""
        if any(not circuit.clbits for circuit in circuits):
            raise UnusableProblem("The circuit has no classical bit, so that nothing can be read.")
        outcomes: list[Mapping[int, int]] = []
        self._ran, self._circuits = [], circuits
        for request in self._requests(circuits, seed, shots=shots, observable=None):
            result = self._run(request)
            outcomes += result.counts
            self._ran += result.ran
        return [
            dict(zip(circuit.keys(counts), counts.values(), strict=True))
            for circuit, counts in zip(circuits, outcomes, strict=True)
        ]

    def outcomes(self, circuit: Circuit, *, shots: int, seed: int) -> list[str]:
        """The outcome of each run. Raises AdapterError: UnusableProblem where the backend does not tell it."""
        if not self._runner.provider.capabilities().memory:
            raise UnusableProblem(
                f"{self._name} does not tell the outcomes of single runs.",
                remedy="Leave out memory, or use the simulator.",
            )
        [request] = self._requests([circuit], seed, shots=shots, observable=None)
        result = self._run(replace(request, memory=True))
        self._ran, self._circuits = list(result.ran), [circuit]
        return circuit.keys(result.memory[0])

    def readouts(self) -> list[Readout | None]:
        """Of the circuits of the last call; nothing where the target has no noise that is known."""
        if "target" not in self.record:
            return []
        told = [{clbit: Misread(zero, one) for clbit, zero, one in each.get("readout", ())} for each in self._ran]
        return [each or None for each in told]

    def models(self) -> list[Mapping[str, float] | None]:
        return [
            None if "model" not in told else _by_keys(circuit, told["model"])
            for circuit, told in zip(self._circuits, self._ran, strict=True)
        ]

    def expectations(
        self,
        circuits: Sequence[Circuit],
        observable: PauliSum,
        *,
        shots: int | None,
        seed: int,
        per_term: bool = False,
    ) -> list[Estimate]:
        """With `shots`, so many for each basis in which the observable is measured. Raises AdapterError."""
        for circuit in circuits:
            if any(isinstance(each, Measure | Branch | Reset) for each in circuit.operations):
                raise UnusableProblem(
                    "An expectation value is that of a final state: the circuit may not measure or reset."
                )
        if shots is None and self._runner.provider.capabilities().exact:
            values = self._values(circuits, observable, seed)
            single = [PauliSum(observable.qubits, ((1.0, letters),)) for _, letters in observable.terms if per_term]
            by_term = [self._values(circuits, each, seed) for each in single]
            told = [tuple((found[place], 0.0) for found in by_term) for place in range(len(values))]
            return [Estimate(value, 0.0, terms=each) for value, each in zip(values, told, strict=True)]
        chosen = bases(observable)
        if not chosen:
            ones = ((1.0, 0.0),) * len(observable.terms) if per_term else ()
            return [Estimate(observable.constant, 0.0, terms=ones) for _ in circuits]
        if self._mitigation.methods:
            if per_term:
                raise UnusableProblem(
                    f"{self._name} tells no single strings of a value that it corrects.",
                    remedy="Leave out per_term or the mitigation.",
                )
            return self._mitigated(circuits, observable, shots or SHOTS_OF_ITS_CHOICE, seed)
        turned = [measured(circuit, basis) for circuit in circuits for basis in chosen]
        runs = shots or SHOTS_OF_ITS_CHOICE
        found = self.counts(turned, shots=runs, seed=seed)
        bias, readouts = self._bias_max(observable), self.readouts()
        estimates = []
        for start in range(0, len(found), len(chosen)):
            mine = slice(start, start + len(chosen))
            mended = self._mended(observable, found[mine], readouts[mine], mine) if readouts else None
            terms = term_estimates(observable, found[mine]) if per_term else ()
            estimates.append(
                Estimate(*estimate(observable, found[mine]), bias, mitigated=mended, shots=runs, terms=terms)
            )
        return estimates

    def _values(self, circuits: Sequence[Circuit], observable: PauliSum, seed: int) -> list[float]:
        values: list[float] = []
        for request in self._requests(circuits, seed, shots=None, observable=observable):
            values += self._run(request).values
        return values

    def _mended(
        self, observable: PauliSum, counts: Sequence[Counts], readouts: Sequence[Readout | None], mine: slice
    ) -> Estimate | None:
        """The value with the errors of readout taken out, where all of them are known; those of gates are left."""
        known = [each for each in readouts if each is not None and mendable(each)]
        if len(known) < len(readouts):
            return None
        successes = [float(each["gates_success"]) for each in self._ran[mine]]
        left = bias_max(error_probability(successes), observable.spread)
        return Estimate(*mended_estimate(observable, counts, known), left)

    def _mitigated(self, circuits: Sequence[Circuit], observable: PauliSum, shots: int, seed: int) -> list[Estimate]:
        """As the backend itself estimates it. The constant is added here, and no error is less than so many runs can tell."""
        constant, floor = observable.constant, error_floor(observable, shots)
        moving = replace(observable, terms=tuple(term for term in observable.terms if term[1].strip("I")))
        found: list[Estimate] = []
        for request in self._requests(circuits, seed, shots=shots, observable=moving):
            result = self._run(request)
            bias = self._bias_max(observable)
            found += [
                Estimate(
                    value + constant,
                    max(each.std_error, floor),
                    bias,
                    Raw(each.raw + constant, max(each.raw_std_error, floor)),
                    shots=shots,
                )
                for value, each in zip(result.values, result.estimated, strict=True)
            ]
        return found

    def _bias_max(self, observable: PauliSum) -> float:
        """How far the noise of the target may take the values of any circuit so far; 0 for an ideal one."""
        circuits = self.record.get("target", {}).get("circuits", ())
        circuits = circuits if self._worst is None else (*circuits, self._worst)
        return bias_max(error_probability([each["success"] for each in circuits]), observable.spread)

    def equivalence(self) -> dict[str, Any]:
        """How it was checked that the circuits that ran are those that were asked for.

        Circuits that differ by angles alone are of one form, which is checked once; `fidelity` is the lowest of all inputs.
        """
        checks = self._forms.values()
        return {
            "circuits": self._runner.circuits,
            "forms": len(checks),
            "methods": sorted({check["method"] for check in checks}),
            "inputs": sum(check["inputs"] for check in checks),
            "fidelity": min((check["fidelity"] for check in checks), default=None),
        }

    def _requests(
        self, circuits: Sequence[Circuit], seed: int, *, shots: int | None, observable: PauliSum | None
    ) -> list[Request]:
        for circuit in circuits:
            runs = shots if shots and runs_shot_by_shot(circuit) else 1
            check_operations(self._limits, self._budget_s, circuit.qubits, length_of(circuit.operations), runs)
        seeds = seeds_of(circuits, seed) if shots is not None else [0] * len(circuits)
        batch = self._runner.provider.capabilities().circuits_max
        return [
            Request(
                tuple(Bound(each) for each in circuits[start : start + batch]),
                tuple(seeds[start : start + batch]),
                shots,
                observable,
                mitigation=self._mitigation,
                transpilation=self._transpilation,
            )
            for start in range(0, len(circuits), batch)
        ]

    def _check_budget(self, request: Request, expected: Preflight) -> None:
        """Where the backend estimates, that the request fits what is left of the budget. Raises BudgetTooSmall."""
        needed_s = expected.seconds or 0.0
        left_s = self._budget_s * self._limits.circuit_share - self._runner.run_s
        if expected.seconds is not None and needed_s > left_s:
            raise BudgetTooSmall(
                f"{len(request.circuits)} circuits take about {needed_s:.3g} s with noise; {max(left_s, 0.0):.3g} s of the "
                "budget are left for them.",
                remedy="Give a larger budget, state fewer shots or gates, or use the classical lane.",
            )

    def _run(self, request: Request) -> Result:
        result = self._runner.run(request, lambda expected: self._check_budget(request, expected))
        self.record = {name: value for name, value in result.record.items() if name != "equivalence"}
        for each in self.record.get("target", {}).get("circuits", ()):
            if self._worst is None or each["success"] < self._worst["success"]:
                self._worst = each
        self._forms.update(result.record.get("equivalence", {}).get("forms", {}))
        return result


def _by_keys(circuit: Circuit, model: Sequence[tuple[int, float]]) -> dict[str, float]:
    keys = circuit.keys(outcome for outcome, _ in model)
    return dict(zip(keys, (share for _, share in model), strict=True))


def seeds_of(circuits: Sequence[Circuit], seed: int) -> list[int]:
    """A seed a circuit, from the circuit and how many equal ones stand before it."""
    seen: Counter[str] = Counter()
    seeds = []
    for circuit in circuits:
        name = circuit.fingerprint
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
            case Gate(_, qubits):
                if touched.intersection(qubits):
                    return True
            case Measure(qubit, _):
                touched.add(qubit)
            case Reset():
                return True
            case _:
                pass
    return False
