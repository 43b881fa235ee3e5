"""The verdict: what is accepted, what is refused with which code, and what stays a note."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.events import ExecutionSucceeded, ResultRejected, ResultValidated
from queuebit_contracts.jobs import Confidence, ConfidencePart, Problem, Ran, Usage
from queuebit_problems import instances
from queuebit_problems.registry import optimisation_of
from queuebit_result_validation.findings import RULINGS, Code
from queuebit_result_validation.validate import validate
from tests.unit.result_validation.executions import (
    BEST,
    DECIMALS,
    NOW,
    PACK,
    RING,
    WORSE,
    alternating,
    an_execution,
    long_ring,
    odd_ring,
    unproved,
)

FEASIBLE = ConfidencePart(name="feasibility", value=1.0, weight=4.0, detail="recomputed from the problem")
PROVED = ConfidencePart(name="optimality", value=1.0, weight=4.0, detail="proved")


def accepted(execution: ExecutionSucceeded) -> ResultValidated:
    found = validate(execution, NOW)
    assert isinstance(found, ResultValidated)
    return found


def spoiled(execution: ExecutionSucceeded, **changes: Any) -> ExecutionSucceeded:
    """The same with values that no record could bring, such as NaN."""
    return execution.model_copy(update=changes)


def test_an_optimal_answer_is_accepted_and_the_proof_is_the_validators_own() -> None:
    execution = unproved()
    assert accepted(execution) == ResultValidated(
        attempt_id=execution.attempt_id,
        leg="classical",
        verdict="accepted",
        objective=6,
        bound=6,
        gap=0.0,
        proven_optimal=True,
        confidence=Confidence(value=1.0, parts=(FEASIBLE, PROVED)),
        reasons=(),
        problem_fingerprint=fingerprint(RING),
        answer_fingerprint=fingerprint(BEST),
    )


def test_a_proof_names_who_made_it() -> None:
    """An odd ring, whose quick bound is not tight: the proof that the validator honours is the solver's."""
    ring = {"nodes": 13, "edges": [[k, k % 13 + 1] for k in range(1, 14)]}
    problem = Problem(kind="max_independent_set", statement=ring)
    ran = Ran(lane="classical", method="cp-sat", backend="ortools", backend_version="9.15.6755")

    told = accepted(an_execution(problem, answer={"nodes": [1, 3, 5, 7, 9, 11]}, objective=6, bound=6, ran=ran))

    part = next(part for part in told.confidence.parts if part.name == "optimality")
    assert told.proven_optimal
    assert part.detail == "proved by cp-sat of ortools 9.15.6755"


@pytest.mark.parametrize(
    ("execution", "objective", "bound", "gap", "proved"),
    [
        (unproved(answer=WORSE, objective=4), 4, 6, 0.5, False),
        (unproved(answer=WORSE, objective=4.0, bound=7), 4, 6, 0.5, False),
        (an_execution(PACK, answer={"take": [0, 1, 0, 1]}, objective=37, bound=37), 37, 37, 0.0, True),
        (
            an_execution(DECIMALS, answer={"x": [1, 1, 0]}, objective=-0.1 - 0.2 + 0.05, bound=-0.25),
            -0.25,
            -0.25,
            0.0,
            True,
        ),
        (unproved(long_ring(), answer=alternating(40), objective=40), 40, 40, 0.0, True),
        (an_execution(odd_ring(), answer=alternating(41), objective=40, bound=40), 40, 40, 0.0, True),
        (unproved(odd_ring(), answer=alternating(41), objective=40), 40, 41, 0.025, False),
        (unproved(odd_ring(), answer=alternating(41), objective=40, bound=99), 40, 41, 0.025, False),
    ],
)
def test_what_is_accepted_with_which_bound_and_gap(
    execution: ExecutionSucceeded, objective: float, bound: float, gap: float, proved: bool
) -> None:
    found = accepted(execution)
    assert (found.verdict, found.objective, found.bound, found.gap, found.proven_optimal) == (
        "accepted",
        objective,
        bound,
        gap,
        proved,
    )
    assert [reason.split(":")[0] for reason in found.reasons] == (["behind_baseline"] if objective == 4 else [])
    assert (found.confidence.value == 1.0) is proved


@pytest.mark.parametrize(
    ("execution", "code"),
    [
        (an_execution(None), Code.PROBLEM_MISSING),
        (an_execution(Problem(kind="nothing", statement={})), Code.PROBLEM_INVALID),
        (an_execution(Problem(kind="maxcut", version=9, statement=RING.statement)), Code.PROBLEM_INVALID),
        (an_execution(Problem(kind="maxcut", statement={"nodes": 6, "edges": [[0, 9]]})), Code.PROBLEM_INVALID),
        (an_execution(Problem(kind="maxcut", statement={"nodes": 2, "edges": [[0, 1, math.nan]]})), Code.PROBLEM_INVALID),
        (spoiled(an_execution(), objective=math.nan), Code.NOT_A_NUMBER),
        (spoiled(an_execution(), objective=math.inf), Code.NOT_A_NUMBER),
        (spoiled(an_execution(), bound=math.nan), Code.NOT_A_NUMBER),
        (an_execution(answer={"side": [0, 1, 0, 1, 0, math.nan]}), Code.NOT_A_NUMBER),
        (an_execution(evidence={"nested": [{"x": math.nan}]}), Code.NOT_A_NUMBER),
        (an_execution(answer={}), Code.ANSWER_MALFORMED),
        (an_execution(answer={"side": [0, 1, 0, 1, 0]}), Code.ANSWER_MALFORMED),
        (an_execution(answer={"side": [0, 1, 0, 1, 0, 2]}), Code.ANSWER_MALFORMED),
        (an_execution(answer={"side": "010101"}), Code.ANSWER_MALFORMED),
        (an_execution(answer={"side": [0, 1, 0, 1, 0, 10**30]}), Code.ANSWER_MALFORMED),
        (an_execution(PACK, answer={"take": [1, 1, 0, 1]}, objective=47, bound=None), Code.INFEASIBLE),
        (an_execution(objective=7, bound=7), Code.OBJECTIVE_MISMATCH),
        (an_execution(objective=5), Code.OBJECTIVE_MISMATCH),
        (an_execution(objective=-6), Code.OBJECTIVE_MISMATCH),
        (an_execution(objective=6 + 1e-9), Code.OBJECTIVE_MISMATCH),
        (an_execution(DECIMALS, answer={"x": [1, 1, 0]}, objective=0.25, bound=None), Code.OBJECTIVE_MISMATCH),
        (an_execution(DECIMALS, answer={"x": [1, 1, 0]}, objective=-0.2500001, bound=None), Code.OBJECTIVE_MISMATCH),
        (unproved(answer=WORSE, objective=4, bound=3), Code.BOUND_IMPOSSIBLE),
        (unproved(answer=WORSE, objective=4, bound=5), Code.BOUND_IMPOSSIBLE),
        (an_execution(odd_ring(), answer=alternating(41), objective=40, bound=39), Code.BOUND_IMPOSSIBLE),
        (an_execution(DECIMALS, answer={"x": [1, 1, 0]}, objective=-0.25, bound=-0.2), Code.BOUND_IMPOSSIBLE),
        (an_execution(answer=WORSE, objective=4, bound=6), Code.OPTIMALITY_FALSE),
        (an_execution(answer=WORSE, objective=4, bound=None), Code.OPTIMALITY_FALSE),
        (spoiled(an_execution(), objective=10**400), Code.VALIDATOR_ERROR),
    ],
)  # fmt: skip
def test_what_is_refused_with_which_code(execution: ExecutionSucceeded, code: Code) -> None:
    found = validate(execution, NOW)
    assert isinstance(found, ResultRejected)
    assert (found.code, found.attempt_id, found.leg) == (code.value, execution.attempt_id, execution.leg)
    assert found.reasons
    assert all(RULINGS[Code(reason.split(":")[0])].verdict == "rejected" for reason in found.reasons)


def test_every_code_that_rejects_is_in_the_table_above() -> None:
    table = next(mark for mark in test_what_is_refused_with_which_code.pytestmark if mark.name == "parametrize")  # type: ignore[attr-defined]
    assert {code for _, code in table.args[1]} == {
        code for code, ruling in RULINGS.items() if ruling.verdict == "rejected"
    }
    assert set(RULINGS) == set(Code)


def test_answers_to_another_problem_or_in_another_order_are_caught() -> None:
    """A ring with weights: reversed bits and another graph's answer have another cut."""
    weighted = Problem(kind="maxcut", statement={"nodes": 4, "edges": [[0, 1, 5], [1, 2, 1], [2, 3, 2], [0, 2, 7]]})
    right = {"side": [1, 0, 0, 0]}
    objective = 12
    assert isinstance(
        validate(unproved(weighted, answer=right, objective=objective), NOW),
        ResultValidated,
    )
    for side in ([0, 0, 0, 1], [0, 1, 0, 0]):
        found = validate(unproved(weighted, answer={"side": side}, objective=objective), NOW)
        assert isinstance(found, ResultRejected)
        assert found.code == "objective_mismatch"
    other = Problem(kind="maxcut", statement={"nodes": 4, "edges": [[0, 1, 5], [1, 2, 1], [2, 3, 2]]})
    found = validate(unproved(other, answer=right, objective=objective), NOW)
    assert isinstance(found, ResultRejected)
    assert (found.code, found.problem_fingerprint) == ("objective_mismatch", fingerprint(other))


def test_each_violation_and_each_malformed_place_is_listed() -> None:
    found = validate(an_execution(PACK, answer={"take": [1, 1, 1, 1]}, objective=54, bound=None), NOW)
    assert isinstance(found, ResultRejected)
    assert found.reasons == (
        "infeasible: The answer breaks a constraint. "
        "over_capacity: the items weigh 18, which is 8 over the capacity 10",
    )
    found = validate(an_execution(answer={"side": [0, 1, 2, 1, 3, 1]}), NOW)
    assert isinstance(found, ResultRejected)
    assert [reason.split("documents. ")[1] for reason in found.reasons] == [
        "/side/2: should be 0 or 1",
        "/side/4: should be 0 or 1",
    ]


def test_a_proof_that_is_only_claimed_is_not_honoured() -> None:
    found = accepted(an_execution(odd_ring(), answer=alternating(41), objective=40, bound=None))
    assert (found.verdict, found.proven_optimal, found.bound) == ("accepted", False, 41)
    assert found.reasons[0].startswith("proof_not_honoured: ")
    assert found.confidence.value < 1


def test_a_sampled_answer_is_accepted_with_less_confidence_the_fewer_samples_were_feasible() -> None:
    def confidence(fraction: float) -> ResultValidated:
        return accepted(
            unproved(
                odd_ring(),
                answer=alternating(41),
                objective=40,
                lane="simulator",
                usage=Usage(shots=1000),
                evidence={"feasible_fraction": fraction, "best_fraction": fraction / 2},
            )
        )

    most, few = confidence(0.9), confidence(0.05)
    assert (most.verdict, few.verdict) == ("accepted", "accepted")
    assert (most.reasons, [reason.split(":")[0] for reason in few.reasons]) == ((), ["few_feasible_samples"])
    assert [part.name for part in few.confidence.parts] == [
        "feasibility", "optimality", "baseline", "samples", "agreement",
    ]  # fmt: skip
    assert few.confidence.value < most.confidence.value < 1


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        ({"feasible_fraction": 1.5}, "feasible_fraction"),
        ({"feasible_fraction": "most"}, "feasible_fraction"),
        ({"shots": -1}, "shots"),
        ({"backend_health": True}, "backend_health"),
        ({"calibrated_at": "yesterday"}, "calibrated_at"),
        ({"calibrated_at": "2026-01-02T03:04:05"}, "calibrated_at"),
        ({"calibrated_at": "2027-01-02T03:04:05Z"}, "calibrated_at"),
    ],
)
def test_absurd_evidence_leaves_a_right_answer_to_a_person(evidence: dict[str, Any], reason: str) -> None:
    found = accepted(an_execution(evidence=evidence))
    assert (found.verdict, found.objective) == ("needs_review", 6)
    assert len(found.reasons) == 1
    assert found.reasons[0].startswith("evidence_malformed: ")
    assert reason in found.reasons[0]


def test_unknown_evidence_is_left_alone() -> None:
    assert accepted(an_execution(evidence={"status": "OPTIMAL", "anything": [1, "x"]})).verdict == "accepted"


def test_an_error_of_the_kind_before_the_recomputation_rejects_and_after_it_asks_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("secret data")

    kind = type(optimisation_of("maxcut"))
    with monkeypatch.context() as patch:
        patch.setattr(kind, "violations", broken)
        found = validate(an_execution(), NOW)
        assert isinstance(found, ResultRejected)
        assert found.reasons == (
            "validator_error: The check itself failed, so the answer is not proved right. (ZeroDivisionError)",
        )
    with monkeypatch.context() as patch:
        patch.setattr(kind, "enumerated", broken)
        kept = accepted(an_execution())
        assert (kept.verdict, kept.objective, kept.bound, kept.proven_optimal) == ("needs_review", 6, None, False)
    with monkeypatch.context() as patch:
        patch.setattr(kind, "trivial_bound", lambda self, statement: 20)
        kept = accepted(an_execution(long_ring(), answer=alternating(40), objective=40, bound=None))
        assert kept.verdict == "needs_review"
        assert kept.reasons[0].startswith("validator_contradiction: ")


@pytest.mark.parametrize("name", [name for name in instances.names() if instances.kind(name) != "expectation"])
def test_the_default_answers_of_the_repository_instances_are_accepted_with_a_true_bound(name: str) -> None:
    found = instances.load(name)
    kind = optimisation_of(found.kind)
    statement = kind.read(found.text, file_name=instances.file_name(name))
    answer = kind.default_answer(statement)
    assert answer is not None
    objective = kind.objective(statement, answer)
    problem = Problem(kind=found.kind, statement=statement.model_dump(mode="json"))
    verdict = accepted(unproved(problem, answer=answer, objective=objective, lane="rule"))
    assert (verdict.verdict, verdict.objective) == ("accepted", objective)
    assert verdict.bound is not None
    assert not kind.better(found.best_known, verdict.bound)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.booleans()), min_size=1, max_size=16),
    st.integers(0, 60),
    st.integers(-3, 3),
)
def test_no_infeasible_or_misstated_packing_is_ever_accepted(
    items: list[tuple[int, int, bool]], capacity: int, off_by: int
) -> None:
    problem = Problem(
        kind="knapsack",
        statement={
            "capacity": capacity,
            "profits": [profit for profit, _, _ in items],
            "weights": [weight for _, weight, _ in items],
        },
    )
    profit = sum(profit for profit, _, taken in items if taken)
    weight = sum(weight for _, weight, taken in items if taken)
    verdict = validate(
        unproved(
            problem,
            answer={"take": [int(taken) for _, _, taken in items]},
            objective=profit + off_by,
        ),
        NOW,
    )
    assert isinstance(verdict, ResultValidated) is (weight <= capacity and off_by == 0)
    if weight > capacity:
        assert isinstance(verdict, ResultRejected)
        assert verdict.code == "infeasible"


def test_a_job_that_asks_for_shares_has_them_in_its_verdict_and_no_other_has() -> None:
    plain, asked = accepted(unproved()), accepted(spoiled(unproved(), params={"shares": True}))
    not_so = accepted(spoiled(unproved(), params={"shares": "yes"}))

    assert (plain.shares, not_so.shares) == (None, None)
    assert asked.shares is not None
    assert sum(part.amount for part in asked.shares.parts) == asked.objective
    assert asked.model_copy(update={"shares": None}) == plain
