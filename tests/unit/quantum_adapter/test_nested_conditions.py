"""Conditions on several bits within each other: what Qiskit makes of the same text, and work that grows with the text alone."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit.classical import expr
from qiskit_aer import AerSimulator

from queuebit_circuits.circuit import Branch, Circuit, length_of
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.simulator import distribution
from queuebit_circuits.text import to_qasm3
from queuebit_problems.kinds.circuits.circuit_sampling import KIND
from queuebit_quantum_adapter.errors import NotEquivalent
from queuebit_quantum_adapter.providers.aer.forms import FormRunner
from queuebit_quantum_adapter.providers.aer.ideal import IdealTarget
from queuebit_quantum_adapter.providers.qiskit_conversion import steps_of_quantum_circuit
from queuebit_quantum_adapter.providers.read_back import read_back
from queuebit_quantum_adapter.verification.equivalence import check_circuit
from queuebit_quantum_adapter.verification.matrices import Choice, Step

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[3] c;\n'
READ_BY_QISKIT = ("c == 5", "c[2]", "!c[0]", "c[1] == true")
CONDITIONS: dict[str, Callable[[Any], Any]] = {
    "c[0] || c[1]": lambda c: expr.logic_or(c[0], c[1]),
    "!(c[0] && c[2])": lambda c: expr.logic_not(expr.logic_and(c[0], c[2])),
    "c[1] != c[2]": lambda c: expr.not_equal(c[1], c[2]),
    "uint[3](c) > 3": lambda c: expr.greater(c, 3),
    "c <= 4": lambda c: expr.less_equal(c, 4),
    "c != 2": lambda c: expr.not_equal(c, 2),
    "5 == c": lambda c: expr.equal(5, c),
    "c < 1": lambda c: expr.less(c, 1),
    "c[2]": lambda c: expr.lift(c[2]),
    "(c[0] || c[1]) && !c[2]": lambda c: expr.logic_and(expr.logic_or(c[0], c[1]), expr.logic_not(c[2])),
    "c[0] ^ c[1]": lambda c: expr.bit_xor(c[0], c[1]),
    "(c & 6) == 2": lambda c: expr.equal(expr.bit_and(c, 6), 2),
}
"""Conditions, and what they are in Qiskit's own expressions."""
SHOTS = 1_500

Piece = tuple[Any, ...]


def _block(generator: random.Random, deep: int, conditions: Sequence[str]) -> list[Piece]:
    """Gates, a measurement in the middle, and conditions within conditions."""
    found: list[Piece] = []
    for _ in range(3):
        a, b = generator.sample(range(3), 2)
        found.append(generator.choice([("h", a), ("cx", a, b), ("ry", round(generator.random(), 3), a)]))
    if generator.random() < 0.4:
        found.append(("measure", generator.randrange(3), generator.randrange(3)))
    if deep:
        other = _block(generator, deep - 1, conditions) if generator.random() < 0.6 else []
        found.append(("if", generator.choice(conditions), _block(generator, deep - 1, conditions), other))
    return found


def _program(seed: int, conditions: Sequence[str]) -> list[Piece]:
    generator = random.Random(seed)
    return [*_block(generator, 3, conditions), *_block(generator, 2, conditions)]


def _lines(pieces: Sequence[Piece]) -> str:
    found = []
    for piece in pieces:
        match piece:
            case ("measure", qubit, bit):
                found.append(f"c[{bit}] = measure q[{qubit}];")
            case ("if", condition, then, other):
                found.append(
                    f"if ({condition}) {{ {_lines(then)} }}" + (f" else {{ {_lines(other)} }}" if other else "")
                )
            case ("ry", angle, qubit):
                found.append(f"ry({angle}) q[{qubit}];")
            case (name, *qubits):
                found.append(f"{name} {', '.join(f'q[{qubit}]' for qubit in qubits)};")
    return " ".join(found)


def _text(pieces: Sequence[Piece]) -> str:
    return f"{HEAD}h q; c = measure q; {_lines(pieces)} c = measure q;"


def _built(pieces: Sequence[Piece]) -> QuantumCircuit:
    """The same with Qiskit's own builder."""
    made = QuantumCircuit(QuantumRegister(3, "q"), ClassicalRegister(3, "c"))
    made.h(range(3))
    made.measure(range(3), range(3))
    _build(made, pieces)
    made.measure(range(3), range(3))
    return made


def _build(made: QuantumCircuit, pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        match piece:
            case ("if", condition, then, other):
                with made.if_test(CONDITIONS[condition](made.cregs[0])) as otherwise:
                    _build(made, then)
                if other:
                    with otherwise:
                        _build(made, other)
            case (name, *operands):
                getattr(made, name)(*operands)


def _converted(circuit: Circuit) -> Any:
    return FormRunner(IdealTarget(qubits_max=8, memory_bytes_max=2**30)).converted(circuit)


def _steps(circuit: Circuit) -> tuple[Step, ...]:
    return steps_of_quantum_circuit(_converted(circuit))


def _far(counts: dict[str, int], exact: dict[str, float]) -> bool:
    distance = sum(abs(counts.get(key, 0) / SHOTS - exact.get(key, 0.0)) for key in exact | counts) / 2
    return distance > math.sqrt(8 / SHOTS) / 2 + math.sqrt(math.log(1e6) / 2 / SHOTS)


@pytest.mark.parametrize("seed", range(8))
def test_nested_conditions_mean_what_they_mean_to_qiskit(seed: int) -> None:
    """Ours by our own simulator, theirs by Qiskit's reader or builder and Aer, ours again by Aer after the conversion."""
    reads = seed % 2 == 0
    pieces = _program(seed, READ_BY_QISKIT if reads else list(CONDITIONS))
    ours = read_circuit(_text(pieces))
    simulator = AerSimulator(seed_simulator=1, max_parallel_threads=1)

    exact = distribution(ours)
    made = qasm3.loads(_text(pieces)) if reads else _built(pieces)
    theirs = simulator.run(made, shots=SHOTS).result().get_counts()
    converted = simulator.run(_converted(ours), shots=SHOTS).result().get_counts()

    assert not _far(theirs, exact)
    assert not _far(converted, exact)


@pytest.mark.parametrize("seed", range(6))
def test_nested_conditions_survive_every_conversion(seed: int) -> None:
    circuit = read_circuit(_text(_program(seed, list(CONDITIONS))))

    found = check_circuit(circuit, _steps, seed)

    assert found.fidelity == pytest.approx(1, abs=1e-9)
    assert read_circuit(to_qasm3(circuit)) == circuit
    assert distribution(read_back(_converted(circuit))) == pytest.approx(distribution(circuit), abs=1e-12)


def test_a_condition_on_other_values_is_found() -> None:
    """By simulation where the circuit is small, by its conditions where it is large."""
    for qubits in (2, 12):
        head = HEAD.replace("qubit[3]", f"qubit[{qubits}]")
        asked = read_circuit(head + "h q; c[0] = measure q[0]; c[1] = measure q[1]; if (uint[3](c) > 0) { x q[0]; }")
        made = read_circuit(head + "h q; c[0] = measure q[0]; c[1] = measure q[1]; if (uint[3](c) > 1) { x q[0]; }")
        branch = made.operations[-1]
        assert isinstance(branch, Branch)

        def convert(circuit: Circuit, other: Branch = branch) -> tuple[Step, ...]:
            """As asked for, but for the values of the condition."""
            steps = [
                Choice(other.clbits, other.values, step.then, step.otherwise) if isinstance(step, Choice) else step
                for step in _steps(circuit)
            ]
            return tuple(steps)

        with pytest.raises(NotEquivalent):
            check_circuit(asked, convert, seed=1)


def _nested(deep: int, bits: int, condition: str) -> str:
    return (
        f'OPENQASM 3;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[{bits}] c;\nc[0] = measure q[0];\n'
        + f"if ({condition}) {{ x q[0]; " * deep + "h q[1];" + " }" * deep + "\nc[1] = measure q[1];\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("bits", "condition"), [(2, "c > 0"), (3, "c > 3"), (6, "c[0] ^ c[5]"), (6, "uint[6](c) > 30")]
)
def test_conditions_within_conditions_stand_once_however_deep(bits: int, condition: str) -> None:
    """Each level adds the same, from the text to its circuit and from there to every form of it.

    Written out reading by reading, the innermost block would stand 2**20 times and more.
    """
    sizes = []
    for deep in (10, 15, 20):
        text = _nested(deep, bits, condition)
        assert len(text) < 800
        statement = KIND.parse({"qasm": text, "shots": 10})
        circuit = statement.circuit
        evidence = check_circuit(circuit, _steps, seed=1)
        assert evidence.fidelity == pytest.approx(1, abs=1e-9)
        assert len(circuit.fingerprint) == 64
        sizes.append(np.array([KIND.size(statement).terms, length_of(circuit.operations), len(to_qasm3(circuit))]))

    assert sizes[2].tolist()[:2] == [2 * 20 + 3] * 2
    grown = [(later - earlier).tolist() for earlier, later in pairwise(sizes)]
    assert grown[0][:2] == grown[1][:2] == [10, 10]
    assert grown[1][2] < 1.5 * grown[0][2]


def test_a_condition_on_a_wide_register_is_one_conjunction_that_every_form_takes() -> None:
    circuit = read_circuit(HEAD + "bit[400] w; h q[0]; w[399] = measure q[0]; if (w == 0) { x q[0]; }")

    assert check_circuit(circuit, _steps, seed=1).fidelity == pytest.approx(1, abs=1e-9)
    assert "w[399] == 0" in to_qasm3(circuit)
