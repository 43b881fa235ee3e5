"""What is told beside counts and values: a precision, marginals, the outcome of each run, each string's value."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_circuits.qasm import read_circuit
from queuebit_problems.errors import InvalidStatement, ProblemError
from queuebit_problems.kinds.circuits.circuit_sampling import KIND as SAMPLING
from queuebit_problems.kinds.circuits.expectation import KIND as EXPECTATION
from queuebit_problems.measurement import Effort
from queuebit_problems.measuring.exact_device import ExactDevice

EFFORT = Effort(10.0, 5)
CROSSED = (
    'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit[2] a; bit[3] b; x q[0]; ry(0.4) q[1]; ry(2.0) q[2];'
    "cx q[1], q[2]; a[0] = measure q[2]; a[1] = measure q[1]; b[2] = measure q[0];"
)
"""Five bits with different means in two registers, measured across each other; two are never measured."""
TURNED = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; ry(0.7) q[0]; cx q[0], q[1]; x q[1];'
OBSERVABLE: dict[str, Any] = {
    "qubits": 2,
    "terms": [[0.5, "II"], [0.3, "ZI"], [0.0, "XI"], [0.7, "XX"], [-0.2, "IZ"], [0.1, "YY"]],
}


def measured(kind: Any, **statement: Any) -> tuple[Any, dict[str, Any]]:
    stated = kind.parse(statement)
    found = kind.measure(stated, ExactDevice(), EFFORT, lambda step: None, lambda: False)
    assert kind.answer_errors(stated, found.answer) == []
    assert [test.name for test in kind.examine(stated, found.answer).tests if not test.passed] == []
    return stated, found.answer


def test_marginals_are_those_of_qiskit_with_the_bit_that_is_named_first_rightmost() -> None:
    from qiskit.result import marginal_distribution

    asked = {"turned": ["b[2]", "a[0]", "a[1]"], "one": ["a[1]"]}
    _, answer = measured(SAMPLING, qasm=CROSSED, shots=999, marginals=asked)

    counts = {key.replace(" ", ""): number for key, number in answer["counts"].items()}
    assert answer["marginals"]["turned"] == dict(marginal_distribution(counts, [4, 0, 1]))
    assert answer["marginals"]["one"] == dict(marginal_distribution(counts, [1]))
    assert {key[-1] for key in answer["marginals"]["turned"]} == {"1"}


def test_every_run_is_told_in_its_order_and_counted() -> None:
    stated, answer = measured(SAMPLING, qasm=CROSSED, shots=200, memory=True)

    assert {key: answer["memory"].count(key) for key in answer["counts"]} == answer["counts"]
    assert answer["memory"] != sorted(answer["memory"])
    other = {**answer, "memory": ["000 00", *answer["memory"][1:]]}
    assert [each.pointer for each in SAMPLING.answer_errors(stated, other)] == ["/memory"]
    exact = SAMPLING.exact(stated, EFFORT)
    assert exact is not None
    assert SAMPLING.answer_errors(stated, exact.answer) == []


def test_a_precision_says_how_many_runs_there_are() -> None:
    stated, answer = measured(SAMPLING, qasm=CROSSED, precision=0.02)

    assert answer["shots"] == 625
    again = SAMPLING.parse(stated.model_dump(mode="json"))
    assert (again, "shots" in stated.model_dump()) == (stated, False)
    assert SAMPLING.parse({"qasm": CROSSED}).model_dump() == {"qasm": CROSSED, "shots": 1024}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"precision": 0.1, "shots": 5}, "/precision"),
        ({"precision": 0.0}, "/precision"),
        ({"marginals": {"x": ["a[2]"]}}, "/marginals/x/0"),
        ({"marginals": {"x": ["a[0]", "a[0]"]}}, "/marginals/x"),
        ({"memory": True, "shots": 400_000}, "/memory"),
    ],
)
def test_wishes_that_cannot_be_are_refused(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        SAMPLING.parse({"qasm": CROSSED, **change})
    assert [field.pointer for field in refused.value.fields] == ["/problem/statement" + pointer]


def test_params_of_a_file_say_the_same() -> None:
    params: dict[str, Any] = {"precision": 0.02, "memory": True, "marginals": "turned=b[2],a[0]; one=a[1]"}

    found = SAMPLING.read(CROSSED, params=params)

    assert (found.runs, found.memory) == (625, True)
    assert found.marginals == {"turned": ("b[2]", "a[0]"), "one": ("a[1]",)}


@pytest.mark.parametrize("shots", [None, 3000])
def test_each_string_has_its_value_and_they_add_up(shots: int | None) -> None:
    _, answer = measured(EXPECTATION, observable=OBSERVABLE, circuit=TURNED, shots=shots, per_term=True)

    told = {each["string"]: each for each in answer["terms"]}
    exact = {"II": 1.0, "ZI": 0.764842, "XX": 0.644218, "IZ": -0.764842, "YY": 0.644218}
    for letters, value in exact.items():
        assert abs(told[letters]["value"] - value) <= 5 * told[letters]["std_error"] + 1e-6
        assert told[letters]["variance"] == pytest.approx(1 - told[letters]["value"] ** 2)
    added = sum(c * (told[letters]["value"] or 0) for c, letters in OBSERVABLE["terms"])
    assert added == pytest.approx(answer["value"])
    assert (told["XI"]["value"] is None) is (shots is not None)


def test_strings_are_read_as_qiskit_reads_them_turned_round() -> None:
    import qiskit.qasm3 as qasm3
    from qiskit.quantum_info import SparsePauliOp, Statevector

    from queuebit_circuits.text import to_qasm3

    state = Statevector(qasm3.loads(to_qasm3(read_circuit(TURNED))))
    _, answer = measured(EXPECTATION, observable=OBSERVABLE, circuit=TURNED, per_term=True)

    for each in answer["terms"]:
        theirs = state.expectation_value(SparsePauliOp(each["string"][::-1])).real
        assert each["value"] == pytest.approx(theirs, abs=1e-12)


def test_a_precision_of_a_value_is_reached_or_refused() -> None:
    stated, answer = measured(EXPECTATION, observable=OBSERVABLE, circuit=TURNED, precision=0.01)

    assert answer["std_error"] <= 0.01
    assert 1000 < answer["shots"] < 20_000
    late = {**answer, "std_error": 0.02}
    assert "precision" in [test.name for test in EXPECTATION.examine(stated, late).tests if not test.passed]
    with pytest.raises(ProblemError, match=r"The precision 1e-05 takes about \d+ runs in each basis"):
        measured(EXPECTATION, observable=OBSERVABLE, circuit=TURNED, precision=1e-5)


def test_a_string_that_is_wrong_fails_whichever_it_is() -> None:
    stated, answer = measured(EXPECTATION, observable=OBSERVABLE, circuit=TURNED, shots=3000, per_term=True)

    for place in (1, 3):
        terms = [dict(each) for each in answer["terms"]]
        terms[place]["value"] = -terms[place]["value"]
        failed = [
            test.name for test in EXPECTATION.examine(stated, {**answer, "terms": terms}).tests if not test.passed
        ]
        assert failed == ["terms", "sum of terms"]


@pytest.mark.parametrize("change", [{"precision": 0.1}, {"per_term": True}])
def test_a_search_takes_neither(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidStatement):
        EXPECTATION.parse({"observable": OBSERVABLE, **change})


def test_a_string_that_rounding_takes_beyond_one_is_readable() -> None:
    circuit = 'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; h q[0];'
    observable = {"qubits": 1, "terms": [[1.0, "X"]]}
    statement = EXPECTATION.parse({"circuit": circuit, "observable": observable, "per_term": True})
    term = {"string": "X", "value": 1.0000000000000002, "variance": 0.0, "std_error": 0.0}
    answer = {"value": 1.0000000000000002, "std_error": 0.0, "unit": ""}

    assert EXPECTATION.answer_errors(statement, {**answer, "terms": [term]}) == []
    assert EXPECTATION.answer_errors(statement, {**answer, "terms": [{**term, "value": 1.1}]}) != []
