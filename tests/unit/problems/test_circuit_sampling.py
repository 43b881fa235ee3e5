"""Sampling circuits: what is asked, what an answer must look like, and which answers cannot come from the circuit."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.simulator import outcomes
from queuebit_problems.errors import InvalidStatement, UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.kind import Size
from queuebit_problems.kinds.circuits.circuit_sampling import BELL, KIND
from queuebit_problems.kinds.circuits.circuit_sampling_statement import CircuitSamplingStatement
from queuebit_problems.measurement import Counts, Effort, Step
from queuebit_problems.measuring import goodness_of_fit as fit
from queuebit_problems.measuring.exact_device import ExactDevice

TWO = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
EFFORT = Effort(10.0, 5)


def _statement(qasm: str, shots: int = 1024) -> CircuitSamplingStatement:
    return KIND.parse({"qasm": qasm, "shots": shots})


def _failed(qasm: str, counts: dict[str, int]) -> list[str]:
    shots = sum(counts.values())
    answer = {"counts": counts, "shots": shots}
    statement = _statement(qasm, shots)
    assert KIND.answer_errors(statement, answer) == []
    return [test.name for test in KIND.examine(statement, answer).tests if not test.passed]


def test_a_file_is_recognised_and_runs_as_often_as_the_param_says() -> None:
    plain = read_problem(BELL, file_name="bell.qasm")
    stated = read_problem(TWO + "qreg q[1]; creg c[1]; measure q -> c;", file_name="circuit", params={"shots": 7})

    assert (plain.kind, plain.statement) == ("circuit_sampling", {"qasm": BELL, "shots": 1024})
    assert (stated.kind, stated.statement["shots"]) == ("circuit_sampling", 7)
    assert KIND.size(KIND.example()) == Size(2, 2, 4)


@pytest.mark.parametrize("shots", [0, -1, 1_000_001, 1.5, "many", True])
def test_a_wrong_number_of_runs_is_refused(shots: float | str) -> None:
    with pytest.raises(UnreadableFile, match="The param shots should be a whole number"):
        KIND.read(BELL, params={"shots": shots})
    with pytest.raises(InvalidStatement) as refused:
        KIND.parse({"qasm": BELL, "shots": shots})
    assert [field.pointer for field in refused.value.fields] == ["/problem/statement/shots"]


@pytest.mark.parametrize(
    ("qasm", "code", "detail"),
    [
        (TWO + "qreg q[2];\nh q[5];", "unreadable_circuit", "line 4, column 5: an index of q"),
        (TWO + "qreg q[2]; h q;", "no_measurement", "measures nothing. Add a register and a measurement"),
        ('OPENQASM 3; include "stdgates.inc"; qubit q; bit c;', "no_measurement", "c = measure q;"),
        ("", "string_too_short", ""),
        ("x" * 1_000_000, "string_too_long", ""),
    ],
)
def test_a_wrong_circuit_is_refused_as_a_field(qasm: str, code: str, detail: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        KIND.parse({"qasm": qasm})

    [field] = refused.value.fields
    assert (field.pointer, field.code) == ("/problem/statement/qasm", code)
    assert detail in field.detail


def test_a_file_that_measures_nothing_is_refused_with_the_remedy() -> None:
    with pytest.raises(UnreadableFile, match="measures nothing") as refused:
        KIND.read(TWO + "qreg q[2]; h q;", file_name="c.qasm")

    assert "measure q -> c" in refused.value.remedy


def test_more_outcomes_than_a_message_carries_are_refused() -> None:
    wide = TWO + "qreg q[20]; creg c[20]; h q; measure q -> c;"
    classical = TWO + "qreg q[20]; creg c[20]; x q; measure q -> c;"

    assert _statement(classical, 1_000_000).shots == 1_000_000
    assert _statement(wide, 50_000).shots == 50_000
    with pytest.raises(InvalidStatement, match="so many outcomes may differ"):
        _statement(wide, 1_000_000)


REGISTERS = TWO + "qreg q[3]; creg a[2]; creg b[1]; h q; measure q[0] -> a[0]; measure q[2] -> b[0];"


@pytest.mark.parametrize(
    ("answer", "pointers"),
    [
        ({"counts": {"0 01": 4, "1 00": 6}, "shots": 10}, []),
        ({}, ["/counts"]),
        ({"counts": [10], "shots": 10}, ["/counts"]),
        ({"counts": {"0 01": 10}}, ["/shots"]),
        ({"counts": {"0 01": 10}, "shots": 11}, ["/shots"]),
        ({"counts": {"0 01": 9}, "shots": 10}, ["/counts"]),
        ({"counts": {"001": 10}, "shots": 10}, ["/counts/001"]),
        ({"counts": {"01 0": 10}, "shots": 10}, ["/counts/01 0"]),
        ({"counts": {"0 0~/": 10}, "shots": 10}, ["/counts/0 0~0~1"]),
        ({"counts": {"0 01": True, "0 00": 10}, "shots": 10}, ["/counts/0 01"]),
        ({"counts": {"0 01": 10.0}, "shots": 10}, ["/counts/0 01"]),
        ({"counts": {"0 01": -1, "0 00": 11}, "shots": 10}, ["/counts/0 01", "/counts/0 00"]),
        ({"counts": {"0 01": 0, "0 00": 10}, "shots": 10}, ["/counts/0 01"]),
    ],
)
def test_an_answer_has_keys_of_its_registers_that_add_up(answer: dict[str, object], pointers: list[str]) -> None:
    assert [error.pointer for error in KIND.answer_errors(_statement(REGISTERS, 10), answer)] == pointers


def test_measuring_is_one_job_of_the_device_and_repeats_with_its_seed() -> None:
    steps: list[Step] = []
    measured = KIND.measure(KIND.example(), ExactDevice(), EFFORT, steps.append, lambda: False)
    exact = KIND.exact(KIND.example(), EFFORT)

    assert steps == [Step(1)]
    assert (measured.objective, measured.shots, measured.method) == (None, 1024, "circuit on exact")
    assert measured.circuits == (read_circuit(BELL),)
    assert set(measured.answer["counts"]) == {"00", "11"}
    assert KIND.answer_errors(KIND.example(), measured.answer) == []
    assert measured == KIND.measure(KIND.example(), ExactDevice(), EFFORT, steps.append, lambda: False)
    assert exact is not None
    assert KIND.examine(KIND.example(), exact.answer).exact
    assert exact.answer == (KIND.exact(KIND.example(), EFFORT) or exact).answer


def _brickwork(qubits: int, seed: int, end: str = "") -> str:
    """Rotations and cx in layers: outcomes of all sizes, as in random-circuit sampling."""
    rng = random.Random(seed)
    lines = [TWO, f"qreg q[{qubits}]; creg c[{qubits}];"]
    for layer in range(8):
        lines += [f"u3({rng.uniform(0, 3)},{rng.uniform(0, 6)},{rng.uniform(0, 6)}) q[{k}];" for k in range(qubits)]
        lines += [f"cx q[{k}],q[{k + 1}];" for k in range(layer % 2, qubits - 1, 2)]
    return "\n".join([*lines, end, "measure q -> c;"])


HONEST = {
    "one outcome": TWO + "qreg q[3]; creg c[3]; x q[1]; measure q -> c;",
    "a rare outcome": TWO + "qreg q[1]; creg c[1]; rx(0.02) q; measure q -> c;",
    "a skewed register": TWO + "qreg q[6]; creg c[6]; rx(0.3) q; measure q -> c;",
    "more outcomes than runs": _brickwork(11, 1),
    "resets and conditions": TWO + "qreg q[2]; creg c[1]; creg d[1]; h q[0]; measure q[0] -> c[0]; if(c==1) rx(.4) q[1];"
    "reset q[0]; measure q[1] -> d[0];",
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
@pytest.mark.parametrize("shots", [1, 30, 1024, 100_000])
def test_honest_samples_pass_every_test(name: str, shots: int) -> None:
    found = outcomes(read_circuit(HONEST[name]))

    for seed in range(30):
        tests = fit.tests(found, found.sample(shots, seed))
        assert [test for test in tests if not test.passed or not test.low <= test.statistic <= test.high] == []


def _sampled(qasm: str, shots: int = 1024) -> dict[str, int]:
    return outcomes(read_circuit(qasm)).sample(shots, 1)


@pytest.mark.parametrize("qubits", [3, 6, 10, 13])
@pytest.mark.parametrize("end", ["h q[1];", "x q[0];", "swap q[0],q[2];", "ry(1.2) q[2];"])
def test_a_wrong_gate_is_caught(qubits: int, end: str) -> None:
    assert _failed(_brickwork(qubits, 2), _sampled(_brickwork(qubits, 2, end), 4096))
    assert _failed(_brickwork(qubits, 2), _sampled(_brickwork(qubits, 2), 4096)) == []


@pytest.mark.parametrize("qubits", [3, 5, 9, 12])
def test_a_swapped_bit_order_is_caught(qubits: int) -> None:
    reverse = {key[::-1]: number for key, number in _sampled(_brickwork(qubits, 4)).items()}

    assert _failed(_brickwork(qubits, 4), reverse)


def test_an_impossible_outcome_is_caught_even_when_it_is_rare() -> None:
    assert _failed(BELL, {"00": 512, "11": 511, "01": 1}) == ["possible outcomes"]


def test_uniform_noise_instead_of_the_circuit_is_caught() -> None:
    rng = random.Random(3)
    noise: dict[str, int] = {}
    for _ in range(1024):
        key = format(rng.randrange(1 << 12), "012b")
        noise[key] = noise.get(key, 0) + 1

    assert "likelihood" in _failed(_brickwork(12, 5), noise)


def test_a_bell_pair_that_leans_is_caught() -> None:
    assert _failed(BELL, {"00": 500, "11": 524}) == []
    assert set(_failed(BELL, {"00": 620, "11": 404})) >= {"relative entropy", "marginals"}


BOMB = 'OPENQASM 3.0; include "stdgates.inc";\nqubit[1000] q; bit[1000] c;\nh q; c = measure q;'


def test_what_no_lane_can_run_is_refused_with_its_line_and_a_remedy() -> None:
    with pytest.raises(UnreadableFile) as read:
        KIND.read(BOMB, file_name="bomb.qasm")
    with pytest.raises(
        InvalidStatement, match=r"/statement/qasm: line 2, column 13: the circuit has 1000 qubits; .*32"
    ):
        KIND.parse({"qasm": BOMB})

    assert (read.value.line, read.value.remedy[:17]) == (2, "Use fewer qubits;")
    assert read.value.detail.startswith("bomb.qasm, line 2, column 13: the circuit has 1000 qubits; no lane runs more")


@pytest.mark.parametrize(
    "body",
    ["qubit[32] q; bit[32] c; h q; c = measure q;", "qubit[1000] q; bit[2] c; h q[7]; c[0] = measure q[7];"],
    ids=["as wide as a simulator may be set to", "wide, and gates on a single qubit"],
)
def test_what_some_lane_may_run_is_read(body: str) -> None:
    assert KIND.read('OPENQASM 3.0; include "stdgates.inc"; ' + body).circuit.qubits >= 32


def test_of_a_circuit_that_is_too_large_only_the_form_is_checked() -> None:
    large = TWO + "qreg q[24]; creg c[24]; creg d[1]; h q; t q; h q; measure q -> c;"
    statement = _statement(large, 2)

    assert KIND.exact(statement, EFFORT) is None
    fair = KIND.examine(statement, {"counts": {"0 " + "01" * 12: 2}, "shots": 2})
    assert (fair.exact, [(test.name, test.passed) for test in fair.tests]) == (False, [("unmeasured bits", True)])
    wrong = KIND.examine(statement, {"counts": {"1 " + "01" * 12: 2}, "shots": 2})
    assert [(test.statistic, test.passed) for test in wrong.tests] == [(2, False)]


class Flipping:
    """A device that flips every bit of a quarter of its runs."""

    name = "flipping"

    def counts(self, circuits: Sequence[Circuit], *, shots: int, seed: int) -> list[Counts]:
        found: list[Counts] = []
        for circuit in circuits:
            right = outcomes(circuit).sample(shots - shots // 4, seed)
            wrong = outcomes(circuit).sample(shots // 4, seed + 1)
            for key, number in wrong.items():
                flipped = key.translate(str.maketrans("01", "10"))
                right[flipped] = right.get(flipped, 0) + number
            found.append(right)
        return found

    expectations = ExactDevice.expectations
    outcomes = ExactDevice.outcomes
    readouts = ExactDevice.readouts
    models = ExactDevice.models


def test_a_device_that_errs_is_found_out() -> None:
    statement = _statement(TWO + "qreg q[4]; creg c[4]; rx(0.5) q; measure q -> c;")
    measured = KIND.measure(statement, Flipping(), EFFORT, lambda step: None, lambda: False)

    failed = {test.name for test in KIND.examine(statement, measured.answer).tests if not test.passed}
    assert failed >= {"fidelity", "total variation", "likelihood", "marginals"}
