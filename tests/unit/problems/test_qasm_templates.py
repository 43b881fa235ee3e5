"""Texts that differ by numbers alone are read once, and always to the circuit that reading them as a whole gives."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm import _read
from queuebit_circuits.qasm.source import Source
from queuebit_circuits.qasm.templates import SEEN_MAX, TEMPLATES_MAX, Templates

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
BODY = "qubit[2] q;\nbit[2] c;\nh q[0];\n"
END = "c = measure q;\n"


class Reader:
    """Reads texts as a whole, and counts."""

    def __init__(self) -> None:
        self.whole = 0

    def __call__(self, text: str, inputs: Mapping[str, float]) -> Circuit:
        self.whole += 1
        return _read(Source(text, ""), "read", inputs)


def turned(*lines: str) -> str:
    return f"{HEAD}{BODY}{''.join(lines)}{END}"


def read(templates: Templates, text: str, reader: Reader, **inputs: float) -> Circuit:
    found = templates.circuit(text, inputs, "read", reader)
    assert found == _read(Source(text, ""), "read", inputs)
    assert found.fingerprint == _read(Source(text, ""), "read", inputs).fingerprint
    return found


@pytest.mark.parametrize(
    "line",
    [
        "rx({0}) q[0];\n",
        "rzz({0}) q[0], q[1];\n",
        "u({0}, {1}, {2}) q[0];\nrz({3}) q[1];\n",
        "rx(-{0}) q[0];\n rx( {1} ) q[1]; // rx(0.1) q[0]\n",
        "rx({0}) q[0];\nrx(0.25) q[1];\nry({0}) q[1];\n",
    ],
)
def test_a_structure_that_comes_again_is_read_with_other_numbers_and_then_no_more(line: str) -> None:
    templates, reader, generator = Templates(), Reader(), random.Random(1)
    definition = "gate rzz(t) a, b { cx a, b; rz(t) b; cx a, b; }\n"

    for _ in range(20):
        numbers = [f"{generator.uniform(0, 7):.4f}" for _ in range(4)]
        read(templates, turned(line.format(*numbers)).replace("qubit", definition + "qubit", 1), reader)

    assert templates.filled == 18
    assert reader.whole == 4


def test_inputs_are_numbers_too() -> None:
    templates, reader = Templates(), Reader()
    text = turned("rx(a) q[0];\nrx(b) q[1];\nrz(a) q[1];\n").replace(
        "qubit", "input float a;\ninput float b;\nqubit", 1
    )

    for step in range(6):
        read(templates, text, reader, a=0.1 * step, b=-2.0 * step)

    assert templates.filled == 4


@pytest.mark.parametrize(
    "line",
    [
        "if (a > 1.0) x q[0];\nrx(a) q[1];\n",
        "rx(2 * a) q[0];\n",
        "rx(sin(a)) q[0];\n",
        "float b = exp(a);\nrx(a) q[0];\n",
        "pow(0.5) @ x q[0];\nrx(a) q[0];\n",
        "for int i in [0:2] { rx(a) q[0]; }\n",
    ],
)
def test_where_a_number_is_more_than_an_angle_each_text_is_read(line: str) -> None:
    templates, reader = Templates(), Reader()
    text = turned(line).replace("qubit", "input float a;\nqubit", 1)

    for step in range(5):
        read(templates, text, reader, a=0.5 * step)

    assert templates.filled == 0


@pytest.mark.parametrize(
    "term", ["floor({0})", "ceiling({0})", "mod({0}, 4.0)", "sqrt({0} * {0})", "({0} ** 2) ** 0.5"]
)
def test_what_steps_or_wraps_or_has_no_sign_is_computed_for_each_number(term: str) -> None:
    names = [f"t{place}" for place in range(10)]
    inputs = "".join(f"input float {name};\n" for name in names)

    for name in names:
        templates, reader = Templates(), Reader()
        text = turned(f"rx({term.format(name)}) q[0];\n").replace("qubit", f"{inputs}qubit", 1)
        for number in (0.1, 0.2, 0.3, 5.0):
            read(templates, text, reader, **dict.fromkeys(names, number))
        for number in (-0.1, -0.2, -0.3, 7.5):
            read(templates, text, reader, **dict.fromkeys(names, number))


def test_what_cannot_be_read_is_refused_each_time() -> None:
    templates, reader = Templates(), Reader()
    for number in range(4):
        with pytest.raises(UnreadableCircuit, match="line 6"):
            templates.circuit(turned(f"rx(0.{number}) q[7];\n"), {}, "read", reader)
    text = turned("rx(a) q[0];\n").replace("qubit", "input float a;\nqubit", 1)
    for _ in range(4):
        read(templates, text, reader, a=1.5)
    with pytest.raises(UnreadableCircuit, match="no value"):
        templates.circuit(text, {}, "read", reader)


def test_a_circuit_that_comes_once_is_read_once() -> None:
    templates, reader = Templates(), Reader()

    for width in range(10):
        read(templates, turned("rx(0.5) q[0];\n" * width), reader)

    assert (reader.whole, templates.filled) == (10, 0)


def test_what_is_kept_is_bounded() -> None:
    templates, reader = Templates(), Reader()

    for width in range(TEMPLATES_MAX + 5):
        for _ in range(2):
            read(templates, turned("rx(0.5) q[0];\n", "x q[0];\n" * width), reader)
    for number in range(SEEN_MAX + 5):
        templates.circuit(f"{HEAD}qubit[1] q{number};\nrx(0.5) q{number}[0];\n", {}, "read", reader)

    assert len(templates._made) == TEMPLATES_MAX
    assert len(templates._seen) == SEEN_MAX
