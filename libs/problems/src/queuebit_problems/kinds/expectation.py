"""Expectation values: of an observable in the final state of a circuit, or the least one over a family of states."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, Strict, ValidationInfo

from queuebit_contracts.errors import FieldError
from queuebit_contracts.model import StrictModel
from queuebit_problems.checks import FAULTS_MAX, Place, raise_faults
from queuebit_problems.circuits.ansatz import Ansatz, Group, HardwareEfficient, particle_conserving
from queuebit_problems.circuits.circuit import Barrier, Circuit, Gate
from queuebit_problems.circuits.hamiltonians import TERMS_MAX, Observable, read_document
from queuebit_problems.circuits.pauli import PauliSum, bases, commutes_with_number
from queuebit_problems.circuits.qasm import read_qasm
from queuebit_problems.errors import ProblemError, UnfitCircuit
from queuebit_problems.kind import Answer, Params, Size, Statement
from queuebit_problems.measurement import Device, Effort, Examination, Measured, Measurement, OnStep, Step, Stop
from queuebit_problems.numeric import Index
from queuebit_problems.text import Rows

SHOTS_MAX = 1_000_000
LAYERS_MAX = 20
PARAMETERS_MAX = 1_000
CIRCUIT_LENGTH_MAX = 1_000_000
LAYERS = {"particle_conserving": 1, "hardware_efficient": 3}
"""Layers where none are stated."""

AnsatzName = Literal["particle_conserving", "hardware_efficient"]


class Particles(StrictModel):
    """Qubits among which so many are 1: spin orbitals of one spin and their electrons, orbitals and their pairs."""

    qubits: Annotated[tuple[Index, ...], Field(min_length=1, max_length=64)]
    count: Index


def _gates_only(circuit: str | None, info: ValidationInfo) -> str | None:
    if circuit is None:
        return None
    try:
        read = read_qasm(circuit)
    except ProblemError as error:
        raise_faults("expectation", [((), "circuit", error.detail)])
        raise
    raise_faults("expectation", _circuit_faults(read, info.data.get("observable")))
    return circuit


def _circuit_faults(circuit: Circuit, observable: Observable | None) -> Iterator[tuple[Place, str, str]]:
    if not all(isinstance(operation, Gate | Barrier) for operation in circuit.operations):
        yield (), "measures", "should have gates only: leave out measurements, resets and conditions"
    if observable is not None and circuit.qubits != observable.qubits:
        yield (), "qubits", f"should have {observable.qubits} qubits, as the observable has, not {circuit.qubits}"


def _kept(particles: tuple[Particles, ...], info: ValidationInfo) -> tuple[Particles, ...]:
    if particles and info.data.get("observable") is not None:
        raise_faults("expectation", _particle_faults(particles, info.data["observable"], info.data.get("circuit")))
    return particles


def _particle_faults(
    particles: tuple[Particles, ...], observable: Observable, circuit: str | None
) -> Iterator[tuple[Place, str, str]]:
    if circuit is not None:
        yield (), "needless", "should be left out where a circuit is stated"
        return
    if sorted(qubit for group in particles for qubit in group.qubits) != list(range(observable.qubits)):
        yield (), "partition", f"should have each of the qubits 0 to {observable.qubits - 1} in exactly one group"
        return
    for place, group in enumerate(particles):
        if group.count > len(group.qubits):
            yield (place, "count"), "range", f"should be at most {len(group.qubits)}, as many as the group has qubits"
        if not commutes_with_number(observable.sum, group.qubits):
            yield (place, "qubits"), "not_kept", "should be qubits whose number of ones the observable keeps"


def _fitting(ansatz: AnsatzName | None, info: ValidationInfo) -> AnsatzName | None:
    if ansatz is not None and info.data.get("circuit") is not None:
        raise_faults("expectation", [((), "needless", "should be left out where a circuit is stated")])
    if ansatz == "particle_conserving" and info.data.get("particles") == ():
        raise_faults("expectation", [((), "particles", "needs particles: state which qubits hold how many")])
    return ansatz


def _searched_only(layers: int | None, info: ValidationInfo) -> int | None:
    if layers is not None and info.data.get("circuit") is not None:
        raise_faults("expectation", [((), "needless", "should be left out where a circuit is stated")])
    return layers


class ExpectationStatement(Statement):
    """With a circuit: the expectation value of the observable in its final state. Without one: the least expectation value over
    the states of an ansatz, by a variational search; with particles, over the states that hold so many.

    Letter q of each Pauli string, the leftmost being letter 0, acts on qubit q in the order of the circuit's declarations.
    """

    observable: Observable
    circuit: Annotated[
        str | None,
        AfterValidator(_gates_only),
        Field(max_length=CIRCUIT_LENGTH_MAX, description="OpenQASM 2 or 3 with gates only; null for a search."),
    ] = None
    particles: Annotated[
        tuple[Particles, ...],
        AfterValidator(_kept),
        Field(
            max_length=64, description="For a search: groups of qubits, and how many of each are 1. All qubits or none."
        ),
    ] = ()
    ansatz: Annotated[
        AnsatzName | None,
        AfterValidator(_fitting),
        Field(description="For a search: the family of states; particle_conserving where particles are stated."),
    ] = None
    layers: Annotated[
        Annotated[int, Strict()] | None,
        AfterValidator(_searched_only),
        Field(ge=1, le=LAYERS_MAX, description="How often the ansatz repeats its gates; 1, hardware_efficient 3."),
    ] = None
    shots: Annotated[
        Annotated[int, Strict()] | None,
        Field(ge=2, le=SHOTS_MAX, description="Runs of each circuit in each basis; null for exact values."),
    ] = None

    @cached_property
    def sum(self) -> PauliSum:
        return self.observable.sum

    @cached_property
    def read_circuit(self) -> Circuit | None:
        return None if self.circuit is None else read_qasm(self.circuit)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The particles that the search keeps; none where its ansatz keeps none."""
        if self.family != "particle_conserving":
            return ()
        return tuple((group.qubits, group.count) for group in self.particles)

    @property
    def family(self) -> AnsatzName:
        return self.ansatz or ("particle_conserving" if self.particles else "hardware_efficient")

    @cached_property
    def states(self) -> Ansatz:
        """The ansatz of a search. Raises UnfitCircuit where it has too many parameters."""
        layers = self.layers or LAYERS[self.family]
        found: Ansatz
        if self.family == "particle_conserving":
            found = particle_conserving(self.sum, self.groups, layers)
        else:
            phases = any(letters.count("Y") % 2 for _, letters in self.sum.terms)
            found = HardwareEfficient(self.sum.qubits, layers, phases)
        if found.parameters > PARAMETERS_MAX:
            raise UnfitCircuit(
                f"The ansatz has {found.parameters} parameters; a search takes at most {PARAMETERS_MAX}.",
                remedy="State fewer layers, or the ansatz hardware_efficient.",
            )
        return found


class Expectation(Measurement[ExpectationStatement]):
    name = "expectation"
    title = "Expectation value, also the least over an ansatz"
    sense: ClassVar[Literal["min", "max"] | None] = "min"
    answer_shape = '{"value": v, "std_error": s, "unit": u}, of a search with "parameters": [the angles of the ansatz]'
    formats = (
        'JSON: {"qubits", "terms": [[coefficient, "XIZ"] …], "unit"}, or a statement with "observable" and "circuit"',
        "JSON: OpenFermion molecules (qubit_hamiltonian); QED-C (paired_hamiltonian, jordan_wigner_hamiltonian)",
        "text: `coefficient string` a line",
    )
    params = {
        "hamiltonian": "paired or jordan_wigner, where a file has both; paired where it is left out",
        "ansatz": "particle_conserving or hardware_efficient",
        "layers": "how often the ansatz repeats its gates",
        "shots": "runs of each circuit in each basis; exact values where it is left out",
    }
    statement = ExpectationStatement

    def from_document(self, document: Mapping[str, Any], *, params: Params | None = None) -> Mapping[str, Any] | None:
        wanted = {name: value for name, value in (params or {}).items() if name in self.params}
        hamiltonian = wanted.pop("hamiltonian", None)
        found = read_document(document, None if hamiltonian is None else str(hamiltonian))
        if found is None:
            found = dict(document) if isinstance(document.get("observable"), dict) else None
        return None if found is None else {**found, **wanted}

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> ExpectationStatement:
        rows = Rows(text, file_name=file_name, remedy="Expectation reads `coefficient string` a line; or JSON.")
        terms = []
        for row in rows:
            coefficient, letters = rows.columns(row, (2,), "a term")
            terms.append([rows.number(row, coefficient, "a coefficient"), letters])
            if set(letters) - set("IXYZ") or len(letters) != len(terms[0][1]):
                raise rows.error(row, f"the string should have {len(terms[0][1])} letters of IXYZ")
            if len(terms) > TERMS_MAX:
                raise rows.error(row, f"there should be at most {TERMS_MAX} terms")
        if not terms:
            rows.take("`coefficient string`")
        document = {"qubits": len(terms[0][1]), "terms": terms}
        return self.parse(self.from_document(document, params=params) or {})

    def recognises(self, text: str) -> bool:
        lines = [
            line.split() for line in text[:100_000].splitlines()[:100] if line.strip() and line.strip()[0] not in "#%"
        ]
        return bool(lines) and all(len(line) == 2 and not set(line[1]) - set("IXYZ") for line in lines)

    def size(self, statement: ExpectationStatement) -> Size:
        qubits = statement.observable.qubits
        return Size(qubits, qubits, len(statement.observable.terms))

    def answer_errors(self, statement: ExpectationStatement, answer: Answer) -> list[FieldError]:
        errors = [error for key in ("value", "std_error") if (error := _number_error(answer, key)) is not None]
        if not errors and answer["std_error"] < 0:
            errors.append(FieldError("/std_error", "range", "should not be negative"))
        unit = statement.observable.unit
        if answer.get("unit", "") != unit:
            errors.append(FieldError("/unit", "unit", f"should be {unit!r}"))
        return errors + _parameter_errors(statement, answer)

    def measure(
        self, statement: ExpectationStatement, device: Device, effort: Effort, on_step: OnStep, stop: Stop
    ) -> Measured:
        circuit = statement.read_circuit
        if circuit is None:
            return _search(statement, device, effort, on_step, stop)
        [found] = device.expectations([circuit], statement.sum, shots=statement.shots, seed=effort.seed)
        on_step(Step(1, found.value))
        return Measured(
            _answer(statement, found.value, found.std_error),
            None,
            f"circuit on {device.name}",
            shots=_runs(statement),
            circuits=(circuit,),
        )

    def exact(self, statement: ExpectationStatement, effort: Effort) -> Measured | None:
        """From the state vector; of a search, the lowest eigenvalue among the states with the stated particles."""
        from queuebit_problems.circuits import references

        circuit = statement.read_circuit
        if circuit is not None:
            value = references.value_in(circuit, statement.sum)
            answer = None if value is None else _answer(statement, value, 0.0)
            return None if answer is None else Measured(answer, None, "state vector", circuits=(circuit,))
        found = references.lowest_of(statement.sum, statement.groups)
        if found is None:
            return None
        return Measured(
            _answer(statement, found.value, 0.0),
            found.value,
            "exact diagonalisation",
            bound=found.value - found.residual,
            proven_optimal=True,
            evidence={"dimension": found.dimension, "residual": found.residual},
        )

    def examine(self, statement: ExpectationStatement, answer: Answer) -> Examination:
        from queuebit_problems.circuits import references

        circuit, observable = statement.read_circuit, statement.sum
        if circuit is not None:
            tests = references.value_tests(circuit, observable, statement.shots, answer["value"], answer["std_error"])
            return Examination(any(test.name == "value" for test in tests), tests)
        parameters = answer.get("parameters")
        stated = None if parameters is None else statement.states.circuit(parameters)
        return references.examine_search(
            observable, statement.groups, stated, statement.shots, answer["value"], answer["std_error"]
        )

    def example(self) -> ExpectationStatement:
        """A hydrogen molecule at 0.75 ångström, an orbital a qubit: the least energy with one pair is about -1.137117 hartree."""
        terms = (
            (0.232435, "II"), (-0.437726, "ZI"), (0.339769, "IZ"), (0.571091, "ZZ"), (0.090886, "XX"), (0.090886, "YY"),
        )  # fmt: skip
        observable = Observable(qubits=2, terms=terms, unit="hartree")
        return ExpectationStatement(observable=observable, particles=(Particles(qubits=(0, 1), count=1),))


def _search(statement: ExpectationStatement, device: Device, effort: Effort, on_step: OnStep, stop: Stop) -> Measured:
    from queuebit_problems.circuits.variational import minimise

    ansatz = statement.states
    end = time.monotonic() + effort.budget_s
    found = minimise(
        device,
        statement.sum,
        ansatz,
        shots=statement.shots,
        seed=effort.seed,
        out=lambda: stop() or time.monotonic() >= end,
        on_step=on_step,
    )
    answer = _answer(statement, found.estimate.value, found.estimate.std_error)
    return Measured(
        answer | {"parameters": list(found.angles)},
        found.estimate.value,
        f"variational search, {statement.family.replace('_', '-')}, on {device.name}",
        shots=_runs(statement) * found.circuits,
        iterations=found.iterations,
        circuits=(ansatz.circuit(found.angles),),
        evidence={
            "ansatz": statement.family,
            "layers": statement.layers or LAYERS[statement.family],
            "parameters": ansatz.parameters,
            "parameters_used": sum(1 for angle in found.angles if angle),
            "start_value": found.start.value,
            "calls": found.calls,
            "circuits": found.circuits,
            "converged": found.converged,
        },
    )


def _answer(statement: ExpectationStatement, value: float, std_error: float) -> Answer:
    return {"value": value, "std_error": std_error, "unit": statement.observable.unit}


def _runs(statement: ExpectationStatement) -> int:
    """Runs of one circuit, all bases together; 0 where values are exact."""
    return 0 if statement.shots is None else statement.shots * len(bases(statement.sum))


def _number_error(answer: Answer, key: str) -> FieldError | None:
    if key not in answer:
        return FieldError(f"/{key}", "missing", "is missing; it should be a number")
    value = answer[key]
    if type(value) not in (int, float) or not math.isfinite(value):
        return FieldError(f"/{key}", "number", "should be a finite number")
    return None


def _parameter_errors(statement: ExpectationStatement, answer: Answer) -> list[FieldError]:
    parameters = answer.get("parameters")
    if parameters is None:
        return []
    if statement.circuit is not None:
        return [FieldError("/parameters", "needless", "should be left out where a circuit is stated")]
    wanted = statement.states.parameters
    if not isinstance(parameters, list | tuple):
        return [FieldError("/parameters", "list_type", "should be a list")]
    if len(parameters) != wanted:
        return [FieldError("/parameters", "length", f"should have {wanted} values, not {len(parameters)}")]
    wrong = [k for k, each in enumerate(parameters) if type(each) not in (int, float) or not math.isfinite(each)]
    return [FieldError(f"/parameters/{k}", "number", "should be a finite number") for k in wrong[:FAULTS_MAX]]


KIND = Expectation()
