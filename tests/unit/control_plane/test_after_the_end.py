"""Legs that go on when their job has ended: to improve its answer, or to be measured; and legs that advise."""

from __future__ import annotations

from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import Usage
from queuebit_domain.holds.gate import Gate
from queuebit_domain.holds.register import Hold, Holds
from queuebit_domain.job.decide import decide
from queuebit_domain.job.label import label
from queuebit_domain.job.messages import Cancel, Invalidate, Supersede, Wake
from queuebit_domain.job.state import EndedJob, NoJob
from queuebit_domain.job.summary import summary_of
from queuebit_domain.job.timers import next_wake
from queuebit_domain.release.shares import Order, Queue, Shares
from tests.builders import JOB_ID, NOW, a_failure, a_start, a_verdict, at
from tests.unit.control_plane.given import Story
from tests.unit.control_plane.planned import PRIMARY, answers, refolded, submitted, told

UPGRADE = {"role": "baseline", "lane": "quantum", "after_end": "improve"}
MEASURED = {"role": "shadow", "lane": "quantum", "after_end": "measure"}
ADVISOR = {"role": "shadow", "lane": "quantum", "advises": True}
Q, C, S = "baseline-quantum", "primary-classical", "shadow-quantum"


def begun(*legs: object, **changes: object) -> Story:
    return Story(NoJob()).when(submitted(*legs, **changes))  # type: ignore[arg-type]


def test_classical_answers_at_once_and_a_better_quantum_answer_is_said_later() -> None:
    start = begun(PRIMARY, UPGRADE)
    done = told(start, answers(C, 4))
    later = told(done, [a_start(Q), *answers(Q, 6)], 30)

    assert done.names == ["JobStarted", "ExecutionSucceeded", "ResultValidated", "JobCompleted"]
    assert done.the(ev.JobCompleted).objective == 4
    assert later.names == ["JobStarted", "ExecutionSucceeded", "ResultValidated", "JobImproved"]
    improved = later.the(ev.JobImproved)
    assert (improved.objective, improved.previous_objective, improved.leg, improved.ran.lane) == (6, 4, Q, "quantum")
    assert (label(later.job), later.job.lane, next_wake(later.job)) == ("completed", "quantum", None)  # type: ignore[union-attr]
    assert summary_of(done.job).wake_at is not None


@pytest.mark.parametrize("objective", [4, 3])
def test_an_answer_that_is_no_better_is_recorded_and_not_said(objective: float) -> None:
    later = told(told(begun(PRIMARY, UPGRADE), answers(C, 4)), answers(Q, objective))

    assert later.names == ["JobStarted", "ExecutionSucceeded", "ResultValidated"]


def test_of_an_answer_whose_place_another_job_has_taken_no_better_one_is_said() -> None:
    """What was done by it is undone: who heard of a better one would do it again."""
    superseded = told(told(begun(PRIMARY, UPGRADE), answers(C, 4)), [Supersede("acme", UUID(int=9))])
    later = told(Story(superseded.job), answers(Q, 6))

    assert superseded.names == ["JobSuperseded"]
    assert later.names == ["JobStarted", "ExecutionSucceeded", "ResultValidated"]


def test_the_better_one_is_chosen_where_both_are_there_and_the_upgrade_is_waited_for_where_nothing_else_is() -> None:
    first = told(begun(PRIMARY, UPGRADE), answers(Q, 6))
    assert first.names[-1] == "ResultValidated"
    assert told(first, answers(C, 4)).the(ev.JobCompleted).leg == Q

    alone = told(begun(PRIMARY, UPGRADE), [a_failure(C)])
    assert alone.names == ["ExecutionFailed"]
    assert told(alone, answers(Q, 3)).the(ev.JobCompleted).leg == Q


def test_it_is_tried_again_after_the_end_and_given_up_at_the_deadline() -> None:
    done = told(begun(PRIMARY, UPGRADE, deadline=at(100)), answers(C, 4))
    resting = told(done, [a_failure(Q, code="backend_overloaded")])
    due = next_wake(resting.job)
    assert due is not None
    again = resting.when(Wake(), due)
    assert (resting.names, again.names) == (["ExecutionFailed"], ["JobQueued"])
    assert again.the(ev.JobQueued).number == 2

    late = told(Story(again.job), [Wake()], 100)
    assert (late.names, label(late.job)) == (["AttemptAbandoned"], "completed")
    assert told(Story(late.job), answers(Q, 9, number=2), 101).names == ["LateUsageReported"]


def test_a_lost_attempt_is_found_and_a_rejected_answer_ends_the_leg() -> None:
    done = told(begun(PRIMARY, UPGRADE), answers(C, 4))
    lost = done.when(Wake(), at(311))
    assert [event.code for event in lost.events if isinstance(event, ev.ExecutionFailed)] == ["worker_lost"]

    wrong = told(done, [answers(Q, 9)[0], a_verdict(Q, problem_fingerprint="another")])
    assert (wrong.names[-1], next_wake(wrong.job)) == ("ResultRejected", None)


def test_what_a_lost_attempt_used_is_booked_once_while_its_leg_goes_on_after_the_end() -> None:
    lost = told(begun(PRIMARY, UPGRADE), answers(C, 4)).when(Wake(), at(311))
    attempt = lost.the(ev.ExecutionFailed).attempt_id
    report = ev.LateUsageReported(report_id=attempt, attempt_id=attempt, leg=Q, came="usage", usage=Usage(qpu_s=2.0))
    booked = lost.when(report, at(312))
    due = next_wake(booked.job)
    assert due is not None

    again = booked.when(Wake(), due)

    assert (booked.names, again.names) == (["LateUsageReported"], ["JobQueued"])
    assert told(Story(again.job), [answers(Q, 9)[0]], 400).names == []


def test_who_withdraws_a_job_that_has_ended_stops_what_goes_on() -> None:
    done = told(begun(PRIMARY, UPGRADE), answers(C, 4))

    stopped = told(done, [Cancel("acme", "ada", "no more")])

    assert (stopped.names, label(stopped.job)) == (["AttemptAbandoned"], "completed")
    assert done.when(Cancel("globex", "eve", "x")).names == []


def test_a_suspect_answer_is_not_improved() -> None:
    done = told(begun(PRIMARY, UPGRADE), answers(C, 4))
    completed = done.the(ev.JobCompleted)
    suspect = ev.JobInvalidated(
        kind="maxcut", leg=C, attempt_id=completed.attempt_id, ran=completed.ran, completed_at=at(0), actor="a", reason="r"
    )  # fmt: skip

    job = done.when(Invalidate(suspect)).job

    assert "JobImproved" not in told(Story(job), answers(Q, 9)).names


def test_a_shadow_is_measured_to_its_end_and_never_shown() -> None:
    start = begun(PRIMARY, MEASURED)
    done = told(start, answers(C, 4))
    later = told(done, answers(S, 9), 30)

    assert "AttemptAbandoned" not in done.names
    assert later.names == ["JobStarted", "ExecutionSucceeded", "ResultValidated"]
    assert isinstance(later.job, EndedJob)
    assert (later.job.objective, later.job.lane) == (4, "classical")


def test_where_nothing_answers_nothing_goes_on() -> None:
    failed = told(begun(PRIMARY, MEASURED), [a_failure(C)])

    assert failed.names == ["ExecutionFailed", "AttemptAbandoned", "JobFailed"]
    assert next_wake(failed.job) is None


def test_an_answer_at_the_deadline_is_the_end_of_all() -> None:
    """The primary's answer needs review, so the job waits for more until its deadline."""
    story = told(begun(PRIMARY, UPGRADE), answers(C, 4, verdict="needs_review"))

    ended = told(story, [Wake()], 600)

    assert ended.names == ["AttemptAbandoned", "JobCompleted"]
    assert next_wake(ended.job) is None


def test_a_suggestion_is_waited_for_within_the_latency_budget_and_goes_along() -> None:
    start = begun(PRIMARY, ADVISOR)
    waiting = told(start, answers(C, 4))
    advised = told(waiting, answers(S, 6))
    late = told(waiting, [Wake()], 61)
    silent = told(waiting, [a_failure(S)])

    assert waiting.names[-1] == "ResultValidated"
    completed = advised.the(ev.JobCompleted)
    assert (completed.leg, completed.objective) == (C, 4)
    assert [(each.leg, each.objective, each.answer["of"]) for each in completed.suggestions or ()] == [(S, 6, S)]
    assert late.names == ["AttemptAbandoned", "JobCompleted"]
    assert (late.the(ev.JobCompleted).suggestions, silent.names[-1]) == (None, "JobCompleted")


def test_the_fold_says_the_same_as_the_decisions() -> None:
    stories = [begun(PRIMARY, UPGRADE, MEASURED)]
    for messages in (answers(C, 4), answers(S, 5), [a_failure(Q, code="backend_overloaded")], answers(Q, 9)):
        stories.append(told(stories[-1], messages))

    assert refolded(stories) == stories[-1].job


def test_what_is_held_back_when_the_job_ends_goes_on_no_further_and_rings_no_timer() -> None:
    gate = Gate(Holds(1, (Hold(1, "pause", "lane", "quantum", "alice", "r", NOW),)))
    start = Story(NoJob()).when(submitted(PRIMARY, UPGRADE), gate=gate)
    answer, verdict = answers(C, 4)
    done = start.when(answer, gate=gate).when(verdict, gate=gate)
    resting = told(told(begun(PRIMARY, UPGRADE), answers(C, 4)), [a_failure(Q, code="backend_overloaded")])
    due = next_wake(resting.job)
    assert due is not None
    held = resting.when(Wake(), due, gate)

    assert (start.names[-1], next_wake(done.job)) == ("JobHeld", None)
    assert (held.names, next_wake(held.job)) == (["JobHeld"], None)


def test_at_the_deadline_what_rests_is_not_tried_and_what_waits_for_its_verdict_is_lost_later() -> None:
    resting = told(
        told(begun(PRIMARY, UPGRADE), answers(C, 4)), [a_failure(Q, code="backend_overloaded", retry_after_s=700.0)]
    )
    assert next_wake(resting.job) is None

    soon = told(told(begun(PRIMARY, UPGRADE), answers(C, 4)), [a_failure(Q, code="backend_overloaded")])
    late = told(soon, [Wake()], 700)
    assert late.names == ["JobQueued", "AttemptAbandoned"]

    unjudged = told(told(begun(PRIMARY, UPGRADE), answers(C, 4)), answers(Q, 6)[:1], 550)
    due = next_wake(unjudged.job)
    assert due == at(670)
    lost = unjudged.when(Wake(), due)
    assert [event.code for event in lost.events if isinstance(event, ev.ExecutionFailed)] == ["validation_lost"]
    after = next_wake(lost.job)
    assert after is None or after > due


def test_what_goes_on_waits_for_no_turn_as_nobody_would_wake_it() -> None:
    resting = told(told(begun(PRIMARY, UPGRADE), answers(C, 4)), [a_failure(Q, code="backend_overloaded")])
    due = next_wake(resting.job)
    assert due is not None
    shares = Shares({"quantum": 1.0})
    shares.let_out(
        UUID(int=1), UUID(int=1), Order("acme", Queue("quantum", "interactive"), "tsp", 9999, 9999, 1.0), due
    )
    events, _ = decide(resting.job, Wake(), due, JOB_ID, shares=shares)

    assert [type(each).__name__ for each in events] == ["JobQueued"]
