"""OpenQASM 2 and 3 are read as they mean it: as Qiskit reads it where it does, else as the circuit written out."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm2, qasm3
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Statevector

from queuebit_circuits.circuit import Barrier, Branch, Circuit, Gate, Measure, Register, Reset
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.simulator import distribution, statevector

TWO = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
THREE = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def _same_state(ours: Circuit, theirs: Any) -> None:
    """Up to a global phase."""
    assert abs(np.vdot(statevector(ours), theirs)) == pytest.approx(1, abs=1e-10)


TEXTS_2 = {
    "every gate of qelib1": "qreg q[5]; u3(.1,.2,.3) q[0]; u2(.1,.2) q; u1(.4) q[1]; u0(1) q[0]; id q; x q[0]; y q[1]; "
    "z q[2]; h q; s q[0]; sdg q[1]; t q[2]; tdg q[3]; rx(.1) q; ry(.2) q; rz(.3) q; sx q[0]; sxdg q[1]; cz q[0],q[1]; "
    "cy q[1],q[2]; swap q[0],q[4]; ch q[2],q[3]; ccx q[0],q[1],q[2]; cswap q[0],q[1],q[2]; crx(.1) q[0],q[1]; "
    "cry(.2) q[1],q[2]; crz(.3) q[2],q[3]; cu1(.4) q[3],q[4]; cu3(.1,.2,.3) q[0],q[1]; csx q[0],q[2]; "
    "cu(.1,.2,.3,.4) q[1],q[3]; rxx(.5) q[0],q[1]; rzz(.6) q[1],q[2]; rccx q[0],q[1],q[2]; u(.1,.2,.3) q[0]; p(.1) q[1]; "
    "rc3x q[0],q[1],q[2],q[3]; c3x q[0],q[1],q[2],q[3]; c3sqrtx q[0],q[1],q[2],q[3]; c4x q[0],q[1],q[2],q[3],q[4]; "
    "U(.1,.2,.3) q[2]; CX q[2],q[3]; cp(.7) q[0],q[4];",
    "definitions": "gate a(x,y) p,q { h p; cu1(x*y/2) p,q; U(x,0,-y) q; barrier p,q; } gate b(t) q0 { rx(t^2) q0; }"
    "gate none q { } qreg q[2]; qreg r[2]; a(1.5,pi/3) q,r; b(-.3) r; none q[0]; a(.1,.2) q[0],r;",
    "expressions": "qreg q[1]; rx(-pi/2 + 3*(2-0.5)/4) q[0]; ry(sin(pi/7)*cos(.3)-tan(.2)+exp(.1)-ln(2)+sqrt(3)) q[0];"
    "rz(2^3^.5 - -.25e-1*1.E+1) q[0]; rx(1/2) q[0];",
    "registers": "qreg q[3]; qreg r[3]; h q; cx q,r; cx q[0],r; barrier q,r[1]; barrier q; x r;",
}


@pytest.mark.parametrize("name", TEXTS_2)
def test_openqasm_2_means_what_it_means_to_qiskit(name: str) -> None:
    text = TWO + TEXTS_2[name]

    _same_state(read_circuit(text), Statevector(QuantumCircuit.from_qasm_str(text)).data)


TEXTS_3 = {
    "every gate of stdgates": "qubit[4] q; U(.1,.2,.3) q[0]; p(.1) q[0]; x q; y q[1]; z q[2]; h q; s q[0]; sdg q[1]; "
    "t q[2]; tdg q[3]; sx q[0]; rx(.1) q; ry(.2) q; rz(.3) q; cx q[0],q[1]; cy q[1],q[2]; cz q[2],q[3]; cp(.1) q[0],q[1];"
    "crx(.2) q[1],q[2]; cry(.3) q[2],q[3]; crz(.4) q[0],q[3]; ch q[0],q[1]; swap q[1],q[2]; ccx q[0],q[1],q[2]; "
    "cswap q[1],q[2],q[3]; cu(.1,.2,.3,.4) q[0],q[1]; CX q[0],q[1]; phase(.1) q[0]; cphase(.2) q[0],q[1]; id q; "
    "u1(.3) q[0]; u2(.1,.2) q[1]; u3(.1,.2,.3) q[2]; gphase(.3);",
    "controls": "qubit[5] q; h q; ctrl @ x q[0],q[1]; ctrl(2) @ rz(.3) q[0],q[1],q[2]; negctrl @ ry(.4) q[3],q[4]; "
    "ctrl @ negctrl @ h q[0],q[1],q[2]; ctrl @ gphase(.7) q[3]; ctrl(3) @ gphase(.5) q[0],q[1],q[2]; "
    "ctrl(4) @ x q[0],q[1],q[2],q[3],q[4]; ctrl @ swap q[0],q[1],q[2]; ctrl(2) @ swap q[0],q[1],q[2],q[3]; "
    "ctrl @ cp(.2) q[0],q[1],q[2]; ctrl(4) @ sx q[0],q[1],q[2],q[3],q[4];",
    "inverses": "qubit[3] q; h q; inv @ s q[0]; inv @ U(.1,.2,.3) q[1]; inv @ u2(.1,.2) q[0]; inv @ u3(.1,.2,.3) q[1]; "
    "inv @ cu(.1,.2,.3,.4) q[0],q[1]; inv @ crx(.3) q[1],q[2]; inv @ sx q[2]; ctrl @ inv @ t q[0],q[1]; "
    "inv @ ctrl @ ry(.1) q[0],q[2]; inv @ ccx q[0],q[1],q[2];",
    "powers": "qubit[2] q; h q; pow(0.5) @ x q[0]; pow(3) @ s q[1]; pow(-2) @ t q[0]; ctrl @ pow(0.25) @ z q[0],q[1]; "
    "pow(2) @ swap q[0],q[1]; pow(0.5) @ h q[0]; pow(2) @ cx q[0],q[1]; pow(0.5) @ rx(1.0) q[0];",
    "definitions": "gate majority a, b, c { cx c, b; cx c, a; ccx a, b, c; } gate g(θ, φ) a, b { rz(θ) a; ry(φ) a; "
    "cx a, b; rz(φ/2) b; } qubit[3] q; h q; majority q[0], q[1], q[2]; g(.1, π/8) q[0], q[1]; inv @ g(.2, tau) q[1], q[2];"
    "ctrl @ g(.4, euler) q[0], q[1], q[2]; pow(2) @ g(.3, .1) q[0], q[2];",
}


@pytest.mark.parametrize("name", TEXTS_3)
def test_openqasm_3_means_what_it_means_to_qiskit(name: str) -> None:
    text = THREE + TEXTS_3[name]

    _same_state(read_circuit(text), Statevector(qasm3.loads(text)).data)


SAME_3 = [
    ("const int n = 3; qubit[n] q; for int i in [0:n-1] { rx(i*pi/4) q[i]; }",
     "qubit[3] q; rx(0) q[0]; rx(pi/4) q[1]; rx(pi/2) q[2];"),
    ("qubit[4] q; for uint i in [3:-1:1] cx q[i], q[i-1];", "qubit[4] q; cx q[3],q[2]; cx q[2],q[1]; cx q[1],q[0];"),
    ("qubit[9] q; for int i in {1, 2+3, 8} { x q[i]; }", "qubit[9] q; x q[1]; x q[5]; x q[8];"),
    ("qubit[2] q; for int i in [0:1] { for int j in [0:i] { rx(i+j) q[j]; } }",
     "qubit[2] q; rx(0) q[0]; rx(1) q[0]; rx(2) q[1];"),
    ("qubit[6] q; h q[1:2:5]; x q[{0, 3}]; z q[-1];", "qubit[6] q; h q[1]; h q[3]; h q[5]; x q[0]; x q[3]; z q[5];"),
    ("qubit[4] q; let a = q[1:2]; let b = a ++ q[0]; x a; y b[2]; h q[0:3][1:2];",
     "qubit[4] q; x q[1]; x q[2]; y q[0]; h q[1]; h q[2];"),
    ("uint[4] a = 5; qubit[4] q; for int i in [0:3] { if (bool(a[i])) x q[i]; else z q[i]; }",
     "qubit[4] q; x q[0]; z q[1]; x q[2]; z q[3];"),
    ("qubit q; uint[4] power = 1; for uint i in [0:4] { rx(power) q; power <<= 1; } power += 3; power = power - 1; "
     "ry(power) q;", "qubit q; rx(1) q; rx(2) q; rx(4) q; rx(8) q; rx(0) q; ry(2) q;"),
    ("const float[64] a = 3*pi/8; angle[20] b = a/2; qubit q; rz(b) q; rx(float(3)/2) q; ry(mod(7,4) + pow(2,0.5)) q;",
     "qubit q; rz(3*pi/16) q; rx(1.5) q; ry(3 + sqrt(2)) q;"),
    ("qubit q; rx(ceiling(1.2) + floor(1.8) + popcount(7)) q; ry(arccos(-1.0)) q; rz(4*arctan(1)) q;",
     "qubit q; rx(6) q; ry(pi) q; rz(pi) q;"),
    ("uint[8] a = 200; uint[8] b = 100; qubit q; rx(a + b) q; ry(a + 100) q; rz(uint[8](200) + 100) q; rx(a * b) q;",
     "qubit q; rx(44) q; ry(44) q; rz(44) q; rx(32) q;"),
    ("int[4] a = 7; uint[4] b = 3; qubit q; rx(a + 1) q; ry(b - 4) q; rz(~b) q; rx(-b) q; ry(b << 3) q; rz(7 / uint[4](2)) q;",
     "qubit q; rx(-8) q; ry(15) q; rz(12) q; rx(13) q; ry(8) q; rz(3) q;"),
    ("angle[4] a = 5*pi/2; qubit q; rx(a) q; ry(3*a) q; rz(-a) q; rx(a << 2) q; if (a == pi/2) x q; if (a[2]) z q;",
     "qubit q; rx(pi/2) q; ry(3*pi/2) q; rz(3*pi/2) q; rx(0) q; x q; z q;"),
    ("angle a = 5*pi/2; float[32] f = 0.1; qubit q; rx(a) q; if (f != 0.1) z q; if (bit[4](angle[4](pi)) == \"1000\") x q;",
     "qubit q; rx(pi/2) q; z q; x q;"),
    ("qubit q; const bool b = true && !(1 > 2) || false; if (b) { x q; } else { z q; }", "qubit q; x q;"),
    ("qubit q; rx(0x1F + 0b101 + 0o17 + 1_000 + int(2.9) + (7 & 3 | 8 ^ 1) + (6 / 3) + 7 % 4 + 2**3) q;",
     "qubit q; rx(31 + 5 + 15 + 1000 + 2 + 11 + 2 + 3 + 8) q;"),
    ("qubit[2] q; x q[0]; ; /* one\n two */ y q[1]; // three", "qubit[2] q; x q[0]; y q[1];"),
    ("qreg q[2]; creg c[2]; h q; measure q -> c;", "qubit[2] q; bit[2] c; h q; c = measure q;"),
    ("gate g a { for int i in [1:3] { rx(i) a; } } qubit q; g q;", "qubit q; rx(1) q; rx(2) q; rx(3) q;"),
    ("x $1; cx $1, $0;", "qubit[2] q; x q[1]; cx q[1], q[0];"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "plain"), SAME_3)
def test_openqasm_3_is_written_out(text: str, plain: str) -> None:
    assert read_circuit(THREE + text) == read_circuit(THREE + plain)


@pytest.mark.parametrize("seed", range(6))
def test_what_qiskit_writes_is_read_back(seed: int) -> None:
    circuit = random_circuit(4, 5, seed=seed)
    exact = Statevector(circuit).data

    _same_state(read_circuit(qasm2.dumps(circuit)), exact)
    _same_state(read_circuit(qasm3.dumps(circuit)), exact)


def test_numbers_and_versions_without_a_header() -> None:
    two = read_circuit('include "qelib1.inc";\nqreg q[1];\nrx(1/2) q;')
    three = read_circuit('include "stdgates.inc";\nqubit q;\nrx(1.0/2) q;')

    assert two == three == Circuit(1, (), (Gate("rx", (0,), (0.5,)),))


def test_measurements_resets_and_barriers_of_openqasm_3() -> None:
    circuit = read_circuit(
        THREE + "qubit[2] q; bit[2] c; bit b; reset q; barrier q; barrier; b = measure q[1]; c[0] = measure q[0];"
        "measure q -> c; bit[2] d = measure q; bit e = measure q[0];"
    )

    registers = (Register("c", 2), Register("b", 1, True), Register("d", 2), Register("e", 1, True))
    assert circuit.registers == registers
    assert circuit.operations == (
        Reset(0), Reset(1), Barrier((0, 1)), Barrier((0, 1)), Measure(1, 2), Measure(0, 0), Measure(0, 0), Measure(1, 1),
        Measure(0, 3), Measure(1, 4), Measure(0, 5),
    )  # fmt: skip


X, Z = (Gate("x", (0,)),), (Gate("z", (0,)),)


@pytest.mark.parametrize(
    ("condition", "branch"),
    [
        ("c == 5", Branch((0, 1, 2), (5,), X, Z)),
        ("c != 5", Branch((0, 1, 2), (5,), Z, X)),
        ("2 == c", Branch((0, 1, 2), (2,), X, Z)),
        ('c == "101"', Branch((0, 1, 2), (5,), X, Z)),
        ("int[4](c) == 6", Branch((0, 1, 2), (6,), X, Z)),
        ("int[3](c) == -1", Branch((0, 1, 2), (7,), X, Z)),
        ("uint[3](c) == 7", Branch((0, 1, 2), (7,), X, Z)),
        ("c << 1 == 2", Branch((0, 1, 2), (1, 5), X, Z)),
        ("c + 6 == 1", Branch((0, 1, 2), (3,), X, Z)),
        ("~c == 1", Branch((0, 1, 2), (6,), X, Z)),
        ("-uint[3](c) == 3", Branch((0, 1, 2), (5,), X, Z)),
        ("uint[4](c) + 6 == 11", Branch((0, 1, 2), (5,), X, Z)),
        ("rotl(c, 1) == 3", Branch((0, 1, 2), (5,), X, Z)),
        ("uint(c[0:1]) == 2", Branch((0, 1), (2,), X, Z)),
        ("c[1]", Branch((1,), (1,), X, Z)),
        ("bool(c[1])", Branch((1,), (1,), X, Z)),
        ("!c[1]", Branch((1,), (0,), X, Z)),
        ("~c[1]", Branch((1,), (0,), X, Z)),
        ("b == 1", Branch((3,), (1,), X, Z)),
        ("b == false", Branch((3,), (0,), X, Z)),
        ("c[0] && b", Branch((0, 3), (3,), X, Z)),
        ("c[0] || b", Branch((0, 3), (0,), Z, X)),
        ("c > 6", Branch((0, 1, 2), (7,), X, Z)),
        ("c[0] ^ c[2]", Branch((0, 2), (1, 2), X, Z)),
        ("c == 9", None),
    ],
)
def test_conditions_on_bits_become_branches(condition: str, branch: Branch | None) -> None:
    text = f"qubit q; bit[3] c; bit b; if ({condition}) {{ x q; }} else {{ z q; }}"

    assert read_circuit(THREE + text).operations == (Z if branch is None else (branch,))


def test_else_if_and_blocks_within_blocks() -> None:
    circuit = read_circuit(THREE + "qubit q; bit a; bit b; if (a) { if (b) x q; } else if (b) z q; else { x q; z q; }")

    inner = Branch((1,), (1,), X, ())
    assert circuit.operations == (Branch((0,), (1,), (inner,), (Branch((1,), (1,), Z, X + Z),)),)


def test_wide_registers_are_compared_without_a_table() -> None:
    circuit = read_circuit(THREE + "qubit q; bit[200] c; if (c == 3) x q; if (c != 1) { z q; }")

    assert circuit.operations == (Branch(tuple(range(200)), (3,), X), Branch(tuple(range(200)), (1,), (), Z))


def test_a_definition_goes_before_a_name_of_the_library() -> None:
    circuit = read_circuit(TWO + "gate cu c,t { cx c,t; } qreg q[2]; cu q[0],q[1];")

    assert circuit.operations == (Gate("cx", (0, 1)),)


@pytest.mark.parametrize("controls", range(1, 9))
def test_any_number_of_controls_is_exact(controls: int) -> None:
    rng = random.Random(controls)
    angles = ",".join(str(rng.uniform(-4, 4)) for _ in range(3))
    head = THREE + f"qubit[{controls + 1}] q; x q[0:{controls - 1}]; "
    named = ",".join(f"q[{k}]" for k in range(controls + 1))

    all_ones = statevector(read_circuit(f"{head} ctrl({controls}) @ U({angles}) {named};"))
    one_zero = statevector(read_circuit(f"{head} x q[0]; ctrl({controls}) @ U({angles}) {named};"))
    plain = statevector(read_circuit(f"{head} U({angles}) q[{controls}];"))

    assert np.allclose(all_ones, plain, atol=1e-9)
    assert one_zero[(1 << controls) - 2] == pytest.approx(1, abs=1e-9)


def test_a_controlled_phase_is_that_of_openqasm_3() -> None:
    """The square root of z and that of a z with another global phase differ where they are controlled."""
    text = "qubit[2] q; bit c; h q[0]; x q[1]; ctrl @ {} q[0], q[1]; h q[0]; c = measure q[0];"

    assert distribution(read_circuit(THREE + text.format("p(pi)"))) == pytest.approx({"1": 1.0})
    assert distribution(read_circuit(THREE + text.format("rz(pi)"))) == pytest.approx({"0": 0.5, "1": 0.5})
    assert distribution(read_circuit(THREE + text.format("U(0, 0, pi)"))) == pytest.approx({"1": 1.0})
    assert distribution(read_circuit(THREE + text.format("u3(0, 0, pi)"))) == pytest.approx({"0": 0.5, "1": 0.5})


def test_powers_of_gates_are_principal() -> None:
    half = read_circuit(THREE + "qubit q; pow(0.5) @ U(pi, 0, pi) q; pow(0.5) @ U(pi, 0, pi) q;")

    assert np.abs(statevector(half)) == pytest.approx([0, 1], abs=1e-12)
