"""Loops on measurements: as many turns as are likely, the exact distribution, and a refusal where a loop does not end."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit_aer import AerSimulator
from scipy.stats import chisquare  # type: ignore[import-untyped]

from queuebit_circuits.circuit import Branch, Loop, walk
from queuebit_circuits.cost import affordable
from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.qasm.loops import SPARE_TURNS
from queuebit_circuits.simulator import distribution
from queuebit_circuits.worlds import READ_AT_ONCE, Follower
from queuebit_problems.kinds.circuits.circuit_sampling import KIND, sampled

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
BITS = "qubit[2] q; bit c; bit d; "
COIN = HEAD + BITS + "h q[0]; c = measure q[0]; while (c) { h q[0]; c = measure q[0]; x q[1]; } d = measure q[1];"
TURNED = HEAD + (
    "qubit[3] q; bit[2] c; bit[1] d; x q[0]; x q[1]; c = measure q[0:1]; h q[2];"
    "while (c == 3) { reset q[0]; reset q[1]; h q[0]; h q[1]; ccx q[0], q[1], q[2]; s q[2]; ccx q[0], q[1], q[2]; z q[2];"
    " x q[0]; x q[1]; h q[0]; h q[1]; c = measure q[0:1]; } h q[2]; d[0] = measure q[2];"
)
"""Each turn that ends with 11 turns the third qubit, as circuits that repeat until success do."""

SEGMENT = HEAD + (
    "def segment(qubit[2] anc, qubit psi) -> bit[2] { bit[2] b; reset anc; h anc; ccx anc[0], anc[1], psi; s psi;"
    " ccx anc[0], anc[1], psi; z psi; h anc; measure anc -> b; return b; }"
    ' qubit psi; qubit[2] ancilla; bit[2] flags = "11"; bit out; reset psi; h psi;'
    " while (int[2](flags) != 0) flags = segment(ancilla, psi); rz(pi - arccos(3.0 / 5)) psi; h psi; out = measure psi;"
)
"""The example of the specification: a rotation that is repeated until it succeeds, and undone, so that 0 is read."""

EXACT: list[tuple[str, str, dict[str, float]]] = [
    ("the parity of a geometric number", COIN, {"00": 2 / 3, "10": 1 / 3}),
    ("repeated until success", SEGMENT, {"0 00": 1}),
    ("never entered", HEAD + BITS + "while (c) { x q[1]; c = measure q[0]; } d = measure q[1];", {"00": 1}),
    (
        "never entered, around nothing",
        HEAD + "qubit q; bit[1] c; x q; c = measure q; while (c != 1) barrier q;",
        {"1": 1},
    ),
    (
        "until a bit is set",
        HEAD + BITS + "while (!c) { h q[0]; c = measure q[0]; x q[1]; } d = measure q[1];",
        {"01": 1 / 3, "11": 2 / 3},
    ),
    ("one reading of four", HEAD + "qubit[2] q; bit[2] c; while (c != 2) { h q; c = measure q; }", {"10": 1}),
    (
        "a loop within a loop",
        HEAD + BITS + "bit n; while (!c) { d = measure q[0]; while (!d) { h q[0]; d = measure q[0]; }"
        " h q[1]; c = measure q[1]; } n = measure q[0];",
        {"111": 1},
    ),
    (
        "a loop in a branch",
        HEAD + BITS + "h q[0]; d = measure q[0]; if (d) { while (!c) { h q[1]; c = measure q[1]; } }",
        {"00": 0.5, "11": 0.5},
    ),
]


COUNTED: list[tuple[str, str, dict[str, float]]] = [
    (
        "no more than three turns",
        "int n = 0; while (!c && n < 3) { h q[0]; c = measure q[0]; x q[1]; n += 1; } d = measure q[1];",
        {"10": 1 / 8, "11": 1 / 2 + 1 / 8, "01": 1 / 4},
    ),
    (
        "the number in angles",
        "uint[4] n = 1; while (!c && n <= 2) { h q[0]; c = measure q[0]; rx(n * pi) q[1]; n += 1; } d = measure q[1];",
        {"11": 1 / 2 + 1 / 4, "10": 1 / 4},
    ),
    (
        "set again",
        "int n = 0; while (!c && n < 2) { h q[0]; c = measure q[0]; n += 1; } n = 1; rx(n * pi) q[1]; d = measure q[1];",
        {"10": 1 / 4, "11": 3 / 4},
    ),
    (
        "never entered",
        "int n = 5; while (!c && n < 2) { x q[0]; n += 1; } rx((n - 4) * pi) q[1]; d = measure q[1];",
        {"10": 1},
    ),
    (
        "down to nothing",
        "int n = 2; while (n > 0 && !c) { h q[0]; c = measure q[0]; n -= 1; }",
        {"01": 3 / 4, "00": 1 / 4},
    ),
]


@pytest.mark.parametrize(("text", "outcomes"), [case[1:] for case in COUNTED], ids=[case[0] for case in COUNTED])
def test_a_loop_that_counts_its_turns_leaves_nothing_out(text: str, outcomes: dict[str, float]) -> None:
    circuit = read_circuit(HEAD + BITS + text)

    assert distribution(circuit) == pytest.approx(outcomes)
    assert circuit.loops is None or (circuit.loops.turns, circuit.loops.left_out) == (0, 0.0)


def test_many_counted_turns_are_checked_exactly_and_no_bound_is_told() -> None:
    text = HEAD + BITS + "int n = 0; while (!c && n < 60) { ry(0.3) q[0]; c = measure q[0]; n += 1; }"
    statement = KIND.parse({"qasm": text})

    assert affordable(statement.circuit)
    assert not any("loop" in line for line in KIND.assumptions(statement))


def test_following_counted_turns_takes_no_more_than_reading_may() -> None:
    """Of 64 histories, where a thousand circuits share what reading takes; one circuit by itself is taken as it is."""
    many = "bit[6] b; for int i in [0:5] { h q[0]; b[i] = measure q[0]; } "
    turns = "int n = 0; while (!c && n < 20) { rx(0.1) q[0]; c = measure q[0]; n += 1; }"

    with pytest.raises(UnreadableCircuit, match="more than 6000 steps"):
        read_circuit(HEAD + BITS + many + turns, steps_max=6_000)

    assert read_circuit(HEAD + BITS + turns, steps_max=6_000).loops is not None
    assert read_circuit(HEAD + BITS + many + turns).registers


@pytest.mark.parametrize(("text", "outcomes"), [case[1:] for case in EXACT], ids=[case[0] for case in EXACT])
def test_a_loop_has_its_exact_distribution(text: str, outcomes: dict[str, float]) -> None:
    circuit = read_circuit(text)

    assert distribution(circuit) == pytest.approx(outcomes, abs=1e-8)
    assert affordable(circuit)
    assert not any(isinstance(each, Loop) for each in walk(circuit.operations))


NESTED = (
    HEAD
    + BITS
    + (
        "while (!c) { reset q[0]; d = measure q[0]; while (!d) { h q[0]; d = measure q[0]; } h q[1]; c = measure q[1]; }"
    )
)


def test_what_loops_within_loops_leave_out_is_no_fault_of_an_answer() -> None:
    """All turns of the inner loop together leave out more than rounding is allowed."""
    statement = KIND.parse({"qasm": NESTED, "shots": 1_000})
    assert statement.circuit.loops is not None
    assert statement.circuit.loops.left_out > 5e-9

    found = KIND.examine(statement, sampled(statement, {"11": 1_000})).tests

    assert all(test.passed for test in found), found


def test_as_many_turns_are_written_as_are_likely() -> None:
    circuit = read_circuit(COIN)

    loops = circuit.loops
    assert loops is not None
    assert loops.turns == 31 + SPARE_TURNS
    assert loops.left_out == pytest.approx(2.0**-32)
    assert sum(isinstance(each, Branch) for each in circuit.operations) == loops.turns


def test_turns_that_leave_each_another_state_are_as_many_histories_and_no_more() -> None:
    """Given 200 turns or so, each of which turns another qubit on, then following takes a step a turn and not a step for each
    pair of turns.
    """
    circuit = read_circuit(
        HEAD
        + BITS
        + "x q[0]; c = measure q[0]; while (c) { rx(0.7) q[0]; c = measure q[0]; ry(0.3) q[1]; } d = measure q[1];"
    )

    assert circuit.loops is not None
    turned = sum(
        math.sin(0.15 * turn) ** 2 * math.sin(0.35) ** 2 * math.cos(0.35) ** (2 * turn - 2) for turn in range(1, 400)
    )
    assert distribution(circuit)["10"] == pytest.approx(turned, abs=1e-8)
    assert circuit.loops.updates < 40 * 2048 * circuit.loops.turns


def test_what_a_condition_on_a_wide_register_takes_is_charged() -> None:
    spent: list[int] = []
    follower = Follower(1, lambda times, amplitudes: spent.append(times), {})
    wide = Branch(tuple(range(10 * READ_AT_ONCE)), (5,), (), ())

    follower.run([wide], [(np.array([1, 0], dtype=complex), 5)])

    assert spent == [11]


def test_the_bound_is_told_with_the_answer() -> None:
    [told] = [line for line in KIND.assumptions(KIND.parse({"qasm": COIN})) if "loop" in line]

    assert told == "A loop on a measurement is run at most 39 times; that one would go on has the probability 2.3e-10."


@pytest.mark.parametrize("text", [COIN, TURNED])
def test_qiskit_reads_the_same_program_and_aer_runs_its_loop(text: str) -> None:
    """Aer goes round the loop of the importer, which writes nothing out."""
    theirs = qasm3.loads(text)
    assert "while_loop" in theirs.count_ops()

    counts = AerSimulator(seed_simulator=7).run(theirs, shots=8000).result().get_counts()

    expected = {key: value for key, value in distribution(read_circuit(text)).items() if value > 1e-6}
    assert set(counts) == set(expected)
    if len(expected) > 1:
        assert chisquare([counts[key] for key in expected], [8000 * value for value in expected.values()]).pvalue > 1e-3


def test_a_loop_that_qiskit_writes_is_read() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.h(0)
        circuit.measure(0, 0)

    assert distribution(read_circuit(qasm3.dumps(circuit))) == pytest.approx({"0": 1}, abs=1e-8)


ENDLESS, SHORTEN = "the loop does not end: after 1000 turns it goes on with the probability ", "its body makes false"
REFUSED: list[tuple[str, str, str]] = [
    ("h q; c = measure q[0]; while (c) { z q[1]; }", f"{ENDLESS}0.5", SHORTEN),
    ("x q[0]; c = measure q[0]; while (c) { rx(0.05) q[0]; c = measure q[0]; }", ENDLESS, SHORTEN),
    ("while (!c) { x q[0]; x q[0]; }", f"{ENDLESS}1", SHORTEN),
    ("int n = 0; while (!c) { h q[0]; c = measure q[0]; n += 1; }", "sets n goes on after 1000 turns", "n < 20"),
    (
        "int n = 0; while (!c && n < 9) { h q[0]; c = measure q[0]; n += 1; } rx(n) q[0];",
        "n depends on a meas",
        "set it",
    ),
    (
        "int n = 0; while (c == n) { x q[0]; c = measure q[0]; n += 1; }",
        "can hold again after it failed",
        "fixed values",
    ),
    (
        "bit[2] d; int n = 0; x q[1]; d[1] = measure q[1]; while (d[n] && n < 2) { n += 1; x q[0]; }",
        "can hold again after it failed",
        "fixed values",
    ),
    ("bit[1] d; while (d != 1) { barrier q; }", f"{ENDLESS}1", SHORTEN),
    ("int n = 0; while (!c) { if (c) { n += 1; } c = measure q[0]; }", "n is set where it depends", "outside"),
    ("qubit[30] r; h r; while (!c) { h r[0]; c = measure r[0]; }", "gates act on 30 qubits", "at most 20 qubits"),
    ("bit[12] d; qubit[12] r; while (d != 1) { h r; d = measure r; }", "more than 1024 histories", "Reset the qubits"),
]


@pytest.mark.parametrize(("text", "detail", "remedy"), REFUSED)
def test_a_loop_that_is_not_known_to_end_is_refused(text: str, detail: str, remedy: str) -> None:
    with pytest.raises(UnreadableCircuit) as refused:
        read_circuit(HEAD + "qubit[2] q; bit c; " + text)

    assert detail in refused.value.detail
    assert remedy in refused.value.remedy
