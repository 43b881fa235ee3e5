"""Many circuits in one job: results at their places, each as its own question would be answered, each checked."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_problems.errors import InvalidStatement, OutOfBudget
from queuebit_problems.files import read_problem
from queuebit_problems.kind import Size
from queuebit_problems.kinds.circuits.circuit_batch import KIND, _computed
from queuebit_problems.kinds.circuits.expectation import KIND as EXPECTATION
from queuebit_problems.measurement import Effort
from queuebit_problems.measuring.exact_device import ExactDevice

EFFORT = Effort(10.0, 5)
TURNED = 'OPENQASM 3.0; include "stdgates.inc"; input float a; qubit[2] q; ry(a) q[0]; cx q[0], q[1]; x q[1];'
READ = 'OPENQASM 3.0; include "stdgates.inc"; input int n; qubit[3] q; bit[3] c; if (n == 1) { x q[0]; } c = measure q;'
Z0, X2 = {"qubits": 2, "terms": [[1.0, "ZI"]]}, {"qubits": 2, "terms": [[1.0, "XX"], [0.5, "IZ"]]}
ANGLES = [0.1, 0.7, 2.0]
PUBS: list[dict[str, Any]] = [
    {"qasm": TURNED, "parameters": {"a": ANGLES}, "observables": [Z0, X2]},
    {"qasm": READ, "parameters": {"n": [0, 1]}, "shots": 50},
    {"qasm": TURNED, "parameters": {"a": ANGLES}, "observables": [Z0, X2], "pairs": [[2, 0], [0, 1]], "shots": 4000},
    {"qasm": TURNED, "parameters": {"a": [0.7]}, "observables": [Z0], "precision": 0.02},
]


class Once(ExactDevice):
    """Counts its calls."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def counts(self, circuits: Any, **more: Any) -> Any:
        self.calls.append(len(circuits))
        return super().counts(circuits, **more)

    def expectations(self, circuits: Any, observable: Any, **more: Any) -> Any:
        self.calls.append(len(circuits))
        return super().expectations(circuits, observable, **more)


def answered(pubs: list[dict[str, Any]], device: ExactDevice | None = None) -> tuple[Any, dict[str, Any]]:
    statement = KIND.parse({"pubs": pubs})
    found = KIND.measure(statement, device or ExactDevice(), EFFORT, lambda step: None, lambda: False)
    assert KIND.answer_errors(statement, found.answer) == []
    return statement, found.answer


def test_results_stand_at_their_places() -> None:
    statement, answer = answered(PUBS)

    values, counts, chosen, [precise] = answer["results"]
    own = [
        EXPECTATION.exact(EXPECTATION.parse({"observable": o, "circuit": TURNED, "inputs": {"a": a}}), EFFORT)
        for a in ANGLES
        for o in (Z0, X2)
    ]
    assert values == [each.answer for each in own if each is not None]
    assert counts == [{"counts": {"000": 50}, "shots": 50}, {"counts": {"001": 50}, "shots": 50}]
    assert abs(chosen[0]["value"] - values[4]["value"]) < 5 * chosen[0]["std_error"]
    assert abs(chosen[1]["value"] - values[1]["value"]) < 5 * chosen[1]["std_error"]
    assert precise["std_error"] <= 0.02
    assert all(test.passed for test in KIND.examine(statement, answer).tests)
    assert KIND.size(statement) == Size(3, 3, 3 * 9 + 3 + 4)
    exact = KIND.exact(statement, EFFORT)
    assert exact is not None
    assert exact.answer["results"][0] == values


def test_what_has_one_observable_and_as_many_runs_goes_to_the_device_at_once() -> None:
    device = Once()

    answered([*PUBS[:2], {**PUBS[0], "pairs": [[1, 1]]}], device)

    assert device.calls == [3, 4, 2]


@pytest.mark.parametrize(("pub", "entry"), [(0, 3), (2, 1)])
def test_one_wrong_result_is_found_and_named(pub: int, entry: int) -> None:
    statement, answer = answered(PUBS)

    wrong = [[dict(each) for each in part] for part in answer["results"]]
    wrong[pub][entry]["value"] = -wrong[pub][entry]["value"]
    failed = [test for test in KIND.examine(statement, {"results": wrong}).tests if not test.passed]
    assert [(test.name, test.detail.split(":")[0]) for test in failed] == [
        ("value", f"pub {pub}, entry {entry}, 1 of 9 entries fail")
    ]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"results": []}, "/results"),
        ({"results": [[{}] * 6, [{}] * 2, [{}] * 2, [{}]]}, "/results/0/0/value"),
        ({"results": [[0] * 6, [{}] * 2, [{}] * 2, [{}]]}, "/results/0/0"),
    ],
)
def test_an_answer_of_another_form_is_refused(change: dict[str, Any], pointer: str) -> None:
    assert KIND.answer_errors(KIND.parse({"pubs": PUBS}), change)[0].pointer == pointer


@pytest.mark.parametrize(
    ("pub", "pointer"),
    [
        ({"qasm": TURNED, "observables": [Z0]}, "/pubs/0/qasm"),
        ({"qasm": TURNED, "parameters": {"a": [1.0], "b": [1.0, 2.0]}, "observables": [Z0]}, "/pubs/0/parameters"),
        ({"qasm": TURNED, "parameters": {"a": [1.0]}, "observables": [Z0], "pairs": [[1, 0]]}, "/pubs/0/pairs/0"),
        ({"qasm": READ, "parameters": {"n": [1]}, "pairs": [[0, 0]]}, "/pubs/0/pairs"),
        ({"qasm": READ, "parameters": {"n": [1]}, "shots": 5, "precision": 0.1}, "/pubs/0/precision"),
        ({"qasm": TURNED, "parameters": {"a": [1.0] * 500}, "observables": [Z0, X2, Z0]}, "/pubs"),
    ],
)
def test_a_batch_that_does_not_hold_together_is_refused_by_its_place(pub: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        KIND.parse({"pubs": [pub]})
    assert refused.value.fields[0].pointer == "/problem/statement" + pointer


def test_a_part_of_a_batch_is_no_answer() -> None:
    statement = KIND.parse({"pubs": PUBS})

    with pytest.raises(OutOfBudget, match="The budget ended after 3 of 11 results"):
        KIND.measure(statement, ExactDevice(), EFFORT, lambda step: None, lambda: True)


def test_a_file_is_recognised_by_its_pubs() -> None:
    import json

    found = read_problem(json.dumps({"pubs": PUBS}), file_name="many.json")

    assert found.kind == "circuit_batch"
    assert KIND.parse(found.statement) == KIND.parse({"pubs": PUBS})


def test_a_long_text_is_not_read_for_very_many_parameters() -> None:
    text = READ.replace("int n; ", "int n; /*" + "x" * 20_000 + "*/ ")

    with pytest.raises(InvalidStatement, match="each counted for each of its results"):
        KIND.parse({"pubs": [{"qasm": text, "parameters": {"n": [0] * 250}, "shots": 5}]})


def test_more_than_can_be_computed_again_in_time_is_not() -> None:
    layers = "for int i in [0:4] { h q; ry(a) q; }"
    wide = f'OPENQASM 3.0; include "stdgates.inc"; input float a; qubit[20] q; {layers}'
    z = {"qubits": 20, "terms": [[1.0, "Z" + "I" * 19]]}
    small: dict[str, Any] = {"qasm": TURNED, "parameters": {"a": [0.7]}, "observables": [Z0]}
    many = {"qasm": wide, "parameters": {"a": [k / 100 for k in range(400)]}, "observables": [z]}
    statement = KIND.parse({"pubs": [many, small]})

    assert KIND.exact(statement, EFFORT) is None
    computed = _computed(statement.entries)
    assert len(computed) < 20
    assert computed[-1] == statement.entries[-1]


def test_what_is_asked_twice_is_sampled_twice() -> None:
    pair = {"qasm": TURNED, "parameters": {"a": [0.7]}, "observables": [Z0], "pairs": [[0, 0], [0, 0]]}

    _, answer = answered([{**pair, "precision": 0.02}, {**pair, "shots": 2000}])

    assert all(one["value"] != other["value"] for one, other in answer["results"])
