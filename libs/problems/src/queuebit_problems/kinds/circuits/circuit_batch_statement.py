"""The statement of a batch: circuits, each with sets of parameters and with observables, in one job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, Strict, ValidationError, model_serializer, model_validator

from queuebit_circuits.circuit import Circuit, length_of
from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.qasm.scope import STEPS_MAX
from queuebit_circuits.qasm.source import TEXT_LENGTH_MAX
from queuebit_contracts.model import StrictModel
from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.formats.hamiltonians import Observable
from queuebit_problems.kind import Statement
from queuebit_problems.kinds.circuits.circuit_sampling_statement import SHOTS_MAX, CircuitSamplingStatement
from queuebit_problems.kinds.circuits.expectation_statement import ExpectationStatement
from queuebit_problems.numeric import Index, Real

PUBS_MAX = 100
SETS_MAX = 500
OBSERVABLES_MAX = 100
ENTRIES_MAX = 1_000
OPERATIONS_MAX = 100_000
"""Of all circuits with all their parameters."""
READING_STEPS_MAX = 1_200_000
"""What reading all of them may take, a loop counted as often as it turns, in equal parts."""
TEXTS_MAX = TEXT_LENGTH_MAX
READ_TEXTS_MAX = 4_000_000
"""Characters of all circuits, each counted as often as it is read: once for each of its results."""

Element = CircuitSamplingStatement | ExpectationStatement


class Pub(StrictModel):
    """One circuit, the values of its inputs, and what is measured of it: Qiskit's primitive unified bloc.

    With observables, their expectation values; without, how often each outcome is measured.
    """

    qasm: Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH_MAX, description="The circuit as OpenQASM 2 or 3.")]
    parameters: Annotated[
        dict[str, Annotated[tuple[bool | Real, ...], Field(min_length=1, max_length=SETS_MAX)]],
        Field(max_length=1_000, description="The values of each `input`, one for each set of parameters."),
    ] = {}
    observables: Annotated[
        tuple[Observable, ...],
        Field(max_length=OBSERVABLES_MAX, description="Of a circuit with gates only; none for counts."),
    ] = ()
    pairs: Annotated[
        Annotated[tuple[tuple[Index, Index], ...], Field(min_length=1, max_length=ENTRIES_MAX)] | None,
        Field(description="Which sets of parameters meet which observables, both from 0; null: each meets each."),
    ] = None
    shots: Annotated[
        Annotated[int, Strict(), Field(ge=1, le=SHOTS_MAX)] | None,
        Field(
            description="Runs of each circuit in each basis; null: exact values of observables, 1024 runs for counts."
        ),
    ] = None
    precision: Annotated[
        Annotated[float, Field(gt=0, le=1e9)] | None,
        Field(description="Instead of shots: the standard error to reach."),
    ] = None

    @model_serializer(mode="wrap")
    def _compact(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = plain(self)
        return {key: value for key, value in written.items() if value not in (None, {}, (), [])}

    @property
    def sets(self) -> int:
        """How many sets of parameters there are; one of a circuit without any."""
        return max((len(values) for values in self.parameters.values()), default=1)

    @property
    def places(self) -> tuple[tuple[int, int | None], ...]:
        """(set, observable) of each entry of the result, in its order; no observable where outcomes are counted."""
        if not self.observables:
            return tuple((number, None) for number in range(self.sets))
        if self.pairs is not None:
            return self.pairs
        return tuple((one, other) for one in range(self.sets) for other in range(len(self.observables)))

    def inputs(self, number: int) -> dict[str, bool | int | float]:
        """One set of parameters."""
        return {name: values[number] for name, values in self.parameters.items()}

    def element(self, place: tuple[int, int | None]) -> Element:
        """One entry as a question of its own. Raises ValidationError."""
        number, which = place
        wishes = {"shots": self.shots, "precision": self.precision}
        stated = {name: value for name, value in wishes.items() if value is not None}
        if which is None:
            return CircuitSamplingStatement.model_validate({"qasm": self.qasm, "inputs": self.inputs(number), **stated})
        return ExpectationStatement.model_validate(
            {"observable": self.observables[which], "inputs": self.inputs(number), "circuit": self.qasm, **stated}
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the results: of which pub, at which place of it, and as a question of its own."""

    pub: int
    number: int
    place: tuple[int, int | None]
    element: Element

    @property
    def circuit(self) -> Circuit:
        if isinstance(self.element, CircuitSamplingStatement):
            return self.element.circuit
        assert self.element.measured is not None
        return self.element.measured

    @property
    def told(self) -> str:
        return f"pub {self.pub}, entry {self.number}"


class CircuitBatchStatement(Statement):
    """Circuits by observables by sets of parameters; results come by their places."""

    pubs: Annotated[
        tuple[Pub, ...], Field(min_length=1, max_length=PUBS_MAX, description="What is measured, one after the other.")
    ]

    @model_validator(mode="after")
    def _hold(self) -> CircuitBatchStatement:
        raise_faults("circuit_batch", self._faults())
        return self

    def _faults(self) -> Iterator[tuple[Place, str, str]]:
        if sum(len(pub.qasm) for pub in self.pubs) > TEXTS_MAX:
            yield ("pubs",), "too_long", f"should have circuits of at most {TEXTS_MAX} characters together"
            return
        wrong = [*self._shape_faults()]
        yield from wrong
        if not wrong:
            yield from self._entry_faults()

    def _shape_faults(self) -> Iterator[tuple[Place, str, str]]:
        entries = 0
        for number, pub in enumerate(self.pubs):
            lengths = {len(values) for values in pub.parameters.values()}
            if len(lengths) > 1:
                yield ("pubs", number, "parameters"), "length", "should have as many values of each name"
            if pub.pairs is not None and not pub.observables:
                yield ("pubs", number, "pairs"), "needless", "should be left out where there are no observables"
            for place, (one, other) in enumerate(pub.pairs or ()):
                if one >= pub.sets or (pub.observables and other >= len(pub.observables)):
                    yield (
                        ("pubs", number, "pairs", place),
                        "range",
                        "should name a set and an observable that are there",
                    )
                    break
            entries += len(pub.pairs or ()) or pub.sets * max(1, len(pub.observables))
        if entries > ENTRIES_MAX:
            yield ("pubs",), "length", f"should have at most {ENTRIES_MAX} results together, not {entries}"
        elif sum(len(pub.qasm) * len(pub.places) for pub in self.pubs) > READ_TEXTS_MAX:
            detail = (
                f"should have at most {READ_TEXTS_MAX} characters of circuits, each counted for each of its results"
            )
            yield ("pubs",), "too_long", detail

    def _entry_faults(self) -> Iterator[tuple[Place, str, str]]:
        found: list[Entry] = []
        total, entries = 0, sum(len(pub.places) for pub in self.pubs)
        steps_max = min(STEPS_MAX, READING_STEPS_MAX // entries)
        for number, pub in enumerate(self.pubs):
            read: list[Entry] = []
            for place in pub.places:
                try:
                    read_circuit(pub.qasm, inputs=pub.inputs(place[0]), steps_max=steps_max)
                    element = pub.element(place)
                except UnreadableCircuit as error:
                    yield ("pubs", number, "qasm"), "unreadable_circuit", f"{error.detail} {error.remedy}"
                    break
                except ValidationError as error:
                    first = error.errors(include_url=False)[0]
                    where: Place = tuple(part for part in first["loc"] if isinstance(part, str | int))
                    yield (
                        ("pubs", number, *(("qasm",) if where in (("circuit",), ()) else where)),
                        first["type"],
                        (first["msg"]),
                    )
                    break
                read.append(Entry(number, len(read), place, element))
                total += length_of(read[-1].circuit.operations)
                if total > OPERATIONS_MAX:
                    detail = (
                        f"should have at most {OPERATIONS_MAX} operations in all circuits with all their parameters"
                    )
                    yield ("pubs", number), "too_long", detail
                    return
            found += read
        self.__dict__["entries"] = tuple(found)  # they were read just now, which is what takes time

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry of the results, pub by pub."""
        return tuple(
            Entry(number, entry, place, pub.element(place))
            for number, pub in enumerate(self.pubs)
            for entry, place in enumerate(pub.places)
        )
