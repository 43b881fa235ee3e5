"""Elimination, training, cores and the placebo: what each brings, what it counts, and that it repeats."""

from __future__ import annotations

from dataclasses import replace

import pytest

from queuebit_contracts.jobs import Problem
from queuebit_problems.registry import parse_optimisation
from queuebit_quantum_adapter.algorithms.depth import GAIN, best_depth
from queuebit_quantum_adapter.algorithms.reduction import Core
from queuebit_quantum_adapter.algorithms.rqaoa import FLOOR, circuits_of
from queuebit_quantum_adapter.algorithms.trained import tail_energy
from queuebit_quantum_adapter.errors import BudgetTooSmall
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.pipelines.planning import prepare
from queuebit_quantum_adapter.pipelines.samples import random_counts
from queuebit_quantum_adapter.shell.task import Outcome, Task
from tests.unit.quantum_adapter.models import a_maxcut, a_task, an_ising
from tests.unit.quantum_adapter.small import small


def run(task: Task) -> tuple[Outcome, list[str]]:
    stages: list[str] = []
    return frame.run(task, lambda stage: stages.append(stage.name)), stages


@pytest.mark.parametrize("kind_name", ["maxcut", "max_independent_set", "qubo", "number_partitioning"])
def test_elimination_ends_at_the_optimum_by_itself(kind_name: str) -> None:
    outcome, stages = run(a_task(small(kind_name, 1), method="rqaoa", seed=8))

    evidence = outcome.evidence
    assert evidence["rqaoa_objective"] == evidence["optimum"] == outcome.objective
    assert outcome.iterations == evidence["iterations"] == circuits_of(outcome.provenance["qubits"]) - 1
    assert evidence["circuits"] == outcome.iterations + 1 == len(outcome.provenance["circuits"])
    assert [stage for stage in stages if stage.startswith("iteration")] == [
        f"iteration {number}" for number in range(1, outcome.iterations + 1)
    ]
    assert outcome.method.startswith("RQAOA p=10")
    assert outcome.shots == 1024 * evidence["circuits"]


def test_the_quality_tier_eliminates_where_it_may_take_its_time() -> None:
    task = a_task(small("maxcut", 1))

    methods = [run(replace(task, tier=tier))[0].evidence["method"] for tier in ("interactive", "batch", "scheduled")]
    short, _ = run(replace(task, tier="batch", budget_s=0.3))

    assert methods == ["lr", "rqaoa", "rqaoa"]
    assert short.evidence["method"] == "lr"
    with pytest.raises(BudgetTooSmall, match="elimination takes about"):
        run(a_task(small("maxcut", 1), method="rqaoa", budget_s=0.3))


def test_small_models_need_no_circuit_beyond_the_first() -> None:
    assert [circuits_of(n) for n in (1, FLOOR, FLOOR + 1, 16, 24, 26)] == [0, 0, 1, 8, 16, 9]


def test_training_is_bounded_and_counted() -> None:
    outcome, stages = run(a_task(small("number_partitioning", 1), method="trained", iterations=12, layers=2, cvar=0.3))

    assert outcome.method == "trained QAOA p=2" + (" + local search" if outcome.evidence["polished"] else "")
    assert 2 <= outcome.iterations <= 12
    assert outcome.evidence["circuits"] == outcome.iterations + 1
    assert stages.count("polished") == 1
    assert len(outcome.provenance["gammas"]) == 2
    with pytest.raises(BudgetTooSmall, match="training"):
        run(a_task(small("maxcut", 1), method="trained", iterations=500, budget_s=1.0))


def test_training_looks_at_the_best_share_of_the_samples() -> None:
    ising = an_ising(3, 1)
    energy = {x: float(ising.energy([1 - 2 * (x >> q & 1) for q in range(3)]) - ising.offset) for x in range(8)}
    counts = dict.fromkeys(range(8), 10)

    assert tail_energy(ising, counts, 1.0) == pytest.approx(sum(energy.values()) / 8)
    assert tail_energy(ising, counts, 0.125) == pytest.approx(min(energy.values()))
    assert tail_energy(ising, counts, 0.001) == pytest.approx(min(energy.values()))


@pytest.mark.parametrize(
    "problem",
    [
        a_maxcut(40, density=0.3, weights=(1, -2, 3)),
        Problem(
            kind="tsp", statement={"metric": "EUC_2D", "coordinates": [[i * 37 % 101, i * 53 % 89] for i in range(8)]}
        ),
        Problem(
            kind="knapsack",
            statement={"profits": list(range(10, 40)), "weights": [3 + i * 7 % 11 for i in range(30)], "capacity": 90},
        ),
    ],
    ids=["maxcut", "tsp", "knapsack"],
)
def test_what_is_too_large_is_cut_and_never_worse_than_its_start(problem: Problem) -> None:
    kind, statement = parse_optimisation(problem)

    outcome, stages = run(a_task(problem, rounds=2, core_qubits=12, shots=256))

    evidence = outcome.evidence
    assert kind.violations(statement, outcome.answer) == []
    assert outcome.objective is not None
    assert not kind.better(evidence["start_objective"], outcome.objective)
    circuits = outcome.provenance.get("circuits", [outcome.provenance])
    assert evidence["circuits"] == len(circuits) > 0
    assert all(each["qubits"] <= 12 for each in circuits)
    assert [stage for stage in stages if stage.startswith("round")] == ["round 1 of 2", "round 2 of 2"]
    assert any("do not fit" in reason for reason in evidence["reasons"])
    assert evidence["best_source"] in ("start", "samples", "polish")


def test_a_problem_that_roof_duality_decides_needs_no_circuit() -> None:
    problem = Problem(kind="qubo", statement={"variables": 3, "terms": [[0, 0, -5], [1, 1, 4], [0, 1, 1], [2, 2, -1]]})

    decided, stages = run(a_task(problem))
    sampled, _ = run(a_task(problem, reduce=False))

    assert (decided.answer, decided.objective, decided.shots) == ({"x": [1, 0, 1]}, -6, 0)
    assert (decided.method, decided.evidence["best_source"]) == ("roof duality (no circuit was needed)", "reduction")
    assert (decided.without_circuit, decided.provenance["backend"]["name"]) == (True, "queuebit-quantum-adapter")
    assert stages == ["encoded", "decoded", "polished"]
    assert (sampled.objective, sampled.shots > 0) == (-6, True)
    assert (sampled.without_circuit, sampled.provenance["backend"]["name"]) == (False, "aer_simulator_statevector")


def test_the_placebo_takes_the_same_steps_on_random_samples() -> None:
    told, _ = run(a_task(small("quadratic_assignment", 1)))
    silent, _ = run(a_task(small("quadratic_assignment", 1), placebo=False))

    placebo = told.evidence["placebo"]
    assert placebo["shots"] == told.evidence["shots"]
    assert placebo["p_opt"] < told.evidence["p_opt"]
    assert placebo["q"] == pytest.approx(told.evidence["q_random"], abs=0.05)
    assert "placebo" not in silent.evidence
    assert (silent.answer, silent.evidence["q"]) == (told.answer, told.evidence["q"])


def test_random_samples_hold_the_groups() -> None:
    core = prepare(a_task(small("portfolio", 1))).reduced.cores[0]
    (group,) = core.groups

    counts = random_counts(core, 500, 3)

    assert sum(counts.values()) == 500
    assert {sample.bit_count() for sample in counts} == {group.count}
    assert counts == random_counts(Core(core.ising, core.kept, core.groups), 500, 3)


def test_noise_makes_circuits_shallower() -> None:
    """Each layer comes through with a chance of its own: a fair one is worth less depth than a good one, and no noise all."""

    def chosen(chance: float) -> int:
        return best_depth(10, GAIN, lambda layers: chance**layers).layers

    depths = [chosen(chance) for chance in (1.0, 0.97, 0.9, 0.5)]

    assert depths[0] == 10
    assert depths == sorted(depths, reverse=True)
    assert depths[-1] <= 2
