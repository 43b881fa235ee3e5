"""Plans with many legs: rounds that go on while it is worth it, alike legs of which some fail, answers that are checked by
another lane, thresholds, and stages that take too long.
"""

from __future__ import annotations

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import Cost
from queuebit_domain.job.messages import Wake
from queuebit_domain.job.state import NoJob
from queuebit_domain.job.timers import next_wake
from tests.builders import a_failure, a_start, at
from tests.unit.control_plane.given import Story
from tests.unit.control_plane.planned import PRIMARY, answers, submitted, told

LOOP = {
    "role": "primary",
    "lane": "quantum",
    "params": {"shots": 100, "depth": 1.5},
    "rounds": {
        "most": 3,
        "step": {"shots": 2, "depth": 2},
        "min_gain_ppm": 100_000,
        "cost_max": {"amount": "5", "currency": "EUR"},
    },
}
FIRST, SECOND, THIRD = "primary-quantum", "fallback-quantum", "fallback2-quantum"
LAST = {"role": "fallback", "lane": "classical", "starts": "when_needed"}


def begun(*legs: object, **changes: object) -> Story:
    return Story(NoJob()).when(submitted(*legs, **changes))  # type: ignore[arg-type]


def orders(story: Story) -> list[str]:
    return [event.leg for event in story.events if isinstance(event, ev.JobQueued)]


def test_rounds_follow_one_another_from_the_best_answer_with_adjusted_parameters() -> None:
    start = begun(LOOP)
    second = told(start, answers(FIRST, 10))
    third = told(second, answers(SECOND, 12))
    done = told(third, answers(THIRD, 11))

    assert (orders(start), orders(second), orders(third)) == ([FIRST], [SECOND], [THIRD])
    order = third.the(ev.JobQueued)
    assert (order.params, order.hint) == ({"shots": 400, "depth": 6.0}, {"side": [12], "of": SECOND})
    assert order.seed == start.the(ev.JobQueued).seed + 2
    assert (done.names[-1], done.the(ev.JobCompleted).leg) == ("JobCompleted", SECOND)


def test_rounds_end_where_one_gained_too_little() -> None:
    second = told(begun(LOOP), answers(FIRST, 10))

    done = told(second, answers(SECOND, 10.5))

    assert (orders(done), done.the(ev.JobCompleted).objective) == ([], 10.5)


@pytest.mark.parametrize(
    ("cost", "goes_on"),
    [
        (Cost(amount="4.99", currency="EUR"), True),
        (Cost(amount="5.00", currency="EUR"), False),
        (Cost(amount="1", currency="USD"), False),
        (Cost(), True),
    ],
)
def test_rounds_end_where_the_money_does(cost: Cost, *, goes_on: bool) -> None:
    story = told(begun(LOOP), answers(FIRST, 10, cost=cost))

    assert (orders(story) == [SECOND]) is goes_on
    assert ("JobCompleted" in story.names) is not goes_on


def test_rounds_end_with_a_proof_and_with_the_latency_budget() -> None:
    proved = told(begun(LOOP), answers(FIRST, 10, proven=True))
    assert (orders(proved), proved.names[-1]) == ([], "JobCompleted")

    late = told(told(begun(LOOP), answers(FIRST, 10)), [Wake()], 61)
    assert late.names == ["AttemptAbandoned", "JobCompleted"]


def test_no_round_runs_beside_another_and_a_failed_one_is_followed_by_the_next() -> None:
    patient = begun(LOOP, LAST)
    late = patient.when(Wake(), at(61))
    assert orders(late) == ["fallback-classical"], "the latency budget starts a fallback and no round"

    failed = told(begun(LOOP), [a_failure(FIRST)])
    assert orders(failed) == [SECOND]


def test_an_ensemble_has_seeds_of_its_own_and_bears_members_that_fail() -> None:
    start = begun({"role": "primary", "lane": "classical", "copies": 3})
    names = ["primary-classical", "primary2-classical", "primary3-classical"]
    seeds = [event.seed for event in start.events if isinstance(event, ev.JobQueued)]

    first = told(start, [a_failure(names[0])])
    second = told(first, answers(names[1], 4))
    done = told(second, answers(names[2], 5))

    assert (orders(start), [seed - seeds[0] for seed in seeds]) == (names, [0, 1, 2])
    assert [name for name in (*first.names, *second.names) if name == "JobCompleted"] == []
    completed = done.the(ev.JobCompleted)
    assert (completed.leg, completed.objective) == (names[2], 5)
    assert any(reason.startswith("primary-classical: no_answer_found") for reason in completed.reasons)
    assert told(first, [a_failure(names[1]), a_failure(names[2])]).names[-1] == "JobFailed"


def test_a_quantum_run_checks_an_answer_without_a_proof_and_a_proof_needs_none() -> None:
    check = {"role": "fallback", "lane": "quantum", "starts": "after_answer"}
    checked = told(begun(PRIMARY, check), answers("primary-classical", 4))
    assert orders(checked) == ["fallback-quantum"]
    worse = told(checked, answers("fallback-quantum", 3))
    assert worse.the(ev.JobCompleted).reasons[-1] == "primary-classical 4 was chosen over fallback-quantum 3"
    assert told(checked, answers("fallback-quantum", 6)).the(ev.JobCompleted).leg == "fallback-quantum"

    proved = told(begun(PRIMARY, check), answers("primary-classical", 4, proven=True))
    assert (orders(proved), proved.names[-1]) == ([], "JobCompleted")
    assert told(begun(PRIMARY, check), [a_failure("primary-classical")]).names[-1] == "JobFailed"


BESIDE = {"role": "baseline", "lane": "quantum"}


@pytest.mark.parametrize(
    ("objective", "proven", "chosen", "words"),
    [
        (100.4, False, "primary-classical", "it gains 0.398 %, and 0.5 % are wanted"),
        (101, False, "baseline-quantum", "baseline-quantum 101 was chosen over primary-classical 100"),
        (150, False, "primary-classical", "it gains 33.3 % without a proof, which is more likely a mistake"),
        (150, True, "baseline-quantum", "was chosen over"),
        (90, False, "primary-classical", "was chosen over"),
    ],
)
def test_a_quantum_answer_is_chosen_where_it_gains_enough_and_not_too_much(
    objective: float, proven: bool, chosen: str, words: str
) -> None:
    start = begun(PRIMARY, BESIDE, thresholds={"min_gain_ppm": 5_000, "anomalous_gain_ppm": 200_000})

    done = told(told(start, answers("primary-classical", 100)), answers("baseline-quantum", objective, proven=proven))

    completed = done.the(ev.JobCompleted)
    assert (completed.leg, words in completed.reasons[-1]) == (chosen, True)


def test_an_answer_that_is_trusted_too_little_needs_review() -> None:
    start = begun(PRIMARY, LAST | {"lane": "rule"}, thresholds={"min_confidence": 0.8})

    doubted = told(start, answers("primary-classical", 4, confidence=0.7))
    believed = told(start, answers("primary-classical", 4, confidence=0.8))

    assert orders(doubted) == ["fallback-rule"]
    assert believed.names[-1] == "JobCompleted"


def test_a_stage_that_takes_too_long_starts_what_stands_behind_it() -> None:
    slow = {"role": "primary", "lane": "quantum", "stages": {"queue_s": 5, "run_s": 10, "check_s": 3}}
    start = begun(slow, LAST)
    assert next_wake(start.job) == at(5)

    queue = start.when(Wake(), at(5))
    running = start.when(a_start(FIRST), at(2))
    assert next_wake(running.job) == at(12)
    run = running.when(Wake(), at(12))
    execution, _ = answers(FIRST, 4)
    answered = running.when(execution, at(8))
    check = answered.when(Wake(), at(11))

    reasons = [story.the(ev.FallbackTaken).reason for story in (queue, run, check)]
    assert reasons == [
        "its attempt waited in its queue for more than 5 s",
        "its attempt ran for more than 10 s",
        "its attempt waited for its verdict for more than 3 s",
    ]
    assert orders(queue) == orders(run) == orders(check) == ["fallback-classical"]
    after = next_wake(queue.job)
    assert after is not None
    assert after > at(60)


def test_a_stage_without_anything_behind_it_rings_no_timer() -> None:
    alone = begun({"role": "primary", "lane": "quantum", "stages": {"queue_s": 5}})

    due = next_wake(alone.job)
    assert due is not None
    assert due > at(5)
    assert alone.when(Wake(), at(6)).names == []
