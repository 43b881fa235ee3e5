"""What programs of the field write beyond the plain language: exports of Qiskit, Braket's dialect, inputs, delays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm2, qasm3
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.quantum_info import Statevector

from queuebit_circuits.circuit import Gate, Measure, Reset
from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.gates import GATES
from queuebit_circuits.qasm import input_names, read_circuit
from queuebit_circuits.qasm.library import BRAKET, EXTRAS
from queuebit_circuits.simulator import distribution, statevector
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.kinds.circuits.circuit_sampling import KIND

TWO = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
THREE = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'

SAME: list[tuple[str, str, str]] = [
    ("delays and boxes pass", THREE + "qubit[2] q; bit[2] c; x q[0]; delay[100ns] q[0]; delay[2*(3)us] q; box[1ms] { h q[1]; } "
     "box { z q[0]; } c = measure q;", THREE + "qubit[2] q; bit[2] c; x q[0]; h q[1]; z q[0]; c = measure q;"),
    ("what does nothing, and an end at the end",
     THREE + "qubit[2] q; bit[2] c; box { x q[0]; nop q[1]; } nop; nop q[0], q[1]; c = measure q; end;\n// no more\n",
     THREE + "qubit[2] q; bit[2] c; x q[0]; c = measure q;"),
    ("a gate that is called like what does nothing",
     THREE + "gate nop a { x a; } qubit q; nop q;", THREE + "gate g a { x a; } qubit q; g q;"),
    ("an opaque delay",
     TWO + "opaque delay(t) a; opaque never a, b; qreg q[1]; creg c[1]; delay(100.0) q[0]; x q; measure q -> c;",
     TWO + "qreg q[1]; creg c[1]; x q; measure q -> c;"),
    ("annotations", THREE + "@reversible\nqubit q;\n@a.b c, d\nx q;", THREE + "qubit q; x q;"),
    ("trailing commas", THREE + "gate g(a,) p, r, { rx(a,) p; cx p, r,; } qubit[2] q; g(.1,) q[0], q[1],;",
     THREE + "qubit[2] q; rx(.1) q[0]; cx q[0], q[1];"),
    ("line ends of CR alone", (THREE + "// one\nqubit q;\n// two\nx q;").replace("\n", "\r"), THREE + "qubit q; x q;"),
    ("a while loop", THREE + "qubit q; uint[8] n = 1; while (n < 9) { rx(n) q; n *= 2; }",
     THREE + "qubit q; rx(1) q; rx(2) q; rx(4) q; rx(8) q;"),
    ("a switch on what is known",
     THREE + "qubit q; int n = 3; switch (n) { case 1, 2 { x q; } case 3 { y q; } default { z q; } }",
     THREE + "qubit q; y q;"),
    ("a switch on bits", THREE + "qubit q; bit[2] c; switch (c) { case 1, 2 { x q; } case 3 { y q; } default { z q; } }",
     THREE + "qubit q; bit[2] c; if (c == 1 || c == 2) { x q; } else { if (c == 3) { y q; } else { z q; } }"),
    ("a phase of everything", TWO + "qreg q[1]; gphase(0.4) q[0]; x q[0];", TWO + "qreg q[1]; x q[0];"),
    ("Braket's names",
     "OPENQASM 3;\nqubit[3] q; h q[0]; cnot q[0], q[1]; si q[0]; ccnot q[0], q[1], q[2]; phaseshift(.2) q[1];",
     THREE + "qubit[3] q; h q[0]; cx q[0], q[1]; sdg q[0]; ccx q[0], q[1], q[2]; p(.2) q[1];"),
    ("a measurement that nothing keeps", THREE + "qubit[2] q; bit c; h q; measure q[0]; c = measure q[1];",
     THREE + "qubit[2] q; bit c; h q; c = measure q[1];"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "plain"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_what_exports_hold_is_read(text: str, plain: str) -> None:
    assert read_circuit(text) == read_circuit(plain)


@pytest.mark.parametrize(
    "name", ["ryy", "rxx", "rzz", "rzx", "iswap", "dcx", "ecr", "cs", "csdg", "ccz", "r", "sxdg", "csx"]
)
@pytest.mark.parametrize("head", [TWO + "qreg q[3]; ", THREE + "qubit[3] q; "])
def test_gates_that_no_standard_file_has_are_those_of_qiskit(name: str, head: str) -> None:
    gate = get_standard_gate_name_mapping()[name]
    angles = [0.3, 0.7][: len(gate.params)]
    circuit = QuantumCircuit(3)
    circuit.h(range(3))
    circuit.append(type(gate)(*angles), range(gate.num_qubits))
    named = ", ".join(f"q[{qubit}]" for qubit in range(gate.num_qubits))
    stated = f"({', '.join(map(str, angles))})" if angles else ""

    found = statevector(read_circuit(f"{head} h q; {name}{stated} {named};"))

    assert abs(np.vdot(found, Statevector(circuit).data)) == pytest.approx(1, abs=1e-10)


def _xy(t: float) -> Any:
    c, s = math.cos(t / 2), 1j * math.sin(t / 2)
    return np.array([[1, 0, 0, 0], [0, c, s, 0], [0, s, c, 0], [0, 0, 0, 1]])


def _ms(f: float, g: float, t: float) -> Any:
    c, both, apart = math.cos(t / 2), np.exp(1j * (f + g)), np.exp(1j * (f - g))
    s = -1j * math.sin(t / 2)
    return np.array([[c, 0, 0, s / both], [0, c, s / apart, 0], [0, s * apart, c, 0], [s * both, 0, 0, c]])


BRAKET_MATRICES: dict[str, Any] = {
    "xy(0.7)": _xy(0.7),
    "pswap(0.7)": np.array([[1, 0, 0, 0], [0, 0, np.exp(0.7j), 0], [0, np.exp(0.7j), 0, 0], [0, 0, 0, 1]]),
    "cphaseshift00(0.7)": np.diag([np.exp(0.7j), 1, 1, 1]),
    "cphaseshift01(0.7)": np.diag([1, np.exp(0.7j), 1, 1]),
    "cphaseshift10(0.7)": np.diag([1, 1, np.exp(0.7j), 1]),
    "iswap": np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]]),
    "ecr": np.array([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]]) / math.sqrt(2),
    "ms(0.3, 0.5, 0.7)": _ms(0.3, 0.5, 0.7),
    "gpi(0.7)": np.array([[0, np.exp(-0.7j)], [np.exp(0.7j), 0]]),
    "gpi2(0.7)": np.array([[1, -1j * np.exp(-0.7j)], [-1j * np.exp(0.7j), 1]]) / math.sqrt(2),
    "v": np.array([[0.5 + 0.5j, 0.5 - 0.5j], [0.5 - 0.5j, 0.5 + 0.5j]]),
}
"""As Amazon Braket documents them, the first qubit the most significant."""


@pytest.mark.parametrize("gate", BRAKET_MATRICES)
def test_gates_of_braket_are_those_that_it_documents(gate: str) -> None:
    matrix = BRAKET_MATRICES[gate]
    named = "q[1], q[0]" if len(matrix) == 4 else "q[0]"
    size = 2 if len(matrix) == 4 else 1

    found = statevector(read_circuit(f"OPENQASM 3;\nqubit[{size}] q; ry(0.4) q; rz(0.9) q[0]; {gate} {named};"))
    before = statevector(read_circuit(f"OPENQASM 3;\nqubit[{size}] q; ry(0.4) q; rz(0.9) q[0];"))

    assert abs(np.vdot(found, matrix @ before)) == pytest.approx(1, abs=1e-10)


def test_gates_by_name_are_no_gates_of_the_standard_set() -> None:
    names = {line.split()[1].partition("(")[0] for line in (EXTRAS + BRAKET).splitlines() if line}

    assert names.isdisjoint(GATES)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("#pragma braket verbatim\nbox{\nx q[0];\n}", "boxes that are run as they stand"),
        ("#pragma braket unitary([[0, 1.0], [1.0, 0]]) q[0]", "gates as matrices"),
        ("#pragma braket noise bit_flip(0.1) q[0]", "errors that a circuit states"),
        ("pragma braket result probability q[0]", "results that a circuit asks for"),
        ("#pragma", "pragmas are not supported"),
        ("pragma braket", "pragmas are not supported"),
    ],
)
def test_what_a_line_of_braket_asks_for_is_told(line: str, told: str) -> None:
    with pytest.raises(UnreadableCircuit, match=told):
        read_circuit(f"OPENQASM 3.0;\nqubit[1] q;\n{line}\n")


def test_a_gate_that_resets_is_written_out() -> None:
    circuit = read_circuit(
        TWO + "gate prep a { x a; } gate initialize(p0,p1) a { reset a; prep a; } qreg q[2]; creg c[2];"
        "h q[0]; initialize(0,1) q; measure q -> c;"
    )

    assert circuit.operations[1:5] == (Reset(0), Gate("x", (0,)), Reset(1), Gate("x", (1,)))
    assert distribution(circuit) == pytest.approx({"11": 1})


def test_an_export_of_initialize_and_delay_is_read() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.delay(100, 0)
    assert distribution(read_circuit(qasm3.dumps(circuit))) == pytest.approx({"00": 1})

    circuit.initialize([0, 1], 0)
    circuit.measure([0, 1], [0, 1])
    assert distribution(read_circuit(qasm2.dumps(circuit))) == pytest.approx({"01": 1})


INPUT = THREE + "input float[64] theta;\ninput uint[4] n;\nqubit q; bit c; rx(theta * n) q; c = measure q;"


def test_inputs_are_given() -> None:
    circuit = read_circuit(INPUT, inputs={"theta": math.pi / 2, "n": 2})

    assert input_names(INPUT) == ("theta", "n")
    assert circuit.operations == (Gate("rx", (0,), (math.pi,)), Measure(0, 0))


def test_inputs_come_as_params_and_stay_with_the_statement() -> None:
    problem = read_problem(INPUT, file_name="a.qasm", params={"theta": 1.5, "n": 2, "shots": 10, "refine": True})

    assert problem.statement == {"qasm": INPUT, "shots": 10, "inputs": {"theta": 1.5, "n": 2}}


def test_a_statement_without_inputs_is_written_as_before() -> None:
    text = THREE + "qubit q; bit c; c = measure q;"

    assert read_problem(text, file_name="a.qasm").statement == {"qasm": text, "shots": 1024}


def test_an_input_without_a_value_is_asked_for() -> None:
    with pytest.raises(UnreadableFile, match=r"a.qasm, line 4, column 15: the input n has no value") as refused:
        read_problem(INPUT, file_name="a.qasm", params={"theta": 1.5})

    assert refused.value.remedy == "Give it: --param n=VALUE."


@pytest.mark.parametrize(
    ("stated", "given"), [("int[4]", 3.7), ("int[4]", 8), ("uint[4]", -1), ("uint[4]", 16), ("int", 0.5), ("bool", 2)]
)
def test_an_input_that_its_type_does_not_hold_is_refused(stated: str, given: float) -> None:
    """Nobody who gives 3.7 asks for 3."""
    with pytest.raises(UnreadableCircuit, match="the input n cannot be"):
        read_circuit(THREE + f"input {stated} n;\nqubit q; rx(n) q;", inputs={"n": given})


WRONG: list[tuple[str, str, str]] = [
    (THREE + "qubit[2] q; bit c; h q; measure q[0]; h q[0];", "a measurement that no bit keeps", "c = measure q"),
    (THREE + "qubit q; bit c; x q; c = measure q; while (c) { x q; }", "the loop does not end", "its body makes false"),
    (THREE + "qubit q; while (true) { }", "takes more than", "fewer loops"),
    (THREE + "qubit[2] q; cnot q[0], q[1];", "the gate 'cnot' is not defined", "It is called cx here"),
    (TWO + "opaque magic(a) q; qreg q[1]; magic(1) q[0];", "the gate 'magic' is not defined", "It is opaque"),
    (
        TWO + "gate g a { reset a; } gate h2 a { g a; } qreg q[1]; creg c[1]; measure q -> b;",
        "'b' is not declared",
        "Declare it",
    ),
    (
        THREE + "gate g a { reset a; } qubit[2] q; ctrl @ g q[0], q[1];",
        "a modifier of g, which resets qubits",
        "Only gates",
    ),
    (THREE + "qubit q; switch (1) { default { x q; } }", "a switch has no case", "case 0"),
    ("OPENQASM 2.0;\nqreg q[1]; h q[0];", "the gate 'h' is not defined", "include"),
]


@pytest.mark.parametrize(("text", "detail", "remedy"), WRONG)
def test_what_cannot_be_told_is_refused(text: str, detail: str, remedy: str) -> None:
    with pytest.raises(UnreadableCircuit) as refused:
        read_circuit(text)

    assert detail in refused.value.detail
    assert remedy in refused.value.remedy


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("x q; c = measure q;", []),
        ("delay[100ns] q[0]; c = measure q;", ["take no time"]),
        ("ctrl @ U(.1, .2, .3) q[0], q[1]; c = measure q;", ["that OpenQASM 3 gives U"]),
    ],
)
def test_what_others_read_otherwise_is_told(body: str, told: list[str]) -> None:
    statement = KIND.parse({"qasm": f"{THREE}qubit[2] q; bit[2] c;\n{body}"})

    order, *rest = KIND.assumptions(statement)

    assert "rightmost" in order
    assert [part in line for part, line in zip(told, rest, strict=True)] == [True] * len(told)
