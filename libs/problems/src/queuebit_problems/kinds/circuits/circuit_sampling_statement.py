"""The statement of a sampling: a circuit, how often it is run, and what is told of its outcomes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, Strict, model_serializer, model_validator

from queuebit_circuits.circuit import Circuit, Measure, walk
from queuebit_circuits.cost import splitting
from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.qasm.source import TEXT_LENGTH_MAX
from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.kind import Statement
from queuebit_problems.numeric import Real

SHOTS = 1024
SHOTS_MAX = 1_000_000
PRECISION_MIN = 0.0005
"""What SHOTS_MAX runs reach."""
INPUTS_MAX = 1_000
MARGINALS_MAX = 64
MARGINAL_BITS_MAX = 16
ANSWER_BYTES_MAX = 2_000_000
"""Of the counts, where every run gives another outcome: what a message can carry with room to spare."""
MEMORY_BYTES_MAX = 1_000_000
_NUMBER_BYTES = 12
"""Of one outcome in an answer, beside its bits."""

BitName = Annotated[str, Field(min_length=1, max_length=100)]


class CircuitSamplingStatement(Statement):
    """A circuit that measures at least once, and how often it is run."""

    qasm: Annotated[
        str,
        Field(
            min_length=1,
            max_length=TEXT_LENGTH_MAX,
            description="The circuit as OpenQASM 2 or 3, with its header; no other files can be included.",
        ),
    ]
    shots: Annotated[int, Strict(), Field(ge=1, le=SHOTS_MAX, description="How often the circuit is run.")] = SHOTS

    inputs: Annotated[
        dict[str, bool | Real],
        Field(max_length=INPUTS_MAX, description="The value of each name that the circuit declares as `input`."),
    ] = {}
    precision: Annotated[
        Annotated[float, Field(ge=PRECISION_MIN, le=0.5)] | None,
        Field(description="Instead of shots: the standard error that no outcome's share may exceed."),
    ] = None
    marginals: Annotated[
        dict[
            Annotated[str, Field(min_length=1, max_length=60)],
            Annotated[tuple[BitName, ...], Field(min_length=1, max_length=MARGINAL_BITS_MAX)],
        ],
        Field(
            max_length=MARGINALS_MAX,
            description="Bits whose outcomes are told by themselves, by name, as c[0]; the first is written rightmost.",
        ),
    ] = {}
    memory: Annotated[
        bool, Strict(), Field(description="Whether the outcome of each run is told too, in their order.")
    ] = False

    @model_serializer(mode="wrap")
    def _compact(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not stated, as before it could be; a precision says how many shots there are."""
        written: dict[str, Any] = plain(self)
        left_out = {name for name in ("inputs", "precision", "marginals", "memory") if not getattr(self, name)}
        if self.precision is not None:
            left_out.add("shots")
        return {key: value for key, value in written.items() if key not in left_out}

    @model_validator(mode="after")
    def _runs(self) -> CircuitSamplingStatement:
        raise_faults("circuit_sampling", self._faults())
        return self

    def _faults(self) -> Iterator[tuple[Place, str, str]]:
        try:
            circuit = self.circuit
        except UnreadableCircuit as error:
            yield ("qasm",), "unreadable_circuit", f"{error.detail} {error.remedy}"
            return
        if self.precision is not None and "shots" in self.model_fields_set:
            yield ("precision",), "needless", "should be left out where shots are stated"
        elif not any(isinstance(each, Measure) for each in walk(circuit.operations)):
            yield ("qasm",), "no_measurement", f"the circuit measures nothing. {advice(self.qasm)}"
        elif self.runs > shots_max(circuit):
            yield (
                ("shots",) if self.precision is None else ("precision",),
                "too_many_outcomes",
                f"should be at most {shots_max(circuit)} shots: so many outcomes may differ",
            )
        elif self.memory and self.runs * (circuit.clbits + len(circuit.registers) + 3) > MEMORY_BYTES_MAX:
            yield ("memory",), "too_long", f"should be left out, or have fewer shots: {self.runs} outcomes are too many"
        yield from self._marginal_faults(circuit)

    def _marginal_faults(self, circuit: Circuit) -> Iterator[tuple[Place, str, str]]:
        known = bit_names(circuit)
        for name, bits in self.marginals.items():
            for place, bit in enumerate(bits):
                if bit not in known:
                    yield ("marginals", name, place), "bit", f"should be a bit of the circuit, as {next(iter(known))}"
            if len(set(bits)) < len(bits):
                yield ("marginals", name), "twice", "should name each bit once"

    @cached_property
    def circuit(self) -> Circuit:
        """The circuit that the text states."""
        return read_circuit(self.qasm, to="sample", inputs=self.inputs)

    @property
    def runs(self) -> int:
        """How often the circuit is run: of any share p, sqrt(p (1 - p) / runs) is at most the precision."""
        return self.shots if self.precision is None else math.ceil(0.25 / self.precision**2)

    def marginal_counts(self, counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
        """The counts of each marginal: keys as long as it has bits, the first of which is written rightmost."""
        known = bit_names(self.circuit)
        found: dict[str, dict[str, int]] = {}
        for name, bits in self.marginals.items():
            places, told = [known[bit] for bit in bits], dict[str, int]()
            for key, number in counts.items():
                outcome = self.circuit.bits(key) or 0
                text = "".join("01"[outcome >> place & 1] for place in reversed(places))
                told[text] = told.get(text, 0) + number
            found[name] = dict(sorted(told.items()))
        return found


def bit_names(circuit: Circuit) -> dict[str, int]:
    """The classical bits by their names: c[0], or the name alone of a loose bit."""
    found: dict[str, int] = {}
    for register in circuit.registers:
        for place in range(register.size):
            found[register.name if register.loose else f"{register.name}[{place}]"] = len(found)
    return found


def advice(qasm: str) -> str:
    if "qelib1.inc" in qasm:
        return "Add a register and a measurement, as `creg c[2]; measure q -> c;`."
    return "Add bits and a measurement, as `bit[2] c; c = measure q;`."


def shots_max(circuit: Circuit) -> int:
    """How many runs give an answer that a message can carry, however much their outcomes differ."""
    measured = {each.clbit for each in walk(circuit.operations) if isinstance(each, Measure)}
    each_bytes = circuit.clbits + len(circuit.registers) + _NUMBER_BYTES
    outcomes = 2 ** min(len(measured), splitting(circuit), 64)
    return SHOTS_MAX if outcomes * each_bytes <= ANSWER_BYTES_MAX else min(SHOTS_MAX, ANSWER_BYTES_MAX // each_bytes)
