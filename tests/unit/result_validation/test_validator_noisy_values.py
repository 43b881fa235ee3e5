"""Verdicts on mean values from a simulated machine: its noise explains a distance, and no more than its gates do."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_contracts.events import ResultRejected, ResultValidated
from queuebit_contracts.jobs import Problem
from queuebit_result_validation.measured import validate_measurement
from tests.unit.result_validation.executions import NOW
from tests.unit.result_validation.measurements import CONVERTED, a_measurement

EXCITED = Problem(
    kind="expectation",
    statement={
        "observable": {"qubits": 1, "terms": [[0.5, "I"], [2.0, "Z"]]},
        "circuit": 'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; x q[0];',
        "shots": 1000,
    },
)
"""The exact value is -1.5, and no state has one further than 2 from 0.5."""


def a_verdict_on(value: float, success: float, **changes: Any) -> ResultValidated | ResultRejected:
    target = {"target": {"name": "a device", "circuits": [{"success": success}]}}
    error = max(0.0044, 2 * max(0.0, 1 - ((0.5 - value) / 2) ** 2) ** 0.5 / 1000**0.5)
    values: dict[str, Any] = {
        "answer": {"value": value, "std_error": error, "unit": ""},
        "evidence": {**CONVERTED, **target},
        "provenance": {"noise": "a device"},
        **changes,
    }
    return validate_measurement(a_measurement({}, EXCITED, **values), NOW)


def test_a_value_as_far_off_as_noise_explains_is_told_with_that_distance() -> None:
    told = a_verdict_on(-1.3, 0.9)

    assert isinstance(told, ResultValidated)
    assert told.verdict == "accepted"
    (line,) = (reason for reason in told.reasons if "value 0.2" in reason)
    assert line.startswith("noise: ")
    assert line.endswith("noise explains a distance of 0.76.")


def test_a_value_that_chance_explains_tells_the_distance_of_noise_too() -> None:
    told = a_verdict_on(-1.49, 0.9)

    assert isinstance(told, ResultValidated)
    assert told.verdict == "accepted"
    assert any(reason.endswith("noise explains a distance of 0.76: passed.") for reason in told.reasons)


@pytest.mark.parametrize(
    ("value", "success", "changes"),
    [
        (0.5, 0.9, {}),
        (-1.7, 0.1, {}),
        (-1.3, 0.999, {}),
        (-1.3, 0.9, {"params": {"reference": "ideal"}}),
        (-1.3, 0.9, {"provenance": {"noise": "ideal"}}),
    ],
)
def test_a_value_further_off_is_refused(value: float, success: float, changes: dict[str, Any]) -> None:
    told = a_verdict_on(value, success, **changes)

    assert isinstance(told, ResultRejected)
    assert told.code == "test_failed"


@pytest.mark.parametrize("bias", [-0.1, "0.1", None])
def test_a_bias_that_is_no_size_is_refused(bias: Any) -> None:
    answer = {"value": -1.3, "std_error": 0.01, "unit": "", "bias_max": bias}

    told = a_verdict_on(-1.3, 0.9, answer=answer)

    assert isinstance(told, ResultRejected)
    assert (told.code, "/bias_max" in told.reasons[0]) == ("answer_malformed", True)


@pytest.mark.parametrize(
    ("part", "test"),
    [
        ({"bias_max": 1e-6}, "bias_max"),
        ({"mitigated": {"value": -3.4, "std_error": 0.02, "bias_max": 0.1, "method": "m"}}, "mitigated"),
        ({"std_error": 0.0001}, "least error"),
    ],
)
def test_what_is_told_beside_a_value_is_held_against_the_exact_one(part: dict[str, Any], test: str) -> None:
    honest = {"value": -1.3, "std_error": 0.02, "unit": "", "bias_max": 0.8, "deviation": 0.2}

    told, refused = a_verdict_on(-1.3, 0.9, answer=honest), a_verdict_on(-1.3, 0.9, answer=honest | part)

    assert isinstance(told, ResultValidated)
    assert isinstance(refused, ResultRejected)
    assert any(reason.startswith("test_failed") and f" {test} " in reason for reason in refused.reasons)


@pytest.mark.parametrize(("one", "accepted"), [(60, True), (450, False)])
def test_noise_explains_as_many_impossible_outcomes_in_a_batch_as_in_its_circuits(one: int, accepted: bool) -> None:
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; bit[1] c; x q[0]; c = measure q;'
    problem = Problem(kind="circuit_batch", statement={"pubs": [{"qasm": text, "shots": 1000}]})
    answer = {"results": [[{"counts": {"0": one, "1": 1000 - one}, "shots": 1000}]]}
    target = {"target": {"name": "a device", "circuits": [{"success": 0.95}]}}

    told = validate_measurement(
        a_measurement({}, problem, answer=answer, evidence={**CONVERTED, **target}, provenance={"noise": "a device"}),
        NOW,
    )

    assert isinstance(told, ResultValidated) == accepted


def a_kernel(near: float, diagonal: float = 1.0) -> ResultValidated | ResultRejected:
    problem = Problem(kind="kernel", statement={"train": [[0.3], [0.3], [0.3]], "feature_map": "z", "shots": 1000})
    train = [[diagonal if i == j else near for j in range(3)] for i in range(3)]
    answer = {"train": train, "test": [], "split": {"train": [0, 1, 2], "test": []}, "shots": 1000}
    target = {"target": {"name": "a device", "circuits": [{"success": 0.9}]}}
    return validate_measurement(
        a_measurement({}, problem, answer=answer, evidence={**CONVERTED, **target}, provenance={"noise": "a device"}),
        NOW,
    )


def test_noise_takes_entries_of_a_kernel_off_and_no_further_than_it_explains() -> None:
    """The points are equal, so that all entries are 1."""
    told, refused = a_kernel(0.9), a_kernel(0.5)

    assert isinstance(told, ResultValidated)
    assert told.verdict == "accepted"
    assert any(reason.startswith("noise: ") and "mean" in reason for reason in told.reasons)
    assert isinstance(refused, ResultRejected)


def test_noise_explains_no_diagonal_that_is_not_one() -> None:
    told = a_kernel(0.9, diagonal=0.9)

    assert isinstance(told, ResultRejected)
    assert any("diagonal" in reason for reason in told.reasons)
