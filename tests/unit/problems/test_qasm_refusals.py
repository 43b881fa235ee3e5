"""What is wrong or not supported is refused with line, column, reason and remedy; bombs are refused by counting."""

from __future__ import annotations

import contextlib
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queuebit_circuits.cost import affordable
from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.qasm.scope import CLBITS_MAX, QUBITS_MAX
from queuebit_circuits.qasm.source import STATEMENTS_MAX, TEXT_LENGTH_MAX

TWO = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2];\n'
THREE = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; bit b;\n'


def _refused(text: str) -> UnreadableCircuit:
    with pytest.raises(UnreadableCircuit) as refused:
        read_circuit(text, file_name="c.qasm")
    assert refused.value.remedy
    return refused.value


WRONG = [
    ("OPENQASM 2.0", 1, 13, "';' should follow `OPENQASM 2.0`, not the end of the text"),
    ("OPENQASM 4.0;", 1, 10, "the version should be 2.0 or 3.0, not '4.0'"),
    ("OPENQASM two;", 1, 10, "the version should be 2.0 or 3.0"),
    (TWO + "OPENQASM 2.0;", 2, 1, "OPENQASM should stand first"),
    (TWO + "h q[0]", 2, 7, "';' should follow `h`, not the end of the text"),
    (TWO + "h q[2];", 2, 5, "an index of q should be a whole number from 0 to 1, not 2"),
    (TWO + "h q[-1];", 2, 5, "from 0 to 1, not -1"),
    (TWO + "h q[0.5];", 2, 5, "should be a whole number from 0 to 1, not 0.5"),
    (TWO + "h r[0];", 2, 3, "'r' is not declared"),
    (TWO + "h c[0];", 2, 3, "c is a classical bit"),
    (TWO + "\n\nfoo q[0];", 4, 1, "the gate 'foo' is not defined"),
    ("OPENQASM 2.0;\nqreg q[1];\nh q[0];", 3, 1, "the gate 'h' is not defined"),
    (TWO + "rx q[0];", 2, 1, "the gate rx takes 1 angles, not 0"),
    (TWO + "h(1) q[0];", 2, 1, "the gate h takes 0 angles, not 1"),
    (TWO + "cx q[0];", 2, 1, "the gate cx takes 2 qubits, not 1"),
    (TWO + "cx q[0],q[0];", 2, 1, "the gate cx has a qubit twice"),
    (TWO + "qreg r[3]; cx q,r;", 2, 12, "registers of 2 and 3 qubits do not fit together"),
    (TWO + "cx q,q;", 2, 1, "has a qubit twice"),
    (TWO + "measure q -> d;", 2, 14, "'d' is not declared"),
    (TWO + "measure q[0];", 2, 13, "a measurement should say into which bits"),
    (TWO + "measure q[0] -> c;", 2, 1, "1 qubits cannot be measured into 2 bits"),
    (TWO + "measure c -> c;", 2, 9, "c is a classical bit"),
    (TWO + "qreg q[1];", 2, 6, "'q' is declared twice"),
    (TWO + "qreg r[0];", 2, 8, "should be a whole number from 1"),
    (TWO + "qreg r[1.5];", 2, 8, "should be a whole number from 1"),
    (TWO + "rx(1/0) q[0];", 2, 5, "/ has no value there"),
    (TWO + "rx(sqrt(-1)) q[0];", 2, 4, "sqrt has no value there"),
    (TWO + "rx(ln(0)) q[0];", 2, 4, "ln has no value there"),
    (TWO + "rx(foo(1)) q[0];", 2, 4, "there is no function 'foo' of 1 numbers"),
    (TWO + "rx(tau) q[0];", 2, 4, "'tau' is not declared"),
    (TWO + "rx(1e999) q[0];", 2, 4, "the value is not finite"),
    (TWO + "rx(1 +) q[0];", 2, 7, "a value should stand here, not ')'"),
    (TWO + "rx((1) q[0];", 2, 8, "',' should follow a value of a list, not 'q'"),
    (TWO + "gate g a { h b; }", 2, 14, "'b' is no qubit of the gate g"),
    (TWO + "gate g a { h a[0]; }", 2, 14, "'a' is no qubit of the gate g"),
    (TWO + "gate g a { g a; }", 2, 12, "the gate 'g' is not defined"),
    (TWO + "gate g a { measure a -> c; }", 2, 12, "the body of the gate g holds more than gates"),
    (TWO + "gate g a,a { }", 2, 10, "'a' is named twice"),
    (TWO + "gate g(a) a { }", 2, 1, "'a' is a parameter and a qubit"),
    (TWO + "gate g a { h a; ", 2, 16, "a block is not closed"),
    (TWO + "gate g a { } gate g a { }", 2, 14, "the gate g is defined twice"),
    (TWO + "if(c==1) if(c==2) x q[0];", 2, 10, "'if' cannot be conditional"),
    (TWO + "if(d==1) x q[0];", 2, 4, "'d' is not declared"),
    (TWO + "if(q==1) x q[0];", 2, 4, "q is a qubit, not a number"),
    (TWO + "rx(c) q[0];", 2, 4, "the value depends on the measured c"),
    (TWO + 'include "other.inc";', 2, 1, "the file 'other.inc' cannot be included"),
    (TWO + "h q[0:1];", 2, 6, "']' should follow the index"),
    (TWO + "x q[0]; € q;", 2, 9, "the beginning of a statement should be a name, not '€'"),
    ('OPENQASM 3.0; include "stdgates.inc";', None, 0, "the circuit has no qubits"),
    (THREE + "qubit r[2];", 2, 8, "the size of a register stands before its name"),
    (THREE + "for i in [0:1] { x q[i]; }", 2, 5, "a loop variable needs a type, int or uint"),
    (THREE + "for int i in [0:0:1] { x q[i]; }", 2, 1, "the step of a loop is 0"),
    (THREE + "for int i in [0:c] { x q[i]; }", 2, 17, "the value depends on the measured c"),
    (THREE + "input float a;", 2, 13, "the input a has no value"),
    (THREE + "output bit r;", 2, 1, "chosen outputs (output) are not supported"),
    (THREE + "def f(qubit r) { return; x r; }", 2, 26, "'}' should follow what a subroutine returns"),
    (THREE + "while (!b) { x q; }", 2, 1, "the loop does not end"),
    (THREE + "switch (1) { }", 2, 1, "a switch has no case"),
    (THREE + "defcal x $0 { }", 2, 1, "pulse-level calibrations (defcal) are not supported"),
    (THREE + "array[int, 3] a;", 2, 1, "arrays (array) are not supported"),
    (THREE + "pragma something", 2, 1, "pragmas are not supported"),
    (THREE + "end; x q;", 2, 1, "ending early (end) are not supported"),
    (THREE + "if (b) { end; }", 2, 10, "ending early (end) are not supported"),
    (THREE + "nop c;", 2, 5, "c is a classical bit"),
    (THREE + "rx(10ns) q;", 2, 4, "durations are not supported"),
    (THREE + "rx(2im) q;", 2, 4, "imaginary numbers are not supported"),
    (THREE + "rx(1/2) q;", 2, 5, "1 / 2 divides whole numbers, where OpenQASM 3 drops the remainder"),
    (THREE + "const int n = 1; n = 2;", 2, 18, "n cannot be set"),
    (THREE + "int n; if (b) { n = 2; }", 2, 17, "n is set where it depends on a measurement"),
    (THREE + "int n = b;", 2, 9, "the value depends on the measured b"),
    (THREE + "if (b) { bit d; }", 2, 14, "the bit d is declared in a block"),
    (THREE + "if (b) { qubit d; }", 2, 10, "qubit cannot stand in a block"),
    (THREE + "b[0] = measure q[0];", 2, 1, "b is indexed, but it is a single one"),
    (THREE + "x $0;", 2, 3, "qubits are declared and named by $n"),
    (THREE + "let a = q ++ c;", 2, 1, "the alias a joins what does not belong together"),
    (THREE + "ctrl @ x q[0];", 2, 8, "the gate x takes 2 qubits, not 1"),
    (THREE + "pow(0.5) @ swap q[0], q[1];", 2, 12, "only whole powers"),
    (THREE + "gate g a { x q[0]; }", 2, 14, "'q' is no qubit of the gate g"),
    (THREE + "int k = 1; gate g a { rx(k) a; } g q;", 2, 26, "'k' is not declared"),
    (THREE + "x q[{0, 5}];", 2, 9, "an index of q should be a whole number from -2 to 1, not 5"),
    (THREE + "x q[0, 1];", 2, 6, "an index should be one value"),
]


@pytest.mark.parametrize(("text", "line", "column", "detail"), WRONG)
def test_what_is_wrong_is_refused_with_its_place(text: str, line: int | None, column: int, detail: str) -> None:
    error = _refused(text)

    assert detail in error.detail
    assert error.line == line
    if line is not None:
        assert error.detail.startswith(f"c.qasm, line {line}, column {column}: ")


def _doubling(innermost: str) -> str:
    return f"gate g0 a {{ {innermost} }}\n" + "".join(
        f"gate g{k} a {{ g{k - 1} a; g{k - 1} a; }}\n" for k in range(1, 60)
    )


def _sum(term: str, times: int) -> str:
    return "+".join([term] * times)


STEPS, OPERATIONS = "reading the circuit takes more than", "operations"
TWO_MEANINGS = {
    "(c | 4) == 4": "does not fit into bit[2]",
    "int[2](c) == 3": "so it is never 3",
    "c[0] + c[1] == 2": "single bits come to 2",
    "n + uint[4](c) == 3": "states another type or no width",
    "i + uint[4](c) > 3": "a negative int meets a uint",
    "c > -1": "has no sign",
    "i % 2 == 1": "the remainder of a negative number",
    "i / 2 == 1": "drops the remainder",
    "1 << c == 2": "shifted by a measured or sized one",
    "~2 == 1": "~ needs bits",
    "t * 0.5 == 0.25": "* of angle and float",
    "t == 1": "no angle of 4 bits",
    "uint(t) == 1": "an angle is no uint",
    "bit(c) == 1": "is cast to a single bit",
    "float[20](2.5) == 2.5": "float[20] is not supported",
}


@pytest.mark.parametrize("condition", TWO_MEANINGS)
def test_an_expression_with_two_meanings_is_refused(condition: str) -> None:
    text = f"uint n = 14; int[4] i = -3; angle[4] t = 0.4; c = measure q; if ({condition}) x q[0];"

    assert TWO_MEANINGS[condition] in _refused(THREE + text).detail


BOMBS = {
    "gates of gates": (TWO + _doubling("h a;") + "g59 q[0];", OPERATIONS),
    "gates of gates of nothing": (TWO + _doubling("") + "g59 q[0];", OPERATIONS),
    "a tower of gates": (
        TWO + "gate g0 a { h a; }" + "".join(f"gate g{k} a {{ g{k - 1} a; }}" for k in range(1, 3000)),
        "definitions on top of each other",
    ),
    "a giant register": ("OPENQASM 2.0;\nqreg q[1000000000];", f"more than {QUBITS_MAX} qubits"),
    "many registers": (
        "OPENQASM 2.0;\n" + "".join(f"qreg q{k}[400];" for k in range(3)), f"more than {QUBITS_MAX} qubits",
    ),
    "a giant classical register": (TWO + "creg d[100000];", f"more than {CLBITS_MAX} classical bits"),
    "many bits": (THREE + "".join(f"bit b{k};" for k in range(2000)), f"more than {CLBITS_MAX} classical bits"),
    "brackets": (TWO + "rx(" + "(" * 300_000 + "1" + ")" * 300_000 + ") q[0];", "nested deeper"),
    "signs": (TWO + "rx(" + "-" * 300_000 + "1) q[0];", "nested deeper"),
    "a long sum": (TWO + f"rx({_sum('1', 300_000)}) q[0];", "operators within each other"),
    "a tower of powers": (TWO + "rx(" + "^".join(["9"] * 60) + ") q[0];", "a whole number is too large"),
    "a shift": (THREE + "const int n = 1 << 1000000000;", "a shift by"),
    "many digits": (TWO + "rx(" + "9" * 500_000 + ") q[0];", "digits"),
    "a long loop": (THREE + "for int i in [0:2000000000] { x q; }", STEPS),
    "loops in loops": (THREE + "for int i in [0:999] {" * 6 + "x q;" + "}" * 6, STEPS),
    "loops of nothing": (THREE + "for int i in [0:999] {" * 6 + "}" * 6, STEPS),
    "loops in a gate": (THREE + "gate g a { for int i in [0:2000000000] { } } g q;", STEPS),
    "blocks in blocks": (THREE + "if (b) {" * 5000 + "x q;" + "}" * 5000, "nested deeper"),
    "else after else": (THREE + "if (b) x q; else " * 5000 + "x q;", "nested deeper"),
    "controls": (THREE + "ctrl(1000000) @ x q[0], q[1];", "the number of controls should be a whole number from 1 to 8"),
    "a power": (THREE + "gate g a { h a; x a; } pow(2000000000) @ g q[0];", "an exponent is beyond"),
    "powers of powers": (THREE + "gate g a { h a; x a; } pow(1000) @ pow(1000) @ pow(1000) @ g q[0];", OPERATIONS),
    "controls of a long gate": (
        THREE + "qubit[9] r; gate g a { " + "h a; " * 9000 + "} ctrl(8) @ g " + ",".join(f"r[{k}]" for k in range(9)) + ";",
        OPERATIONS,
    ),
    "barriers": ("OPENQASM 2.0;\nqreg q[1000];\n" + "barrier q;\n" * 50_000, STEPS),
    "registers at once": ('OPENQASM 2.0;include "qelib1.inc";qreg q[1000];' + "h q;" * 1000, OPERATIONS),
    "aliases": (THREE + "qubit[900] r;" + "".join(f"let a{k} = r[0:899];" for k in range(3000)), STEPS),
    "angles": (TWO + f"gate g(a) b {{ rz({_sum('a*a', 90)}) b; }}" + "g(1) q;" * 50_000, STEPS),
    "conditions": (
        THREE + "bit[10] d;"
        + f"if ({_sum('uint[9](d[0])+d[9]*d[5]+d[1]+d[2]+d[3]+d[4]+d[6]+d[7]+d[8]', 9)} > 3) x q;\n" * 50, STEPS,
    ),
    "a table of conditions": (THREE + "bit[10] d; if (d > 500) x q;", "holds for 523 of the 1024 readings"),
    "many operands": (TWO + "cx " + "q[0]," * 100_000 + "q[1];", "qubits are named"),
    "many angles": (TWO + "rx(" + "1," * 100_000 + "1) q[0];", "values"),
    "many indices": (THREE + "x q" + "[0:1]" * 10_000 + ";", "indices follow each other"),
    "a long text": (TWO + " " * 2_000_000, f"more than {TEXT_LENGTH_MAX} characters"),
    "many statements": (TWO + ";" * 200_000, f"more than {STATEMENTS_MAX} statements"),
    "comments that never end": ("/*" * 400_000, "the beginning of a statement"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_counting(name: str) -> None:
    text, detail = BOMBS[name]

    assert detail in _refused(text).detail


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([text for text, *_ in WRONG]), st.randoms(use_true_random=False))
def test_however_a_text_is_broken_it_is_read_or_refused(text: str, rng: random.Random) -> None:
    words = re.findall(r"\s+|\w+|\S", text)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(words))
        words[place : place + rng.randint(0, 2)] = rng.choices(words, k=rng.randint(0, 2)) or [";"]

    with contextlib.suppress(UnreadableCircuit):
        affordable(read_circuit("".join(words)))
