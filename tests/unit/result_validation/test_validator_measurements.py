"""Verdicts on measurements: what was counted is compared with the exact distribution, lane by lane."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from queuebit_contracts.events import ResultRejected, ResultValidated
from queuebit_contracts.jobs import Lane, Problem
from queuebit_problems.kinds.circuits.circuit_sampling import KIND
from queuebit_result_validation.drift import Drift, Runs, drift
from queuebit_result_validation.measured import RULINGS, MeasuredCode, is_measurement, validate_measurement
from tests.measuring import TOSSES, coins, tosses
from tests.unit.result_validation.executions import NOW, RING, an_execution
from tests.unit.result_validation.measurements import CONVERTED, PROBLEM, a_measurement

__all__ = ["coins"]


def fair_counts(problem: Problem = PROBLEM, seed: int = 1) -> dict[str, int]:
    from queuebit_problems.measurement import Effort

    found = TOSSES.exact(TOSSES.parse(problem.statement), Effort(1.0, seed))
    assert found is not None
    return dict(found.answer["counts"])


def turned_round(counts: dict[str, int]) -> dict[str, int]:
    return {key[::-1]: count for key, count in counts.items()}


@pytest.mark.parametrize("lane", ["simulator", "classical", "quantum"])
def test_counts_of_the_circuit_are_accepted_with_the_test_as_reason(coins: Any, lane: Lane) -> None:
    told = validate_measurement(a_measurement(fair_counts(), lane=lane), NOW)

    assert isinstance(told, ResultValidated)
    assert (told.verdict, told.objective, told.bound, told.gap) == ("accepted", None, None, None)
    assert len(told.reasons) == 1
    assert told.reasons[0].startswith("total_variation 0.0")
    assert told.reasons[0].endswith("limit 0.1, all outcomes: passed.")
    assert {part.name: part.value for part in told.confidence.parts} == {
        "verification": 1.0,
        "total_variation": 1.0,
        "shots": pytest.approx(1 - 1000**-0.5),
    }
    assert 0.99 < told.confidence.value < 1


@pytest.mark.parametrize("lane", ["simulator", "classical"])
def test_bits_in_the_wrong_order_are_refused(coins: Any, lane: Lane) -> None:
    told = validate_measurement(a_measurement(turned_round(fair_counts()), lane=lane), NOW)

    assert isinstance(told, ResultRejected)
    assert told.code == "test_failed"
    assert told.reasons[0].startswith("test_failed: The answer is further from the exact result than chance explains.")


def test_what_a_device_gets_wrong_is_left_to_a_person(coins: Any) -> None:
    told = validate_measurement(a_measurement(turned_round(fair_counts()), lane="quantum"), NOW)

    assert isinstance(told, ResultValidated)
    assert told.verdict == "needs_review"


@pytest.mark.parametrize("lane", ["simulator", "classical", "quantum"])
def test_missing_shots_are_refused(coins: Any, lane: Lane) -> None:
    counts = fair_counts()
    counts[max(counts, key=lambda key: counts[key])] -= 1

    told = validate_measurement(a_measurement(counts, lane=lane), NOW)

    assert isinstance(told, ResultRejected)
    assert told.code == "answer_malformed"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"objective": 1.0}, "objective_mismatch"),
        ({"evidence": {"backend_health": float("nan")}}, "not_a_number"),
        ({"answer": {"counts": "many", "shots": 3}}, "answer_malformed"),
    ],
)
def test_claims_that_cannot_be_are_refused(coins: Any, changes: dict[str, Any], code: str) -> None:
    told = validate_measurement(a_measurement(fair_counts(), **changes), NOW)

    assert isinstance(told, ResultRejected)
    assert told.code == code


def test_a_statement_that_cannot_be_read_is_refused(coins: Any) -> None:
    told = validate_measurement(a_measurement({"0": 1}, Problem(kind="tosses", statement={"angles": []})), NOW)

    assert isinstance(told, ResultRejected)
    assert told.code == "problem_invalid"


def test_a_proof_that_nothing_confirms_is_not_honoured(coins: Any) -> None:
    told = validate_measurement(a_measurement(fair_counts(), proven_optimal=True), NOW)

    assert isinstance(told, ResultValidated)
    assert (told.verdict, told.proven_optimal) == ("accepted", False)
    assert told.reasons[-1].startswith("proof_not_honoured")


@pytest.mark.parametrize(
    ("lane", "evidence", "verdict", "codes"),
    [
        ("simulator", CONVERTED, "accepted", ["not_recomputed"]),
        ("simulator", {}, "needs_review", ["not_recomputed", "conversion_unchecked"]),
        (
            "simulator",
            {"equivalence": {"fidelity": 1.0, "inputs": 0}},
            "needs_review",
            ["not_recomputed", "conversion_unchecked"],
        ),
        (
            "simulator",
            {"equivalence": {"fidelity": 0.5, "inputs": 3}},
            "needs_review",
            ["not_recomputed", "conversion_unchecked"],
        ),
        ("quantum", CONVERTED, "needs_review", ["not_recomputed"]),
        ("classical", CONVERTED, "needs_review", ["not_recomputed"]),
    ],
)
def test_what_is_too_large_is_judged_by_lane(
    coins: Any, lane: Lane, evidence: dict[str, Any], verdict: str, codes: list[str]
) -> None:
    problem = tosses(*[0.5] * 6)

    told = validate_measurement(a_measurement({"000000": 1000}, problem, lane=lane, evidence=evidence), NOW)

    assert isinstance(told, ResultValidated)
    assert told.verdict == verdict
    assert [reason.partition(":")[0] for reason in told.reasons] == codes
    assert told.confidence.value < 0.2


def test_an_old_calibration_and_the_health_of_the_backend_count(coins: Any) -> None:
    evidence = {"backend_health": 0.5, "calibrated_at": (NOW - timedelta(days=8)).isoformat()}

    told = validate_measurement(a_measurement(fair_counts(), evidence=evidence), NOW)

    assert isinstance(told, ResultValidated)
    assert told.reasons[-1].startswith("stale_calibration")
    assert {part.name for part in told.confidence.parts} >= {"backend", "calibration"}


def test_every_finding_is_ruled() -> None:
    assert set(RULINGS) == set(MeasuredCode)


def test_only_measurements_are_measured(coins: Any) -> None:
    assert is_measurement(a_measurement(fair_counts()))
    assert not is_measurement(an_execution(RING))
    assert not is_measurement(an_execution(None))
    assert not is_measurement(an_execution(Problem(kind="unheard_of", statement={})))


def test_two_runs_of_one_distribution_do_not_drift() -> None:
    beyond = [drift(fair_counts(seed=1), fair_counts(seed=seed)) for seed in range(2, 60)]

    assert not any(found.beyond for found in beyond if found is not None)


def test_another_distribution_is_a_drift_with_its_interval() -> None:
    found = drift({"0": 9000, "1": 1000}, {"0": 7000, "1": 3000})

    assert found is not None
    assert found.distance == pytest.approx(0.2)
    assert found.low < 0.2 < found.high
    assert found.beyond


def test_nothing_is_compared_with_nothing() -> None:
    assert drift({}, {"0": 1}) is None
    assert Drift(0.05, 0.0, 0.1).beyond is False


def test_a_run_is_compared_with_the_first_one_of_its_circuit_on_its_backend(coins: Any) -> None:
    runs = Runs()
    first = a_measurement({"00": 1000})
    moved = a_measurement({"11": 1000}, attempt_id=first.attempt_id.__class__(int=first.attempt_id.int + 1))

    assert runs.drift(first) is None
    runs.note(first)
    assert runs.drift(first) is None
    runs.note(moved)
    found = runs.drift(moved)
    assert found is not None
    assert found.distance == 1.0
    other = moved.model_copy(update={"provenance": {"circuit_fingerprint": "other"}})
    assert runs.drift(other) is None


def test_a_drift_is_a_finding_of_its_own(coins: Any) -> None:
    told = validate_measurement(a_measurement(fair_counts()), NOW, drift=Drift(0.3, 0.2, 0.4))
    still = validate_measurement(a_measurement(fair_counts()), NOW, drift=Drift(0.01, 0.0, 0.05))

    assert isinstance(told, ResultValidated)
    assert told.verdict == "needs_review"
    assert told.reasons[-1].startswith(
        "drifted: The same circuits on the same backend gave another distribution before."
    )
    assert isinstance(still, ResultValidated)
    assert still.verdict == "accepted"
    assert still.reasons[-1].endswith("no drift.")


def _noisy(counts: dict[str, int], success: float, **changes: Any) -> Any:
    target = {"target": {"name": "a device", "circuits": [{"success": success}]}}
    values: dict[str, Any] = {"evidence": {**CONVERTED, **target}, "provenance": {"noise": "a device"}, **changes}
    return validate_measurement(a_measurement(counts, BELL, **values), NOW)


BELL = Problem(kind="circuit_sampling", statement={"qasm": KIND.example().qasm, "shots": 1000})


def test_noise_is_an_answer_as_far_as_it_explains_it() -> None:
    counts = {"00": 450, "01": 50, "10": 50, "11": 450}

    told = _noisy(counts, 0.9)
    assert isinstance(told, ResultValidated)
    assert told.verdict == "accepted"
    assert any(reason.startswith("noise: ") and "possible outcomes 100" in reason for reason in told.reasons)
    assert told.confidence.value < 0.9


def test_noise_explains_no_more_than_its_gates_do() -> None:
    wrong = {"00": 50, "01": 450, "10": 450, "11": 50}
    counts = {"00": 450, "01": 50, "10": 50, "11": 450}

    refused = [
        _noisy(wrong, 0.9),
        _noisy(counts, 0.9, params={"reference": "ideal"}),
        _noisy(counts, 0.9, provenance={"noise": "ideal"}),
        _noisy(counts, float("nan")),
        _noisy(counts, 1.0),
        _noisy(counts, 0.999),
        _noisy(counts, 0.9, evidence=CONVERTED),
    ]
    assert [told.code for told in refused if isinstance(told, ResultRejected)][:3] == ["test_failed"] * 3
    assert all(isinstance(told, ResultRejected) for told in refused)
