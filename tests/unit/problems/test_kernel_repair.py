"""Sampled kernels that are not positive semidefinite: they say so, and the nearest kernel stands beside them."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

from queuebit_problems.kinds.circuits.kernel import KIND, KernelStatement
from queuebit_problems.measurement import Effort
from queuebit_problems.measuring.exact_device import ExactDevice
from queuebit_problems.measuring.positive import METHOD, least_eigenvalue, nearest_kernel, repair


def grid(points: int, **more: Any) -> KernelStatement:
    """Points so close to each other that few runs make their kernel indefinite."""
    return KIND.parse({"train": [[0.2 * k, 0.1 * k] for k in range(points)], "feature_map": "z", **more})


def answered(statement: KernelStatement) -> dict[str, Any]:
    return dict(KIND.measure(statement, ExactDevice(), Effort(60, 3), lambda step: None, lambda: False).answer)


def test_a_sampled_kernel_that_is_none_says_so_beside_a_repaired_one() -> None:
    statement = grid(8, shots=20)

    answer = answered(statement)

    repaired = answer["repaired"]
    square, nearest = np.array(answer["train"]), np.array(repaired["train"])
    assert (set(repaired), repaired["method"]) == ({"train", "least_eigenvalue", "method"}, METHOD)
    assert repaired["least_eigenvalue"] == pytest.approx(np.linalg.eigvalsh(square)[0])
    assert repaired["least_eigenvalue"] < -0.01
    assert least_eigenvalue(nearest) > -1e-8
    assert np.array_equal(nearest, nearest.T)
    assert np.array_equal(np.diag(nearest), np.ones(8))
    assert KIND.answer_errors(statement, json.loads(json.dumps(answer))) == []
    tests = {test.name: test for test in KIND.examine(statement, answer).tests}
    assert tests["repaired"].passed
    assert f"the sampled one is {repaired['least_eigenvalue']:.3g})" in tests["repaired"].detail


@pytest.mark.parametrize("shots", [None, 1_000_000])
def test_a_kernel_is_left_alone(shots: int | None) -> None:
    statement = KIND.parse({"train": [[0.1, 0.4], [0.8, 1.2], [2.0, 0.3]], "shots": shots})

    assert set(answered(statement)) == {"train", "test", "split", "shots"}


def test_the_repair_is_the_nearest_one() -> None:
    """By the conditions of optimality: what was added to the off-diagonal is semidefinite and orthogonal to the result."""
    rng = np.random.default_rng(5)
    places = rng.normal(size=(40, 2))
    true = np.exp(-((places[:, None] - places[None]) ** 2).sum(-1) / 2)
    upper = np.triu(rng.binomial(50, true) / 50, 1)
    sampled = upper + upper.T + np.eye(40)

    nearest = nearest_kernel(sampled)

    added = nearest - sampled
    dual = added - np.diag(np.diag(added @ nearest))
    assert np.abs(dual @ nearest).max() < 1e-6
    assert least_eigenvalue(dual) > -1e-6
    assert np.linalg.norm(nearest - true) < np.linalg.norm(sampled - true)
    assert repair(nearest.tolist()) is None


@pytest.mark.parametrize("wrong", ["train", "least_eigenvalue", "sampled"])
def test_a_false_repair_is_caught(wrong: str) -> None:
    statement = grid(8, shots=20)
    answer = copy.deepcopy(answered(statement))
    match wrong:
        case "train":
            answer["repaired"]["train"] = np.eye(8).tolist()
        case "least_eigenvalue":
            answer["repaired"]["least_eigenvalue"] = 0.0
        case _:
            answer["repaired"]["train"] = answer["train"]

    assert [test.name for test in KIND.examine(statement, answer).tests if not test.passed] == ["repaired"]


@pytest.mark.parametrize(
    ("repaired", "pointers"),
    [
        ([], ["/repaired"]),
        ({}, ["/repaired/train", "/repaired/least_eigenvalue"]),
        ({"train": [[1.0]], "least_eigenvalue": -0.1}, ["/repaired/train"]),
        (
            {"train": [[1, 0], [0, "1"]], "least_eigenvalue": float("nan")},
            ["/repaired/train/1/1", "/repaired/least_eigenvalue"],
        ),
    ],
)
def test_an_unreadable_repair_is_named(repaired: Any, pointers: list[str]) -> None:
    statement = grid(2, shots=1000)
    answer = {**answered(statement), "repaired": repaired}

    assert [error.pointer for error in KIND.answer_errors(statement, answer)] == pointers
