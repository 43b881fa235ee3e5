"""`queuebit check` compares measurements with the exact result; people see values, errors and the most frequent outcomes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from queuebit_client.cli import main
from queuebit_client.cli.render import print_outcome
from queuebit_client.cli.words import words_of

BELL = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2]; creg c[2];
x q[0]; h q[1];
measure q -> c;
"""
"""Bit 0 is 1, bit 1 is 0 or 1: 01 and 11."""


def check(folder: Path, capsys: pytest.CaptureFixture[str], answer: dict[str, Any], *flags: str) -> tuple[int, str]:
    (folder / "circuit.qasm").write_text(BELL)
    (folder / "answer.json").write_text(json.dumps(answer))
    paths = [str(folder / name) for name in ("circuit.qasm", "answer.json")]
    code = main.run(["check", *paths, "--param", "shots=1000", *flags])
    return code, capsys.readouterr().out


def test_counts_of_the_circuit_are_correct(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = check(tmp_path, capsys, {"counts": {"01": 510, "11": 490}, "shots": 1000}, "--json")

    found = json.loads(out)
    assert code == 0
    assert {name: found[name] for name in ("kind", "correct", "exact", "objective", "answer_errors")} == {
        "kind": "circuit_sampling",
        "correct": True,
        "exact": True,
        "objective": None,
        "answer_errors": [],
    }
    assert found["tests"]
    assert all(test["passed"] for test in found["tests"])


def test_bits_in_the_wrong_order_are_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = check(tmp_path, capsys, {"counts": {"10": 510, "11": 490}, "shots": 1000})

    assert code == 1
    assert out.splitlines()[:2] == ["kind: circuit_sampling", "correct: no"]
    assert any(line.startswith("test: ") and " failed: " in line for line in out.splitlines())


def test_missing_shots_are_answer_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = check(tmp_path, capsys, {"counts": {"01": 510, "11": 489}, "shots": 1000})

    assert code == 1
    assert [line for line in out.splitlines() if line.startswith("answer error: ")]


def a_document(answer: dict[str, Any]) -> dict[str, Any]:
    empty = ("objective", "bound", "gap", "confidence", "ran", "cost", "failure", "rejection", "cancellation")
    return {
        "id": "j", "state": "completed", "verdict": "accepted", "kind": "k", "answer": answer, "reasons": [],
        **dict.fromkeys(empty),
    }  # fmt: skip


def test_people_see_the_value_with_its_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcome(a_document({"value": -1.13712, "std_error": 0.0021, "unit": "hartree"}))

    assert "-1.13712 ± 0.0021 hartree" in capsys.readouterr().out


def test_people_see_how_far_noise_may_have_taken_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcome(a_document({"value": -1.1, "std_error": 0.0021, "unit": "hartree", "bias_max": 0.0312}))

    assert "up to 0.031 by the noise of the machine, beside chance" in capsys.readouterr().out


def test_people_see_the_most_frequent_outcomes(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {format(number, "04b"): 100 - number for number in range(10)}

    print_outcome(a_document({"counts": counts, "shots": 955}))

    out = capsys.readouterr().out
    assert "0000  100  10.47%" in out
    assert "… and 2 others" in out


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("ExecutionSucceeded", {"leg": "a"}, "a has an answer"),
        ("ExecutionSucceeded", {"leg": "a", "objective": 3}, "a claims objective 3"),
        ("ResultValidated", {"leg": "a", "verdict": "accepted"}, "a checked: accepted"),
        ("JobCompleted", {"verdict": "accepted"}, "completed: accepted"),
        ("JobCompleted", {"verdict": "accepted", "objective": 2}, "completed: objective 2, accepted"),
        ("ExecutionProgressed", {"leg": "a", "elapsed_s": 1, "detail": "running"}, "a at running after 1.0 s"),
    ],
)
def test_an_absent_objective_is_not_told(name: str, data: dict[str, Any], words: str) -> None:
    assert words_of(name, data) == words
