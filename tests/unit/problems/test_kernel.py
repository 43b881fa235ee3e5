"""Kernel matrices: what they are by definition, how they are measured, and how false ones are caught."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import numpy as np
import pytest

from queuebit_circuits.errors import UnfitCircuit
from queuebit_problems.errors import InvalidStatement, OutOfBudget, UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.kinds.circuits.kernel import KIND, KernelStatement
from queuebit_problems.measurement import Effort, Measured, Step
from queuebit_problems.measuring.exact_device import ExactDevice

EFFORT = Effort(60, 3)
NAMES = ["diagonal", "symmetry", "range", "positive", "entries", "mean"]


def points(train: int, test: int, features: int, **more: Any) -> KernelStatement:
    rng = np.random.default_rng(train + features)
    drawn = rng.uniform(0, math.pi, (train + test, features)).round(3).tolist()
    return KIND.parse({"train": drawn[:train], "test": drawn[train:], **more})


def measured(statement: KernelStatement, seed: int = 3) -> Measured:
    return KIND.measure(statement, ExactDevice(), Effort(60, seed), lambda step: None, lambda: False)


def failed(statement: KernelStatement, answer: dict[str, Any]) -> list[str]:
    return [test.name for test in KIND.examine(statement, answer).tests if not test.passed]


def by_definition(statement: KernelStatement) -> Any:
    """|<y|x>|^2 where each layer is H on every qubit, then exp(i phases of the bits) (Havlicek et al. 2019)."""
    qubits = statement.features
    bits = np.array([[index >> q & 1 for q in range(qubits)] for index in range(1 << qubits)])
    hadamard = np.array([[(-1) ** (i & j).bit_count() for j in range(1 << qubits)] for i in range(1 << qubits)])
    states = []
    for point in np.array(statement.train + statement.test):
        phase = bits @ (2 * point)
        if statement.feature_map == "zz":
            for i in range(qubits):
                for j in range(i + 1, qubits):
                    if statement.entanglement == "full" or j == i + 1:
                        phase = phase + 2 * (math.pi - point[i]) * (math.pi - point[j]) * (bits[:, i] ^ bits[:, j])
        state = np.zeros(1 << qubits, dtype=complex)
        state[0] = 1
        for _ in range(statement.repetitions):
            state = np.exp(1j * phase) * (hadamard @ state) / math.sqrt(1 << qubits)
        states.append(state)
    return np.abs(np.array(states) @ np.array(states)[: len(statement.train)].conj().T) ** 2


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"feature_map": "z"},
        {"entanglement": "linear"},
        {"repetitions": 1},
        {"repetitions": 3, "feature_map": "z"},
    ],
)
def test_the_exact_kernel_is_its_definition_and_that_of_the_device(more: dict[str, Any]) -> None:
    statement = points(4, 2, 3, **more)
    table = by_definition(statement)

    exact, found = KIND.exact(statement, EFFORT), measured(statement)

    assert exact is not None
    for answer in (exact.answer, found.answer):
        assert np.allclose(answer["train"], table[:4], atol=1e-9)
        assert np.allclose(answer["test"], table[4:], atol=1e-9)
        assert (answer["split"], answer["shots"]) == ({"train": [0, 1, 2, 3], "test": [4, 5]}, None)
        assert failed(statement, answer) == []
    assert (exact.objective, found.objective, found.shots) == (None, None, 0)


@pytest.mark.parametrize("shots", [1, 20, 1000])
def test_a_measured_kernel_passes_every_test(shots: int) -> None:
    statement = points(6, 3, 2, shots=shots)

    for seed in range(8):
        found = measured(statement, seed)
        examined = KIND.examine(statement, found.answer)

        assert (examined.exact, examined.objective) == (True, None)
        names = [*NAMES, "repaired"] if "repaired" in found.answer else NAMES
        assert [(test.name, test.passed) for test in examined.tests] == [(name, True) for name in names]
        assert found.shots == shots * (15 + 18)
    assert KIND.answer_errors(statement, json.loads(json.dumps(found.answer))) == []
    assert measured(statement, 5) == measured(statement, 5) != measured(statement, 6)


def test_all_pairs_are_one_call() -> None:
    class Counted(ExactDevice):
        calls = 0

        def counts(self, *arguments: Any, **more: Any) -> Any:
            self.calls += 1
            return super().counts(*arguments, **more)

    device, steps = Counted(), list[Step]()

    KIND.measure(points(5, 2, 2, shots=10), device, EFFORT, steps.append, lambda: False)

    assert (device.calls, steps) == (1, [Step(1, detail="20 of 20 pairs")])


def test_a_stopped_measurement_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queuebit_problems.kinds.circuits.kernel.BATCH_MAX", 4)

    with pytest.raises(OutOfBudget, match="4 of 10 pairs"):
        KIND.measure(points(5, 0, 2, shots=10), ExactDevice(), EFFORT, lambda step: None, lambda: True)


def planted(answer: dict[str, Any], name: str) -> None:
    train, test = answer["train"], answer["test"]
    match name:
        case "diagonal":
            train[1][1] = 0.9
        case "symmetry":
            train[1][0] += 0.05
        case "range":
            test[0][0] = -0.2
        case "positive":
            for i, j in ((0, 1), (1, 2), (0, 2)):
                train[i][j] = train[j][i] = 0.0 if (i, j) == (0, 2) else 1.0
        case "entries":
            train[0][1] = train[1][0] = (train[0][1] + 0.5) % 1
        case "mean":
            for rows in (train, test):
                for i, row in enumerate(rows):
                    row[:] = [value if rows is train and i == j else 0.93 * value for j, value in enumerate(row)]


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_error_is_caught(name: str) -> None:
    statement = points(10, 4, 2, shots=4000)
    answer = copy.deepcopy(measured(statement).answer)

    planted(answer, name)

    assert name in failed(statement, answer)


def test_more_features_than_the_reference_takes_are_tested_as_far_as_possible() -> None:
    statement = points(3, 0, 20, feature_map="z", shots=10)
    answer = {"train": np.eye(3).tolist(), "test": [], "split": statement.split, "shots": 10}

    examined = KIND.examine(points(5, 0, 20, shots=10), {**answer, "train": np.eye(5).tolist()})

    assert KIND.exact(points(5, 0, 20), EFFORT) is None
    assert (examined.exact, [test.name for test in examined.tests]) == (False, NAMES[:4])
    assert KIND.answer_errors(statement, answer) == []


def test_exact_values_of_many_features_are_refused() -> None:
    with pytest.raises(UnfitCircuit) as refused:
        measured(points(2, 0, 11))

    assert refused.value.remedy == "State shots."


def test_lines_keep_their_rows_in_the_split() -> None:
    text = "# two features\ntrain, 0.1, 0.2\ntest 0.3 0.4\n\ntrain 0.5 0.6\n"

    problem = read_problem(text, params={"shots": 50, "feature_map": "z"})
    statement = KIND.parse(problem.statement)

    assert problem.kind == "kernel"
    assert (statement.train, statement.test) == (((0.1, 0.2), (0.5, 0.6)), ((0.3, 0.4),))
    assert (statement.shots, statement.feature_map) == (50, "z")
    assert statement.split == measured(statement).answer["split"] == {"train": [0, 2], "test": [1]}
    assert statement.model_dump(mode="json") == problem.statement


def test_a_document_is_recognised_and_takes_parameters() -> None:
    problem = read_problem('{"train": [[1, 2]], "test": [[3, 4]]}', params={"repetitions": 1})

    assert (problem.kind, problem.statement["repetitions"]) == ("kernel", 1)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("train 1 2\ntest 1\n", 2),
        ("train 1 2\nvalidate 1 2\n", 2),
        ("train 1 x\n", 1),
        ("train\n", 1),
        ("train" + " 1" * 21, 1),
        ("train 1e99\n", 1),
        ("test 1 2\n", None),
        ("", None),
    ],
)
def test_a_wrong_line_is_named(text: str, line: int | None) -> None:
    with pytest.raises(UnreadableFile) as refused:
        KIND.read(text, file_name="points.csv")

    assert refused.value.line == line


@pytest.mark.parametrize(
    ("stated", "pointer"),
    [
        ({"train": []}, "/train"),
        ({"train": [[]]}, "/train/0"),
        ({"train": [[1, 2], [1]]}, "/train/1"),
        ({"train": [[0] * 21]}, "/train/0"),
        ({"train": [[1], ["2"]]}, "/train/1/0"),
        ({"train": [[1, 2]], "test": [[1, 2, 3]]}, "/test/0"),
        ({"train": [[1]] * 201}, "/train"),
        ({"train": [[1]] * 200, "test": [[1]] * 2}, "/test"),
        ({"train": [[1]], "feature_map": "pauli"}, "/feature_map"),
        ({"train": [[1]], "repetitions": 0}, "/repetitions"),
        ({"train": [[1]], "shots": 0}, "/shots"),
        ({"train": [[1]], "rows": [0, 1]}, "/rows"),
        ({"train": [[1]], "labels": [1]}, "/labels"),
    ],
)
def test_a_wrong_statement_is_refused_by_field(stated: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        KIND.parse(stated)

    assert [field.pointer for field in refused.value.fields] == [f"/problem/statement{pointer}"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"train": [[1.0]]}, "/train"),
        ({"train": None}, "/train"),
        ({"test": [[0.5, 0.5]]}, "/test/0"),
        ({"test": [[0.5, 0.5, "1"]]}, "/test/0/2"),
        ({"test": [[0.5, 0.5, math.nan]]}, "/test/0/2"),
        ({"split": {"train": [0, 1, 3], "test": [2]}}, "/split"),
        ({"shots": 999}, "/shots"),
    ],
)
def test_an_unreadable_answer_is_named(changes: dict[str, Any], pointer: str) -> None:
    statement = KIND.example()
    answer = measured(statement).answer | changes

    assert [error.pointer for error in KIND.answer_errors(statement, answer)] == [pointer]
    assert [error.pointer for error in KIND.answer_errors(statement, {})] == ["/train", "/test", "/split", "/shots"]
