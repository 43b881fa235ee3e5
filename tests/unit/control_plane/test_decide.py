"""What a job does, what it refuses, and when it stays quiet."""

from __future__ import annotations

import itertools
from dataclasses import replace

from queuebit_contracts import events as ev
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Cost, Usage
from queuebit_contracts.origin import Origin
from queuebit_control_plane.heads import head_of
from queuebit_domain.job.decide import refusal_of
from queuebit_domain.job.messages import Cancel, Refuse, Wake
from queuebit_domain.job.state import EndedJob, NoJob, OpenJob
from queuebit_domain.job.timers import next_wake
from tests.builders import (
    BEST_SIDE,
    JOB_ID,
    NOW,
    a_failure,
    a_problem,
    a_refusal,
    a_submit,
    a_success,
    a_verdict,
    at,
)
from tests.unit.control_plane.given import given

ATTEMPT = attempt_id_of(JOB_ID, "primary-classical", 1)
ORIGIN = Origin(idempotency_key="k")


class TestSubmit:
    def test_it_plans_and_releases_the_primary(self) -> None:
        story = given().when(a_submit())

        assert story.names == ["JobSubmitted", "JobPlanned", "JobQueued"]
        assert story.the(ev.JobQueued) == ev.JobQueued(
            attempt_id=ATTEMPT,
            leg="primary-classical",
            role="primary",
            lane="classical",
            number=1,
            tier="interactive",
            problem=a_problem(),
            fingerprint=story.the(ev.JobQueued).fingerprint,
            seed=story.the(ev.JobQueued).seed,
            budget_s=10.0,
            deadline=at(600),
            begin_by=at(310),
        )

    def test_it_asks_quantum_and_baseline_side_by_side_when_the_problem_is_small(self) -> None:
        story = given().when(a_submit("auto"))

        assert story.the(ev.JobPlanned).plan == "quantum_with_baseline"
        assert [e.leg for e in story.events if isinstance(e, ev.JobQueued)] == [
            "primary-simulator",
            "baseline-classical",
        ]

    def test_it_records_every_number_that_routing_read(self) -> None:
        planned = given().when(a_submit("auto", qubits=17)).the(ev.JobPlanned)

        assert (planned.plan, planned.rule) == ("classical_only", "otherwise-classical")
        assert planned.inputs == {
            "kind": "maxcut", "family": "optimisation", "sense": "max", "wish": "auto", "tier": "interactive",
            "variables": 6, "qubits": 17, "terms": 6,
            "budget_s": 10.0, "quantum_available": False, "simulator_available": True, "refine": False, "alone": False,
        }  # fmt: skip

    def test_it_keeps_the_seed_that_was_asked_for_and_repeats_its_own(self) -> None:
        asked = given().when(a_submit(seed=42)).the(ev.JobQueued).seed
        own = {given().when(a_submit()).the(ev.JobQueued).seed for _ in range(2)}

        assert asked == 42
        assert len(own) == 1

    def test_it_stays_quiet_when_repeated(self) -> None:
        assert given(a_submit()).when(a_submit()).events == ()

    def test_it_refuses_a_deadline_in_the_past(self) -> None:
        late = a_submit(deadline=at(-1))

        refusal = refusal_of(NoJob(), late, NOW)

        assert refusal is not None
        assert (refusal.code, refusal.field) == ("deadline_in_the_past", "/request/deadline")

    def test_it_refuses_other_content_under_the_same_key(self) -> None:
        refusal = refusal_of(given(a_submit()).job, a_submit(tier="batch"), NOW)

        assert refusal is not None
        assert (refusal.code, refusal.conflicting_job_id) == ("idempotency_key_reused", JOB_ID)

    def test_it_refuses_nothing_when_the_same_question_comes_again_after_its_deadline(self) -> None:
        story = given(a_submit(deadline=at(5)))

        assert refusal_of(story.job, a_submit(deadline=at(5)), at(10)) is None


class TestAnswer:
    def test_a_success_is_recorded_with_its_start_and_without_the_echoed_problem(self) -> None:
        story = given(a_submit()).when(a_success())

        assert story.names == ["JobStarted", "ExecutionSucceeded"]
        assert story.the(ev.ExecutionSucceeded) == a_success(problem=None)

    def test_a_verdict_completes_the_job_with_the_checked_answer(self) -> None:
        usage = Usage(wall_s=0.5, cpu_s=0.4)
        story = given(a_submit(), a_success(usage=usage, cost=Cost(amount="0.10"))).when(a_verdict(), at(2))

        assert story.names == ["ResultValidated", "JobCompleted"]
        verdict = a_verdict()
        assert story.the(ev.JobCompleted) == ev.JobCompleted(
            kind="maxcut",
            answer={"side": BEST_SIDE},
            objective=6,
            bound=6,
            gap=0.0,
            proven_optimal=True,
            verdict="accepted",
            confidence=verdict.confidence,
            leg="primary-classical",
            attempt_id=ATTEMPT,
            ran=a_success().ran,
            cost=Cost(amount="0.10"),
            usage=usage,
            reasons=("The caller asked for the classical lane.", "recomputed"),
            elapsed_s=2.0,
            origin=ORIGIN,
        )
        assert story.job == EndedJob(
            "completed", a_submit().event.fingerprint or "", "maxcut", "interactive", "classical", tenant="acme"
        )

    def test_the_verdict_may_come_before_the_answer(self) -> None:
        early = given(a_submit()).when(a_verdict())
        story = given(a_submit(), a_verdict()).when(a_success())

        assert early.names == ["ResultValidated"]
        assert story.names == ["JobStarted", "ExecutionSucceeded", "JobCompleted"]

    def test_a_verdict_on_another_problem_is_a_rejection(self) -> None:
        story = given(a_submit(), a_success()).when(a_verdict(problem_fingerprint="other"))

        assert story.names == ["ResultRejected", "FallbackTaken", "JobQueued"]
        assert story.the(ev.ResultRejected).code == "fingerprint_mismatch"

    def test_a_verdict_on_another_answer_is_a_rejection_in_either_order(self) -> None:
        after = given(a_submit(), a_success()).when(a_verdict(answer_fingerprint="other"))
        before = given(a_submit(), a_verdict(answer_fingerprint="other")).when(a_success())

        assert after.the(ev.ResultRejected).code == "fingerprint_mismatch"
        assert before.the(ev.ResultRejected).code == "fingerprint_mismatch"

    def test_it_stays_quiet_when_anything_comes_again_or_late(self) -> None:
        done = given(a_submit(), a_success(), a_verdict())

        for message in (
            a_success(),
            a_verdict(),
            a_failure(),
            a_refusal(),
            Wake(),
            Cancel("acme", "a", ""),
            a_submit(),
        ):
            assert done.when(message, at(10_000)).events == ()

    def test_it_stays_quiet_about_attempts_it_does_not_know(self) -> None:
        for message in (
            a_success(number=2),
            a_verdict("fallback-rule"),
            a_failure("nowhere-classical"),
            a_refusal(number=9),
        ):
            assert given(a_submit()).when(message).events == ()
            assert given().when(message).events == ()


class TestTwoLegs:
    SIMULATOR = "primary-simulator"
    CLASSICAL = "baseline-classical"

    def test_the_job_waits_for_both(self) -> None:
        story = given(a_submit("auto"), a_success(self.CLASSICAL)).when(a_verdict(self.CLASSICAL))

        assert story.names == ["ResultValidated"]

    def test_the_better_checked_answer_wins(self) -> None:
        worse = a_verdict(self.SIMULATOR, objective=4, proven_optimal=False)
        story = given(a_submit("auto"), a_success(self.SIMULATOR), worse, a_success(self.CLASSICAL)).when(
            a_verdict(self.CLASSICAL)
        )

        completed = story.the(ev.JobCompleted)
        assert (completed.leg, completed.objective) == (self.CLASSICAL, 6)
        assert completed.reasons[-1] == "baseline-classical 6 was chosen over primary-simulator 4"

    def test_a_tie_goes_to_the_primary(self) -> None:
        story = given(
            a_submit("auto"), a_success(self.CLASSICAL), a_verdict(self.CLASSICAL), a_success(self.SIMULATOR)
        ).when(a_verdict(self.SIMULATOR))

        assert story.the(ev.JobCompleted).leg == self.SIMULATOR

    def test_a_tie_goes_to_the_proof(self) -> None:
        unproved = a_verdict(self.SIMULATOR, proven_optimal=False)
        story = given(a_submit("auto"), a_success(self.SIMULATOR), unproved, a_success(self.CLASSICAL)).when(
            a_verdict(self.CLASSICAL)
        )

        assert story.the(ev.JobCompleted).leg == self.CLASSICAL

    def test_one_leg_is_enough_when_the_other_fails(self) -> None:
        story = given(a_submit("auto"), a_success(self.CLASSICAL), a_verdict(self.CLASSICAL)).when(
            a_failure(self.SIMULATOR)
        )

        assert story.names == ["ExecutionFailed", "JobCompleted"]

    def test_the_latency_budget_ends_the_wait_for_the_slower_leg(self) -> None:
        story = given(a_submit("auto"), a_success(self.CLASSICAL), a_verdict(self.CLASSICAL))

        assert next_wake(story.job) == at(60)
        assert story.when(Wake(), at(59.9)).events == ()
        assert story.when(Wake(), at(60)).names == ["AttemptAbandoned", "JobCompleted"]

    def test_a_minimisation_takes_the_smaller(self) -> None:
        submit = a_submit("auto")
        story = given()
        planned = story.when(submit)
        assert isinstance(planned.job, OpenJob)
        low = a_verdict(self.SIMULATOR, objective=-9)
        high = a_verdict(self.CLASSICAL, objective=-3)
        minimising = type(planned)(replace(planned.job, sense="min"))
        for message in (a_success(self.SIMULATOR), low, a_success(self.CLASSICAL)):
            minimising = minimising.when(message)

        assert minimising.when(high).the(ev.JobCompleted).objective == -9


class TestFallback:
    def test_every_lane_is_tried_in_turn_and_the_job_fails_only_then(self) -> None:
        story = given(a_submit("quantum"))
        lanes = ["quantum", "simulator", "classical", "rule"]
        legs = [f"{'primary' if lane == 'quantum' else 'fallback'}-{lane}" for lane in lanes]

        for leg, following in itertools.pairwise(legs):
            story = story.when(a_failure(leg, code="no_backend"))
            assert story.names == ["ExecutionFailed", "FallbackTaken", "JobQueued"]
            assert (story.the(ev.FallbackTaken).from_leg, story.the(ev.JobQueued).leg) == (leg, following)
        story = story.when(a_failure(legs[-1]))

        assert story.names == ["ExecutionFailed", "JobFailed"]
        assert story.the(ev.JobFailed).code is FailureCode.ALL_LEGS_FAILED
        assert len([r for r in story.the(ev.JobFailed).reasons if "no_backend" in r]) >= 3

    def test_a_rejected_answer_takes_the_fallback(self) -> None:
        story = given(a_submit(), a_success()).when(a_refusal())

        assert story.names == ["ResultRejected", "FallbackTaken", "JobQueued"]
        assert story.the(ev.FallbackTaken).trigger == "rejected"

    def test_an_answer_that_needs_review_completes_only_when_nothing_better_is_left(self) -> None:
        review = a_verdict(verdict="needs_review")
        story = given(a_submit(), a_success()).when(review)
        assert story.names == ["ResultValidated", "FallbackTaken", "JobQueued"]

        ended = story.when(a_failure("fallback-rule"))

        assert ended.the(ev.JobCompleted).verdict == "needs_review"

    def test_a_proof_of_infeasibility_is_the_failure_that_is_told(self) -> None:
        story = given(a_submit(), a_failure(code="problem_infeasible", detail="no answer exists")).when(
            a_failure("fallback-rule")
        )

        failed = story.the(ev.JobFailed)
        assert (failed.code, failed.detail) == (FailureCode.PROBLEM_INFEASIBLE, "no answer exists")

    def test_the_latency_budget_starts_a_fallback_beside_the_slow_leg_once(self) -> None:
        story = given(a_submit(latency_budget_s=2.0)).when(Wake(), at(2))

        assert story.names == ["FallbackTaken", "JobQueued"]
        assert story.the(ev.FallbackTaken).trigger == "latency_budget"
        assert story.when(Wake(), at(3)).events == ()

    def test_after_the_latency_budget_the_first_good_answer_ends_the_job(self) -> None:
        story = given(a_submit(latency_budget_s=2.0), (Wake(), at(2)), (a_success("fallback-rule"), at(2.1))).when(
            a_verdict("fallback-rule"), at(2.2)
        )

        assert story.names == ["ResultValidated", "AttemptAbandoned", "JobCompleted"]
        assert story.the(ev.AttemptAbandoned).leg == "primary-classical"


class TestRetry:
    LOST = a_failure(code="worker_lost")

    def test_a_transient_failure_rests_and_is_released_again(self) -> None:
        resting = given(a_submit()).when(self.LOST)
        until = next_wake(resting.job)
        assert resting.names == ["ExecutionFailed"]
        assert until is not None
        assert NOW < until <= at(0.5)

        again = resting.when(Wake(), until)

        assert again.names == ["JobQueued"]
        assert (again.the(ev.JobQueued).number, again.the(ev.JobQueued).attempt_id) == (
            2,
            attempt_id_of(JOB_ID, "primary-classical", 2),
        )

    def test_the_wait_is_at_least_what_the_worker_asked_for(self) -> None:
        assert next_wake(given(a_submit(), a_failure(code="backend_overloaded", retry_after_s=7.0)).job) == at(7)

    def test_attempts_are_bounded(self) -> None:
        story = given(a_submit())
        for number in (1, 2):
            story = story.when(a_failure(code="worker_lost", number=number))
            until = next_wake(story.job)
            assert until is not None
            story = story.when(Wake(), until)

        assert story.when(a_failure(code="worker_lost", number=3), at(60)).names == [
            "ExecutionFailed",
            "FallbackTaken",
            "JobQueued",
        ]

    def test_a_silent_worker_is_given_up(self) -> None:
        story = given(a_submit(latency_budget_s=3600.0, deadline=at(3600))).when(Wake(), at(310))

        assert story.names == ["ExecutionFailed"]
        assert story.the(ev.ExecutionFailed).code is FailureCode.WORKER_LOST

    def test_a_silent_validator_is_given_up(self) -> None:
        story = given(a_submit(latency_budget_s=3600.0, deadline=at(3600)), a_success()).when(Wake(), at(120))

        assert story.the(ev.ExecutionFailed).code is FailureCode.VALIDATION_LOST

    def test_progress_is_a_sign_of_life(self) -> None:
        progress = ev.ExecutionProgressed(attempt_id=ATTEMPT, leg="primary-classical", elapsed_s=300.0, objective=5)
        story = given(a_submit(latency_budget_s=3600.0, deadline=at(3600)), (progress, at(300)))

        assert story.when(Wake(), at(310)).events == ()


class TestEnding:
    def test_cancel_stops_the_workers_and_ends_the_job(self) -> None:
        story = given(a_submit("auto")).when(Cancel("acme", "ada", "no longer needed"))

        assert story.names == ["AttemptAbandoned", "AttemptAbandoned", "JobCancelled"]
        assert story.the(ev.JobCancelled) == ev.JobCancelled(actor="ada", reason="no longer needed", origin=ORIGIN)

    def test_cancel_by_another_tenant_is_ignored(self) -> None:
        assert given(a_submit()).when(Cancel("other", "eve", "")).events == ()

    def test_the_deadline_expires_a_job_without_an_answer(self) -> None:
        story = given(a_submit(deadline=at(5))).when(Wake(), at(5))

        assert story.names == ["AttemptAbandoned", "JobExpired"]
        assert story.the(ev.JobExpired).deadline == at(5)

    def test_the_deadline_takes_the_answer_that_is_there(self) -> None:
        story = given(
            a_submit("auto", deadline=at(5)), a_success("baseline-classical"), a_verdict("baseline-classical")
        ).when(Wake(), at(5))

        assert story.names == ["AttemptAbandoned", "JobCompleted"]

    def test_a_refusal_stands_alone(self) -> None:
        rejection = ev.JobRejected(code="unknown_tenant", detail="d", remedy="r", cause_id=JOB_ID)

        assert given().when(Refuse(rejection)).events == (rejection,)
        assert given(Refuse(rejection)).when(Refuse(rejection)).events == ()


def test_the_head_says_where_the_job_stands() -> None:
    started = ev.JobStarted(attempt_id=ATTEMPT, leg="primary-classical", worker="w", started_at=NOW)
    stories = {
        "queued": given(a_submit()),
        "running": given(a_submit(), started),
        "validating": given(a_submit(), a_success()),
        "completed": given(a_submit(), a_success(), a_verdict()),
    }

    for state, story in stories.items():
        head = head_of(story.job)
        assert (head.state, head.attributes["kind"], head.attributes["tier"], head.attributes["fingerprint"]) == (
            state, "maxcut", "interactive", a_submit().event.fingerprint,
        )  # fmt: skip
        assert (head.wake_at is None) == (state == "completed")
