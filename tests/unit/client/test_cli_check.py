"""`queuebit check` recomputes: it agrees, it refuses with the reason, it says what it cannot read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from queuebit_client.cli import main
from queuebit_problems.registry import kind_of, kinds, optimisation_of
from queuebit_problems.shares import shown

KNAPSACK = "3 10\n5 4\n6 7\n4 6\n"
DECIMALS = "2 10\n0.1 4\n0.2 5\n"


@dataclass
class Desk:
    """A folder with a problem and an answer, and the command."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def check(self, problem: str, answer: str, *flags: str, json_out: bool = True) -> tuple[int, Any, str]:
        """Exit code, the document or the lines printed, and standard error."""
        (self.folder / "problem.kp").write_text(problem)
        (self.folder / "answer.json").write_text(answer)
        paths = [str(self.folder / name) for name in ("problem.kp", "answer.json")]
        code = main.run(["check", *paths, *flags, *(["--json"] if json_out else [])])
        out, err = self.capsys.readouterr()
        return code, json.loads(out) if json_out and out else out, err


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


@pytest.mark.parametrize("name", [name for name in kinds() if kind_of(name).family == "optimisation"])
def test_a_feasible_answer_of_every_kind_is_correct(desk: Desk, name: str) -> None:
    kind = optimisation_of(name)
    statement = kind.example()
    answer = kind.heuristic(statement, 1) or kind.default_answer(statement)
    assert answer is not None
    objective = kind.objective(statement, answer)
    problem = {"kind": name, "statement": statement.model_dump(mode="json")}
    outcome = {"kind": name, "state": "completed", "answer": answer, "objective": objective}

    shares = kind.shares(statement, answer)
    assert shares is not None
    assert desk.check(json.dumps(problem), json.dumps(outcome)) == (
        0,
        {
            "kind": name,
            "sense": kind.sense,
            "correct": True,
            "feasible": True,
            "objective": objective,
            "claimed_objective": objective,
            "objective_agrees": True,
            "violations": [],
            "answer_errors": [],
            "shares": shown(shares).model_dump(mode="json"),
        },
        "",
    )
    assert desk.check(json.dumps(problem), "{}")[0] == 1


@pytest.mark.parametrize(
    ("problem", "answer", "code", "lines"),
    [
        (KNAPSACK, {"take": [1, 0, 1]}, 0, ["feasible: yes", "objective: 9"]),
        (
            KNAPSACK,
            {"answer": {"take": [1, 0, 1]}, "objective": 10},
            1,
            ["feasible: yes", "objective: 9", "claimed objective: 10 (not what it is)"],
        ),
        (KNAPSACK, {"answer": {"take": [1, 0, 1]}, "objective": None}, 0, ["feasible: yes", "objective: 9"]),
        (
            KNAPSACK,
            {"answer": {"take": [1, 0, 1]}, "objective": 9.0000000001},
            1,
            ["feasible: yes", "objective: 9", "claimed objective: 9.0000000001 (not what it is)"],
        ),
        (
            DECIMALS,
            {"answer": {"take": [1, 1]}, "objective": 0.1 + 0.2},
            0,
            ["feasible: yes", "objective: 0.3", "claimed objective: 0.30000000000000004 (as recomputed)"],
        ),
        (
            DECIMALS,
            {"answer": {"take": [1, 1]}, "objective": 10**400},
            1,
            ["feasible: yes", "objective: 0.3", "claimed objective: 1000"],
        ),
        (KNAPSACK, {"take": [1, 1, 0]}, 1, ["feasible: no", "objective: 11", "violation: over_capacity:"]),
        (
            KNAPSACK,
            {"answer": {"take": [1, 1]}, "objective": 9},
            1,
            ["feasible: no", "claimed objective: 9 (not recomputed)", "answer error: /take:"],
        ),
        (KNAPSACK, {"side": [0, 1, 0]}, 1, ["feasible: no", "answer error: /take: is missing"]),
    ],
)
def test_an_answer_is_checked(desk: Desk, problem: str, answer: Any, code: int, lines: list[str]) -> None:
    found, out, err = desk.check(problem, json.dumps(answer), json_out=False)

    printed = [line for line in out.splitlines() if not line.startswith(("share: ", "room: "))]
    assert (found, err, printed[0], len(printed)) == (code, "", "kind: knapsack", len(lines) + 1)
    assert [line for line, start in zip(printed[1:], lines, strict=True) if not line.startswith(start)] == []


@pytest.mark.parametrize(
    ("problem", "answer", "flags", "said"),
    [
        (KNAPSACK, "not json", (), "answer.json is not a JSON object"),
        (KNAPSACK, "[1, 0, 1]", (), "answer.json is not a JSON object"),
        (KNAPSACK, '{"take": [1,', (), "answer.json is not valid JSON"),
        (KNAPSACK, '{"take": [NaN, 1, 0]}', (), "NaN is no number"),
        (KNAPSACK, '{"take": [1e999, 1, 0]}', (), "1e999 is no number"),
        (KNAPSACK, '{"answer": null, "state": "failed"}', (), "holds no answer; its job is failed"),
        (KNAPSACK, '{"answer": {}, "objective": "9"}', (), "claims an objective that is no number"),
        (KNAPSACK, '{"answer": {}, "kind": "tsp"}', (), "answers the kind tsp, the problem is knapsack"),
        ("3 10\n5 4\n6 x\n4 6\n", "{}", ("--kind", "knapsack"), "problem.kp, line 3"),
        ('{"kind": "knapsack", "statement": {"capacity": -1}}', "{}", (), "/problem/statement/capacity"),
        ('{"kind": "knapsack", "statement": {}}', "{}", ("--kind", "tsp"), "states the kind knapsack, not tsp"),
        (KNAPSACK, "{}", ("--kind", "sudoku"), "sudoku"),
        (KNAPSACK, "{}", ("--param", "x"), "name=value"),
    ],
)
def test_what_cannot_be_read_is_exit_2(
    desk: Desk, problem: str, answer: str, flags: tuple[str, ...], said: str
) -> None:
    code, out, err = desk.check(problem, answer, *flags)

    assert (code, out) == (2, "")
    assert said in err
    assert "Remedy: " in err


def test_files_that_are_not_there_are_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kp").write_text(KNAPSACK)

    assert main.run(["check", str(tmp_path / "kp"), str(tmp_path / "none.json")]) == 2
    assert main.run(["check", str(tmp_path / "none"), str(tmp_path / "none.json")]) == 2
    assert main.run(["check", "-", "-"]) == 2
    assert capsys.readouterr().err.count("Remedy: ") == 3


def test_a_plan_made_by_hand_tells_its_shares_also_where_it_breaks_something(desk: Desk) -> None:
    _, out, _ = desk.check(KNAPSACK, json.dumps({"take": [1, 1, 0]}), json_out=False)

    assert [line for line in out.splitlines() if line.startswith(("share: ", "room: "))] == [
        "share: items: 11",
        "share: items: item 1: 6",
        "share: items: item 0: 5",
        "room: capacity: -1 left of 10",
    ]
