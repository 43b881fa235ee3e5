"""From a problem to a checked answer, in this process: what is found, what is told about it, and that it repeats."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.jobs import Problem
from queuebit_problems import instances
from queuebit_problems.registry import optimisation_of, parse_optimisation
from queuebit_quantum_adapter.algorithms.qaoa import linear_ramp, qaoa_circuit
from queuebit_quantum_adapter.errors import BudgetTooSmall, InvalidProblem, KeyReused, UnusableProblem
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.pipelines.planning import prepare
from queuebit_quantum_adapter.ports import Request, RunState
from queuebit_quantum_adapter.providers.aer import ideal as aer
from queuebit_quantum_adapter.providers.aer.ideal import IdealTarget
from queuebit_quantum_adapter.providers.aer.provider import AerProvider
from queuebit_quantum_adapter.shell.task import Outcome, Stage, Task
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, a_task, an_attempt, an_ising
from tests.unit.quantum_adapter.oracle import qaoa_distribution, total_variation


def run(task: Task) -> tuple[Outcome, list[str]]:
    stages: list[Stage] = []
    outcome = frame.run(task, stages.append)
    return outcome, [stage.name for stage in stages]


def published(name: str) -> Problem:
    instance = instances.load(name)
    kind = optimisation_of(instance.kind)
    statement = kind.read(instance.text, file_name=instances.file_name(name))
    return Problem(kind=instance.kind, statement=statement.model_dump(mode="json"))


@pytest.mark.parametrize("seed", range(4))
def test_aer_samples_the_distribution_of_the_definition(seed: int) -> None:
    ising = an_ising(4 + seed % 2, seed + 20)
    ramp = linear_ramp(ising, 3)
    provider = AerProvider(IdealTarget(qubits_max=10, memory_bytes_max=2**30))

    provider_id = provider.submit(Request((qaoa_circuit(ising, ramp),), (seed,), 200_000), an_attempt())
    counts = provider.result(provider_id).counts[0]

    assert total_variation(counts, qaoa_distribution(ising, ramp.gammas, ramp.betas)) < 0.01


@pytest.mark.parametrize(
    "name", ["mc_008_003_000", "mc_012_003_000", "mc_016_013_000", "gka1c_first12", "gka1c_first16"]
)
def test_it_finds_the_optimum_of_published_instances(name: str) -> None:
    problem = published(name)
    kind, statement = parse_optimisation(problem)

    outcome, stages = run(a_task(problem))

    assert outcome.objective == instances.load(name).best_known
    assert kind.objective(statement, outcome.answer) == outcome.objective
    assert kind.violations(statement, outcome.answer) == []
    assert stages == ["encoded", "transpiled", "running", "decoded", "polished"]


def test_constraints_are_kept_though_most_samples_break_them() -> None:
    problem = Problem(
        kind="knapsack", statement=optimisation_of("knapsack").example().model_dump(mode="json", exclude_none=True)
    )
    kind, statement = parse_optimisation(problem)

    outcome, _ = run(a_task(problem))

    assert kind.violations(statement, outcome.answer) == []
    assert 0 <= outcome.evidence["feasible_fraction"] < 1


def test_the_evidence_keeps_the_circuit_and_the_polish_apart() -> None:
    problem = published("mc_012_003_000")

    polished, _ = run(a_task(problem, layers=1, shots=4, placebo=True))
    raw, _ = run(a_task(problem, layers=1, shots=4, polish=False))

    assert polished.evidence["best_raw_objective"] == raw.objective
    assert (raw.method, raw.evidence["polished"]) == ("LR-QAOA p=1", False)
    assert (polished.method, polished.evidence["polished"]) == ("LR-QAOA p=1 + local search", True)
    assert polished.objective is not None
    assert raw.objective is not None
    assert polished.objective > raw.objective
    assert polished.evidence["placebo"]["shots"] == 4
    assert polished.evidence["placebo_best"] >= polished.evidence["placebo"]["best_raw_objective"]


def test_what_is_told_about_the_samples_adds_up() -> None:
    problem = Problem(kind="maxcut", statement={"nodes": 2, "edges": [[0, 1, 3]]})

    outcome, _ = run(a_task(problem, shots=500))

    evidence = outcome.evidence
    assert evidence["best_raw_objective"] == 3
    share = evidence["best_raw_count"] / 500
    assert evidence["mean_energy"] == pytest.approx(-3 * share)
    assert evidence["energy_std"] == pytest.approx(3 * (share * (1 - share)) ** 0.5)
    assert (evidence["feasible_fraction"], evidence["shots"], evidence["best_energy"]) == (1.0, 500, -3.0)


def test_the_provenance_is_complete_and_small() -> None:
    problem = a_maxcut(20, density=1.0, weights=(-1, 1))

    outcome, _ = run(a_task(problem, seed=11, layers=2, shots=100))

    found: dict[str, Any] = outcome.provenance
    assert len(json.dumps(found)) < 20_000
    assert found["problem_fingerprint"] == fingerprint(problem)
    assert len(found["gammas"]) == len(found["betas"]) == found["layers"] == 2
    assert found["seeds"]["job"] == 11
    assert (found["qubits"], found["gates_2q"]) == (19, 2 * 171)
    assert {"circuit_fingerprint", "structure_fingerprint", "counts_fingerprint", "template_key"} <= found.keys()
    assert {
        "qasm3",
        "layout",
        "transpiler",
        "packages",
        "backend",
        "noise",
        "batch_index",
        "shots",
        "run",
    } <= found.keys()
    assert {"queue_s", "run_s", "transpile_s", "template_cached"} <= found["run"].keys()


def test_a_cached_template_gives_the_counts_of_a_cold_one() -> None:
    """Same structure, other weights first: the template is then there, and only the angles differ."""
    first, second = a_maxcut(8, weights=(1,)), a_maxcut(8, weights=(2, 3))
    aer.open_provider.cache_clear()
    cold, _ = run(a_task(second))
    aer.open_provider.cache_clear()
    run(a_task(first))
    warm, _ = run(a_task(second))

    assert (cold.provenance["run"]["template_cached"], warm.provenance["run"]["template_cached"]) == (False, True)
    assert reproducible(warm) == reproducible(cold)


def test_a_depth_that_does_not_fit_the_budget_is_reduced_and_told() -> None:
    outcome, _ = run(a_task(a_maxcut(12), budget_s=0.0172))

    assert 1 <= outcome.provenance["layers"] < 10
    assert outcome.method.startswith(f"LR-QAOA p={outcome.provenance['layers']}")
    assert outcome.evidence["layers_wished"] == 10
    assert any("instead of 10" in reason for reason in outcome.evidence["reasons"])


def test_a_budget_that_holds_no_layer_is_refused() -> None:
    with pytest.raises(BudgetTooSmall, match="One layer on 11 qubits"):
        prepare(a_task(a_maxcut(12), budget_s=0.001))


def test_a_wrong_statement_is_refused_by_its_field() -> None:
    problem = Problem(kind="maxcut", statement={"nodes": 2, "edges": [[0, 5, 1]]})

    with pytest.raises(InvalidProblem, match="edges"):
        prepare(a_task(problem))


@pytest.mark.parametrize("weight", [1e-200, 1e15])
def test_weights_of_any_size_are_answered(weight: float) -> None:
    problem = Problem(kind="maxcut", statement={"nodes": 3, "edges": [[0, 1, weight], [1, 2, weight]]})

    outcome, _ = run(a_task(problem, shots=64))

    assert outcome.objective == 2 * weight


def test_weights_below_what_an_angle_can_be_made_of_are_refused() -> None:
    problem = Problem(kind="maxcut", statement={"nodes": 3, "edges": [[0, 1, 5e-324], [1, 2, 5e-324]]})

    with pytest.raises(UnusableProblem, match="too small"):
        run(a_task(problem))


def test_one_node_has_nothing_to_cut() -> None:
    outcome, _ = run(a_task(Problem(kind="maxcut", statement={"nodes": 1, "edges": []})))

    assert (outcome.objective, outcome.answer["side"]) in ((0, [0]), (0, [1]))


def test_aer_takes_a_key_once_and_finds_it_again() -> None:
    ising = an_ising(3, 1)
    provider = AerProvider(IdealTarget(qubits_max=LIMITS.qubits_hard_max, memory_bytes_max=LIMITS.memory_bytes_max))
    submission = Request((qaoa_circuit(ising, linear_ramp(ising, 2)),), (3,), 50)
    key = an_attempt()

    assert provider.reconcile(key) == ()
    provider_id = provider.submit(submission, key)
    first = provider.result(provider_id)

    assert (provider.submit(submission, key),) == (provider_id,) == provider.reconcile(key)
    assert provider.result(provider_id) is first
    assert provider.poll(provider_id).state is RunState.SUCCEEDED
    assert provider.poll("elsewhere").state is RunState.UNKNOWN
    provider.cancel(provider_id)
    with pytest.raises(KeyReused):
        provider.submit(replace(submission, shots=51), key)


def reproducible(outcome: Outcome) -> dict[str, Any]:
    """All that must be equal when a job runs again."""
    provenance = {name: value for name, value in outcome.provenance.items() if name != "run"}
    return {"answer": outcome.answer, "evidence": outcome.evidence, "provenance": provenance, "method": outcome.method}
