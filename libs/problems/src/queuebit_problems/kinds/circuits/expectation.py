"""Expectation values: of an observable in the final state of a circuit, or the least one over a family of states."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.errors import UnfitCircuit
from queuebit_circuits.pauli import bases
from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number, Sense
from queuebit_problems.formats.hamiltonians import TERMS_MAX, Observable, read_document
from queuebit_problems.formats.pauli_text import layout_of, read_pauli_text
from queuebit_problems.formats.text import Rows
from queuebit_problems.kind import Answer, Params, Size
from queuebit_problems.kinds.circuits.expectation_statement import SHOTS_MAX, ExpectationStatement, Particles
from queuebit_problems.kinds.circuits.value_answer import RAW, answer_errors, answer_of
from queuebit_problems.measurement import (
    Device,
    Effort,
    Estimate,
    Examination,
    Measured,
    Measurement,
    OnStep,
    Step,
    Stop,
)

ATTEMPTS_MAX = 4
PILOT_SHOTS = 1_000
SAFETY = 1.1
"""By how much more runs are made than the error of the last sample asks for."""
OF_THE_LANE = ("target", "reference")
"""Params that say how it is run, and not what is asked."""


class Expectation(Measurement[ExpectationStatement]):
    name = "expectation"
    title = "Expectation value, also the least over an ansatz"
    sense: ClassVar[Sense | None] = "min"
    answer_shape = (
        '{"value": v, "std_error": s, "unit": u}, of a search with "parameters": [the angles of the ansatz], from a machine '
        'with noise "bias_max": how far it may have taken v, beside chance, "deviation": v less the exact value, and '
        '"mitigated": {"value", "std_error", "bias_max", "method"}; towards a precision "shots": runs in each basis; where '
        'asked for "terms": [{"string", "value", "variance", "std_error"} …]; where errors were corrected "raw_value" and '
        '"raw_std_error": what the same runs say without'
    )
    formats = (
        'JSON: {"qubits", "terms": [[coefficient, "XIZ"] …], "unit"}, or a statement with "observable" and "circuit"',
        "JSON: OpenFermion molecules (qubit_hamiltonian); QED-C (paired_hamiltonian, jordan_wigner_hamiltonian)",
        "text: `coefficient string` a line",
    )
    params = {
        "hamiltonian": "paired or jordan_wigner, where a file has both; paired where it is left out",
        "ansatz": "particle_conserving or hardware_efficient",
        "layers": "how many layers of gates the ansatz has",
        "shots": "runs of each circuit in each basis; exact values where it is left out",
        "precision": "of a circuit, instead of shots: the standard error to reach",
        "per_term": "true: value and variance of each Pauli string too",
        "target": "the machine that the simulator stands in for: exact, or a device with its noise, as fake_sherbrooke",
        "reference": "noise or ideal: what the answer of a machine with noise is held against; noise where it is left out",
    }
    statement = ExpectationStatement

    def from_document(self, document: Mapping[str, Any], *, params: Params | None = None) -> Mapping[str, Any] | None:
        wanted = {
            name: value for name, value in (params or {}).items() if name in self.params and name not in OF_THE_LANE
        }
        hamiltonian = wanted.pop("hamiltonian", None)
        found = read_document(document, None if hamiltonian is None else str(hamiltonian))
        if found is None:
            found = dict(document) if isinstance(document.get("observable"), dict) else None
        return None if found is None else {**found, **wanted}

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> ExpectationStatement:
        found = read_pauli_text(text, file_name)
        if found is not None:
            return self.parse(self.from_document(found, params=params) or {})
        rows = Rows(text, file_name=file_name, remedy=f"Expectation reads {'; or '.join(self.formats)}.")
        terms: list[list[Number | str]] = []
        qubits = 0
        for row in rows:
            coefficient, letters = rows.columns(row, (2,), "a term")
            qubits = qubits or len(letters)
            if set(letters) - set("IXYZ") or len(letters) != qubits:
                raise rows.error(row, f"the string should have {qubits} letters of IXYZ")
            if len(terms) == TERMS_MAX:
                raise rows.error(row, f"there should be at most {TERMS_MAX} terms")
            terms.append([rows.number(row, coefficient, "a coefficient"), letters])
        if not terms:
            rows.take("`coefficient string`")
        document = {"qubits": qubits, "terms": terms}
        return self.parse(self.from_document(document, params=params) or {})

    def assumptions(self, statement: ExpectationStatement) -> tuple[str, ...]:
        del statement
        return ("The leftmost letter of a string acts on qubit 0 (Qiskit writes that one rightmost).",)

    def recognises(self, text: str) -> bool:
        if layout_of(text) is not None:
            return True
        lines = [
            line.split() for line in text[:100_000].splitlines()[:100] if line.strip() and line.strip()[0] not in "#%"
        ]
        return bool(lines) and all(len(line) == 2 and not set(line[1]) - set("IXYZ") for line in lines)

    def size(self, statement: ExpectationStatement) -> Size:
        qubits = statement.observable.qubits
        return Size(qubits, qubits, len(statement.observable.terms))

    def answer_errors(self, statement: ExpectationStatement, answer: Answer) -> list[FieldError]:
        return answer_errors(statement, answer)

    def measure(
        self, statement: ExpectationStatement, device: Device, effort: Effort, on_step: OnStep, stop: Stop
    ) -> Measured:
        circuit = statement.measured
        if circuit is None:
            return _search(statement, device, effort, on_step, stop)
        found, runs = _estimated(statement, circuit, device, effort)
        on_step(Step(1, found.value))
        return Measured(
            answer_of(statement, found, circuit),
            None,
            f"circuit on {device.name}",
            shots=runs,
            circuits=(circuit,),
        )

    def exact(self, statement: ExpectationStatement, effort: Effort) -> Measured | None:
        """From the state vector; of a search, the lowest eigenvalue among the states with the stated particles."""
        from queuebit_problems.measuring import references

        circuit = statement.measured
        if circuit is not None:
            return _from_the_state(statement, circuit, effort.seed)
        found = references.lowest_of(statement.sum, statement.groups)
        if found is None:
            return None
        return Measured(
            answer_of(statement, Estimate(found.value, 0.0)),
            found.value,
            "exact diagonalisation",
            bound=found.value - found.residual,
            proven_optimal=True,
            evidence={"dimension": found.dimension, "residual": found.residual},
        )

    def examine(self, statement: ExpectationStatement, answer: Answer) -> Examination:
        from queuebit_problems.measuring import references

        circuit, observable = statement.measured, statement.sum
        if circuit is not None:
            shots, told = answer.get("shots", statement.shots), (answer["value"], answer["std_error"])
            tests = references.value_tests(circuit, observable, shots, *told, corrected=RAW[0] in answer)
            tests += references.part_tests(circuit, observable, shots, answer, statement.precision)
            return Examination(any(test.name == "value" for test in tests), tests)
        parameters = answer.get("parameters")
        stated = None if parameters is None else statement.states.circuit(parameters)
        return references.examine_search(
            observable,
            statement.groups,
            stated,
            statement.shots,
            answer["value"],
            answer["std_error"],
            corrected=RAW[0] in answer,
        )

    def example(self) -> ExpectationStatement:
        """A hydrogen molecule at 0.75 ångström, an orbital a qubit: the least energy with one pair is -1.137117 hartree."""
        terms = (
            (0.232435, "II"), (-0.437726, "ZI"), (0.339769, "IZ"), (0.571091, "ZZ"), (0.090886, "XX"), (0.090886, "YY"),
        )  # fmt: skip
        observable = Observable(qubits=2, terms=terms, unit="hartree")
        return ExpectationStatement(observable=observable, particles=(Particles(qubits=(0, 1), count=1),))


def _search(statement: ExpectationStatement, device: Device, effort: Effort, on_step: OnStep, stop: Stop) -> Measured:
    from queuebit_problems.measuring.restarts import settled

    ansatz = statement.states
    end = time.monotonic() + effort.budget_s
    search = settled(
        device,
        statement.sum,
        ansatz,
        shots=statement.shots,
        seed=effort.seed,
        out=lambda: stop() or time.monotonic() >= end,
        on_step=on_step,
    )
    found = search.found
    answer = answer_of(statement, found.estimate, ansatz.circuit(found.angles))
    return Measured(
        answer | {"parameters": list(found.angles)},
        found.estimate.value,
        f"variational search, {statement.family.replace('_', '-')}, on {device.name}",
        shots=_runs(statement) * found.circuits,
        iterations=found.iterations,
        circuits=(ansatz.circuit(found.angles),),
        evidence={
            "ansatz": statement.family,
            "layers": ansatz.layers,
            "parameters": ansatz.parameters,
            "parameters_used": sum(1 for angle in found.angles if angle),
            "start_value": found.start.value,
            "calls": found.calls,
            "circuits": found.circuits,
            "converged": found.converged,
            "restarts": search.restarts,
            "agreeing": search.agreeing,
        },
    )


def _estimated(
    statement: ExpectationStatement, circuit: Circuit, device: Device, effort: Effort
) -> tuple[Estimate, int]:
    """The value, and how many runs it took. Towards a precision the first sample says how many the next one needs, and each
    stands for itself, so that none is chosen for its value.
    """
    observable, shots, total = statement.sum, statement.shots, 0
    for attempt in range(ATTEMPTS_MAX):
        if statement.precision is not None and shots is None:
            shots = min(SHOTS_MAX, PILOT_SHOTS)
        [found] = device.expectations(
            [circuit], observable, shots=shots, seed=effort.seed + attempt, per_term=statement.per_term
        )
        total += (shots or 0) * len(bases(observable))
        if statement.precision is None or found.std_error <= statement.precision:
            return found, total
        assert shots is not None
        needed = math.ceil(SAFETY * shots * (found.std_error / statement.precision) ** 2)
        if shots == SHOTS_MAX or needed > SHOTS_MAX:
            break
        shots = max(needed, shots + 1)
    raise UnfitCircuit(
        f"The precision {statement.precision:g} takes about {needed} runs in each basis; at most {SHOTS_MAX} are made.",
        remedy="State a larger precision, or no precision for exact values.",
    )


def _from_the_state(statement: ExpectationStatement, circuit: Circuit, seed: int) -> Measured | None:
    from queuebit_problems.measuring import references
    from queuebit_problems.measuring.exact_device import ExactDevice

    if references.value_in(circuit, statement.sum) is None:
        return None
    [found] = ExactDevice().expectations([circuit], statement.sum, shots=None, seed=seed, per_term=statement.per_term)
    return Measured(answer_of(statement, found), None, "state vector", circuits=(circuit,))


def _runs(statement: ExpectationStatement) -> int:
    """Runs of one circuit, all bases together; 0 where values are exact."""
    return 0 if statement.shots is None else statement.shots * len(bases(statement.sum))


KIND = Expectation()
