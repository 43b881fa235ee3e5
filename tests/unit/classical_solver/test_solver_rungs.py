"""The searches beside CP-SAT: what they find, that they repeat, that they stop, and how they share a budget."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from queuebit_classical_solver.cascade.bounds import only_better
from queuebit_classical_solver.cascade.rungs import rungs
from queuebit_classical_solver.cascade.stages import Rung, Stages
from queuebit_classical_solver.declaration import Turn
from queuebit_classical_solver.errors import InvalidModel, NothingFound, SearchFailed, SolverError, Stopped
from queuebit_classical_solver.ports import Limits, Progress, Solution, Solver, ignore_progress, never_stop
from queuebit_classical_solver.searches import any_cp_sat as cp_sat
from queuebit_classical_solver.searches import any_heuristic_restarts as restarts
from queuebit_classical_solver.searches import bin_packing_column_generation as column_generation
from queuebit_classical_solver.searches import graph_colouring_tabucol as tabucol
from queuebit_classical_solver.searches import job_shop_tabu as job_shop_tabu
from queuebit_classical_solver.searches import knapsack_minknap as minknap
from queuebit_classical_solver.searches import node_set_branch_and_bound as clique_branches
from queuebit_classical_solver.searches import node_set_clique_choices as choices
from queuebit_classical_solver.searches import node_set_numvc as numvc
from queuebit_classical_solver.searches import node_set_phased_walks as walks
from queuebit_classical_solver.searches import quadratic_assignment_branch_and_bound as branch_and_bound
from queuebit_classical_solver.searches import quadratic_assignment_robust_tabu as robust_tabu
from queuebit_classical_solver.searches import qubo_annealing as annealing
from queuebit_classical_solver.searches import routing_pyvrp as routing_pyvrp
from queuebit_classical_solver.searches import tsp_lin_kernighan as lin_kernighan
from queuebit_classical_solver.searches.any_heuristic_restarts import RestartSolver
from queuebit_classical_solver.searches.qubo_annealing import AnnealingSolver
from queuebit_classical_solver.searches.routing_pyvrp import PyVrpSolver
from queuebit_classical_solver.shell.outcome import package_versions, succeeded
from queuebit_classical_solver.shell.task import Meter
from queuebit_contracts.jobs import Problem
from queuebit_problems.kind import Answer
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of, parse_optimisation
from queuebit_runtime.clock import SystemClock
from tests.unit.classical_solver.orders import a_delivery, a_hard_cut, an_order, as_problem

ROOT = Path(__file__).parents[3]
Case = tuple[Solver, Optimisation[Any], Any]


def a_tour(nodes: int = 60) -> tuple[Optimisation[Any], Any]:
    rng = random.Random(6)
    kind = optimisation_of("tsp")
    return kind, kind.parse(
        {"metric": "EUC_2D", "coordinates": [[rng.randint(0, 999), rng.randint(0, 999)] for _ in range(nodes)]}
    )


def an_exchange(n: int = 9) -> tuple[Optimisation[Any], Any]:
    rng = random.Random(7)
    flows, distances = ([[rng.randint(0, 9) for _ in range(n)] for _ in range(n)] for _ in range(2))
    kind = optimisation_of("quadratic_assignment")
    return kind, kind.parse({"flows": flows, "distances": distances})


CASES: dict[str, Callable[[], Case]] = {
    "routes": lambda: (PyVrpSolver(), *a_delivery()),
    "a tour": lambda: (PyVrpSolver(), *a_tour()),
    "a cut": lambda: (AnnealingSolver(), *parse_optimisation(a_hard_cut(120))),
    "exchanges": lambda: (RestartSolver(2.0), *an_exchange()),
}
cases = pytest.mark.parametrize("name", CASES)


def solved(case: Case, *, hint: Answer | None = None, **limits: Any) -> Solution:
    solver, kind, statement = case
    return solver.solve(
        kind,
        statement,
        limits=replace(Limits(budget_s=60.0, seed=3, work_share=0.01), **limits),
        hint=hint,
        on_progress=ignore_progress,
        stop=never_stop,
    )


@cases
def test_it_answers_feasibly_with_its_objective_and_a_bound_that_holds(name: str) -> None:
    case = CASES[name]()
    _, kind, statement = case
    found = solved(case)
    assert kind.answer_errors(statement, found.answer) == []
    assert kind.violations(statement, found.answer) == []
    assert found.objective == kind.objective(statement, found.answer)
    assert found.bound == kind.trivial_bound(statement)
    assert not kind.better(found.objective, found.bound)
    assert found.iterations > 0


@cases
def test_the_same_seed_gives_the_same_answer_and_counted_work_cuts_it_off(name: str) -> None:
    first, second = solved(CASES[name]()), solved(CASES[name]())
    assert first == second
    assert first.details["cut_off_by"] in {"work", "patience"}
    assert 0 < first.worked <= 1


@cases
def test_it_is_never_worse_than_its_hint_and_tells_only_of_what_is_better(name: str) -> None:
    solver, kind, statement = CASES[name]()
    hint = solved((solver, kind, statement), seed=5).answer
    told: list[Progress] = []
    found = solver.solve(
        kind,
        statement,
        limits=Limits(budget_s=60.0, seed=4, work_share=0.02),
        hint=hint,
        on_progress=told.append,
        stop=never_stop,
    )
    least = kind.objective(statement, hint)
    assert not kind.better(least, found.objective)
    for each in told:
        assert each.objective is not None
        assert each.answer is not None
        assert kind.better(each.objective, least)
        assert kind.violations(statement, each.answer) == []
        least = each.objective
    assert found.objective == least


@cases
def test_a_stop_ends_it_and_leaves_the_hint(name: str) -> None:
    solver, kind, statement = CASES[name]()
    hint = kind.default_answer(statement)
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    found = solver.solve(kind, statement, limits=Limits(3000.0, 1), hint=hint, on_progress=ignore_progress, stop=stop)
    assert found.details["cut_off_by"] == "stop"
    assert kind.violations(statement, found.answer) == []


@cases
def test_time_is_the_backstop(name: str) -> None:
    case = CASES[name]()
    hint = case[1].default_answer(case[2])
    found = solved(case, hint=hint, budget_s=3000.0, spent_s=2999.95, work_share=1.0)
    assert found.details["cut_off_by"] == "time"


def test_what_cannot_wait_for_counted_work_uses_its_time() -> None:
    found = solved(CASES["routes"](), repeatable=False, spent_s=59.7)
    assert (found.details["cut_off_by"], found.worked) == ("time", 1.0)


def test_pyvrp_keeps_to_the_vehicles() -> None:
    kind, statement = a_delivery(12, vehicles=None)
    free = solved((PyVrpSolver(), kind, statement))
    least = statement.fleet.routes_min
    assert len(free.answer["routes"]) >= least
    kind, statement = a_delivery(12, vehicles=least)
    kept = solved((PyVrpSolver(), kind, statement))
    assert len(kept.answer["routes"]) == least
    assert kept.objective >= free.objective


def test_pyvrp_drives_one_way_streets_the_right_way() -> None:
    kind = optimisation_of("tsp")
    rng = random.Random(8)
    matrix = [[rng.randint(1, 99) for _ in range(11)] for _ in range(11)]
    statement = kind.parse({"distances": matrix})
    best = kind.enumerated(statement)
    assert best is not None
    assert solved((PyVrpSolver(), kind, statement)).objective == best.objective


def test_pyvrp_weighs_decimal_demands_and_distances_exactly() -> None:
    kind = optimisation_of("cvrp")
    rng = random.Random(9)
    matrix = [[0 if i == j else rng.randint(100, 999) / 8 for j in range(8)] for i in range(8)]
    statement = kind.parse({"distances": matrix, "capacity": 1.5, "demands": [0, *[0.5, 0.7, 0.3, 0.9, 0.1, 0.6, 0.4]]})
    best = kind.enumerated(statement)
    assert best is not None
    assert solved((PyVrpSolver(), kind, statement)).objective == best.objective


def test_pyvrp_refuses_numbers_that_it_would_overflow() -> None:
    kind = optimisation_of("tsp")
    statement = kind.parse({"distances": [[10**15] * 30 for _ in range(30)]})
    with pytest.raises(NothingFound, match="digits"):
        solved((PyVrpSolver(), kind, statement))


def test_pyvrp_annealing_and_cp_sat_live_in_one_process_and_repeat_in_another() -> None:
    code = """
from queuebit_classical_solver.shell.child import solve
from queuebit_classical_solver.ports import Limits, ignore_progress
from queuebit_classical_solver.shell.task import Task
from tests.unit.classical_solver.orders import a_delivery, a_hard_cut, as_problem
for problem in (as_problem(*a_delivery(20)), a_hard_cut(50)):
    solution = solve(Task(problem, "search", Limits(2.0, 9)), ignore_progress).solution
    print(solution.answer, solution.objective, solution.details["rungs"][0])
"""
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert "'time'" in "".join(runs) or runs[0] == runs[1]
    assert "'method': 'pyvrp'" in runs[0]
    assert "'method': 'simulated annealing'" in runs[0]


class Scripted:
    """A search that notes what it is given and does what the test says."""

    def __init__(self, outcome: Solution | Exception) -> None:
        self.outcome = outcome
        self.given: list[tuple[Limits, Answer | None]] = []

    def solve(self, kind: Any, statement: Any, *, limits: Limits, hint: Answer | None, **_: Any) -> Solution:
        self.given.append((limits, hint))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def a_cut(nodes: int, objective: int, bound: int | None, method: str, worked: float = 1.0) -> Solution:
    """An answer of the triangle, which is not asked whether it is true."""
    return Solution({"side": [0, *[1] * (nodes - 1)]}, objective, bound, bound == objective, method, worked=worked)


def staged(*searches: Scripted, share: float = 0.25) -> Solution:
    kind, statement = parse_optimisation(a_hard_cut(30))
    stages = Stages([Rung(f"rung {place}", Turn(search, share)) for place, search in enumerate(searches)])
    return stages.solve(kind, statement, limits=Limits(8.0, 1), hint=None, on_progress=ignore_progress, stop=never_stop)


def test_each_rung_has_its_share_the_last_the_rest_and_unused_work_is_passed_on() -> None:
    first, last = Scripted(a_cut(30, 5, 90, "first", worked=0.5)), Scripted(a_cut(30, 7, 80, "last"))
    found = staged(first, last)
    assert (found.objective, found.bound, found.method) == (7, 80, "last")
    (given, no_hint), (rest, hint) = first.given[0], last.given[0]
    assert (given.work_share, no_hint) == (0.25, None)
    assert given.left_s == pytest.approx(2.0, abs=0.5)
    assert (rest.work_share, hint) == (0.875, first.outcome.answer)  # type: ignore[union-attr]
    assert rest.left_s == pytest.approx(8.0, abs=0.5)
    assert [each["method"] for each in found.details["rungs"]] == ["first", "last"]


def test_a_proof_ends_the_climb() -> None:
    proved, never = Scripted(a_cut(30, 5, 5, "proved")), Scripted(NothingFound())
    assert staged(proved, never).proven_optimal
    assert never.given == []


def test_who_found_an_answer_keeps_the_credit_unless_another_proves_it() -> None:
    found = staged(Scripted(a_cut(30, 5, 90, "first")), Scripted(a_cut(30, 5, 60, "second")))
    assert (found.method, found.bound, found.proven_optimal) == ("first", 60, False)
    found = staged(Scripted(a_cut(30, 5, 90, "first")), Scripted(a_cut(30, 5, 5, "second")))
    assert (found.method, found.bound, found.proven_optimal) == ("second", 5, True)


@pytest.mark.parametrize("failure", [NothingFound(), Stopped(), InvalidModel("x")])
def test_a_rung_that_fails_leaves_the_others(failure: SolverError) -> None:
    found = staged(Scripted(failure), Scripted(a_cut(30, 7, 80, "last")))
    assert (found.method, found.details["rungs"][0]) == ("last", {"method": "rung 0", "error": str(failure)})
    found = staged(Scripted(a_cut(30, 7, 80, "first")), Scripted(failure))
    assert found.method == "first"
    with pytest.raises(type(failure)):
        staged(Scripted(NothingFound()), Scripted(failure))


def test_a_rung_that_fails_inside_is_told_and_leaves_the_others() -> None:
    broken = Scripted(IndexError("pop"))
    found = staged(broken, Scripted(a_cut(30, 7, 80, "last")))
    assert found.details["rungs"][0] == {"method": "rung 0", "error": "rung 0 failed inside: IndexError: pop"}
    with pytest.raises(SearchFailed):
        staged(Scripted(NothingFound()), broken)


def test_an_infeasible_answer_is_no_answer() -> None:
    kind, statement = a_delivery(12)
    wrong = Scripted(Solution({"routes": [[2]]}, 1, None, False, "wrong"))
    right = solved((PyVrpSolver(), kind, statement))
    stages = Stages([Rung("wrong", Turn(wrong, 0.5)), Rung("right", Turn(Scripted(right), 1.0))])
    found = stages.solve(
        kind, statement, limits=Limits(8.0, 1), hint=None, on_progress=ignore_progress, stop=never_stop
    )
    assert found.answer == right.answer
    assert "allows what the problem forbids" in found.details["rungs"][0]["error"]


OF_NODES = [clique_branches.METHOD, choices.METHOD, walks.METHOD, numvc.METHOD]


@pytest.mark.parametrize(
    ("kind", "variables", "methods"),
    [
        ("cvrp", 20, [routing_pyvrp.METHOD, cp_sat.METHOD]),
        ("cvrp", 130, [routing_pyvrp.METHOD, cp_sat.METHOD]),
        ("cvrp", 131, [routing_pyvrp.METHOD, cp_sat.METHOD]),
        ("tsp", 30, [cp_sat.METHOD]),
        ("tsp", 250, [lin_kernighan.METHOD, cp_sat.METHOD]),
        ("tsp", 251, [lin_kernighan.METHOD, cp_sat.METHOD]),
        ("maxcut", 50, [annealing.METHOD, cp_sat.METHOD]),
        ("qubo", 5000, [annealing.METHOD, cp_sat.METHOD]),
        ("quadratic_assignment", 12, [branch_and_bound.METHOD, robust_tabu.METHOD, cp_sat.METHOD]),
        ("quadratic_assignment", 15, [robust_tabu.METHOD, branch_and_bound.METHOD, cp_sat.METHOD]),
        ("quadratic_assignment", 20, [robust_tabu.METHOD, branch_and_bound.METHOD, cp_sat.METHOD]),
        ("quadratic_assignment", 50, [robust_tabu.METHOD, branch_and_bound.METHOD, cp_sat.METHOD]),
        ("quadratic_assignment", 60, [robust_tabu.METHOD, cp_sat.METHOD]),
        ("knapsack", 1000, [minknap.METHOD, cp_sat.METHOD]),
        ("graph_colouring", 100, [cp_sat.METHOD, tabucol.METHOD, cp_sat.METHOD]),
        ("graph_colouring", 1000, [tabucol.METHOD, cp_sat.METHOD]),
        ("job_shop", 100, [cp_sat.METHOD]),
        ("job_shop", 150, [job_shop_tabu.METHOD, cp_sat.METHOD]),
        ("job_shop", 225, [job_shop_tabu.METHOD, cp_sat.METHOD, cp_sat.METHOD]),
        ("bin_packing", 100, [column_generation.METHOD, cp_sat.METHOD]),
        ("max_clique", 100, [*OF_NODES, clique_branches.METHOD, cp_sat.METHOD]),
        ("max_independent_set", 2000, [*OF_NODES, cp_sat.METHOD]),
        ("max_independent_set", 5000, [*OF_NODES, cp_sat.METHOD]),
        ("a kind of others", 10, [cp_sat.METHOD]),
    ],
)
def test_which_rungs_serve_a_problem(kind: str, variables: int, methods: list[str]) -> None:
    assert [rung.method for rung in rungs() if rung.serves(kind, variables)] == methods


@pytest.mark.parametrize(
    ("method", "package"),
    [
        (routing_pyvrp.METHOD, "pyvrp"),
        (annealing.METHOD, "dwave-samplers"),
        (cp_sat.METHOD, "ortools"),
        (restarts.METHOD, "queuebit-problems"),
        (column_generation.METHOD, "ortools"),
        (robust_tabu.METHOD, "queuebit-classical-solver"),
    ],
)
def test_the_label_names_the_package_that_ran(method: str, package: str) -> None:
    kind, statement = parse_optimisation(a_hard_cut(30))
    now = SystemClock().now()
    event = succeeded(
        an_order(as_problem(kind, statement)),
        a_cut(30, 7, 80, method),
        Meter(1.0, 1.0),
        Limits(8.0, 1),
        started_at=now,
        finished_at=now,
        worker="solver-1",
    )
    assert (event.ran.method, event.ran.backend, event.ran.backend_version) == (
        method,
        package,
        package_versions()[package],
    )


def test_only_what_is_better_is_passed_on() -> None:
    told: list[Progress] = []
    hear = only_better("max", told.append)
    answers: list[Answer] = [{"side": [bit]} for bit in range(4)]
    for item in (
        Progress(5, 90, answers[0], "a"),
        Progress(4, 95, answers[1], "b"),
        Progress(5, 80, answers[2], "b"),
        Progress(bound=85),
        Progress(6, None, answers[3], "c"),
    ):
        hear(item)
    assert told == [
        Progress(5, 90, answers[0], "a"),
        Progress(None, 80, None, "b"),
        Progress(6, 80, answers[3], "c"),
    ]


def test_a_problem_of_large_numbers_still_has_its_floor() -> None:
    kind = optimisation_of("cvrp")
    matrix = [[0 if i == j else 10**14 + i + j for j in range(14)] for i in range(14)]
    problem = Problem(kind="cvrp", statement={"distances": matrix, "capacity": 2, "demands": [0] + [1] * 13})
    kind, statement = parse_optimisation(problem)
    floor = kind.heuristic(statement, 1)
    found = Stages([rung for rung in rungs() if rung.method == routing_pyvrp.METHOD]).solve
    with pytest.raises(NothingFound, match="digits"):
        found(kind, statement, limits=Limits(2.0, 1), hint=floor, on_progress=ignore_progress, stop=never_stop)
