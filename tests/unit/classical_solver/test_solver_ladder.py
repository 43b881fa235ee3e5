"""The ladder over the built-in kinds: optima, floors, and what it does when the search fails."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queuebit_classical_solver.cascade.ladder import Ladder, default, quick
from queuebit_classical_solver.errors import (
    InvalidModel,
    NothingFound,
    ProvedInfeasible,
    SearchFailed,
    SolverError,
    Stopped,
)
from queuebit_classical_solver.ports import Limits, Progress, Solution, Solver, ignore_progress, never_stop
from queuebit_classical_solver.searches.any_cp_sat import CpSatSolver
from queuebit_problems import instances
from queuebit_problems.kind import Answer
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of, parse_optimisation
from tests.unit.classical_solver.orders import PATIENT, a_hard_cut, an_instance

ROOT = Path(__file__).parents[3]
REPEATED = """
from queuebit_classical_solver.shell.child import solve
from queuebit_classical_solver.ports import Limits, ignore_progress
from queuebit_classical_solver.shell.task import Task
from tests.unit.classical_solver.orders import a_hard_cut
outcome = solve(Task(a_hard_cut(60), "search", Limits(60.0, 9, work_share=0.025)), ignore_progress)
solution = outcome.solution
print(solution.answer, solution.objective, solution.bound, solution.details["cut_off_by"])
"""


def solved(kind: Optimisation[Any], statement: Any, solver: Solver | None = None, **limits: Any) -> Solution:
    solver = solver or Ladder(CpSatSolver())
    return solver.solve(
        kind, statement, limits=replace(PATIENT, **limits), hint=None, on_progress=ignore_progress, stop=never_stop
    )


class Search:
    """A search that does what the test says."""

    def __init__(self, outcome: Solution | SolverError) -> None:
        self.outcome = outcome
        self.hints: list[Answer | None] = []

    def solve(self, kind: Any, statement: Any, *, hint: Answer | None, **_: Any) -> Solution:
        self.hints.append(hint)
        if isinstance(self.outcome, SolverError):
            raise self.outcome
        return self.outcome


@pytest.mark.parametrize("name", [name for name in instances.names() if instances.kind(name) != "expectation"])
def test_a_repository_instance_is_answered_with_its_optimum_proved(name: str) -> None:
    kind, statement, best_known = an_instance(name)
    found = solved(kind, statement)
    assert (found.objective, found.bound, found.proven_optimal) == (best_known, best_known, True)
    assert kind.answer_errors(statement, found.answer) == []
    assert kind.violations(statement, found.answer) == []
    assert kind.objective(statement, found.answer) == best_known


@pytest.mark.parametrize("name", ["mc_012_003_000", "gka1c_first16", "kp_012_weak", "kp_015_decimal", "kp_020_none"])
def test_cp_sat_and_enumeration_agree(name: str) -> None:
    kind, statement, _ = an_instance(name)
    enumerated = kind.enumerated(statement)
    assert enumerated is not None
    searched = solved(kind, statement, CpSatSolver())
    assert (searched.objective, searched.bound, searched.proven_optimal, searched.method) == (
        enumerated.objective,
        enumerated.objective,
        True,
        "cp-sat",
    )


def test_the_cut_off_search_states_what_cut_it_off_and_a_bound_that_holds() -> None:
    kind, statement = parse_optimisation(a_hard_cut(60))
    found = solved(kind, statement, budget_s=1.0)
    assert not found.proven_optimal
    assert found.bound is not None
    assert found.bound > found.objective
    assert found.details["status"] == "FEASIBLE"
    assert found.details["cut_off_by"] in {"work", "time"}
    assert found.details["model_objective_agrees"] is True


def test_the_same_seed_gives_the_same_answer_in_two_processes() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", REPEATED],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout.rstrip().endswith("work")
    assert runs[0].stdout == runs[1].stdout


def test_a_stop_ends_a_search_that_would_go_on() -> None:
    kind, statement = parse_optimisation(a_hard_cut())
    seen: list[Progress] = []
    found = Ladder(CpSatSolver()).solve(
        kind,
        statement,
        limits=Limits(budget_s=3000.0, seed=1),
        hint=None,
        on_progress=seen.append,
        stop=lambda: any(each.method == "cp-sat" for each in seen),
    )
    assert found.details["cut_off_by"] == "stop"
    assert found.details["status"] == "FEASIBLE"


def test_a_stop_before_the_search_leaves_the_floor() -> None:
    kind, statement = parse_optimisation(a_hard_cut())
    search = Search(NothingFound())
    found = Ladder(search).solve(
        kind, statement, limits=PATIENT, hint=None, on_progress=ignore_progress, stop=lambda: True
    )
    assert found.method == "greedy + local search"
    assert search.hints == []


@pytest.mark.parametrize(
    "failure", [NothingFound(), Stopped(), InvalidModel("variable 3 is empty"), SearchFailed("cp-sat")]
)
def test_the_floor_stands_when_the_search_fails(failure: SolverError) -> None:
    kind, statement = parse_optimisation(a_hard_cut())
    search = Search(failure)
    floor = quick(kind, statement, hint=None, seed=PATIENT.seed)
    assert floor is not None
    found = solved(kind, statement, Ladder(search))
    assert found == replace(floor, details={"status": "UNKNOWN", "search": str(failure)})
    assert search.hints == [floor.answer]


def test_the_floor_stands_when_the_search_answers_worse_but_its_bound_is_kept() -> None:
    kind, statement = parse_optimisation(a_hard_cut())
    floor = quick(kind, statement, hint=None, seed=PATIENT.seed)
    assert floor is not None
    worse = Solution({"side": [0] * 80}, 0, floor.objective + 1, False, "cp-sat", 5, {"status": "FEASIBLE"})
    found = solved(kind, statement, Ladder(Search(worse)))
    assert (found.answer, found.objective, found.bound) == (floor.answer, floor.objective, floor.objective + 1)


def test_a_feasible_hint_that_is_better_is_taken() -> None:
    kind, statement, best_known = an_instance("mc_040_003_000")
    best = solved(kind, statement).answer
    search = Search(NothingFound())
    found = Ladder(search).solve(
        kind, statement, limits=PATIENT, hint=best, on_progress=ignore_progress, stop=never_stop
    )
    assert found.objective == best_known


def test_proved_infeasibility_passes_through_where_there_is_no_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, statement = parse_optimisation(a_hard_cut())
    monkeypatch.setattr(type(kind), "heuristic", lambda self, statement, seed: None)
    with pytest.raises(ProvedInfeasible):
        solved(kind, statement, Ladder(Search(ProvedInfeasible())))


def test_an_infeasible_model_is_infeasible_and_an_invalid_one_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, statement, _ = an_instance("kp_012_weak")
    fill = type(kind).cp_model

    def contradictory(self: Any, statement: Any, model: Any) -> Any:
        reading = fill(self, statement, model)
        model.add_bool_or([])
        return reading

    monkeypatch.setattr(type(kind), "cp_model", contradictory)
    with pytest.raises(ProvedInfeasible):
        solved(kind, statement, CpSatSolver())

    def invalid(self: Any, statement: Any, model: Any) -> Any:
        reading = fill(self, statement, model)
        model.add_hint(model.get_bool_var_from_proto_index(0), 0)
        model.add_hint(model.get_bool_var_from_proto_index(0), 1)
        return reading

    monkeypatch.setattr(type(kind), "cp_model", invalid)
    with pytest.raises(InvalidModel, match="duplicate"):
        solved(kind, statement, CpSatSolver())


def test_a_model_about_another_objective_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, statement, _ = an_instance("kp_012_weak")
    fill = type(kind).cp_model

    def doubled(self: Any, statement: Any, model: Any) -> Any:
        return replace(fill(self, statement, model), scale=2)

    monkeypatch.setattr(type(kind), "cp_model", doubled)
    found = solved(kind, statement, CpSatSolver())
    assert found.details["model_objective_agrees"] is False
    assert found.bound == kind.trivial_bound(statement)


@pytest.mark.parametrize("name", [name for name in instances.names() if instances.kind(name) != "expectation"])
def test_the_default_answer_is_feasible_and_searches_nothing(name: str) -> None:
    kind, statement, _ = an_instance(name)
    found = default(kind, statement)
    assert found is not None
    assert kind.violations(statement, found.answer) == []
    assert (found.method, found.iterations) == ("default answer", 0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1, max_size=14), st.integers(0, 300))
def test_the_ladder_is_never_worse_than_the_heuristic(items: list[tuple[int, int]], capacity: int) -> None:
    kind = optimisation_of("knapsack")
    statement = kind.parse(
        {"capacity": capacity, "profits": [item[0] for item in items], "weights": [item[1] for item in items]}
    )
    heuristic = kind.heuristic(statement, 1)
    assert heuristic is not None
    for solver in (Ladder(CpSatSolver()), Ladder(CpSatSolver(), enumerated_variables_max=0)):
        found = solved(kind, statement, solver)
        assert found.proven_optimal
        assert kind.violations(statement, found.answer) == []
        assert not kind.better(kind.objective(statement, heuristic), found.objective)
