"""Sampling a circuit: how often each outcome is measured in a number of runs of an OpenQASM circuit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from queuebit_circuits.circuit import Circuit, Measure, length_of, walk
from queuebit_circuits.clifford import parities_of
from queuebit_circuits.cost import affordable
from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm import input_names, read_circuit
from queuebit_circuits.readout import Readout
from queuebit_contracts.errors import FieldError
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.kind import Answer, Params, Size
from queuebit_problems.kinds.circuits.circuit_sampling_statement import (
    SHOTS,
    SHOTS_MAX,
    CircuitSamplingStatement,
    advice,
    shots_max,
)
from queuebit_problems.kinds.circuits.sampling_answer import answer_errors
from queuebit_problems.measurement import Device, Effort, Examination, Measured, Measurement, OnStep, Step, Stop, Test
from queuebit_problems.measuring.parities import clifford_tests

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


class CircuitSampling(Measurement[CircuitSamplingStatement]):
    name = "circuit_sampling"
    title = "Sampling of a quantum circuit"
    sense = None
    answer_shape = (
        '{"counts": {bits as Qiskit writes them: how often}, "shots": sum of the counts}; where asked for "marginals": '
        '{name: counts}, "memory": [outcome of each run]; of a machine with known noise "deviation" (total variation '
        'from the exact distribution), "model" (what the noise gives on average), "mitigated": {"probabilities", '
        '"std_error", "readout", "method"}'
    )
    formats = ("OpenQASM 2", "OpenQASM 3: gates, subroutines, loops, measurements and conditions")
    suffixes = (".qasm", ".qasm2", ".qasm3")
    joins = True
    params = {
        "shots": f"how often the circuit is run, {SHOTS} where it is left out",
        "precision": "instead of shots: the standard error that no outcome's share may exceed",
        "memory": "true: the outcome of each run is told too",
        "marginals": "bits told by themselves, as `ends=c[0],c[4];middle=c[2]`: the first is written rightmost",
        "target": "the machine that the simulator stands in for: exact, or a device with its noise, as fake_sherbrooke",
        "reference": "noise or ideal: what the answer of a machine with noise is held against; noise where it is left out",
        "(an input)": "the value of a name that the circuit declares as `input`",
    }
    statement = CircuitSamplingStatement

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> CircuitSamplingStatement:
        try:
            inputs = {name: _given(params, name) for name in input_names(text) if name in (params or {})}
            return CircuitSamplingStatement.model_validate({"qasm": text, "inputs": inputs, **_wishes(params)})
        except ValidationError as error:
            found = _read(text, file_name, inputs)
            if not any(isinstance(each, Measure) for each in walk(found.operations)):
                where = file_name or "the circuit"
                raise UnreadableFile(f"{where}: the circuit measures nothing.", remedy=advice(text)) from None
            first = error.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"]))
            raise UnreadableFile(
                f"{file_name or 'the circuit'}: {field}: {first['msg']}.".replace(": : ", ": "),
                remedy=f"Give --param shots=N with a whole number up to {shots_max(found)}, or --param precision=0.01; "
                "marginals as --param 'marginals=ends=c[0],c[4]'.",
            ) from None

    def assumptions(self, statement: CircuitSamplingStatement) -> tuple[str, ...]:
        told = [] if statement.circuit.clbits < 2 else [_ORDER]
        if statement.marginals:
            told.append("Of a marginal the bit that is named first is written rightmost.")
        if (loops := statement.circuit.loops) is not None and loops.turns:
            told.append(
                f"A loop on a measurement is run at most {loops.turns} times; "
                f"that one would go on has the probability {loops.left_out:.1e}."
            )
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
        return answer_errors(statement, answer)

    def measure(
        self, statement: CircuitSamplingStatement, device: Device, effort: Effort, on_step: OnStep, stop: Stop
    ) -> Measured:
        """One job of the device, which cannot be stopped in its middle."""
        del stop
        circuit = statement.circuit
        memory: list[str] | None = None
        if statement.memory:
            memory = device.outcomes(circuit, shots=statement.runs, seed=effort.seed)
            counts: Mapping[str, int] = Counter(memory)
        else:
            [counts] = device.counts([circuit], shots=statement.runs, seed=effort.seed)
        on_step(Step(1))
        answer = sampled(statement, counts, *noise_of(device, 1)[0], memory=memory)
        return _measured(statement, answer, f"circuit on {device.name}")

    def exact(self, statement: CircuitSamplingStatement, effort: Effort) -> Measured | None:
        """A draw from the exact distribution."""
        evidence: dict[str, Any] = {}
        if not affordable(statement.circuit):
            parities = parities_of(statement.circuit)
            if parities is None:
                return None
            counts = parities.sample(statement.runs, effort.seed)
            method = "drawn from the exact distribution of a Clifford circuit"
        else:
            from queuebit_circuits.simulator import outcomes

            found = outcomes(statement.circuit)
            counts = found.sample(statement.runs, effort.seed)
            method, evidence = "drawn from the exact distribution", {"outcomes": len(found.bits)}
        memory = None
        if statement.memory:
            from queuebit_problems.measuring.exact_device import in_some_order

            memory = in_some_order(counts, effort.seed)
        return _measured(statement, sampled(statement, counts, memory=memory), method, evidence)

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

        exact = outcomes(circuit)
        tests = fit.tests(exact, answer["counts"])
        if "mitigated" in answer:
            from queuebit_problems.measuring.readout_mitigation import deviation_test, mitigation_tests, model_tests

            tests += (*mitigation_tests(circuit, answer["counts"], answer["mitigated"]), deviation_test(exact, answer))
        if "model" in answer:
            tests += model_tests(exact, answer)
        return Examination(True, tests)

    def example(self) -> CircuitSamplingStatement:
        """A Bell pair: 00 and 11, each in about half of the runs."""
        return CircuitSamplingStatement(qasm=BELL)


def sampled(
    statement: CircuitSamplingStatement,
    counts: Mapping[str, int],
    readout: Readout | None = None,
    model: Mapping[str, float] | None = None,
    *,
    memory: list[str] | None = None,
) -> dict[str, Any]:
    """The answer that counts make, with what a machine whose readout is known allows to be said beside them."""
    answer: dict[str, Any] = {"counts": dict(sorted(counts.items())), "shots": statement.runs}
    if statement.marginals:
        answer["marginals"] = statement.marginal_counts(counts)
    if memory is not None:
        answer["memory"] = memory
    return answer | _noise(statement.circuit, counts, readout, model)


def noise_of(device: Device, circuits: int) -> list[tuple[Readout | None, Mapping[str, float] | None]]:
    """What a device says of its noise, for each circuit of the last call."""
    readouts, models = device.readouts() or [None] * circuits, device.models() or [None] * circuits
    return list(zip(readouts, models, strict=True))


def _noise(
    circuit: Circuit, counts: Mapping[str, int], readout: Readout | None, model: Mapping[str, float] | None
) -> dict[str, Any]:
    if readout is None or not affordable(circuit):
        return {}
    from queuebit_circuits.simulator import outcomes
    from queuebit_problems.measuring.readout_mitigation import deviation, mitigated

    found = mitigated(circuit, counts, readout)
    if found is None:
        return {}
    exact = outcomes(circuit).as_dict()
    away = {"counts": deviation(exact, counts), "mitigated": deviation(exact, found["probabilities"])}
    told: dict[str, Any] = {"deviation": away, "mitigated": found}
    if model is None:
        return told
    away["model"] = deviation(exact, model)
    return {**told, "model": dict(sorted(model.items()))}


def _measured(
    statement: CircuitSamplingStatement, answer: Answer, method: str, evidence: dict[str, Any] | None = None
) -> Measured:
    return Measured(
        answer,
        None,
        method,
        shots=statement.runs,
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


def _wishes(params: Params | None) -> dict[str, Any]:
    """Shots or precision, marginals and memory, as the statement takes them."""
    found = {name: value for name, value in (params or {}).items() if name in ("shots", "precision", "memory")}
    shots = found.get("shots", SHOTS)
    if type(shots) is not int or not 1 <= shots <= SHOTS_MAX:
        raise UnreadableFile(
            f"The param shots should be a whole number from 1 to {SHOTS_MAX}.", remedy="Give --param shots=N."
        )
    stated = (params or {}).get("marginals")
    if stated is None:
        return found
    named = [part.partition("=") for part in str(stated).split(";") if part.strip()]
    marginals = {name.strip(): [bit.strip() for bit in bits.split(",")] for name, _, bits in named}
    if len(marginals) < len(named):
        raise UnreadableFile(
            "Two marginals have one name.", remedy="Give --param 'marginals=ends=c[0],c[4];middle=c[2]'."
        )
    return {**found, "marginals": marginals}


KIND = CircuitSampling()
