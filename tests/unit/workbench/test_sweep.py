"""A sweep tells bugs from what is only worth knowing, reads any catalogue, and goes on where it stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from queuebit_workbench.sweep.catalogue import Instance, instance_of, instances
from queuebit_workbench.sweep.judge import Recomputed, Row, judged, refused, shot_noise, total_variation, unknown
from queuebit_workbench.sweep.run import main
from queuebit_workbench.sweep.table import line, load, save, summary

CUT = Instance("maxcut", "g", Path("g.txt"), "maxcut", 8, 10.0, proven=True, tolerance=0.0)
OPEN = replace(CUT, proven=False)
TOUR = Instance("tsp", "t", Path("t.tsp"), "tsp", 8, 100.0, proven=True, tolerance=0.0)
COIN = Instance("qasm", "c", Path("c"), "circuit_sampling", 1, None, False, 0.0, distribution={"0": 0.5, "1": 0.5})
ATOM = Instance("molecules", "h", Path("h"), "expectation", 2, -1.5, proven=True, tolerance=1e-6)


def a_job(**changes: Any) -> dict[str, Any]:
    job = {"state": "completed", "sense": "max", "answer": {}, "objective": 10, "bound": 10, "proven_optimal": True}
    return {**job, "attempts": [], "ran": {"method": "enumeration"}, **changes}


def a_leg(objective: float | None, state: str = "accepted", **changes: Any) -> dict[str, Any]:
    return {"leg": "baseline-classical", "objective": objective, "state": state, **changes}


JUDGED: list[tuple[str, Instance, dict[str, Any], Recomputed | None, str | None]] = [
    ("the optimum, proved", CUT, a_job(), Recomputed(True, 10), None),
    ("a gap", CUT, a_job(objective=9, proven_optimal=False), Recomputed(True, 9), None),
    ("a new record", OPEN, a_job(objective=11, bound=12), Recomputed(True, 11), None),
    ("better than a proof", CUT, a_job(objective=11, bound=12), Recomputed(True, 11), "better than the proven"),
    ("a shorter tour than there is", TOUR, a_job(sense="min", objective=99, bound=90), Recomputed(True, 99), "better than"),
    ("proved too early", CUT, a_job(objective=9), Recomputed(True, 9), "said to be proved, but 10"),
    ("a bound that is none", CUT, a_job(objective=9, bound=9.5, proven_optimal=False), Recomputed(True, 9), "excludes 10"),
    ("a lower bound that is none", TOUR, a_job(sense="min", objective=100, bound=101), Recomputed(True, 100), "excludes"),
    ("infeasible", CUT, a_job(), Recomputed(False, 10, ("over: by 1",)), "not feasible: over: by 1"),
    ("another objective", CUT, a_job(), Recomputed(True, 8), "the objective is 8, not 10"),
    ("worse than its baseline", OPEN, a_job(objective=8, bound=10, proven_optimal=False, attempts=[a_leg(9)]),
     Recomputed(True, 8), "baseline-classical had 9, the answer has 8"),
    ("a rejected leg claims more", OPEN, a_job(objective=8, proven_optimal=False, attempts=[a_leg(9, "rejected")]),
     Recomputed(True, 8), None),
    ("a leg that broke", CUT, a_job(attempts=[a_leg(None, "failed", failure={"code": "internal", "detail": "KeyError"})]),
     Recomputed(True, 10), "failed inside: KeyError"),
    ("no answer", CUT, {"state": "failed", "failure": {"detail": "no lane"}}, None, "the job is failed, no lane"),
    ("an invalid file is answered", replace(COIN, valid=False), a_job(answer={"counts": {"0": 2}, "shots": 2}),
     Recomputed(True, None), "an invalid file was answered"),
    ("a fair coin", COIN, a_job(objective=None, answer={"counts": {"0": 520, "1": 480}, "shots": 1000}),
     Recomputed(True, None), None),
    ("a loaded coin", COIN, a_job(objective=None, answer={"counts": {"0": 700, "1": 300}, "shots": 1000}),
     Recomputed(True, None), "the distribution is 0.2000 away"),
    ("shots that are lost", COIN, a_job(objective=None, answer={"counts": {"0": 5}, "shots": 10}),
     Recomputed(True, None), "add up to 5, not to 10"),
    ("an energy", ATOM, a_job(sense=None, objective=None, answer={"value": -1.5000004, "std_error": 0}),
     Recomputed(True, None), None),
    ("an energy with noise", ATOM, a_job(sense=None, answer={"value": -1.49, "std_error": 0.004}), Recomputed(True, None),
     None),
    ("a wrong energy", ATOM, a_job(sense=None, answer={"value": -1.49, "std_error": 1e-4}), Recomputed(True, None),
     "away from"),
    ("no energy", ATOM, a_job(sense=None, answer={}), Recomputed(True, None), "states no value"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("instance", "job", "recomputed", "bug"), [row[1:] for row in JUDGED], ids=[row[0] for row in JUDGED]
)
def test_a_bug_is_told_from_a_gap(
    instance: Instance, job: dict[str, Any], recomputed: Recomputed | None, bug: str | None
) -> None:
    row = judged(instance, job, recomputed, 1.0)

    assert (row.grade, bug is None or bug in "; ".join(row.reasons)) == ("ok" if bug is None else "bug", True)


def test_gaps_are_relative_and_notes_are_no_bugs() -> None:
    row = judged(CUT, a_job(objective=9, proven_optimal=False, bound=12), Recomputed(True, 9), 2.0)

    assert row == Row(
        "maxcut/g", "maxcut", 8, "ok", 10.0, 9.0, 0.1, False, "enumeration", 2.0, ("below the best known",)
    )


def test_a_refusal_is_right_only_where_nothing_valid_is_stated() -> None:
    assert refused(replace(COIN, valid=False), "line 1").grade == "ok"
    assert refused(COIN, "line 1").grade == "refused"
    assert unknown(CUT, "new").grade == "unknown"


def test_shot_noise_shrinks_and_covers_what_chance_does() -> None:
    expected = {f"{k:03b}": 1 / 8 for k in range(8)}

    assert total_variation(expected, expected) == 0.0
    assert total_variation({"0": 1.0}, {"1": 1.0}) == 1.0
    assert shot_noise(expected, 100_000) < 0.02 < shot_noise(expected, 1_000) < 0.2


ENTRIES: list[tuple[str, dict[str, Any], tuple[str | None, float | None, bool, float]]] = [
    ("knapsack", {"value": 5, "optimal": True, "problem": "0/1 knapsack"}, ("knapsack", 5.0, True, 0.0)),
    ("knapsack", {"value": 481.0694, "optimal": True, "problem": "0/1 knapsack"}, ("knapsack", 481.0694, True, 5.1e-5)),
    ("knapsack", {"value": 5, "problem": "quadratic knapsack"}, ("quadratic_knapsack", 5.0, False, 0.0)),
    ("assignment", {"value": 5, "problem": "generalised assignment"}, ("generalised_assignment", 5.0, False, 0.0)),
    ("molecules", {"value": -1.5, "tolerance": 1e-6, "optimal": True}, ("expectation", -1.5, True, 1e-6)),
    ("portfolio", {"value": 2e-05, "tolerance_relative": 0.5}, ("portfolio", 2e-05, False, 1e-05)),
    ("qasm", {"value": 0.5, "distribution": {"0": 1.0}, "optimal": None}, ("circuit_sampling", None, False, 0.0)),
    ("sudoku", {"value": 1}, (None, 1.0, False, 0.0)),
]


@pytest.mark.parametrize(("family", "entry", "expected"), ENTRIES)
def test_an_entry_of_a_catalogue_says_what_is_known(
    family: str, entry: dict[str, Any], expected: tuple[str | None, float | None, bool, float]
) -> None:
    found = instance_of(Path(family), "x", {"file": "x", **entry})

    assert (found.kind, found.best, found.proven) == expected[:3]
    assert found.tolerance == pytest.approx(expected[3])


def a_folder(tmp_path: Path) -> Path:
    (tmp_path / "sudoku").mkdir()
    entries = {"big": {"file": "b", "n": 9, "value": 1}, "small": {"file": "s", "n": 4, "value": 1}}
    (tmp_path / "sudoku" / "best_known.json").write_text(json.dumps(entries))
    (tmp_path / "maxcut").mkdir()
    entry = {"file": "g.txt", "n": 2, "value": 1, "sense": "max", "optimal": True}
    (tmp_path / "maxcut" / "best_known.json").write_text(json.dumps({"g": entry}))
    (tmp_path / "maxcut" / "g.txt").write_text("2 1\n1 2 1\n")
    return tmp_path


def test_small_instances_come_first_and_folders_without_a_catalogue_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "licences").mkdir()

    assert [one.key for one in instances(a_folder(tmp_path))] == ["maxcut/g", "sudoku/small", "sudoku/big"]
    with pytest.raises(FileNotFoundError):
        list(instances(tmp_path, "nothing"))


def test_a_sweep_goes_through_all_services_and_resumes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = a_folder(tmp_path), tmp_path / "out.json"

    code = main([str(data), "--lane", "classical", "--budget-s", "1", "--limit", "2", "--out", str(out)])
    first = capsys.readouterr().out
    again = main([str(data), "--lane", "classical", "--budget-s", "1", "--out", str(out), "--resume"])
    second = capsys.readouterr().out

    assert (code, again) == (0, 0)
    assert "maxcut/g" in first
    assert "[1/1]" in second
    assert [(row["key"], row["grade"]) for row in json.loads(out.read_text())["rows"]] == [
        ("maxcut/g", "ok"),
        ("sudoku/small", "unknown"),
        ("sudoku/big", "unknown"),
    ]
    assert main([str(tmp_path / "maxcut")]) == 2


def test_a_round_goes_on_from_night_to_night_and_then_begins_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given no time at all, then nothing is begun; else each run takes what no earlier one of the round did."""
    data, kept, out = a_folder(tmp_path), tmp_path / "round.json", tmp_path / "out.json"
    asked = [str(data), "--lane", "classical", "--budget-s", "1", "--out", str(out), "--round", str(kept)]

    def night(*more: str) -> list[str]:
        out.unlink(missing_ok=True)
        assert main([*asked, *more]) == 0
        return [row["key"] for row in json.loads(out.read_text())["rows"]] if out.exists() else []

    assert night("--minutes", "0") == []
    assert night("--limit", "2") == ["maxcut/g", "sudoku/small"]
    assert night() == ["sudoku/big"]
    assert "3 of 3 are done, before and now." in capsys.readouterr().out
    assert json.loads(kept.read_text())["counts"] == {
        "instances": 3,
        "proved": 1,
        "ok": 1,
        "bug": 0,
        "refused": 0,
        "unknown": 2,
    }
    assert night("--limit", "1") == ["maxcut/g"]
    assert [row["key"] for row in json.loads(kept.read_text())["rows"]] == ["maxcut/g"]


def test_results_are_kept_for_the_same_settings_only(tmp_path: Path) -> None:
    rows = [judged(CUT, a_job(), Recomputed(True, 10), 1.0), judged(CUT, a_job(), Recomputed(False, 10), 1.0)]
    save(tmp_path / "a.json", {"seed": 1}, rows)

    assert load(tmp_path / "a.json", {"seed": 1}) == rows
    assert load(tmp_path / "a.json", {"seed": 2}) == load(tmp_path / "b.json", {}) == []
    assert "BUG: the answer is not feasible" in line(rows[1])
    assert summary(rows)[0].startswith("maxcut")
    assert "1 bug, 1 ok" in summary(rows)[0]
    assert summary(rows)[-1].startswith("BUG maxcut/g")
