"""Why not another choice: what it would be worth, or break, by the rules of the kind; of every kind that has choices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from queuebit_client.cli.main import run

TRIANGLE = {"kind": "maxcut", "statement": {"nodes": 3, "edges": [[0, 1, 1], [1, 2, 1], [0, 2, 1]]}}
SACK = {"kind": "knapsack", "statement": {"capacity": 10, "weights": [6, 5, 4], "profits": [9, 8, 5]}}


def told(tmp_path: Path, problem: Any, answer: Any, *choices: str) -> list[str]:
    (tmp_path / "p.json").write_text(json.dumps(problem))
    (tmp_path / "a.json").write_text(json.dumps(answer))
    flags = [word for choice in choices for word in ("--why-not", choice)]
    return ["check", str(tmp_path / "p.json"), str(tmp_path / "a.json"), *flags]


@pytest.mark.parametrize(
    ("problem", "answer", "choices", "code", "words"),
    [
        (TRIANGLE, {"side": [0, 1, 0]}, ["side/1=0"], 0, "It would be worse: objective 0 instead of 2."),
        (TRIANGLE, {"side": [0, 1, 0]}, ["side/2=1"], 0, "It would be as good: objective 2 instead of 2."),
        (TRIANGLE, {"side": [0, 0, 0]}, ["/side/2=1"], 1, "It would be better: objective 2 instead of 0."),
        (SACK, {"take": [1, 0, 1]}, ["take/1=1"], 0, "5 over the capacity 10"),
        (SACK, {"take": [1, 0, 1]}, ["take/0=0", "take/1=1"], 0, "It would be worse: objective 13 instead of 14."),
        (TRIANGLE, {"side": [0, 1, 0]}, ["side/1=7"], 0, "It would be no answer"),
        (TRIANGLE, {"side": [0, 1, 0]}, ["side/9=1"], 2, "the answer has no side/9"),
        (TRIANGLE, {"side": [0, 1, 0]}, ["side/-1=1"], 2, "the answer has no side/-1"),
        (TRIANGLE, {"side": [0, 1, 0]}, ["side/1"], 2, "is no choice"),
    ],
)
def test_a_choice_is_recomputed(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    problem: Any,
    answer: Any,
    choices: list[str],
    code: int,
    words: str,
) -> None:
    assert run(told(tmp_path, problem, answer, *choices)) == code
    shown = capsys.readouterr()
    assert words in shown.out + shown.err


def test_as_json_it_has_both_and_the_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*told(tmp_path, SACK, {"take": [1, 0, 1]}, "take/1=1"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["objective"], found["would_be"], found["difference"], found["feasible"], found["better"]) == (
        14, 22, 8, False, False,
    )  # fmt: skip
    assert found["violations"][0]["amount"] == 5
