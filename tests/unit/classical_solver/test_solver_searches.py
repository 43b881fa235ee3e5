"""The solver's own searches: what they prove, what they find, that they repeat and that counted work cuts them off."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ortools.sat.python import cp_model

from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, Progress, Solution, Solver, ignore_progress, never_stop
from queuebit_classical_solver.searches import any_cp_sat
from queuebit_classical_solver.searches import any_heuristic_restarts as restarts
from queuebit_classical_solver.searches.any_cp_sat import CpSatSolver
from queuebit_classical_solver.searches.any_heuristic_restarts import RestartSolver
from queuebit_classical_solver.searches.bin_packing_column_generation import ColumnGenerationSolver
from queuebit_classical_solver.searches.branch_and_cut.model import model_of, proved
from queuebit_classical_solver.searches.graph_colouring_tabucol import TabuColSolver
from queuebit_classical_solver.searches.job_shop_tabu import JobShopTabuSolver
from queuebit_classical_solver.searches.knapsack_minknap import MinknapSolver
from queuebit_classical_solver.searches.node_set_branch_and_bound import NodeSetBranchAndBoundSolver
from queuebit_classical_solver.searches.node_set_numvc import NUMVC
from queuebit_classical_solver.searches.quadratic_assignment_branch_and_bound import AssignmentBranchAndBoundSolver
from queuebit_classical_solver.searches.quadratic_assignment_robust_tabu import RobustTabuSolver
from queuebit_classical_solver.searches.qubo_annealing import AnnealingSolver
from queuebit_classical_solver.searches.routing_pyvrp import PyVrpSolver
from queuebit_classical_solver.searches.tsp_lin_kernighan import LinKernighanSolver
from queuebit_problems.kind import Answer
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of

Case = tuple[Solver, Optimisation[Any], Any]


def a_graph(kind_name: str, nodes: int, density: float, seed: int = 1) -> tuple[Optimisation[Any], Any]:
    rng = random.Random(seed)
    kind = optimisation_of(kind_name)
    edges = [(u, v) for v in range(1, nodes + 1) for u in range(1, v) if rng.random() < density]
    return kind, kind.parse({"nodes": nodes, "edges": edges})


def some_bins(items: int, seed: int = 2) -> tuple[Optimisation[Any], Any]:
    rng = random.Random(seed)
    kind = optimisation_of("bin_packing")
    return kind, kind.parse({"capacity": 150, "sizes": [rng.randint(20, 100) for _ in range(items)]})


def a_knapsack(items: int, most: int = 1000, seed: int = 3) -> tuple[Optimisation[Any], Any]:
    rng = random.Random(seed)
    kind = optimisation_of("knapsack")
    weights = [rng.randint(0, most) for _ in range(items)]
    profits = [rng.choice([weight, weight + 2, rng.randint(0, most)]) for weight in weights]
    return kind, kind.parse({"capacity": sum(weights) // 3, "profits": profits, "weights": weights})


def an_exchange(n: int, *, symmetric: bool, seed: int = 7) -> tuple[Optimisation[Any], Any]:
    rng = random.Random(seed)
    tables = [[[rng.randint(0, 9) for _ in range(n)] for _ in range(n)] for _ in range(2)]
    if symmetric:
        tables = [[[table[max(i, j)][min(i, j)] for j in range(n)] for i in range(n)] for table in tables]
    kind = optimisation_of("quadratic_assignment")
    return kind, kind.parse({"flows": tables[0], "distances": tables[1]})


def a_shop(jobs: int, machines: int, seed: int = 8) -> tuple[Optimisation[Any], Any]:
    rng = random.Random(seed)
    kind = optimisation_of("job_shop")
    rows = [[[machine, rng.randint(0, 99)] for machine in rng.sample(range(machines), machines)] for _ in range(jobs)]
    return kind, kind.parse({"machines": machines, "jobs": rows})


def a_tour(nodes: int, seed: int = 6) -> tuple[Optimisation[Any], Any]:
    rng = random.Random(seed)
    kind = optimisation_of("tsp")
    places = [[rng.randint(0, 999), rng.randint(0, 999)] for _ in range(nodes)]
    return kind, kind.parse({"metric": "EUC_2D", "coordinates": places})


CASES: dict[str, Callable[[], Case]] = {
    "branch and bound on node sets": lambda: (NodeSetBranchAndBoundSolver(), *a_graph("max_clique", 80, 0.9)),
    "numvc": lambda: (NUMVC, *a_graph("max_independent_set", 60, 0.2)),
    "column generation": lambda: (ColumnGenerationSolver(), *some_bins(200)),
    "minknap": lambda: (MinknapSolver(), *a_knapsack(500)),
    "shops": lambda: (JobShopTabuSolver(), *a_shop(10, 6)),
    "neighbourhoods": lambda: (CpSatSolver(neighbourhoods=True), *a_shop(8, 6)),
    "tours": lambda: (LinKernighanSolver(RestartSolver(1.0)), *a_tour(80)),
    "tabucol": lambda: (TabuColSolver(), *a_graph("graph_colouring", 40, 0.5)),
    "robust tabu": lambda: (RobustTabuSolver(), *an_exchange(12, symmetric=False)),
    "branch and bound on assignments": lambda: (AssignmentBranchAndBoundSolver(), *an_exchange(13, symmetric=False)),
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
def test_it_answers_feasibly_never_worse_than_its_hint_and_tells_of_what_is_better(name: str) -> None:
    solver, kind, statement = CASES[name]()
    hint = kind.default_answer(statement)
    assert hint is not None
    told: list[Progress] = []
    found = solver.solve(kind, statement, limits=Limits(0.5, 4), hint=hint, on_progress=told.append, stop=never_stop)
    assert kind.answer_errors(statement, found.answer) == []
    assert kind.violations(statement, found.answer) == []
    assert found.objective == kind.objective(statement, found.answer)
    assert not kind.better(kind.objective(statement, hint), found.objective)
    assert found.bound is not None
    assert not kind.better(found.objective, found.bound)
    objectives = [each.objective for each in told if each.answer is not None]
    assert objectives[-1:] in ([], [found.objective])


@cases
def test_the_same_seed_gives_the_same_answer(name: str) -> None:
    first, second = solved(CASES[name]()), solved(CASES[name]())
    assert first == second
    assert first.details["cut_off_by"] in {"work", "patience", "proof", ""}
    assert 0 <= first.worked <= 1


@cases
def test_a_stop_ends_it_and_leaves_the_hint(name: str) -> None:
    solver, kind, statement = CASES[name]()
    hint = kind.default_answer(statement)
    found = solver.solve(
        kind, statement, limits=Limits(3000.0, 1), hint=hint, on_progress=ignore_progress, stop=lambda: True
    )
    assert found.details["cut_off_by"] in {"stop", "proof", ""}
    assert kind.violations(statement, found.answer) == []


@pytest.mark.parametrize("seed", range(8))
def test_branch_and_bound_proves_what_enumeration_proves(seed: int) -> None:
    kind, statement = a_graph("max_clique", 20, 0.3 + 0.08 * seed, seed)
    best = kind.enumerated(statement)
    assert best is not None
    found = solved((NodeSetBranchAndBoundSolver(), kind, statement))
    assert (found.objective, found.proven_optimal) == (best.objective, True)


def test_branch_and_bound_proves_a_graph_of_two_hundred_nodes() -> None:
    kind, statement = a_graph("max_clique", 200, 0.5)
    found = solved((NodeSetBranchAndBoundSolver(), kind, statement), work_share=1.0)
    assert (found.proven_optimal, found.details["cut_off_by"]) == (True, "proof")


def test_conflict_weights_find_the_set_that_branch_and_bound_proves() -> None:
    kind, statement = a_graph("max_independent_set", 110, 0.15)
    proved = solved((NodeSetBranchAndBoundSolver(), kind, statement), work_share=1.0)
    found = solved((NUMVC, kind, statement), work_share=0.05)
    assert (found.objective, proved.proven_optimal) == (proved.objective, True)


@pytest.mark.parametrize("seed", range(6))
def test_columns_prove_what_enumeration_proves(seed: int) -> None:
    kind, statement = some_bins(12, seed)
    best = kind.enumerated(statement)
    assert best is not None
    assert solved((ColumnGenerationSolver(), kind, statement)).objective == best.objective


def test_columns_prove_a_packing_of_a_thousand_items() -> None:
    kind, statement = some_bins(1000)
    found = solved((ColumnGenerationSolver(), kind, statement), work_share=1.0)
    assert (found.proven_optimal, found.details["cut_off_by"]) == (True, "proof")


def test_columns_pack_what_weighs_nothing_and_refuse_what_has_too_many_digits() -> None:
    kind = optimisation_of("bin_packing")
    found = solved((ColumnGenerationSolver(), kind, kind.parse({"capacity": 10, "sizes": [0, 6, 0, 5, 4, 5]})))
    assert (found.objective, found.proven_optimal) == (2, True)
    with pytest.raises(NothingFound, match="digits"):
        solved((ColumnGenerationSolver(), kind, kind.parse({"capacity": 10**9, "sizes": [1, 5 * 10**8 + 1, 3]})))


@pytest.mark.parametrize("seed", range(20))
def test_the_core_proves_what_enumeration_proves(seed: int) -> None:
    kind, statement = a_knapsack(1 + seed % 14, 3 + seed, seed)
    best = kind.enumerated(statement)
    assert best is not None
    found = solved((MinknapSolver(), kind, statement))
    assert (found.objective, found.proven_optimal) == (best.objective, True)


def test_the_core_proves_a_knapsack_of_ten_thousand_items() -> None:
    kind, statement = a_knapsack(10_000)
    found = solved((MinknapSolver(), kind, statement), hint=kind.heuristic(statement, 1), work_share=1.0)
    assert (found.proven_optimal, found.details["cut_off_by"]) == (True, "proof")


def test_the_core_refuses_numbers_that_it_would_overflow() -> None:
    kind = optimisation_of("knapsack")
    statement = kind.parse({"capacity": 10**15, "profits": [10**14, 10**15], "weights": [10**15, 10**14]})
    with pytest.raises(NothingFound, match="digits"):
        solved((MinknapSolver(), kind, statement))


@pytest.mark.parametrize("symmetric", [True, False])
def test_exchanges_find_what_enumeration_proves(symmetric: bool) -> None:
    kind, statement = an_exchange(7, symmetric=symmetric)
    best = kind.enumerated(statement)
    assert best is not None
    assert solved((RobustTabuSolver(), kind, statement)).objective == best.objective


def test_a_model_of_more_parts_than_the_budget_allows_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(any_cp_sat, "PARTS_PER_S", 1)
    kind, statement = a_graph("max_independent_set", 60, 0.5)
    with pytest.raises(NothingFound, match="parts"):
        solved((CpSatSolver(), kind, statement), budget_s=60.0)


@pytest.mark.parametrize("seed", range(12))
def test_relinked_schedules_are_as_short_as_enumeration_proves(seed: int) -> None:
    """Also where operations take no time and jobs come back to a machine."""
    rng = random.Random(seed)
    kind = optimisation_of("job_shop")
    rows = [[[rng.randrange(3), rng.choice([0, 1, 4, 9])] for _ in range(4)] for _ in range(4)]
    statement = kind.parse({"machines": 3, "jobs": rows})
    best = kind.enumerated(statement)
    assert best is not None
    found = solved((JobShopTabuSolver(), kind, statement), work_share=0.01)
    assert (found.objective, kind.violations(statement, found.answer)) == (best.objective, [])


def test_tabu_search_beats_the_heuristic_of_a_shop() -> None:
    kind, statement = a_shop(15, 10)
    heuristic = kind.heuristic(statement, 3)
    assert heuristic is not None
    found = solved((JobShopTabuSolver(), kind, statement), hint=heuristic, work_share=0.02)
    assert found.objective < kind.objective(statement, heuristic)


@pytest.mark.parametrize("seed", range(4))
def test_tabu_search_finds_as_few_colours_as_enumeration_proves(seed: int) -> None:
    kind, statement = a_graph("graph_colouring", 22, 0.5, seed)
    best = kind.enumerated(statement)
    assert best is not None
    hint = {"colour": list(range(22))}
    assert solved((TabuColSolver(), kind, statement), hint=hint).objective == best.objective


def test_tabu_search_on_colours_starts_from_more_colours_than_there_are() -> None:
    """Neither in their order nor by DSATUR do the nodes get along with four colours."""
    kind, graph = a_graph("graph_colouring", 10, 0.5, seed=103)
    enough, few = (kind.parse({**graph.model_dump(), "colours": colours}) for colours in (4, 3))

    assert kind.default_answer(enough) is None
    assert solved((TabuColSolver(), kind, enough)).objective == 4
    with pytest.raises(NothingFound, match="A clique needs more colours than there are"):
        solved((TabuColSolver(), kind, few))


@pytest.mark.parametrize("seed", range(4))
def test_chains_find_the_tour_that_enumeration_proves(seed: int) -> None:
    kind, statement = a_tour(11, seed)
    best = kind.enumerated(statement)
    assert best is not None
    assert solved((LinKernighanSolver(RestartSolver(1.0)), kind, statement)).objective == best.objective


def test_chains_beat_the_heuristic_on_a_long_tour_and_leave_one_way_streets_to_others() -> None:
    kind, statement = a_tour(300)
    heuristic = kind.heuristic(statement, 3)
    assert heuristic is not None
    found = solved((LinKernighanSolver(RestartSolver(1.0)), kind, statement), hint=heuristic, work_share=0.05)
    assert found.objective < kind.objective(statement, heuristic)
    rng = random.Random(9)
    one_way = kind.parse({"distances": [[rng.randint(1, 99) for _ in range(12)] for _ in range(12)]})
    assert solved((LinKernighanSolver(RestartSolver(1.0)), kind, one_way), work_share=0.1).method == restarts.METHOD


def test_annealing_beats_the_heuristic_on_a_large_sparse_cut() -> None:
    rng = random.Random(10)
    edges = {tuple(sorted(rng.sample(range(500), 2))) for _ in range(2500)}
    kind = optimisation_of("maxcut")
    statement = kind.parse({"nodes": 500, "edges": [[u, v, 1] for u, v in sorted(edges)]})
    heuristic = kind.heuristic(statement, 3)
    assert heuristic is not None
    found = solved((AnnealingSolver(), kind, statement), hint=heuristic)
    assert found.objective > kind.objective(statement, heuristic)


@pytest.mark.parametrize(
    ("small", "cost", "bound"), [(1e-3, 1, 1), (1e-9, 1, None), (1e-310, 1, None), (1e-3, 1e-310, None)]
)
def test_no_bound_stands_where_floats_take_numbers_for_nothing(small: float, cost: float, bound: int | None) -> None:
    """Given y >= 2 s - s a with s so small that HiGHS drops it, then its bound of 1 is wrong, and none is claimed."""
    kind = optimisation_of("binary_program")
    statement: Any = kind.parse(
        {
            "variables": [{"name": "a", "upper": 1000}, {"name": "y"}],
            "linear": [[1, cost]],
            "constraints": [{"terms": [[0, small], [1, 1]], "lower": 2 * small}],
        }
    )

    assert proved(statement.program, model_of(statement.program), 1.0) == bound


@pytest.mark.parametrize("solver", [CpSatSolver(), PyVrpSolver()], ids=["cp-sat", "pyvrp"])
def test_windows_that_never_close_are_no_matter_of_digits(solver: Solver) -> None:
    kind = optimisation_of("vrptw")
    statement = kind.parse(
        {
            "coordinates": [[0, 0], [1, 1], [2, 2]],
            "rounding": "exact",
            "capacity": 5,
            "demands": [0, 1, 1],
            "windows": [[0, 10**15]] * 3,
            "service": [0, 1, 1],
        }
    )

    found = solver.solve(
        kind, statement, limits=Limits(5.0, 1), hint=None, on_progress=ignore_progress, stop=never_stop
    )

    assert kind.violations(statement, found.answer) == []
    assert found.objective == 5.656854248


def test_times_of_too_many_digits_are_rounded_to_the_safe_side_and_prove_nothing() -> None:
    kind = optimisation_of("vrptw")
    statement = kind.parse(
        {
            "coordinates": [[0, 0], [1, 1], [2, 2]],
            "capacity": 5,
            "demands": [0, 1, 1],
            "windows": [[0, 100], [0, 100], [0, 100]],
            "service": [0, 1e-300, 1],
        }
    )

    reading = kind.cp_model(statement, cp_model.CpModel())

    assert math.isinf(reading.error)
