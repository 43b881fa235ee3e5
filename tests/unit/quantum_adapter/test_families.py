"""Every family with at most 20 variables: the optimum, proved by enumeration, and evidence that adds up."""

from __future__ import annotations

import pytest

from queuebit_problems.registry import parse_optimisation
from queuebit_quantum_adapter.pipelines import frame
from tests.unit.quantum_adapter.models import a_task
from tests.unit.quantum_adapter.small import MAKERS, small

XY = {
    "assignment",
    "bin_packing",
    "binary_program",
    "cvrp",
    "flow_shop",
    "generalised_assignment",
    "graph_colouring",
    "job_shop",
    "portfolio",
    "quadratic_assignment",
    "tsp",
    "vrptw",
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind_name", sorted(MAKERS))
def test_the_optimum_is_found(kind_name: str, seed: int) -> None:
    problem = small(kind_name, seed)
    kind, statement = parse_optimisation(problem)
    assert kind.size(statement).qubits <= 20
    enumerated = kind.enumerated(statement)
    assert enumerated is not None

    outcome = frame.run(a_task(problem), lambda stage: None)

    evidence = outcome.evidence
    assert kind.violations(statement, outcome.answer) == []
    assert outcome.objective == kind.objective(statement, outcome.answer) == enumerated.objective
    assert evidence["mixer"] == ("xy" if kind_name in XY else "x")
    assert 0 <= evidence["feasible_fraction"] <= 1
    assert evidence["optimum"] in (enumerated.objective, None)
    if evidence["q"] is not None:
        assert evidence["energy_min"] - 1e-9 <= evidence["best_energy"]
        assert 0 < evidence["q_random"] < evidence["q"] <= 1
        assert 0.5 < evidence["q_normalised"] <= 1
        assert evidence["p_opt_interval"][0] <= evidence["p_opt"] <= evidence["p_opt_interval"][1]


@pytest.mark.parametrize("kind_name", ["assignment", "tsp", "quadratic_assignment", "portfolio", "graph_colouring"])
def test_keeping_the_groups_beats_their_penalty(kind_name: str) -> None:
    """The better mixer: more feasible samples and more optimal ones, from the same number of layers and shots."""
    problem = small(kind_name, 1)

    kept = frame.run(a_task(problem), lambda stage: None).evidence
    penalised = frame.run(a_task(problem, mixer="x"), lambda stage: None).evidence

    assert (kept["mixer"], penalised["mixer"]) == ("xy", "x")
    assert kept["feasible_fraction"] > penalised["feasible_fraction"]
    assert kept["p_opt"] > 3 * penalised["p_opt"]
