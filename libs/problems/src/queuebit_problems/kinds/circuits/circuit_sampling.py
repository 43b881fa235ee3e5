"""Sampling a circuit: how often each outcome is measured in a number of runs of an OpenQASM circuit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    Strict,
    ValidationError,
    model_serializer,
    model_validator,
)

from queuebit_circuits.circuit import Circuit, Measure, length_of, walk
from queuebit_circuits.clifford import parities_of
from queuebit_circuits.cost import affordable, splitting
from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm import input_names, read_circuit
from queuebit_circuits.qasm.source import TEXT_LENGTH_MAX
from queuebit_contracts.errors import FieldError
from queuebit_problems.checks import FAULTS_MAX, Place, raise_faults
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.kind import Answer, Params, Size, Statement
from queuebit_problems.measurement import Device, Effort, Examination, Measured, Measurement, OnStep, Step, Stop, Test
from queuebit_problems.measuring.parities import clifford_tests
from queuebit_problems.numeric import Real

SHOTS = 1024
SHOTS_MAX = 1_000_000
INPUTS_MAX = 1_000
ANSWER_BYTES_MAX = 2_000_000
"""Of the counts, where every run gives another outcome: what a message can carry with room to spare."""
_NUMBER_BYTES = 12
"""Of one outcome in an answer, beside its bits."""

BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""


_ORDER = "Bit 0 of a register is written rightmost, and the register declared first too, as Qiskit writes them."
_TOLD = (
    (
        re.compile(r"ctrl\b[^;]*@\s*U\s*\("),
        "A controlled U has the phase θ / 2 that OpenQASM 3 gives U; Qiskit leaves it out.",
    ),
    (
        re.compile(r"^\s*(?:delay|box)\b", re.MULTILINE),
        "Delays and boxes take no time: nothing happens to idle qubits.",
    ),
)
"""What is told of a circuit that holds this: others read it otherwise."""


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

    @model_serializer(mode="wrap")
    def _compact(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without inputs where there are none, as before there were any."""
        written: dict[str, Any] = plain(self)
        return written if self.inputs else {key: value for key, value in written.items() if key != "inputs"}

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
        if not any(isinstance(each, Measure) for each in walk(circuit.operations)):
            yield ("qasm",), "no_measurement", f"the circuit measures nothing. {_advice(self.qasm)}"
        elif self.shots > _shots_max(circuit):
            yield (
                ("shots",),
                "too_many_outcomes",
                f"should be at most {_shots_max(circuit)}: so many outcomes may differ",
            )

    @cached_property
    def circuit(self) -> Circuit:
        """The circuit that the text states."""
        return read_circuit(self.qasm, to="sample", inputs=self.inputs)


def _advice(qasm: str) -> str:
    if "qelib1.inc" in qasm:
        return "Add a register and a measurement, as `creg c[2]; measure q -> c;`."
    return "Add bits and a measurement, as `bit[2] c; c = measure q;`."


def _shots_max(circuit: Circuit) -> int:
    """How many runs give an answer that a message can carry, however much their outcomes differ."""
    measured = {each.clbit for each in walk(circuit.operations) if isinstance(each, Measure)}
    each_bytes = circuit.clbits + len(circuit.registers) + _NUMBER_BYTES
    outcomes = 2 ** min(len(measured), splitting(circuit), 64)
    return SHOTS_MAX if outcomes * each_bytes <= ANSWER_BYTES_MAX else min(SHOTS_MAX, ANSWER_BYTES_MAX // each_bytes)


class CircuitSampling(Measurement[CircuitSamplingStatement]):
    name = "circuit_sampling"
    title = "Sampling of a quantum circuit"
    sense = None
    answer_shape = '{"counts": {bits as Qiskit writes them: how often}, "shots": sum of the counts}'
    formats = ("OpenQASM 2", "OpenQASM 3: gates, loops, measurements and conditions")
    suffixes = (".qasm", ".qasm2", ".qasm3")
    params = {
        "shots": f"how often the circuit is run, {SHOTS} where it is left out",
        "(an input)": "the value of a name that the circuit declares as `input`",
    }
    statement = CircuitSamplingStatement

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> CircuitSamplingStatement:
        try:
            inputs = {name: _given(params, name) for name in input_names(text) if name in (params or {})}
            return CircuitSamplingStatement(qasm=text, shots=_shots(params), inputs=inputs)
        except ValidationError as error:
            found = _read(text, file_name, inputs)
            if not any(isinstance(each, Measure) for each in walk(found.operations)):
                where = file_name or "the circuit"
                raise UnreadableFile(f"{where}: the circuit measures nothing.", remedy=_advice(text)) from None
            raise UnreadableFile(
                f"{file_name or 'the circuit'}: {error.errors(include_url=False)[0]['msg']}.",
                remedy=f"Give --param shots=N with a whole number up to {_shots_max(found)}.",
            ) from None

    def assumptions(self, statement: CircuitSamplingStatement) -> tuple[str, ...]:
        told = [] if statement.circuit.clbits < 2 else [_ORDER]
        return (*told, *(line for pattern, line in _TOLD if pattern.search(statement.qasm)))

    def recognises(self, text: str) -> bool:
        lines = (line.strip() for line in text[:10_000].splitlines())
        return any(line.startswith(("OPENQASM", "qreg ", "qubit[", "qubit ", 'include "stdgates.inc"', 'include "qelib1'))
                   for line in lines)  # fmt: skip

    def size(self, statement: CircuitSamplingStatement) -> Size:
        """Bits of an outcome, qubits, and operations, those inside conditions counted."""
        circuit = statement.circuit
        return Size(circuit.clbits, circuit.qubits, length_of(circuit.operations))

    def answer_errors(self, statement: CircuitSamplingStatement, answer: Answer) -> list[FieldError]:
        counts, shots = answer.get("counts"), answer.get("shots")
        if not isinstance(counts, dict):
            return [FieldError("/counts", "dict_type", "should be an object {bits: how often}")]
        errors = []
        if type(shots) is not int or shots != statement.shots:
            errors.append(FieldError("/shots", "shots", f"should be {statement.shots}, as the statement says"))
        for key, number in counts.items():
            pointer = f"/counts/{str(key)[:80].replace('~', '~0').replace('/', '~1')}"
            if not isinstance(key, str) or statement.circuit.bits(key) is None:
                errors.append(FieldError(pointer, "bits", f"should be bits in the form {_form(statement.circuit)}"))
            elif type(number) is not int or not 1 <= number <= statement.shots:
                errors.append(FieldError(pointer, "count", f"should be a whole number from 1 to {statement.shots}"))
            if len(errors) >= FAULTS_MAX:
                return errors
        if not errors and sum(counts.values()) != statement.shots:
            text = f"should add up to {statement.shots}, not {sum(counts.values())}"
            errors.append(FieldError("/counts", "sum", text))
        return errors

    def measure(
        self, statement: CircuitSamplingStatement, device: Device, effort: Effort, on_step: OnStep, stop: Stop
    ) -> Measured:
        """One job of the device, which cannot be stopped in its middle."""
        del stop
        circuit = statement.circuit
        [counts] = device.counts([circuit], shots=statement.shots, seed=effort.seed)
        on_step(Step(1))
        return _measured(statement, dict(counts), f"circuit on {device.name}")

    def exact(self, statement: CircuitSamplingStatement, effort: Effort) -> Measured | None:
        """A draw from the exact distribution."""
        if not affordable(statement.circuit):
            parities = parities_of(statement.circuit)
            if parities is None:
                return None
            drawn = parities.sample(statement.shots, effort.seed)
            return _measured(statement, drawn, "drawn from the exact distribution of a Clifford circuit")
        from queuebit_circuits.simulator import outcomes

        found = outcomes(statement.circuit)
        counts = found.sample(statement.shots, effort.seed)
        return _measured(statement, counts, "drawn from the exact distribution", {"outcomes": len(found.bits)})

    def examine(self, statement: CircuitSamplingStatement, answer: Answer) -> Examination:
        """Against the exact distribution; where that is too large, only that bits which nothing measures are 0."""
        circuit: Circuit = statement.circuit
        if not affordable(circuit):
            parities = parities_of(circuit)
            if parities is None:
                return Examination(False, (_unmeasured(circuit, answer["counts"]),))
            return Examination(True, clifford_tests(parities, answer["counts"]))
        from queuebit_circuits.simulator import outcomes
        from queuebit_problems.measuring import goodness_of_fit as fit

        return Examination(True, fit.tests(outcomes(circuit), answer["counts"]))

    def example(self) -> CircuitSamplingStatement:
        """A Bell pair: 00 and 11, each in about half of the runs."""
        return CircuitSamplingStatement(qasm=BELL)


def _measured(
    statement: CircuitSamplingStatement, counts: dict[str, int], method: str, evidence: dict[str, Any] | None = None
) -> Measured:
    return Measured(
        {"counts": dict(sorted(counts.items())), "shots": statement.shots},
        None,
        method,
        shots=statement.shots,
        circuits=(statement.circuit,),
        evidence=evidence or {},
    )


def _unmeasured(circuit: Circuit, counts: Mapping[str, int]) -> Test:
    """That no bit is 1 which nothing measures: what can be said of any circuit, however large."""
    measured = sum(
        1 << clbit for clbit in {each.clbit for each in walk(circuit.operations) if isinstance(each, Measure)}
    )
    wrong = sum(number for key, number in counts.items() if (circuit.bits(key) or 0) & ~measured)
    detail = f"{wrong} runs have a 1 in a bit that nothing measures"
    return Test("unmeasured bits", wrong, wrong, wrong, 0, wrong == 0, detail)


def _form(circuit: Circuit) -> str:
    """What a key looks like: "011 01" for registers of three and two bits."""
    return repr(" ".join("0" * digits for digits in circuit.layout)[:80])


def _read(text: str, file_name: str, inputs: Mapping[str, float]) -> Circuit:
    """Names the line within the file, where the text is to blame."""
    try:
        return read_circuit(text, file_name=file_name, to="sample", inputs=inputs)
    except UnreadableCircuit as error:
        raise UnreadableFile(error.detail, remedy=error.remedy, line=error.line) from None


def _given(params: Params | None, name: str) -> float:
    value = (params or {})[name]
    if isinstance(value, bool | int | float):
        return value
    raise UnreadableFile(f"The param {name} should be a number.", remedy=f"Give --param {name}=1.5.")


def _shots(params: Params | None) -> int:
    shots = (params or {}).get("shots", SHOTS)
    if type(shots) is int and 1 <= shots <= SHOTS_MAX:
        return shots
    raise UnreadableFile(
        f"The param shots should be a whole number from 1 to {SHOTS_MAX}.", remedy="Give --param shots=N."
    )


KIND = CircuitSampling()
