"""Clifford circuits of any width: as the state vector where that is possible, and checked exactly where it is not."""

from __future__ import annotations

import random

import pytest

from queuebit_circuits.circuit import Circuit, Gate
from queuebit_circuits.clifford import is_clifford, parities_of
from queuebit_circuits.gates import GATES
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.simulator import distribution, outcomes_of
from queuebit_circuits.steps import steps_of
from queuebit_problems.files import read_problem
from queuebit_problems.kinds.circuits.circuit_sampling import KIND
from queuebit_problems.measurement import Effort

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
ONE = ["h", "s", "sdg", "x", "y", "z", "sx", "u2(0,pi)", "rx(pi/2)", "ry(-pi/2)", "rz(5*pi/2)", "p(pi)", "U(pi/2,0,pi)"]
TWO = ["cx", "cz", "cy", "swap", "rzz(pi/2)", "rxx(3*pi/2)", "ryy(-pi/2)", "cp(pi)", "iswap", "ecr"]


def _random(rng: random.Random) -> str:
    qubits = rng.randint(1, 5)
    lines = [f"qubit[{qubits}] q; bit[{qubits}] c; bit[2] d;"]
    for _ in range(rng.randint(3, 25)):
        one, kind = rng.randrange(qubits), rng.random()
        if kind < 0.4:
            lines.append(f"{rng.choice(ONE)} q[{one}];")
        elif kind < 0.75 and qubits > 1:
            other = rng.choice([qubit for qubit in range(qubits) if qubit != one])
            lines.append(f"{rng.choice(TWO)} q[{one}], q[{other}];")
        elif kind < 0.85:
            lines.append(f"d[{rng.randrange(2)}] = measure q[{one}];")
        elif kind < 0.9:
            lines.append(f"reset q[{one}];")
        else:
            turned = rng.choice(["", " else { z q[0]; }"])
            lines.append(f"if ({rng.choice(['d[0]', '!d[1]'])}) {{ {rng.choice('xyz')} q[{one}]; }}{turned}")
    return HEAD + "\n".join([*lines, "c = measure q;"])


@pytest.mark.parametrize("batch", range(4))
def test_random_clifford_circuits_have_their_outcomes(batch: int) -> None:
    for number in range(20):
        circuit = read_circuit(_random(random.Random(f"{batch} {number}")))
        parities = parities_of(circuit)

        assert parities is not None
        assert outcomes_of(parities).as_dict() == pytest.approx(distribution(circuit), abs=1e-9)


def test_gates_that_are_none_are_told() -> None:
    angles = {0: (), 1: (0.3,), 2: (0.3, 0.2), 3: (0.3, 0.2, 0.1), 4: (0.3, 0.2, 0.1, 0.4)}
    found = {name for name, gate in GATES.items()
             if steps_of(Gate(name, tuple(range(gate.qubits)), angles[gate.angles])) is not None}  # fmt: skip

    assert found == {"id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "u0", "cx", "CX", "cy", "cz", "swap"}
    assert not is_clifford(read_circuit(HEAD + "qubit q; t q;"))
    assert not is_clifford(read_circuit(HEAD + "qubit q; bit[2] c; if (c == 1) x q;"))
    assert not is_clifford(read_circuit(HEAD + "qubit q; bit c; if (c) h q;"))


def _wide(name: str, qubits: int) -> str:
    body = {
        "ghz": f"h q[0]; for uint i in [0:{qubits - 2}] {{ cx q[i], q[i+1]; }}",
        "cluster": f"h q; for uint i in [0:{qubits - 2}] {{ cz q[i], q[i+1]; }} h q;",
        "coins": "h q;",
    }[name]
    return HEAD + f"qubit[{qubits}] q; bit[{qubits}] c; {body} c = measure q;"


@pytest.mark.parametrize(
    ("name", "qubits", "free"), [("ghz", 127, 1), ("cluster", 60, 60), ("coins", 99, 99), ("ghz", 500, 1)]
)
def test_wide_circuits_are_admitted_answered_and_checked(name: str, qubits: int, free: int) -> None:
    problem = read_problem(_wide(name, qubits), file_name="a.qasm", params={"shots": 200})
    statement = KIND.parse(problem.statement)
    parities = parities_of(statement.circuit)
    assert parities is not None

    found = KIND.exact(statement, Effort(budget_s=10.0, seed=7))

    assert len(parities.basis()) == free
    assert found is not None
    assert KIND.answer_errors(statement, found.answer) == []
    examined = KIND.examine(statement, found.answer)
    assert examined.exact
    assert [test.name for test in examined.tests if not test.passed] == []


@pytest.mark.parametrize(("name", "qubits"), [("ghz", 127), ("cluster", 60)])
def test_counts_that_cannot_be_are_found(name: str, qubits: int) -> None:
    statement = KIND.parse(read_problem(_wide(name, qubits), file_name="a.qasm", params={"shots": 400}).statement)
    wrong = {
        "ghz": {"01" + "0" * (qubits - 2): 1, "0" * qubits: 199, "1" * qubits: 200},
        "cluster": {"0" * qubits: 400},
    }[name]

    examined = KIND.examine(statement, {"counts": wrong, "shots": 400})

    assert any(not test.passed for test in examined.tests)


def test_a_wide_circuit_that_is_no_clifford_circuit_is_refused_as_before() -> None:
    from queuebit_problems.errors import UnreadableFile

    with pytest.raises(UnreadableFile, match="the circuit has 40 qubits"):
        read_problem(_wide("ghz", 40).replace("c = measure", "t q; h q; c = measure"), file_name="a.qasm")


def test_a_circuit_without_bits_has_one_outcome() -> None:
    parities = parities_of(Circuit(3, (), (Gate("h", (0,)),)))

    assert parities is not None
    assert parities.outcomes() == [0]


def test_what_is_turned_where_a_bit_is_set_counts_as_work() -> None:
    """Each Pauli gate in a condition goes through all rows, and each gate after a condition turns the whole tableau."""
    head = HEAD + "qubit[300] q; bit c; h q[0]; c = measure q[0]; "
    few = "if (c) { x q[1]; } h q[1];"
    long = "if (c) { for uint i in [0:29999] { x q[1]; } }"
    often = f"for uint i in [0:9999] {{ {few} }}"

    assert [is_clifford(read_circuit(head + body)) for body in (few, long, often)] == [True, False, False]
