"""Bits that are set by values hold them, and disturb nothing else."""

from __future__ import annotations

import pytest

from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.simulator import distribution

HEADER = 'OPENQASM 3.0; include "stdgates.inc"; '


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('qubit q; bit[3] c = "101"; bit d = 1; d = measure q;', {"0 101": 1.0}),
        ("qubit[2] q; bit[2] c; bit r; h q[0]; c[0] = measure q[0]; r = !c[0];", {"0 01": 0.5, "1 00": 0.5}),
        ("qubit q; bit[4] c; c = 9; c[0] = 0; c[2] ^= c[3];", {"1100": 1.0}),
        ("qubit[2] q; bit[2] c; h q[0]; c[0] = measure q[0]; if (c[0]) { c[1] = 1; }", {"00": 0.5, "11": 0.5}),
        (
            "qubit[2] q; bit[2] c; bit[2] d; h q; c = measure q; d = uint[2](c) + 1;",
            {"01 00": 0.25, "10 01": 0.25, "11 10": 0.25, "00 11": 0.25},
        ),
        ("bit c; c = 1; qubit q; x q; bit d = measure q; d = c; c = 0;", {"10": 1.0}),
    ],
)
def test_a_bit_holds_what_it_is_set_to(text: str, expected: dict[str, float]) -> None:
    assert distribution(read_circuit(HEADER + text)) == pytest.approx(expected)


def test_one_more_qubit_is_taken_for_all_of_them_and_only_where_there_are_any() -> None:
    without = read_circuit(HEADER + "qubit[2] q; bit[2] c; c = measure q;")
    some = read_circuit(HEADER + "qubit[2] q; bit[2] c = 3; c = measure q; c[0] = 1; c = 2;")

    assert (without.qubits, some.qubits) == (2, 3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("qubit q; bit[2] c; c = c << 1;", "a register is set by its own bits"),
        ("bit c = 1; x $0;", "qubits are declared and named by|a bit is set by a value where qubits are named"),
        ("qubit[11] q; bit[11] c; bit d; c = measure q; d = c == 3 || c == 5;", "reads more than 10 bits"),
        ("input float x; qubit q; bit c; c = x;", "a float is cast to bits"),
        ("def f(bit b) { b = 1; } qubit q; bit c; f(c);", "bits that a subroutine is called with are set in it"),
    ],
)
def test_what_cannot_be_set_is_refused(text: str, told: str) -> None:
    with pytest.raises(UnreadableCircuit, match=told):
        read_circuit(HEADER + text, inputs={"x": 0.5})


def test_a_bit_that_follows_from_an_input_is_read_anew_each_time() -> None:
    text = HEADER + "input float x; qubit q; bit[2] c; rx(x) q; c[0] = x > 50.0; c[1] = measure q;"

    found = [distribution(read_circuit(text, inputs={"x": x})) for x in (0.5, 0.7, 0.9, 60.0)]

    assert [max(key[1] for key in each) for each in found] == ["0", "0", "0", "1"]
