"""Confidence: the formula, its parts, the Wilson interval; and how numbers are compared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuebit_contracts.intervals import wilson
from queuebit_contracts.jobs import Confidence, ConfidencePart
from queuebit_result_validation.compare import beyond, finite, same
from queuebit_result_validation.confidence import UNPROVED_MAX, confidence_of
from queuebit_result_validation.evidence import NOTHING, Evidence, read_evidence
from queuebit_result_validation.findings import Finding
from queuebit_result_validation.history import Track
from queuebit_result_validation.rivals import Baseline
from tests.unit.result_validation.executions import NOW

INTEGERS: dict[str, Any] = {"terms": [[0, 0, 3], [1, 1, 2.0]]}
DECIMALS: dict[str, Any] = {"terms": [[0, 0, 3], [1, 1, 2.5]]}
ALL = Evidence(shots=100, feasible_fraction=0.5, best_fraction=0.1, backend_health=0.8, calibration_age_s=24 * 3600.0)


@pytest.mark.parametrize(
    ("fraction", "count", "low", "high"),
    [
        (0.5, 100, 0.4038, 0.5962),
        (0.0, 100, 0.0, 0.0370),
        (1.0, 100, 0.9630, 1.0),
        (0.1, 10, 0.0179, 0.4042),
        (0.3, 0, 0.0, 1.0),
    ],
)
def test_the_wilson_interval(fraction: float, count: int, low: float, high: float) -> None:
    """Reference values: the score interval as statistics handbooks tabulate it."""
    assert list(wilson(fraction, count)) == pytest.approx([low, high], abs=1e-4)


def test_the_value_is_the_weighted_mean_of_its_parts() -> None:
    found = confidence_of(0.25, proved=False, evidence=ALL)
    assert [(part.name, part.weight, round(part.value, 4)) for part in found.parts] == [
        ("feasibility", 4.0, 1.0),
        ("optimality", 4.0, 0.75),
        ("samples", 1.0, 0.4038),
        ("agreement", 0.5, 0.0552),
        ("backend", 0.5, 0.8),
        ("calibration", 0.5, 0.5),
    ]
    weights = sum(part.weight for part in found.parts)
    mean = sum(part.weight * part.value for part in found.parts) / weights
    assert found.value == pytest.approx(mean, abs=1e-6)


def test_a_proof_makes_it_certain_and_the_rest_is_only_stated() -> None:
    found = confidence_of(0.0, proved=True, evidence=ALL)
    assert found.value == 1.0
    assert [part.weight for part in found.parts] == [4.0, 4.0, 0.0, 0.0, 0.0, 0.0]


def test_without_a_bound_only_feasibility_counts() -> None:
    assert confidence_of(None, proved=False, evidence=NOTHING) == Confidence(
        value=0.5,
        parts=(
            ConfidencePart(name="feasibility", value=1.0, weight=4.0, detail="recomputed from the problem"),
            ConfidencePart(name="optimality", value=0.0, weight=4.0, detail="no bound is known"),
        ),
    )


SAMPLED = Evidence(
    shots=400, feasible_fraction=0.5, best_fraction=0.25, mean_energy=-10.0, energy_std=10.0, best_energy=-30.0
)


def values_of(found: Confidence) -> dict[str, float]:
    return {part.name: round(part.value, 4) for part in found.parts}


def test_the_variance_of_the_samples_says_how_well_their_mean_is_known() -> None:
    """Half the interval is 1.96 * 10 / sqrt(400) = 0.98, the best lies 20 below the mean: 20 / 20.98."""
    found = confidence_of(0.1, proved=False, evidence=SAMPLED)
    assert values_of(found)["variance"] == 0.9533
    assert found.parts[-1].detail == "mean energy -10, 95 % interval -10.98 to -9.02, best -30"
    same_energy = Evidence(shots=4, mean_energy=-3.0, energy_std=0.0, best_energy=-3.0)
    assert values_of(confidence_of(0.1, proved=False, evidence=same_energy))["variance"] == 1.0


def test_the_circuit_gets_no_credit_where_the_placebo_did_as_well() -> None:
    real = confidence_of(0.1, proved=False, evidence=SAMPLED)
    shared = confidence_of(0.1, proved=False, evidence=SAMPLED, uncredited="random samples did as well")
    circuit = {"samples", "agreement", "variance"}
    assert {name: value for name, value in values_of(shared).items() if name in circuit} == dict.fromkeys(circuit, 0.0)
    assert shared.value < real.value
    assert shared.parts[-1].detail.startswith("no credit, random samples did as well; mean energy")


@pytest.mark.parametrize(
    ("baseline", "value", "detail"),
    [
        (Baseline(40, "heuristic", 0.0), 1.0, "heuristic 40, not better"),
        (Baseline(50, "heuristic", 0.25), 0.75, "heuristic 50, 25.00% behind"),
        (Baseline(500, "enumeration", 9.0), 0.0, "enumeration 500, 900.00% behind"),
    ],
)
def test_agreement_with_the_baseline_is_a_part(baseline: Baseline, value: float, detail: str) -> None:
    found = confidence_of(0.25, proved=False, evidence=NOTHING, baseline=baseline)
    assert found.parts[-1] == ConfidencePart(name="baseline", value=value, weight=1.0, detail=detail)
    assert found.value == round((4 + 4 * 0.75 + value) / 9, 6)


@pytest.mark.parametrize(
    ("track", "part"),
    [
        (Track(count=9, accepted=9), None),
        (Track(count=10, accepted=10), 0.7225),
        (Track(count=100, accepted=50), 0.4038),
    ],
)
def test_the_record_of_the_backend_counts_from_ten_verdicts_on(track: Track, part: float | None) -> None:
    assert values_of(confidence_of(0.1, proved=False, evidence=SAMPLED, track=track)).get("history") == part


@given(st.floats(0, 1e9), st.floats(0, 1), st.integers(1, 10**6))
def test_it_stays_below_one_without_a_proof(gap: float, fraction: float, shots: int) -> None:
    found = confidence_of(gap, proved=False, evidence=Evidence(shots=shots, feasible_fraction=fraction))
    assert 0 <= found.value <= UNPROVED_MAX
    assert all(0 <= part.value <= 1 for part in found.parts)


@pytest.mark.parametrize(
    ("left", "right", "data", "agree"),
    [
        (6, 6, INTEGERS, True),
        (6, 6.0, INTEGERS, True),
        (6, 7, INTEGERS, False),
        (6, 6.000000001, INTEGERS, False),
        (10**12, 10**12 + 1, DECIMALS, False),
        (3, 3.0000000000000004, DECIMALS, True),
        (0.1 + 0.2, 0.3, DECIMALS, True),
        (0.3, 0.3001, DECIMALS, False),
        (0.3, -0.3, DECIMALS, False),
        (0, 1e-12, DECIMALS, False),
    ],
)
def test_when_two_objectives_agree(left: float, right: float, data: dict[str, Any], agree: bool) -> None:
    assert same(left, right, data) is agree
    assert same(right, left, data) is agree


def test_which_objective_lies_beyond_a_bound() -> None:
    assert beyond(7, 6, "max", INTEGERS)
    assert beyond(5, 6, "min", INTEGERS)
    assert not beyond(6, 6, "max", INTEGERS)
    assert not beyond(5, 6, "max", INTEGERS)
    assert not beyond(0.1 + 0.2, 0.3, "max", DECIMALS)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1, [2, float("nan")]], {"a": {"b": float("-inf")}}])
def test_what_is_not_finite(value: Any) -> None:
    assert not finite(value)


@pytest.mark.parametrize("value", [0, 1.5, "NaN", None, True, [], [1, 2], {"a": [1.5, "x", None]}])
def test_what_is_finite(value: Any) -> None:
    assert finite(value)


@pytest.mark.parametrize(
    ("reported", "shots", "found"),
    [
        ({}, 0, NOTHING),
        ({"status": "OPTIMAL"}, 0, NOTHING),
        ({"feasible_fraction": 1}, 500, Evidence(shots=500, feasible_fraction=1.0)),
        ({"shots": 20, "best_fraction": 0.5}, 500, Evidence(shots=20, best_fraction=0.5)),
        ({"calibrated_at": "2026-01-02T02:04:05Z"}, 0, Evidence(calibration_age_s=3600.0)),
        ({"calibrated_at": "2026-01-02T03:05:05+00:00"}, 0, Evidence(calibration_age_s=0.0)),
    ],
)
def test_what_evidence_is_read(reported: dict[str, Any], shots: int, found: Evidence) -> None:
    nothing_wrong: list[Finding] = []
    assert read_evidence(reported, shots, NOW) == (found, nothing_wrong)
