"""Answers against a quick classical baseline, against the placebo, and against their own evidence."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_contracts.events import ExecutionSucceeded, ResultValidated
from queuebit_contracts.jobs import Lane, Ran
from queuebit_problems.registry import optimisation_of
from queuebit_result_validation.findings import RULINGS, Code
from queuebit_result_validation.history import Track
from queuebit_result_validation.rivals import BASELINE_QUBITS_MAX, MISSED, wants_time
from queuebit_result_validation.validate import validate
from tests.unit.result_validation.executions import (
    BEST,
    NOW,
    WORSE,
    alternating,
    an_execution,
    long_ring,
    odd_ring,
    unproved,
)

LANES: tuple[Lane, ...] = ("quantum", "simulator", "classical", "rule")


def poor(nodes: int) -> dict[str, Any]:
    """All edges but two of a ring are uncut."""
    return {"side": [1] + [0] * (nodes - 1)}


def judged(execution: ExecutionSucceeded, track: Track | None = None) -> tuple[str, list[str], ResultValidated]:
    found = validate(execution, NOW) if track is None else validate(execution, NOW, track)
    assert isinstance(found, ResultValidated)
    return found.verdict, [reason.split(":")[0] for reason in found.reasons], found


@pytest.mark.parametrize(
    ("lane", "verdict", "codes"),
    [
        ("quantum", "needs_review", ["worse_than_baseline"]),
        ("simulator", "needs_review", ["worse_than_baseline"]),
        ("classical", "accepted", ["behind_baseline"]),
        ("rule", "accepted", []),
    ],
)
@pytest.mark.parametrize("ring", ["enumerated", "heuristic"])
def test_what_follows_from_being_worse_than_the_baseline(lane: Lane, verdict: str, codes: list[str], ring: str) -> None:
    execution = (
        unproved(answer=WORSE, objective=4, lane=lane)
        if ring == "enumerated"
        else unproved(long_ring(40), answer=poor(40), objective=2, lane=lane)
    )
    assert judged(execution)[:2] == (verdict, codes)


def test_how_much_worse_it_is_is_said() -> None:
    sampled = unproved(long_ring(40), answer=poor(40), objective=2, lane="simulator")
    assert judged(sampled)[2].reasons == (
        "worse_than_baseline: A quick classical baseline is better than what was sampled. "
        "objective 2, heuristic 40: 95.00% behind.",
    )


@pytest.mark.parametrize("lane", LANES)
def test_an_answer_as_good_as_the_baseline_is_accepted_on_every_lane(lane: Lane) -> None:
    assert judged(unproved(odd_ring(), answer=alternating(41), objective=40, lane=lane))[:2] == ("accepted", [])
    assert judged(unproved(lane=lane))[:2] == ("accepted", [])


def test_there_is_no_baseline_for_what_is_large_or_proved_and_the_heuristic_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def asked(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(type(optimisation_of("maxcut")), "heuristic", asked)
    large = BASELINE_QUBITS_MAX + 1
    assert judged(unproved(long_ring(large), answer=poor(large), objective=2, lane="simulator"))[:2] == ("accepted", [])
    assert judged(unproved(long_ring(40), answer=alternating(40), objective=40))[:2] == ("accepted", [])
    assert judged(unproved(answer=BEST, objective=6))[:2] == ("accepted", [])


@pytest.mark.parametrize("found", [None, poor(40) | {"side": [1] * 40}])
def test_a_heuristic_that_finds_nothing_better_blames_nobody(monkeypatch: pytest.MonkeyPatch, found: Any) -> None:
    monkeypatch.setattr(type(optimisation_of("maxcut")), "heuristic", lambda self, statement, seed: found)
    sampled = unproved(long_ring(40), answer=poor(40), objective=2, lane="quantum")
    assert judged(sampled)[:2] == ("accepted", [])


def test_a_heuristic_that_fails_leaves_the_answer_to_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(type(optimisation_of("maxcut")), "heuristic", broken)
    sampled = unproved(long_ring(40), answer=poor(40), objective=2, lane="quantum")
    assert judged(sampled)[:2] == ("needs_review", ["check_incomplete"])


@pytest.mark.parametrize(
    ("execution", "slow"),
    [
        (an_execution(), False),
        (unproved(), True),
        (unproved(lane="rule"), False),
        (an_execution(bound=7), True),
        (an_execution(lane="simulator"), False),
    ],
)
def test_what_keeps_off_the_event_loop(execution: ExecutionSucceeded, slow: bool) -> None:
    assert wants_time(execution) is slow


def sampled(evidence: dict[str, Any], **changes: Any) -> ExecutionSucceeded:
    """The best cut of the odd ring from a simulator, with this evidence."""
    values = {"answer": alternating(41), "objective": 40, "lane": "simulator", "evidence": evidence, **changes}
    values["ran"] = Ran(lane="simulator", method="LR-QAOA p=10", backend="aer")
    return unproved(odd_ring(), **values)


@pytest.mark.parametrize(
    ("evidence", "verdict", "codes"),
    [
        ({"placebo_best": 40}, "accepted", ["polish_not_circuit"]),
        ({"placebo_best": 38}, "accepted", []),
        ({"placebo_best": None}, "accepted", []),
        ({"best_raw_objective": 40, "placebo_best": 36}, "accepted", []),
        ({"best_source": "samples", "placebo_best": 36}, "accepted", []),
        ({"best_source": "start", "placebo_best": 40}, "accepted", ["known_before_circuit"]),
        ({"best_source": "reduction"}, "accepted", ["known_before_circuit"]),
        ({"best_source": 7}, "accepted", []),
        ({"placebo_best": 42}, "needs_review", ["evidence_malformed", "polish_not_circuit"]),
        ({"best_raw_objective": 42}, "needs_review", ["evidence_malformed"]),
        ({"best_raw_objective": 41}, "needs_review", ["evidence_malformed"]),
        ({"placebo_best": "40"}, "needs_review", ["evidence_malformed"]),
        ({"energy_std": -1.0}, "needs_review", ["evidence_malformed"]),
        ({"mean_energy": True}, "needs_review", ["evidence_malformed"]),
    ],
)
def test_what_the_placebo_and_the_samples_say(evidence: dict[str, Any], verdict: str, codes: list[str]) -> None:
    assert judged(sampled(evidence))[:2] == (verdict, codes)


@pytest.mark.parametrize(
    ("evidence", "why"),
    [({"placebo_best": 40}, "random samples did as well"), ({"best_source": "start"}, "the answer was there before")],
)
def test_confidence_gives_the_circuit_no_credit_then(evidence: dict[str, Any], why: str) -> None:
    reported = {"shots": 100, "feasible_fraction": 1.0, **evidence}
    parts = {part.name: part for part in judged(sampled(reported))[2].confidence.parts}
    assert (parts["samples"].value, parts["samples"].weight) == (0.0, 1.0)
    assert parts["samples"].detail.startswith(f"no credit, {why}; 1 of 100 samples")


def test_the_gravest_reason_comes_first() -> None:
    execution = unproved(answer=WORSE, objective=4, lane="simulator", evidence={"placebo_best": 4})
    assert judged(execution)[:2] == ("needs_review", ["worse_than_baseline", "polish_not_circuit"])


def test_a_backend_that_did_better_before_is_pointed_out() -> None:
    worse = Track(count=100, accepted=84, recent_count=20, recent_accepted=8)
    assert judged(sampled({}), worse)[:2] == ("accepted", ["acceptance_dropped"])
    assert judged(sampled({}), Track(100, 84, 20, 16))[:2] == ("accepted", [])


def test_every_lane_and_every_code_has_its_ruling() -> None:
    assert set(MISSED) == set(LANES)
    assert {RULINGS[code].verdict for code in MISSED.values() if code is not None} == {"accepted", "needs_review"}
    assert set(RULINGS) == set(Code)
