"""Subroutines are written out where they are called; what the same statements mean without them says whether that is right."""

from __future__ import annotations

import time

import pytest

from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.simulator import distribution

HEADER = 'OPENQASM 3.0; include "stdgates.inc"; '
QUBITS = "qubit[3] q; bit[3] c; bit r; "


def outcomes(text: str) -> dict[str, float]:
    return distribution(read_circuit(HEADER + text))


@pytest.mark.parametrize(
    ("called", "written"),
    [
        (
            "def turn(qubit a, float x, angle[8] y) { ry(x / 2) a; rx(y) a; } " + QUBITS
            + "turn(q[1], 1.4, pi / 2); turn(q[2], 0.3, 0); c = measure q;",
            QUBITS + "ry(0.7) q[1]; rx(pi / 2) q[1]; ry(0.15) q[2]; c = measure q;",
        ),
        (
            "const float half = 0.35; gate g(x) a { ry(2 * x) a; } def f(qubit[2] a) { g(half) a[1]; cx a[1], a[0]; } "
            + QUBITS + "f(q[1:2]); c = measure q;",
            QUBITS + "ry(0.7) q[2]; cx q[2], q[1]; c = measure q;",
        ),
        (
            "def parity(qubit[2] a, qubit s) -> bit { reset s; cx a[0], s; cx a[1], s; return measure s; } " + QUBITS
            + "ry(0.7) q[0]; ry(1.9) q[1]; r = parity(q[0:1], q[2]); if (r) { x q[2]; } c = measure q;",
            QUBITS + "ry(0.7) q[0]; ry(1.9) q[1]; reset q[2]; cx q[0], q[2]; cx q[1], q[2]; r = measure q[2];"
            "if (r) { x q[2]; } c = measure q;",
        ),
        (
            "def both(qubit[2] a) -> bit[2] { bit[2] b; h a[0]; b = measure a; if (b[0]) { x a[1]; } return b; } " + QUBITS
            + "ry(0.4) q[2]; c[0:1] = measure q[0:1]; bit[2] d = both(q[1:2]); c = measure q;",
            QUBITS + "ry(0.4) q[2]; c[0:1] = measure q[0:1]; bit[2] d; h q[1]; d = measure q[1:2]; if (d[0]) { x q[2]; }"
            "c = measure q;",
        ),
        (
            "def inner(qubit a, int n) { for int k in [1:n] { t a; } } "
            "def outer(qubit a, bit b) { h a; if (b) { inner(a, 3); } h a; } "
            + QUBITS + "h q[0]; r = measure q[0]; outer(q[1], r); c = measure q;",
            QUBITS + "h q[0]; r = measure q[0]; h q[1]; if (r) { t q[1]; t q[1]; t q[1]; } h q[1]; c = measure q;",
        ),
        (
            "def count(qubit a, int[8] n) { int[8] k = n; k += 1; while (k > 0) { ry(0.1 * k) a; k -= 1; } } " + QUBITS
            + "count(q[0], 2); c = measure q;",
            QUBITS + "ry(0.3) q[0]; ry(0.2) q[0]; ry(0.1) q[0]; c = measure q;",
        ),
    ],
)  # fmt: skip
def test_a_call_means_what_its_statements_mean(called: str, written: str) -> None:
    assert outcomes(called) == pytest.approx(outcomes(written), abs=1e-12)


def test_another_reader_runs_them_alike() -> None:
    from braket.devices import LocalSimulator
    from braket.ir.openqasm import Program

    text = (
        "qubit[2] q; bit[2] b; def turn(qubit a, float[64] x) { ry(x) a; ry(x / 2) a; } "
        "turn(q[1], 0.8); cnot q[1], q[0]; b = measure q;"
    )
    found = LocalSimulator().run(Program(source="OPENQASM 3.0; " + text), shots=4000).result().measurement_counts

    exact = distribution(read_circuit("OPENQASM 3.0; " + text))
    assert set(exact) == {"00", "11"}
    assert found["11"] / 4000 == pytest.approx(exact["11"], abs=0.04)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def f(qubit a) { f(a); } qubit q; f(q);", "the subroutine f calls itself"),
        ("def f(qubit a) { x q; } qubit q; f(q);", "'q' is not declared"),
        ("def f(qubit a) { } qubit[2] q; f(q);", "a should be 1 qubits, not 2"),
        ("def f(qubit a) { } qubit q; f(q, 1);", "f takes 1 arguments, not 2"),
        ("def f(qubit a) -> int { } qubit q;", "a subroutine that returns int is not supported"),
        ("def f(qubit a) -> bit { if (true) { return measure a; } } qubit q;", "returns before the end of a subroutine"),
        ("def f(qubit a) { } qubit q; bit c; c = f(q);", "the subroutine f returns nothing"),
        ("def f(qubit a) -> bit { bit b; return b; } qubit q; f(q);", "what the subroutine returns is kept nowhere"),
        ("def f(bit b, qubit a) { b = measure a; } qubit q;", "bits that a subroutine is called with are set in it"),
        ("def f(bit b, qubit a) -> bit { return measure a; } qubit q; bit c; c = f(c, q);", "a bit is read by f and set by it"),
        ("def f(array[int, 3] a) { } qubit q;", "a parameter of type 'array' is not supported"),
        ("def f(qubit a) { } def f(qubit a) { } qubit q;", "the subroutine f is defined twice"),
        ("qubit q; if (true) { def f() { } }", "def cannot stand in a block"),
        ("def f(qubit a) -> bit { return measure a; } qubit q; f(q); x q;", "after a measurement that no bit keeps"),
        ("def f(qubit a) { s a; } qubit q; inv @ f(q);", "the subroutine f stands under a modifier"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_out_is_refused(text: str, told: str) -> None:
    with pytest.raises(UnreadableCircuit, match=told):
        read_circuit(HEADER + text)


def test_calls_that_double_at_every_level_are_refused_in_time() -> None:
    levels = "".join(f"def f{k}(qubit a) {{ f{k - 1}(a); f{k - 1}(a); }} " for k in range(1, 31))
    begun = time.process_time()

    with pytest.raises(UnreadableCircuit, match="more than"):
        read_circuit(HEADER + "def f0(qubit a) { x a; } " + levels + "qubit q; f30(q);")

    chain = "".join(f"def f{k}(qubit a) {{ f{k - 1}(a); }} " for k in range(1, 200))
    with pytest.raises(UnreadableCircuit, match="more than 32 subroutines call each other"):
        read_circuit(HEADER + "def f0(qubit a) { x a; } " + chain + "qubit q; f199(q);")
    assert time.process_time() - begun < 20


def test_bits_that_many_calls_are_given_are_counted() -> None:
    names = ", ".join(f"bit[1000] b{k}" for k in range(10))
    called = ", ".join(["c"] * 10)

    with pytest.raises(UnreadableCircuit, match="more than 600000 steps"):
        read_circuit(HEADER + f"def f({names}) {{}} qubit q; bit[1000] c; for int i in [1:1000] {{ f({called}); }}")
