"""The statement of an expectation value: what is measured in the final state of a circuit, or minimised over an ansatz."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    Strict,
    ValidationInfo,
    model_serializer,
)

from queuebit_circuits.ansatz import Ansatz, Group, HardwareEfficient, ParticleConserving, particle_conserving
from queuebit_circuits.circuit import Barrier, Circuit, Gate
from queuebit_circuits.errors import UnfitCircuit
from queuebit_circuits.pauli import PauliSum, commute_with_numbers
from queuebit_circuits.qasm import read_circuit
from queuebit_contracts.model import StrictModel
from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.errors import ProblemError
from queuebit_problems.formats.hamiltonians import Observable
from queuebit_problems.kind import Statement
from queuebit_problems.numeric import Index, Real

SHOTS_MAX = 1_000_000
LAYERS_MAX = 20
PARAMETERS_MAX = 1_000
CIRCUIT_LENGTH_MAX = 1_000_000
HARDWARE_EFFICIENT_LAYERS = 3
"""Where none are stated."""
PER_TERM_MAX = 1_000
SECOND_LAYER_MAX = 400
"""Up to so many parameters a particle-conserving ansatz has two layers where none are stated and values are exact; else one."""

AnsatzName = Literal["particle_conserving", "hardware_efficient"]


class Particles(StrictModel):
    """Qubits among which so many are 1: spin orbitals of one spin and their electrons, orbitals and their pairs."""

    qubits: Annotated[tuple[Index, ...], Field(min_length=1, max_length=64)]
    count: Index


def _gates_only(circuit: str | None, info: ValidationInfo) -> str | None:
    if circuit is None:
        return None
    try:
        read = read_circuit(circuit, to="run", inputs=info.data.get("inputs") or {})
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
    kept = commute_with_numbers(observable.sum, [group.qubits for group in particles])
    for place, group in enumerate(particles):
        if group.count > len(group.qubits):
            yield (place, "count"), "range", f"should be at most {len(group.qubits)}, as many as the group has qubits"
        if not kept[place]:
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


def _of_a_circuit(precision: float | None, info: ValidationInfo) -> float | None:
    if precision is not None and info.data.get("circuit") is None:
        raise_faults("expectation", [((), "needless", "should be left out of a search: state shots")])
    if precision is not None and info.data.get("shots") is not None:
        raise_faults("expectation", [((), "needless", "should be left out where shots are stated")])
    return precision


def _terms_of_a_circuit(per_term: bool, info: ValidationInfo) -> bool:
    if per_term and info.data.get("circuit") is None:
        raise_faults("expectation", [((), "needless", "should be left out of a search")])
    observable = info.data.get("observable")
    if per_term and observable is not None and len(observable.terms) > PER_TERM_MAX:
        raise_faults("expectation", [((), "length", f"should be left out of more than {PER_TERM_MAX} terms")])
    return per_term


class ExpectationStatement(Statement):
    """With a circuit: the expectation value of the observable in its final state. Without one: the least expectation value over
    the states of an ansatz, by a variational search; with particles, over the states that hold so many.

    Letter q of each Pauli string, the leftmost being letter 0, acts on qubit q in the order of the circuit's declarations.
    """

    observable: Observable
    inputs: Annotated[
        dict[str, bool | Real],
        Field(max_length=1_000, description="The value of each name that the circuit declares as `input`."),
    ] = {}
    circuit: Annotated[
        Annotated[str, Field(max_length=CIRCUIT_LENGTH_MAX)] | None,
        AfterValidator(_gates_only),
        Field(description="OpenQASM 2 or 3 with gates only; null for a search."),
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
        Annotated[int, Strict(), Field(ge=1, le=LAYERS_MAX)] | None,
        AfterValidator(_searched_only),
        Field(description="How many layers of gates the ansatz has; null: a few, by its size."),
    ] = None
    shots: Annotated[
        Annotated[int, Strict(), Field(ge=2, le=SHOTS_MAX)] | None,
        Field(description="Runs of each circuit in each basis; null for exact values."),
    ] = None
    precision: Annotated[
        Annotated[float, Field(gt=0, allow_inf_nan=False)] | None,
        AfterValidator(_of_a_circuit),
        Field(description="Of a circuit, instead of shots: the standard error to reach, in the observable's unit."),
    ] = None
    per_term: Annotated[
        bool,
        Strict(),
        AfterValidator(_terms_of_a_circuit),
        Field(description="Whether the value and variance of each Pauli string are told too."),
    ] = False

    @model_serializer(mode="wrap")
    def _compact(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not stated, as before it could be."""
        written: dict[str, Any] = plain(self)
        left_out = [name for name in ("inputs", "precision", "per_term") if not getattr(self, name)]
        return {key: value for key, value in written.items() if key not in left_out}

    @cached_property
    def sum(self) -> PauliSum:
        return self.observable.sum

    @cached_property
    def measured(self) -> Circuit | None:
        """The stated circuit."""
        return None if self.circuit is None else read_circuit(self.circuit, inputs=self.inputs)

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
        found: Ansatz
        if self.family == "particle_conserving":
            found = self._particle_conserving()
        else:
            phases = any(letters.count("Y") % 2 for _, letters in self.sum.terms)
            found = HardwareEfficient(self.sum.qubits, self.layers or HARDWARE_EFFICIENT_LAYERS, phases)
        if found.parameters > PARAMETERS_MAX:
            raise UnfitCircuit(
                f"The ansatz has {found.parameters} parameters; a search takes at most {PARAMETERS_MAX}.",
                remedy="State fewer layers, or the ansatz hardware_efficient.",
            )
        return found

    def _particle_conserving(self) -> ParticleConserving:
        if self.layers is not None:
            return particle_conserving(self.sum, self.groups, self.layers)
        if self.shots is None and sum(len(group) * (len(group) - 1) for group, _ in self.groups) <= SECOND_LAYER_MAX:
            found = particle_conserving(self.sum, self.groups, 2)
            if found.parameters <= SECOND_LAYER_MAX:
                return found
        return particle_conserving(self.sum, self.groups, 1)
